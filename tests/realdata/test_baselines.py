"""The protocol of stretched.py and its baselines, held against the table of EVALUATION.md."""

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.realdata import data_file
from tests.realdata.stretched import (
    BASELINES,
    Activity,
    Halves,
    Score,
    cut_in_halves,
    distinct_actors,
    gain_over,
    ndcg_at_100,
    page_rank,
    read_activity,
    spearman,
    stretch,
    truth_of,
    tweepcred_like,
    unscored,
)

HIGGS = "higgs-twitter/higgs-activity_time.txt.gz"
HIGGS_ADDRESS = "https://snap.stanford.edu/data/higgs-twitter.html"
AS_OF = date(2026, 3, 31)


@pytest.fixture(scope="module")
def activity() -> Activity:
    return read_activity(data_file(HIGGS, HIGGS_ADDRESS))


@pytest.fixture(scope="module")
def halves(activity: Activity) -> Halves:
    return cut_in_halves(activity.rows)


@pytest.fixture(scope="module")
def truth(halves: Halves) -> Score:
    return truth_of(halves)


@pytest.mark.realdata
def test_higgs_loses_its_self_rows_and_nothing_else(activity: Activity) -> None:
    assert (len(activity.rows), activity.incomplete_rows, activity.self_rows) == (563_069 - 7_588, 0, 7_588)


@pytest.mark.realdata
def test_a_stretched_day_of_higgs_is_57_minutes(halves: Halves) -> None:
    t = halves.past["occurred_at_seconds"]
    assert (t.max() + 1 - t.min()) / 90 / 60 == pytest.approx(57, abs=0.5)
    occurred_at = stretch(halves.past, as_of=AS_OF)
    assert occurred_at.min() == pd.Timestamp("2025-12-31", tz="UTC")
    assert occurred_at.max() < pd.Timestamp(AS_OF, tz="UTC")


@pytest.mark.realdata
def test_higgs_has_4222_accounts_with_five_actors(truth: Score) -> None:
    assert len(truth) == 4_222


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("baseline", "tabled"),
    [("n", 0.5564), ("u", 0.5611), ("recency u", 0.5581), ("PageRank", 0.4808), ("TweepCred-like", 0.4711)],
)
def test_baselines_come_out_as_tabled(halves: Halves, truth: Score, baseline: str, tabled: float) -> None:
    score = BASELINES[baseline](halves.past)
    assert unscored(score, truth) == 0
    assert spearman(score, truth) == pytest.approx(tabled, abs=0.0001)


def rows(*pairs: str) -> pd.DataFrame:
    """Rows `ab`: a reacts to b, one second apart from 0 on."""
    columns = {"actor_id": [p[0] for p in pairs], "target_id": [p[1] for p in pairs]}
    return pd.DataFrame(columns).assign(occurred_at_seconds=np.arange(len(pairs), dtype=np.float64))


def by_account(**numbers: float) -> Score:
    return pd.Series(numbers, dtype=np.float64)


def test_rows_without_an_actor_or_a_target_and_self_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "activity.txt.gz"
    path.write_bytes(gzip.compress(b"1 2 10 RT\n 2 11 MT\n1  12 RE\n3 3 13 RT\nNA 1 14 RE\n"))
    activity = read_activity(path)
    assert (activity.incomplete_rows, activity.self_rows) == (2, 1)
    assert activity.rows.to_dict("list") == {
        "actor_id": ["1", "NA"],
        "target_id": ["2", "1"],
        "occurred_at_seconds": [10.0, 14.0],
        "kind": ["RT", "RE"],
    }


def test_the_cut_lies_between_the_middle_rows_and_belongs_to_the_past() -> None:
    even, odd = cut_in_halves(rows("ab", "ab", "ab", "ab")), cut_in_halves(rows("ab", "ab", "ab"))
    assert (even.cut_seconds, len(even.past), len(even.future)) == (1.5, 2, 2)
    assert (odd.cut_seconds, len(odd.past), len(odd.future)) == (1.0, 2, 1)


def test_the_second_after_the_last_row_falls_on_midnight() -> None:
    past = rows(*["ab"] * 90)  # 90 seconds, so a second becomes a day
    expected = pd.date_range("2025-12-31", "2026-03-30", tz="UTC", unit="us")
    assert stretch(past, as_of=AS_OF).tolist() == expected.tolist()


