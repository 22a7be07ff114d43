"""P2: It accumulates over networks and is no average.

Connecting one more network never lowers a score, and raises the evidence when the network has any authentic
engagement. Networks combine by a p-norm with p = 3; the larger p, the more the strongest network counts alone.
"""

from tests.promises.conftest import Shows
from tests.promises.world import WEAKENED_SAYS, People, lead


def test_one_more_network_with_engagement_raises_evidence_and_score(
    people: People, weakened: People, shows: Shows
) -> None:
    def gain(rows: People) -> float:
        return lead(rows, "p2.both", "p2.one")

    assert people["p2.both"]["evidence"] > people["p2.one"]["evidence"]
    assert gain(people) > 1
    assert 0 <= gain(weakened) < 1
    shows(
        "points that 3 fans on a second network add to 4 fans on the first",
        measured=gain(people),
        by=WEAKENED_SAYS,
        weakened=gain(weakened),
    )


def test_one_more_network_without_engagement_never_lowers(people: People) -> None:
    assert people["p2.idle"]["evidence"] == people["p2.one"]["evidence"]
    assert people["p2.idle"]["score"] == people["p2.one"]["score"]


def test_parts_name_both_networks_and_accounts_have_no_row_of_their_own(people: People) -> None:
    assert {part["network"] for part in people["p2.both"]["parts"]} == {"", "twitter", "club"}
    assert not {"p2/both", "p2/one", "p2/idle", "club:p2/both/club"} & set(people)
