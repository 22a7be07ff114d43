"""Anchors proposed from a population: a map that the configuration accepts, as near to the real one as it can be."""

import json
from datetime import date
from io import StringIO
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console
from scipy.optimize import minimize

from kloutspark.config import Calibration, load
from kloutspark.domain.errors import InputError
from kloutspark.domain.population import SHARES_BELOW
from kloutspark.learning.anchors import Array, Proposal, propose
from kloutspark.reporting.anchors import show_anchors

SHARES, EVIDENCE = (0, 0.1, 0.4, 0.63, 0.962, 0.998, 1), (2, 2.9, 3.1, 4.25, 11.5, 23, 39)  # much like Higgs
LIKE_REAL = np.interp(np.linspace(0, 1, 20_001), SHARES, EVIDENCE)
TODAY = load().model.calibration.anchors
SOME = st.floats(1e-6, 1e6) | st.sampled_from((0.0, 0.5, 3.4657))  # ties are common: one reaction of yesterday


def proposed(evidence: Array) -> Proposal:
    return propose(evidence, before=TODAY, mover_points=5.0)


@settings(max_examples=300, deadline=None)
@given(arrays(np.float64, st.integers(1, 60), elements=SOME))
@example(np.repeat([1.0, 890_146.0, 890_150.0], [9, 1, 14]))  # two knots whose heights are one once rounded
def test_whatever_is_proposed_is_a_map_that_keeps_the_promises(evidence: Array) -> None:  # P1, P17
    if np.quantile(evidence, max(SHARES_BELOW.values()), method="lower") == 0:
        with pytest.raises(InputError, match="too few"):
            proposed(evidence)
        return
    found = proposed(evidence)
    block = yaml.safe_load(yaml.safe_dump(found.block))["calibration"]
    calibration = Calibration(**block)  # rises, never steepens, from (0, 1) to 100
    assert calibration.anchors[-1][0] >= evidence.max() * 0.999, "nobody needs more than 100 points"
    assert 0 <= found.movers <= found.people == len(evidence)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.01, 50), min_size=4, max_size=4, unique=True).map(sorted))
def test_no_rising_concave_map_comes_nearer_to_the_known_quantiles(quantiles: list[float]) -> None:
    """A general optimiser over heights at the four quantiles, under the same conditions, finds nothing better."""
    knots = np.array(quantiles)
    shares = [0.0, *SHARES_BELOW.values()]
    counts = np.diff(np.round(np.array(shares) * 1000)).astype(int)
    evidence = np.repeat(knots, counts)
    evidence = np.append(evidence, np.full(1000 - len(evidence), knots[-1]))
    wanted = np.array(list(SHARES_BELOW), dtype=float)
    reached = np.quantile(evidence, list(SHARES_BELOW.values()), method="lower")
    ours = np.interp(reached, *np.array(proposed(evidence).anchors).T)

    def error(heights: Array) -> float:
        return float(np.sum((np.interp(reached, [0, *knots], [1, *heights]) - wanted) ** 2))

    def falls(heights: Array) -> Array:
        return -np.diff(np.diff([1, *heights]) / np.diff([0, *knots]))

    rules: list[Any] = [{"type": "ineq", "fun": falls}, {"type": "ineq", "fun": lambda heights: np.diff([1, *heights])}]
    best = minimize(error, ours_at(knots, proposed(evidence)), constraints=rules, method="SLSQP")
    assert np.sum((ours - wanted) ** 2) <= best.fun * 1.01 + 0.1, "up to the rounding to four digits"


def ours_at(knots: Array, found: Proposal) -> Array:
    return np.asarray(np.interp(knots, *np.array(found.anchors).T))


def test_a_population_like_the_real_one_gets_its_shares_exactly() -> None:
    found = proposed(LIKE_REAL)
    for row in found.ranges:
        assert row["after"] == pytest.approx(row["real"], abs=0.002)
    assert found.movers == np.sum(np.abs(ours_at(LIKE_REAL, found) - np.interp(LIKE_REAL, *np.array(TODAY).T)) > 5)
    assert found.anchors[:4] == ((0, 1), (3.1, 15), (4.25, 20), (11.5, 50))


def test_the_map_in_use_proposes_itself_and_moves_nobody() -> None:
    again = propose(LIKE_REAL, before=proposed(LIKE_REAL).anchors, mover_points=5.0)
    assert (again.movers, set(again.moves.values())) == (0, {0.0})


def test_where_concavity_binds_the_proposal_says_how_far_it_is_off() -> None:
    """People too much alike: the upper half of the real scores would need a map that bends up."""
    found = proposed(np.linspace(10, 11, 5000))
    assert found.ranges[0]["after"] != pytest.approx(0.40, abs=0.05)
    assert f"{found.ranges[0]['after']:.1%} below 15 (real: 40.0%)" in found.why


def test_people_and_machines_can_read_it() -> None:
    rows = proposed(LIKE_REAL).as_rows()
    assert json.loads(json.dumps(rows)) == rows
    console = Console(file=StringIO(), width=160)
    show_anchors(console, date(2026, 3, 31), rows)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Anchors proposed from 20001 people of 2026-03-31: (0, 1), " in said
    assert f"{rows['movers']} of 20001" in said
