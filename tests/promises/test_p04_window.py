"""P4: The past 90 days are measured, every day.

An interaction on day `as_of - 90` counts, one on `as_of - 91` changes nothing; the as-of day itself is never counted.
Shown on evidence: each account has two fans of yesterday, some one more at an edge of the window.
"""

from tests.promises.conftest import Shows
from tests.promises.world import WEAKENED_SAYS, People, lead


def test_the_first_instant_of_day_as_of_minus_90_counts(people: People, weakened: People, shows: Shows) -> None:
    def gain(rows: People) -> float:
        return lead(rows, "p4/inside", "p4/base", of="evidence")

    assert gain(people) > 0
    assert gain(weakened) == 0
    shows(
        "evidence by one fan at the first instant of day as_of - 90",
        measured=gain(people),
        by=WEAKENED_SAYS,
        weakened=gain(weakened),
    )


def test_the_last_instant_of_day_as_of_minus_91_changes_nothing(people: People) -> None:
    assert people["p4/outside"]["evidence"] == people["p4/base"]["evidence"]


def test_the_as_of_day_is_not_counted_and_the_next_run_counts_it(people: People, next_day: People) -> None:
    assert people["p4/as_of"]["evidence"] == people["p4/base"]["evidence"]
    assert next_day["p4/as_of"]["evidence"] > next_day["p4/base"]["evidence"]


def test_a_day_later_the_first_instant_has_left_the_window(next_day: People) -> None:
    assert next_day["p4/inside"]["evidence"] == next_day["p4/base"]["evidence"]
