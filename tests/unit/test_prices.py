"""What an attack buys: whom it meets, what counting would pay, how fakes are told from people; no JVM."""

import numpy as np
import pandas as pd
import pytest

from kloutspark.learning.prices import COUNTING, auc, choose, on_our_scale, under_counting


def people(**scores: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"account_id": list(scores), "person_id": [f"p {a}" for a in scores], "score": list(scores.values())}
    )


def test_each_attack_has_a_target_of_its_own_and_the_nearest_come_first() -> None:
    found = choose(people(a=16, b=14, c=15.5, d=19), [15], ["one", "two", "three"])
    assert [(t.attack, t.account_id, t.turn) for t in found] == [("one", "c", 0), ("two", "a", 0), ("three", "b", 0)]


def test_scarce_targets_are_attacked_by_turns() -> None:
    found = choose(people(a=50, b=52), [50], ["one", "two", "three"])
    assert [(t.account_id, t.turn) for t in found] == [("a", 0), ("b", 0), ("a", 1)]


def test_nobody_is_the_target_of_two_scores_and_a_score_without_anybody_is_left_out() -> None:
    found = choose(people(a=15, b=16), [15, 16, 70], ["one"])
    assert [(t.wanted, t.account_id) for t in found] == [(15, "a"), (16, "b")]


def test_a_measure_on_our_scale_is_the_score_at_its_place() -> None:
    scale = on_our_scale(np.array([7.0, 1.0, 3.0, 3.0]), np.array([10.0, 20.0, 40.0, 80.0]))
    assert scale(np.array([1.0, 3.0, 7.0])).tolist() == [10, 30, 80]
    assert scale(np.array([0.0, 2.0, 5.0, 1000.0])).tolist() == [10, 20, 55, 80]


@pytest.mark.parametrize(
    ("fakes", "real", "chance"),
    [
        ([0.1, 0.2], [0.3, 1.0], 1.0),
        ([0.3], [0.3, 0.3], 0.5),
        ([0.5], [0.1, 0.5, 0.9, 0.9], 0.625),
        ([1.0], [0.1], 0.0),
    ],
)
def test_the_chance_that_somebody_real_weighs_more(fakes: list[float], real: list[float], chance: float) -> None:
    assert auc(np.array(fakes), np.array(real)) == chance


def test_counting_pays_for_fakes_up_to_the_highest_score() -> None:
    before = pd.DataFrame({"actor_id": ["x", "y", "x"], "target_id": ["a", "a", "b"]})
    fakes = pd.DataFrame({"actor_id": [f"fake {n}" for n in range(9)], "target_id": "c"})
    found = under_counting(people(a=60, b=30, c=10), before, pd.concat([before, fakes]))
    assert set(found) == set(COUNTING)
    for name in COUNTING:
        assert list(found[name].loc["c"]) == [10, 60]


def test_new_accounts_elsewhere_do_not_lower_anybodys_page_rank_on_our_scale() -> None:
    before = pd.DataFrame({"actor_id": ["x", "y", "x"], "target_id": ["a", "a", "b"]})
    elsewhere = pd.DataFrame(
        {"actor_id": [f"fake {n}" for n in range(99)], "target_id": [f"new {n}" for n in range(99)]}
    )
    of_a = under_counting(people(a=60, b=30, c=10), before, pd.concat([before, elsewhere]))["PageRank"].loc["a"]
    assert of_a["after"] == pytest.approx(of_a["before"], abs=1)
