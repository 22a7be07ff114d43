"""P2: the score accumulates over networks and is no average."""

from collections.abc import Mapping
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_one_more_network_with_engagement_raises_evidence_and_score(people: People) -> None:
    assert people["p2.both"]["evidence"] > people["p2.one"]["evidence"]
    assert people["p2.both"]["score"] > people["p2.one"]["score"]


def test_one_more_network_without_engagement_never_lowers(people: People) -> None:
    assert people["p2.idle"]["evidence"] == people["p2.one"]["evidence"]
    assert people["p2.idle"]["score"] == people["p2.one"]["score"]


def test_parts_name_both_networks_and_accounts_have_no_row_of_their_own(people: People) -> None:
    assert {part["network"] for part in people["p2.both"]["parts"]} == {"", "twitter", "club"}
    assert not {"p2/both", "p2/one", "p2/idle", "club:p2/both/club"} & set(people)
