"""The simple measures that a score must beat."""

import numpy as np
import pandas as pd
import pytest

from kloutspark.learning.baselines import BASELINES, distinct_actors, fading_actors, page_rank, tweepcred_like


def rows(*pairs: str) -> pd.DataFrame:
    """Rows `ab`: a reacts to b, one second apart from 0 on."""
    columns = {"actor_id": [p[0] for p in pairs], "target_id": [p[1] for p in pairs]}
    return pd.DataFrame(columns).assign(occurred_at_seconds=np.arange(len(pairs), dtype=np.float64))


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


def test_an_actor_fades_by_half_with_each_half_life() -> None:
    past = rows("ax", "bx", "cy")
    assert fading_actors(past, half_life_seconds=2).to_dict() == {"x": 2**-1 + 2**-0.5, "y": 1.0}
