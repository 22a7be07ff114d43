"""P1: a score is a number from 1 to 100; more influence, higher score."""

from collections.abc import Mapping
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_every_published_score_is_from_1_to_100(people: People, next_day: People) -> None:
    scores = [row["score"] for row in (*people.values(), *next_day.values())]
    assert len(scores) > 100
    assert all(1 <= score <= 100 for score in scores)


def test_better_on_every_signal_is_scored_higher(people: People) -> None:
    assert people["p1/more"]["evidence"] > people["p1/less"]["evidence"]
    assert people["p1/more"]["score"] > people["p1/less"]["score"]


def test_who_only_reacted_has_no_row(people: People) -> None:
    assert "p1/less" in people
    assert not [person for person in people if "/fan" in person]


def test_parts_sum_to_the_score_exactly(people: People, next_day: People) -> None:
    for row in (*people.values(), *next_day.values()):
        assert sum(round(part["points"] * 100) for part in row["parts"]) == round(row["score"] * 100)
