"""P12: Unique people count.

100 retweets by 100 people beat 100 retweets by one, at the same times: distinct actors are signals of their own, and
repeats are damped by the square root.
"""

from tests.promises.conftest import Shows
from tests.promises.world import COUNTING_SAYS, People, lead


def test_a_hundred_people_beat_one_devoted_person(next_day: People, counted: People, shows: Shows) -> None:
    def ahead(rows: People) -> float:
        return lead(rows, "p12/many", "p12/one")

    assert ahead(next_day) > 10
    assert abs(ahead(counted)) < 0.1
    shows(
        "points that 100 reactions of 100 people are above 100 of one",
        measured=ahead(next_day),
        by=COUNTING_SAYS,
        weakened=ahead(counted),
    )


def test_the_reasons_count_people_and_not_reactions(people: People) -> None:
    assert any("100 different people reacted in the last" in reason for reason in people["p12/many"]["reasons"])
    assert not any("different people" in reason for reason in people["p12/one"]["reasons"])
