"""P11: The reactor's selectivity counts.

The more a person reacts in a day, the less each of those reactions is worth: with 41 reactions a third.
"""

from tests.promises.conftest import Shows
from tests.promises.world import COUNTING_SAYS, People


def test_a_reaction_of_a_selective_person_is_worth_more(next_day: People, counted: People, shows: Shows) -> None:
    def evidence(rows: People) -> list[float]:
        return [round(rows[f"p11/of {who}"]["evidence"], 4) for who in ("calm", "wild")]

    calm, wild = evidence(next_day)
    assert calm > wild
    assert len(set(evidence(counted))) == 1
    shows(
        "evidence by the one reaction of a day, by one of 41",
        measured=evidence(next_day),
        by=COUNTING_SAYS,
        weakened=evidence(counted),
    )


def test_all_targets_of_one_busy_day_gain_the_same(people: People) -> None:
    found = {people[name]["evidence"] for name in people if name.startswith(("p11/of wild", "p11/other"))}
    assert len(found) == 1
