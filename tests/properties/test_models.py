"""P1, P7 and P9 for every model that the configuration accepts with shapes, not for one example: no session needed."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kloutspark.config import Config
from tests import models
from tests.models import NETWORK, configured, default, evidence_of, model_of, rising, score_of
from tests.oracle import MICRO, Judged, Reaction, pair_weights
from tests.oracle import Model as Numbers

AMOUNTS = st.floats(0, 1e9, width=32)
MEASURED = [
    f"{name}_{w}d"
    for name in ("actors_distinct", "weight_sum", "reactions_sum", "active_days_count", "reactions_per_post")
    for w in (1, 7, 28, 90)
]
AS_OF = date(2026, 3, 31)
NUMBERS = Numbers(value={(NETWORK, "reply"): 1.0}, account_types={NETWORK: frozenset({"personal"})})


def evidence(config: Config, signals: dict[str, float]) -> float:
    """E_n by the model's own terms: as `transforms.evidence` computes it, in the same order."""
    total = 0.0
    for term in config.terms(NETWORK):
        total += term.evidence(models.value_of(term, signals))
    return total


@settings(max_examples=150, deadline=None)
@given(models.models(), st.data())
def test_at_least_as_high_in_every_rising_signal_is_at_least_as_much_evidence(  # P1
    config: Config, data: st.DataObject
) -> None:
    names = sorted({n for t in config.terms(NETWORK) for n in (t.signal, t.at_most) if isinstance(n, str)})
    low = {name: data.draw(AMOUNTS) for name in names}
    high = {name: max(data.draw(AMOUNTS), value) for name, value in low.items()}
    less, more = (evidence(config, signals) for signals in (low, high))
    assert less <= more, "to the last bit"
    assert more == pytest.approx(evidence_of(config.terms(NETWORK), high), rel=1e-9, abs=1e-9), "the slow oracle"
    assert 1 <= score_of(config, {NETWORK: less}) <= score_of(config, {NETWORK: more}) <= 100
    assert score_of(config, {NETWORK: more}) <= score_of(config, {NETWORK: more, "facebook": less}) + 1e-9  # P2


def signals_of(reactions: list[Reaction], posts: int) -> dict[str, float]:
    """The measured signals of the target, by definition."""
    judged = {(NETWORK, r.day, r.actor): Judged(MICRO, False, MICRO) for r in reactions}
    weights = pair_weights(reactions, judged, NUMBERS)
    found: dict[str, float] = {}
    for w in (1, 7, 28, 90):
        since = AS_OF - timedelta(days=w)
        inside = [r for r in reactions if r.target == "tom" and r.day >= since]
        micros = sum(m for ((_, day, _), target), m in weights.items() if target == "tom" and day >= since)
        found[f"actors_distinct_{w}d"] = len({r.actor for r in inside})
        found[f"weight_sum_{w}d"] = micros / 1e6
        found[f"reactions_sum_{w}d"] = len(inside)
        found[f"active_days_count_{w}d"] = len({r.day for r in inside})
        found[f"reactions_per_post_{w}d"] = len(inside) / max(1, posts)
    return found


REACTIONS = st.builds(
    lambda age, actor, target: Reaction(NETWORK, AS_OF - timedelta(days=age), actor, target, "reply", 12),
    st.sampled_from((1, 2, 7, 8, 28, 29, 90)),
    st.sampled_from("abcd"),
    st.sampled_from(("tom", "tom", "tim")),
)


