"""P11: the more a person reacts in a day, the less each of those reactions is worth."""

from collections.abc import Mapping
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_a_reaction_of_a_selective_person_is_worth_more(people: People) -> None:
    assert people["p11/of calm"]["evidence"] > people["p11/of wild"]["evidence"]


def test_all_targets_of_one_busy_day_gain_the_same(people: People) -> None:
    found = {people[name]["evidence"] for name in people if name.startswith(("p11/of wild", "p11/other"))}
    assert len(found) == 1
