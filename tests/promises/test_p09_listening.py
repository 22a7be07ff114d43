"""P9: listening counts, talking does not."""

from collections.abc import Mapping
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_one_post_with_a_thousand_responses_beats_a_thousand_posts_with_none(people: People) -> None:
    assert people["p9/listened to"]["score"] > 50
    assert people["p9/talker"]["score"] == 1


def test_own_activity_alone_is_no_evidence(people: People) -> None:
    assert people["p9/talker"]["evidence"] == 0
    assert [(p["signal"], p["points"]) for p in people["p9/talker"]["parts"]] == [("base", 1.0)]


def test_posting_and_reacting_adds_nothing_to_what_others_gave(people: People) -> None:
    assert people["p9/busy"]["evidence"] < people["p9/quiet"]["evidence"], "the same reactions to more posts (P10)"
