"""Anchors from a population: the map whose scores lie as a real population's do, and what it would move."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from kloutspark.domain.curves import Point, majorant, slope
from kloutspark.domain.errors import InputError
from kloutspark.domain.population import SHARES_BELOW

Array = npt.NDArray[np.float64]
MOVES = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)  # quantiles of the changes that are told


@dataclass(frozen=True)
class Proposal:
    """Anchors with what they would do to the people that they were made from.

    `ranges` has a row a known score: `score`, the evidence below which the known share stands, the shares below that
    score by the `real` population, by the map `before` and `after`. `moves` gives quantiles of the change in points.
    """

    anchors: tuple[Point, ...]
    people: int
    ranges: tuple[dict[str, float], ...]
    moves: dict[float, float]
    movers: int
    mover_points: float

    @property
    def why(self) -> str:
        """The reason that stands beside the anchors in a model's file."""
        known = ", ".join(f"{r['after']:.1%} below {r['score']:g} (real: {r['real']:.1%})" for r in self.ranges)
        return (
            f"Proposed from the evidence of {self.people} people: {known}; concave (P17), from (0, 1) to 100 (P1). "
            f"{self.movers} of them move by more than {self.mover_points:g} points."
        )

    @property
    def block(self) -> dict[str, Any]:
        """What a model's file says."""
        return {"calibration": {"anchors": [list(point) for point in self.anchors], "why": self.why}}

    def as_rows(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            **self.block,
            "people": self.people,
            "shares_below": list(self.ranges),
            "change_quantiles": [{"share": q, "points": points} for q, points in self.moves.items()],
            "movers": self.movers,
            "movers_share": self.movers / self.people,
            "mover_points": self.mover_points,
        }


def propose(
    evidence: Array,
    *,
    before: Sequence[Point],
    mover_points: float,
    shares_below: Mapping[int, float] = MappingProxyType(SHARES_BELOW),
) -> Proposal:
    """Anchors for the evidence of a population, beside the map `before` (P1, P17).

        minimise  sum over known scores k of (f(q_k) - k) ** 2       q_k: the evidence below which k's share stands
        f(x) = 1 + sum over k of c_k * min(x, q_k),  c_k >= 0         all concave, rising maps with knots at q_k
        beyond the last q_k its slope goes on to 100, or less steeply where somebody would stand above 100

    Least squares under concavity (Hildreth, Point Estimates of Ordinates of Concave Functions, 1954), and no least
    concave majorant of the quantiles: that lies above every point, so where it bends it would only lift people. Of up
    to four numbers non-negative least squares are exact by trying every subset. Whose evidence is 0 stands at 1: a
    share that they alone reach fixes nothing. Numbers are rounded to four digits, then made concave again.

    Raises:
        InputError: too few have evidence above 0 for any known share.
    """
    quantiles = {k: float(np.quantile(evidence, share, method="lower")) for k, share in shares_below.items()}
    fixed = {k: q for k, q in quantiles.items() if q > 0}
    if not fixed:
        remedy = "Take a day on which more people have been reacted to."
        raise InputError("evidence", expected="people with some", found="too few", remedy=remedy)
    knots = np.unique(list(fixed.values()))
    heights = 1 + np.minimum.outer(knots, knots) @ _non_negative(
        np.minimum.outer(list(fixed.values()), knots), np.array(list(fixed), dtype=float) - 1
    )
    corners = [(0.0, 1.0), *((x, y) for x, y in zip(_short(knots), _short(heights), strict=True) if 1 < y < 100)]
    corners = list(majorant(dict(corners).items()))
    if slope(corners[-2], corners[-1]) == 0:  # rounding has made the last two heights one
        corners.pop()
    (x, y), last = corners[-1], slope(corners[-2], corners[-1])
    (end,) = _short([max(x + (100 - y) / last, float(evidence.max()))])
    anchors = majorant([*corners, (end, 100.0)])
    was, now = (np.interp(evidence, *np.array(points).T) for points in (before, anchors))
    change = now - was
    return Proposal(
        anchors=anchors,
        people=len(evidence),
        ranges=tuple(
            {
                "score": float(k),
                "evidence": quantiles[k],
                "real": share,
                "before": float(np.mean(was < k)),
                "after": float(np.mean(now < k)),
            }
            for k, share in shares_below.items()
        ),
        moves={q: round(float(np.quantile(change, q)), 2) for q in MOVES},
        movers=int(np.sum(np.abs(change) > mover_points)),
        mover_points=mover_points,
    )


def _non_negative(matrix: Array, wanted: Array) -> Array:
    """The c >= 0 with the least |matrix @ c - wanted|: that of the best subset whose own least squares is c >= 0."""
    best, least = np.zeros(matrix.shape[1]), np.inf
    for size in range(1, matrix.shape[1] + 1):
        for subset in combinations(range(matrix.shape[1]), size):
            columns = matrix[:, subset]
            found = np.linalg.lstsq(columns, wanted, rcond=None)[0]
            error = float(np.sum((columns @ found - wanted) ** 2))
            if np.all(found >= 0) and error < least:
                best, least = np.zeros(matrix.shape[1]), error
                best[list(subset)] = found
    return best


def _short(values: Iterable[float]) -> list[float]:
    """Numbers of four digits, as a person writes them."""
    return [float(f"{value:.4g}") for value in values]
