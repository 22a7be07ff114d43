"""P12: unique people count: 100 retweets by 100 people beat 100 retweets by one, at the same times."""

from collections.abc import Mapping
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_a_hundred_people_beat_one_devoted_person(people: People) -> None:
    assert people["p12/many"]["score"] > people["p12/one"]["score"] + 10


def test_the_reasons_count_people_and_not_reactions(people: People) -> None:
    assert any("100 different people reacted in the last" in reason for reason in people["p12/many"]["reasons"])
    assert not any("different people" in reason for reason in people["p12/one"]["reasons"])
