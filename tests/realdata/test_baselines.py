"""The protocols and their baselines, held against the tables of EVALUATION.md."""

import pandas as pd
import pytest

from kloutspark.learning.baselines import BASELINES, distinct_actors
from kloutspark.learning.measures import spearman, unscored
from kloutspark.learning.protocol import Activity, Cut, counted, day_cuts, stretched_cut
from tests.realdata.activity import KONECT, read_higgs, read_konect

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def activity() -> Activity:
    return counted(read_higgs())


@pytest.fixture(scope="module")
def cut(activity: Activity) -> Cut:
    return stretched_cut(activity.rows)


def test_higgs_loses_its_self_rows_and_nothing_else(activity: Activity) -> None:
    assert (len(activity.rows), activity.incomplete_rows, activity.self_rows) == (563_069 - 7_588, 0, 7_588)


def test_a_stretched_day_of_higgs_is_57_minutes(cut: Cut) -> None:
    t = cut.past["occurred_at_seconds"]
    assert (t.max() + 1 - t.min()) / 90 / 60 == pytest.approx(57, abs=0.5)
    assert cut.past["occurred_at"].min() == pd.Timestamp("2025-12-31", tz="UTC")
    assert cut.past["occurred_at"].max() < pd.Timestamp(cut.as_of, tz="UTC")


def test_higgs_has_4222_accounts_with_five_actors(cut: Cut) -> None:
    assert len(cut.truth) == 4_222


@pytest.mark.parametrize(
    ("baseline", "tabled"),
    [("n", 0.5564), ("u", 0.5611), ("recency u", 0.5581), ("PageRank", 0.4808), ("TweepCred-like", 0.4711)],
)
def test_baselines_come_out_as_tabled(cut: Cut, baseline: str, tabled: float) -> None:
    score = BASELINES[baseline](cut.past)
    assert unscored(score, cut.truth) == 0
    assert spearman(score, cut.truth) == pytest.approx(tabled, abs=0.0001)


def test_higgs_has_three_real_days_with_a_past_and_a_future_of_three(activity: Activity) -> None:
    cuts = day_cuts(activity.rows, ahead_days=3, every_days=1)
    assert [str(c.as_of) for c in cuts] == ["2012-07-04", "2012-07-05", "2012-07-06"]
    assert mean_of_u(cuts) == pytest.approx(0.473, abs=0.0005)


@pytest.mark.parametrize(  # tabled: 46 / .356, 40 / .377, 10 / .351, 14 / .829; day_cuts says what was looked for
    ("name", "cuts", "of_u"),
    [("bitcoinotc", 46, 0.377), ("bitcoinalpha", 40, 0.366), ("ucsocial", 6, 0.366), ("radoslaw", 9, 0.828)],
)
def test_real_days_come_out_as_the_protocol_says_of_them(name: str, cuts: int, of_u: float) -> None:
    assert name in KONECT
    found = day_cuts(counted(read_konect(name)).rows)
    assert len(found) == cuts
    assert mean_of_u(found) == pytest.approx(of_u, abs=0.0005)


def mean_of_u(cuts: list[Cut]) -> float:
    return sum(spearman(distinct_actors(c.past), c.truth) for c in cuts) / len(cuts)