@settings(max_examples=100, deadline=None)
@given(models.models(MEASURED), st.lists(REACTIONS, max_size=12), REACTIONS, st.integers(0, 5))
def test_one_more_reaction_never_lowers_its_targets_evidence(  # P7
    config: Config, reactions: list[Reaction], further: Reaction, posts: int
) -> None:
    more = [*reactions, further._replace(target="tom")]
    before, after = (evidence(config, signals_of(rows, posts)) for rows in (reactions, more))
    assert before <= after


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([s.name for s in default().signals(NETWORK) if s.response != "rising"]),
    models.terms(rising()),
    models.shapes(),
    st.booleans(),
)
def test_what_may_fall_or_is_ones_own_doing_carries_no_weight_in_any_shape(  # P9
    shown_only: str, found: list[dict[str, Any]], shape: list[list[float]], is_cut: bool
) -> None:
    first = {**found[0], "at_most": shown_only} if is_cut else {"signal": shown_only, "weight": 1.0, "shape": shape}
    with pytest.raises(ValidationError, match="only rising signals may carry weight"):
        configured(model_of([first, *found[1:]]))


@settings(max_examples=100, deadline=None)
@given(models.shapes(), st.integers(0, 19), st.sampled_from(["falls", "stands", "starts late", "starts high"]))
def test_a_shape_that_could_cost_somebody_is_refused(shape: list[list[float]], i: int, fault: str) -> None:
    i = min(i, len(shape) - 2)
    if fault == "falls":
        shape[i + 1][1] = shape[i][1] - 0.001 - shape[i][1] * 1e-9
    elif fault == "stands":
        shape[i + 1][0] = shape[i][0]
    else:
        shape[0] = [0.0, 0.5] if fault == "starts high" else [1e-9, 0.0]
    with pytest.raises(ValidationError, match="shape"):
        configured(model_of([{"signal": "weight_sum_7d", "weight": 1.0, "shape": shape}]))


@settings(max_examples=100, deadline=None)
@given(models.trees(), models.trees(), st.integers(1, 30), st.data())
def test_on_every_day_of_a_phase_the_model_keeps_the_promises(  # P1, P7, P9, P17
    old: dict[str, Any], new: dict[str, Any], days: int, data: st.DataObject
) -> None:
    cuts = {t["signal"]: t["at_most"] for t in old["terms"]["networks"][NETWORK]}
    for term in new["terms"]["networks"][NETWORK]:  # a limit has no half way
        term["at_most"] = cuts.get(term["signal"], term["at_most"])
        term["at_most_times"] = models.times_of(term["at_most"])
    why = "a test of phases, with a reason that is long enough"
    phase = {"from_model": old, "first_day": AS_OF, "days": days, "why": why}
    before, alone, config = (configured(tree) for tree in (old, new, {**new, "phase_in": phase}))
    assert config.on(AS_OF - timedelta(days=1)).model == before.model
    last = config.on(AS_OF + timedelta(days=days - 1))
    assert last.model.model_copy(update={"phase_in": None}) == alone.model
    passed = data.draw(st.integers(0, days - 1))
    on, share = config.on(AS_OF + timedelta(days=passed)), (passed + 1) / days
    assert on.fingerprint == config.fingerprint != alone.fingerprint
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(on.model.calibration.anchors)]
    assert all(later <= earlier for earlier, later in pairwise(slopes))
    names = sorted({n for t in on.terms(NETWORK) for n in (t.signal, t.at_most) if isinstance(n, str)})
    assert set(names) <= set(rising())
    low = {name: data.draw(AMOUNTS) for name in names}
    high = {name: max(data.draw(AMOUNTS), value) for name, value in low.items()}
    assert evidence(on, low) <= evidence(on, high)

    unit = evidence_of_20(before) / evidence_of_20(alone)
    of_both = [evidence_of(c.terms(NETWORK), high) for c in (before, alone)]
    blended = (1 - share) * of_both[0] * unit**-share + share * of_both[1] * unit ** (1 - share)
    assert evidence(on, high) == pytest.approx(blended, rel=1e-6, abs=1e-6)
    scores = [score_of(c, {NETWORK: blended * unit**u}) for c, u in ((before, share), (alone, share - 1))]
    whole = (1 - share) * scores[0] + share * scores[1]
    assert score_of(on, {NETWORK: blended}) == pytest.approx(whole, abs=1e-6)


def evidence_of_20(config: Config) -> float:
    return float(np.interp(20, *np.array([(y, x) for x, y in config.model.calibration.anchors]).T))
