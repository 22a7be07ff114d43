"""P7: Everyone who engages helps.

One more authentic reaction never lowers the target's evidence, with standing fixed and each actor's authenticity one
value. Selectivity counts an actor's *damped* reactions and halves them at h >= 1: below 1 a second reaction of the
same actor would lower its own target, so the configuration refuses it. Random worlds:
tests/properties/test_worlds.py.
"""

from itertools import pairwise

import pytest

from kloutspark.config import load
from kloutspark.domain.errors import ConfigError
from tests.promises.conftest import Shows
from tests.promises.world import UNCHECKED_SAYS, People

COUNTS = (1, 2, 3, 10)


def test_one_more_reaction_of_the_same_actor_never_lowers(people: People, unchecked: People, shows: Shows) -> None:
    def evidence(rows: People) -> list[float]:
        return [round(rows[f"p7/{count}"]["evidence"], 2) for count in COUNTS]

    assert all(more > fewer for fewer, more in pairwise(evidence(people)))
    assert evidence(unchecked)[1] < evidence(unchecked)[0]
    shows(
        "evidence by 1, 2, 3 and 10 reactions of one actor",
        measured=evidence(people),
        by=UNCHECKED_SAYS,
        weakened=evidence(unchecked),
    )


@pytest.mark.parametrize("number", ["selectivity.halving_reactions=0.5", "standing.most=0.5", "damping.exponent=-1"])
def test_a_number_that_breaks_it_is_refused(number: str) -> None:
    with pytest.raises(ConfigError):
        load(overrides=(f"model.{number}",))
