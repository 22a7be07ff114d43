"""P7: one more authentic reaction never lowers its target's evidence, over random worlds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.lab import Lab, settings_of
from tests.oracle import World
from tests.worlds import example_model, prefixed, worlds

AS_OF = date(2026, 3, 1)
LATELY = datetime(2026, 2, 27, 12)
MODEL = example_model()


@st.composite
def more(draw: st.DrawFn) -> tuple[World, World, str]:
    """A world, the same with one more reaction, and the target of it; all in time for the run."""
    world = draw(worlds(MODEL, [AS_OF]))
    day = draw(st.integers(1, 90))
    accounts = sorted({r["target_id"] for r in world.interactions if r["target_id"] is not None} or {"a"})
    target = draw(st.sampled_from(accounts))
    actor = draw(st.sampled_from([a for a in (*accounts, "a new fan") if a != target]))
    one = {
        "network": "twitter", "interaction_id": "one more", "actor_id": actor, "target_id": target, "kind": "retweet",
        "occurred_at": datetime.combine(AS_OF - timedelta(days=day), datetime.min.time()), "post_id": None,
        "ingested_at": None, "arrives": AS_OF,
    }  # fmt: skip
    return world, replace(world, interactions=[*world.interactions, one]), target


@pytest.mark.delta
@given(st.lists(more(), min_size=12, max_size=12))
@settings(
    max_examples=2,  # the first is the simplest that there is
    deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_one_more_reaction_never_lowers_its_target(
    new_lab: Callable[..., Lab], drawn: list[tuple[World, World, str]]
) -> None:
    """Bases are worlds w0, w2, ..., each followed by itself with one more reaction: all in one run."""
    world = prefixed([w for base, plus, _ in drawn for w in (base, plus)])
    lab = new_lab(*settings_of(MODEL))
    lab.react(
        *[{"actor_id": f"anchor{n}", "target_id": "star", "occurred_at": LATELY} for n in range(2)]
    )  # no tie of all
    lab.settle(world)
    lab.arrive(world, AS_OF)
    found = lab.score(AS_OF)
    owner = oracle.owners(world.links, AS_OF)
    raised = 0
    for n, (_, _, target) in enumerate(drawn):
        persons = [oracle.person_of("twitter", f"w{i}/{target}", owner) for i in (2 * n, 2 * n + 1)]
        before, after = (found[p]["evidence"] if p in found else 0.0 for p in persons)
        assert after >= before - 1e-9, target
        raised += after > before
    assert raised > len(drawn) // 2, "the property is not empty: most reactions count for something"
