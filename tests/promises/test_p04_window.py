"""P4: the past 90 days are measured, every day; the as-of day itself is never counted."""

from collections.abc import Mapping
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_the_first_instant_of_day_as_of_minus_90_counts(people: People) -> None:
    assert people["p4/inside"]["evidence"] > people["p4/base"]["evidence"]


def test_the_last_instant_of_day_as_of_minus_91_changes_nothing(people: People) -> None:
    assert people["p4/outside"]["evidence"] == people["p4/base"]["evidence"]


def test_the_as_of_day_is_not_counted_and_the_next_run_counts_it(people: People, next_day: People) -> None:
    assert people["p4/as_of"]["evidence"] == people["p4/base"]["evidence"]
    assert next_day["p4/as_of"]["evidence"] > next_day["p4/base"]["evidence"]


def test_a_day_later_the_first_instant_has_left_the_window(next_day: People) -> None:
    assert next_day["p4/inside"]["evidence"] == next_day["p4/base"]["evidence"]