@pytest.mark.parametrize("last_seconds", [0.0, 0.1, 7.7, 305_773.0, 2e9 + 1 / 3])
def test_no_row_is_stretched_out_of_the_window(last_seconds: float) -> None:
    past = rows("ab", "ab").assign(occurred_at_seconds=[0.0, last_seconds])
    occurred_at = stretch(past, as_of=AS_OF)
    assert occurred_at.dtype == "datetime64[us, UTC]"
    assert occurred_at.min() == pd.Timestamp("2025-12-31", tz="UTC")
    assert occurred_at.max() < pd.Timestamp(AS_OF, tz="UTC")


def test_the_truth_counts_future_actors_and_keeps_who_got_none() -> None:
    past = rows("ax", "bx", "cx", "dx", "ex", "ay", "by", "cy", "dy", "ey", "az", "az", "az", "az", "az")
    future = rows("ax", "ax", "bx", "az")
    assert truth_of(Halves(past, future, cut_seconds=14.0)).to_dict() == {"x": 2.0, "y": 0.0}


def test_spearman_gives_ties_their_mean_rank() -> None:
    # ranks 1.5 1.5 3 4 against 1 2 3 4: covariance 4.5 over sqrt(4.5 * 5)
    found = spearman(by_account(a=1, b=1, c=2, d=3), by_account(a=1, b=2, c=3, d=4))
    assert found == pytest.approx(4.5 / np.sqrt(4.5 * 5))


def test_an_account_without_a_score_ranks_last_and_is_counted() -> None:
    truth = by_account(a=0, b=1, c=2)
    score = by_account(c=-5, b=-7, stranger=100)
    assert unscored(score, truth) == 1
    assert spearman(score, truth) == pytest.approx(1)
    assert ndcg_at_100(score, truth) == pytest.approx(1)


def test_ndcg_shares_the_mean_gain_of_a_tie_in_any_order() -> None:
    truth = by_account(a=4, b=0, c=2)
    ideal = 4 + 2 / np.log2(3)
    shared = 2 + 2 / np.log2(3) + 2 / np.log2(4)
    assert ndcg_at_100(by_account(a=7, b=7, c=7), truth) == pytest.approx(shared / ideal)
    assert ndcg_at_100(by_account(b=7, a=7), truth) == pytest.approx((2 + 2 / np.log2(3) + 2 / np.log2(4)) / ideal)


def test_ndcg_looks_at_one_hundred_places() -> None:
    truth = pd.Series([0.0] * 100 + [1.0])
    assert ndcg_at_100(pd.Series(np.arange(101.0)[::-1]), truth) == 0
    # one tie of all 101 accounts: the one that counts is in the first 100 places with a chance of 100 in 101
    discounts = 1 / np.log2(np.arange(2, 102))
    assert ndcg_at_100(pd.Series([1.0] * 101), truth) == pytest.approx(discounts.sum() / 101)


def test_the_bootstrap_is_paired_seeded_and_holds_the_gain() -> None:
    random = np.random.default_rng(5)
    truth = pd.Series(random.normal(size=200))
    score, baseline = truth + random.normal(size=200), truth + 3 * random.normal(size=200)
    gain = gain_over(score, baseline, truth, seed=1, draws=100)
    assert gain.measured == pytest.approx(spearman(score, truth) - spearman(baseline, truth))
    assert 0 < gain.lowest < gain.measured < gain.highest
    assert gain == gain_over(score, baseline, truth, seed=1, draws=100)
    itself = gain_over(score, score, truth, seed=1, draws=100)
    assert (itself.lowest, itself.highest) == (0, 0)


def test_recency_halves_an_actor_with_each_fifth_of_the_past() -> None:
    past = rows("ax", "ax", "ay", "bx", "az", "ax")  # six rows, 5 seconds: the half-life is one
    assert BASELINES["recency u"](past).to_dict() == {"x": 1 + 2**-2, "y": 2**-3, "z": 2**-1}


def test_the_dangling_rank_is_spread_evenly() -> None:
    # a -> b, b dangles: b = a + .85 a, and both sum to 1
    assert page_rank(rows("ab", "ab")).to_dict() == pytest.approx({"a": 1 / 2.85, "b": 1.85 / 2.85})


def test_tweepcred_divides_who_reacts_to_far_more_people_than_react_to_it() -> None:
    crowd = [f"{i}" for i in range(2_501)]
    pairs = {"actor_id": ["a"] * 2_501 + ["b"] * 2_500, "target_id": crowd + crowd[:2_500]}
    score = tweepcred_like(pd.DataFrame(pairs))
    assert score["b"] == pytest.approx(50 * score["a"])


def test_distinct_actors_count_a_pair_once() -> None:
    assert distinct_actors(rows("ab", "ab", "cb", "ba")).to_dict() == {"a": 1.0, "b": 2.0}
