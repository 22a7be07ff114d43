"""P8: A reaction from a higher-scored person raises more; one from a lower-scored person never hurts.

People of about 10, 50 and 90 points react on the first as-of day, so that the second day's run weighs them by the
first day's scores: standing is 1 to 2.
"""

import pytest

from tests.promises.conftest import Shows
from tests.promises.world import COUNTING_SAYS, People

ACTORS = ("nobody", "low", "middle", "high")


def test_the_actors_have_about_10_50_and_90_points(people: People) -> None:
    found = [people[f"p8/{name}"]["score"] for name in ACTORS[1:]]
    assert found == pytest.approx([10, 50, 90], abs=1)


def test_the_higher_the_actor_the_more_a_reaction_raises(next_day: People, counted: People, shows: Shows) -> None:
    def evidence(rows: People) -> list[float]:
        return [round(rows[f"p8/target of {name}"]["evidence"], 4) for name in ACTORS]

    assert evidence(next_day) == sorted(set(evidence(next_day)))
    assert len(set(evidence(counted))) == 1
    shows(
        "evidence by one reaction of nobody, of somebody of 10, 50, 90 points",
        measured=evidence(next_day),
        by=COUNTING_SAYS,
        weakened=evidence(counted),
    )


def test_a_reaction_of_a_lower_scored_person_never_hurts(next_day: People) -> None:
    assert next_day["p8/liked also by low"]["evidence"] > next_day["p8/liked"]["evidence"]
