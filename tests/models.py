"""Random models with shapes, as `fit` may write them, and what they say of signals, worked out slowly.

@given(models())                          # a configuration in which Twitter has the drawn terms
evidence_of(terms, {"weight_sum_7d": 3})  # E_n by interpolation, nothing of ours in it
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from hypothesis import strategies as st

from kloutspark.config import Config, Term, load

NETWORK = "twitter"
Points = Sequence[tuple[float, float]]


@cache
def default() -> Config:
    """Three networks, between which every rising measure has its weight or its reason: more cost time."""
    config = load()
    networks = {n: page for n, page in config.networks.items() if n in (NETWORK, "facebook", "wikipedia")}
    terms = config.model.terms.model_copy(update={"networks": {}})
    return Config(**{**dict(config), "networks": networks, "model": config.model.model_copy(update={"terms": terms})})


def rising() -> list[str]:
    return [s.name for s in default().signals(NETWORK) if s.response == "rising"]


@st.composite
def shapes(draw: st.DrawFn) -> list[list[float]]:
    """From (0, 0) by up to 20 steps, flat ones and steep ones among them."""
    width, rise = st.floats(2e-6, 4), st.just(0.0) | st.floats(0, 5) | st.floats(0, 1e4)
    steps = draw(st.lists(st.tuples(width, rise), min_size=1, max_size=20))
    xs, ys = (list(accumulate(values, initial=0.0)) for values in zip(*steps, strict=True))
    return [[x, y] for x, y in zip(xs, ys, strict=True)]


def times_of(at_most: object) -> float:
    """How often another signal bounds one: twice and a half, so that it is seen to be taken."""
    return 2.5 if isinstance(at_most, str) else 1.0


def terms(signals: Sequence[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Terms on some of these signals, each with a shape or none and cut or not."""
    cuts = st.none() | st.sampled_from(list(signals)) | st.floats(1e-3, 1e6)
    weights, kept = st.floats(1e-3, 50), st.none() | shapes()
    term = st.fixed_dictionaries(
        {
            "signal": st.sampled_from(list(signals)),
            "weight": weights,
            "at_most": cuts,
            "shape": kept,
        }
    )
    term = term.map(lambda t: {**t, "at_most_times": times_of(t["at_most"])})
    return st.lists(term, min_size=1, max_size=8, unique_by=lambda t: str(t["signal"]))


@st.composite
def anchors(draw: st.DrawFn) -> list[list[float]]:
    """A rising, concave map: slopes that fall step by step, stretched so that it ends at 100."""
    slopes = sorted(draw(st.sets(st.integers(1, 1000), min_size=1, max_size=6)), reverse=True)
    widths = draw(st.lists(st.floats(0.01, 20), min_size=len(slopes), max_size=len(slopes)))
    xs = list(accumulate(widths, initial=0.0))
    rises = [slope * width for slope, width in zip(slopes, widths, strict=True)]
    ys = [1 + 99 * y / sum(rises) for y in accumulate(rises, initial=0.0)]
    return [[x, y] for x, y in zip(xs, [*ys[:-1], 100.0], strict=True)]


def model_of(found: Sequence[Mapping[str, Any]], **blocks: Mapping[str, Any]) -> dict[str, Any]:
    """The default model with these terms of Twitter; what they weigh is idle no more."""
    tree = default().model.model_dump()
    measures = {s.name: s.measure.title for s in default().signals(NETWORK)}
    carrying = {measures[t["signal"]] for t in found}
    tree["terms"]["networks"][NETWORK] = list(found)
    tree["terms"]["idle"] = {title: why for title, why in tree["terms"]["idle"].items() if title not in carrying}
    for name, block in blocks.items():
        tree[name] |= block
    return tree


def configured(model: Mapping[str, Any]) -> Config:
    return Config.model_validate({**dict(default()), "model": model})


@st.composite
def trees(draw: st.DrawFn, signals: Sequence[str] = ()) -> dict[str, Any]:
    """What a model's file says, any that `fit` may write."""
    scale = st.dictionaries(st.sampled_from([NETWORK, "facebook"]), st.floats(0.01, 20), max_size=2)
    combine = {"exponent": draw(st.floats(1, 20)), "scale": draw(scale)}
    found = draw(terms(signals or rising()))
    return model_of(found, combine=combine, calibration={"anchors": draw(anchors())})


def models(signals: Sequence[str] = ()) -> st.SearchStrategy[Config]:
    return trees(signals).map(configured)


def interpolated(points: Points, x: float) -> float:
    """np.interp inside, the last segment's line beyond."""
    (x0, y0), (x1, y1) = points[-2:]
    if x >= x1:
        return y1 + (x - x1) * (y1 - y0) / (x1 - x0)
    return float(np.interp(x, *np.array(points).T))


def value_of(term: Term, signals: Mapping[str, float]) -> float:
    most = signals.get(term.at_most, 0.0) if isinstance(term.at_most, str) else term.at_most
    value = signals.get(term.signal, 0.0)
    return value if most is None else min(value, most * term.at_most_times)


def evidence_of(found: Sequence[Term], signals: Mapping[str, float]) -> float:
    """E_n: weight * shape(ln(1 + min(signal, at_most))), summed; a signal that is not given is 0."""
    logs = [math.log1p(value_of(t, signals)) for t in found]
    return sum(t.weight * (interpolated(t.shape, x) if t.shape else x) for t, x in zip(found, logs, strict=True))


def score_of(config: Config, evidence: Mapping[str, float]) -> float:
    """The calibrated score of evidence by network, not rounded."""
    p = config.model.combine.exponent
    most = max(evidence.values(), default=0.0)  # taken out, so that high powers stay finite
    whole = most * sum((e / most) ** p for e in evidence.values()) ** (1 / p) if most else 0.0
    return float(np.interp(whole, *np.array(config.model.calibration.anchors).T))
