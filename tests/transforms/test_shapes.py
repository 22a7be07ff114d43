"""Shapes in SQL: evidence and its variance against interpolation, at, between and beyond the knots."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from kloutspark.config import Term, load
from kloutspark.transforms.evidence import weigh_evidence
from tests.models import NETWORK, evidence_of, interpolated, value_of

WINDOWS = (1, 7, 28, 90)
WIGGLE = 1e-6


def drawn_terms(names: Sequence[str], random: np.random.Generator) -> list[Term]:
    """One a signal: most with a shape of 1 to 20 segments, some flat, some cut; the last one without a shape."""
    found = []
    for name in names[:-1]:
        segments = int(random.integers(1, 21))
        xs = np.cumsum([0, *random.uniform(0.01, 0.6, segments)])
        ys = np.cumsum([0, *random.choice([0, 0.1, 1, 30], segments)])
        knots = tuple((float(x), float(y)) for x, y in zip(xs, ys, strict=True))
        at_most = (None, None, None, 5.0, "actors_distinct_90d")[int(random.integers(5))]
        found.append(Term(signal=name, weight=float(random.uniform(0.1, 3)), at_most=at_most, shape=knots))
    return [*found, Term(signal=names[-1], weight=0.7)]


def steepness(term: Term, value: float) -> float:
    """The slope just below ln(1 + value), by a difference."""
    if term.shape is None:
        return 1.0
    x = math.log1p(value)
    return (interpolated(term.shape, x) - interpolated(term.shape, x - WIGGLE)) / WIGGLE


def variance_of(terms: Sequence[Term], signals: Mapping[str, float]) -> float:
    """Sum over rings of actors of (sum over windows v >= w of dE(v)) ** 2."""
    brings = {}
    for w in WINDOWS:
        gain = 0.0
        for term in terms:
            if not term.signal.endswith(f"_{w}d"):
                continue
            x = value_of(term, signals)
            alone, days = 1.0, signals[f"active_days_count_{w}d"]
            if term.signal.startswith("active_days") and days <= x:
                alone = math.exp(1 - max(signals[f"reactions_sum_{w}d"] / max(days, 1), 1))
            gain += term.weight * steepness(term, x) * x / (1 + x) * alone if x else 0.0
        actors = signals[f"actors_distinct_{w}d"]
        brings[w] = gain / actors if actors else 0.0
    seen = [0.0, *(signals[f"actors_distinct_{w}d"] for w in WINDOWS)]
    rings = [max(b - a, 0.0) for a, b in pairwise(seen)]
    return sum(n * sum(brings[v] for v in WINDOWS if v >= w) ** 2 for n, w in zip(rings, WINDOWS, strict=True))


def test_evidence_and_variance_are_those_of_the_interpolated_shapes(spark: SparkSession) -> None:
    random, signals = np.random.default_rng(20260331), load().signals(NETWORK)
    names = [
        f"{name}_{w}d" for name in ("actors_distinct", "weight_sum", "active_days_count", "reply_sum") for w in WINDOWS
    ]
    terms = drawn_terms([*names, "followers_level", "list_memberships_level"], random)
    rows = []
    for n in range(60):
        knots = [math.expm1(t.shape[min(n, len(t.shape) - 1)][0]) if t.shape else 3.0 for t in terms]
        values = dict.fromkeys((s.name for s in signals), 0.0)
        at = dict(zip((t.signal for t in terms), knots, strict=True)) if n < 20 else {}
        for name in values:
            if n:  # the first one has nothing
                values[name] = float(np.float32(at.get(name, random.lognormal(1, 2))))
        rows.append(values)
    table = pa.table(
        {
            "person_id": [f"{n:02}" for n in range(len(rows))],
            "network": [NETWORK] * len(rows),
            "signals": pa.array([list(values.values()) for values in rows], pa.list_(pa.float32())),
        }
    )
    vectors = spark.createDataFrame(table)
    weighed = weigh_evidence(vectors, signals={NETWORK: signals}, terms={NETWORK: terms})
    found = {r["person_id"]: r["networks"][0] for r in weighed.collect()}
    for n, values in enumerate(rows):
        network = found[f"{n:02}"]
        assert network["evidence"] == pytest.approx(evidence_of(terms, values), rel=1e-9, abs=1e-9)
        in_python = [t.evidence(value_of(t, values)) for t in terms]
        assert [t["evidence"] for t in network["terms"]] == pytest.approx(in_python, rel=1e-14), n
        knot = any(abs(math.log1p(value_of(t, values)) - x) < 1e-5 for t in terms for x, _ in t.shape or ())
        if not knot:  # a float next to a knot may lie on either side of it
            assert network["variance"] == pytest.approx(variance_of(terms, values), rel=1e-5, abs=1e-9), n
    assert sum(network["variance"] > 0 for network in found.values()) > 40
