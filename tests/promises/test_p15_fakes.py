"""P15: Inauthentic behaviour (spambots and the like) is watched and does not pay.

Here: one account's thousand reactions, own posts and reactions of one's own second account, on a target of 40 fans.
Damping, distinct people, selectivity and links hold them off. Click farms, rings, bought followers and fake accounts
told from people: tests/attacks; the price list: docs/attacks.md.
"""

from tests.promises.conftest import Shows
from tests.promises.world import COUNTING_SAYS, People, lead

STATED = 3  # points that a thousand reactions of one account may bring a target of 40 fans, on this world's steep map


def gain(rows: People, name: str) -> float:
    """Points above the target that nobody tries to raise."""
    return lead(rows, name, "p15/target")


def test_a_thousand_reactions_of_one_account_bring_little(next_day: People, counted: People, shows: Shows) -> None:
    assert 0 < gain(next_day, "p15/loved") <= STATED
    assert gain(counted, "p15/loved") > STATED
    shows(
        "points by 1,000 reactions of one account",
        measured=gain(next_day, "p15/loved"),
        by=COUNTING_SAYS,
        weakened=gain(counted, "p15/loved"),
    )


def test_own_posts_bring_nothing(people: People) -> None:
    assert gain(people, "p15/poster") <= 0


def test_reactions_of_an_own_second_account_bring_nothing(people: People) -> None:
    assert gain(people, "p15.own") == 0
