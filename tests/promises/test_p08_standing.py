"""P8: a reaction from a higher-scored person raises more; one from a lower-scored person never hurts."""

from collections.abc import Mapping
from typing import Any

import pytest

People = Mapping[str, Mapping[str, Any]]


def test_the_actors_have_about_10_50_and_90_points(people: People) -> None:
    found = [people[f"p8/{name}"]["score"] for name in ("low", "middle", "high")]
    assert found == pytest.approx([10, 50, 90], abs=1)


def test_the_higher_the_actor_the_more_a_reaction_raises(next_day: People) -> None:
    evidence = [next_day[f"p8/target of {name}"]["evidence"] for name in ("nobody", "low", "middle", "high")]
    assert evidence == sorted(set(evidence))


def test_a_reaction_of_a_lower_scored_person_never_hurts(next_day: People) -> None:
    assert next_day["p8/liked also by low"]["evidence"] > next_day["p8/liked"]["evidence"]
