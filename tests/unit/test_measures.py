"""How well a score foretells a truth, and by how much it beats another."""

import numpy as np
import pandas as pd
import pytest

from kloutspark.learning.measures import (
    Score,
    Trial,
    gain_over,
    ndcg_at_100,
    r_squared,
    ranges,
    same_range_share,
    spearman,
    unscored,
)


def by_account(**numbers: float) -> Score:
    return pd.Series(numbers, dtype=np.float64)


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
    trial = Trial(score, baseline, truth)
    gain = gain_over([trial], draws=100)
    assert gain.measured == pytest.approx(spearman(score, truth) - spearman(baseline, truth))
    assert 0 < gain.lowest < gain.measured < gain.highest
    assert gain == gain_over([trial], draws=100)
    assert gain != gain_over([trial], draws=100, seed=2)
    itself = gain_over([Trial(score, score, truth)], draws=100)
    assert (itself.lowest, itself.highest) == (0, 0)


def test_the_bootstrap_draws_what_repeating_rows_would() -> None:
    random = np.random.default_rng(5)
    columns = [pd.Series(random.integers(6, size=30).astype(float)) for _ in range(3)]  # many ties
    places = np.random.default_rng(1).integers(30, size=30)  # the one draw
    score, baseline, truth = (column[places].reset_index(drop=True) for column in columns)
    gain = gain_over([Trial(*columns)], draws=1)
    assert gain.lowest == pytest.approx(spearman(score, truth) - spearman(baseline, truth))


def test_trials_are_averaged_and_an_account_in_two_of_them_is_drawn_once() -> None:
    random = np.random.default_rng(5)
    truth = pd.Series(random.normal(size=50))
    score, baseline = truth + random.normal(size=50), truth + 3 * random.normal(size=50)
    one = gain_over([Trial(score, baseline, truth)], draws=100)
    assert gain_over([Trial(score, baseline, truth)] * 3, draws=100) == pytest.approx(one)  # no narrower interval
    other = Trial(baseline, baseline, truth)
    assert gain_over([Trial(score, baseline, truth), other], draws=10).measured == pytest.approx(one.measured / 2)


def test_a_flat_score_has_no_correlation() -> None:
    truth = by_account(a=1, b=2, c=3)
    assert np.isnan(gain_over([Trial(by_account(a=1, b=1, c=1), truth, truth)], draws=1).measured)


def test_r_squared_is_of_the_logarithm_and_of_who_has_both() -> None:
    followers = by_account(a=0, b=9, c=99, d=999, stranger=5)
    score = by_account(a=1, b=11, c=21, d=31, unmeasured=50)
    accounts, found = r_squared(score, followers)
    assert accounts == 4
    assert found == pytest.approx(1)
    accounts, flat = r_squared(score, by_account(a=3, b=3))
    assert (accounts, np.isnan(flat)) == (2, True)


def test_the_four_ranges_begin_at_1_20_50_and_65() -> None:
    score = pd.Series([1, 19.99, 20, 49.99, 50, 64.99, 65, 100])
    assert ranges(score).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert same_range_share(by_account(a=19, b=30, gone=70), by_account(a=20, b=49, came=1)) == (2, 0.5)
