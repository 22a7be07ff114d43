"""Shapes: piecewise-linear functions of x = ln(1 + signal) that start at (0, 0), as they are fitted and written."""

from collections.abc import Sequence

import numpy as np

from kloutspark.learning.pairs import Numbers

MOST_SEGMENTS = 20  # quantile knots; more did not pay in trials on real labels
STRAIGHT = 0.01  # a knot that bends a shape by less than so much of its top is left out


def quantile_knots(x: Numbers) -> Numbers:
    """0, and where each of at most 20 equal parts of the people above 0 ends, in three digits."""
    above = x[x > 0]
    shares = np.linspace(0, 1, MOST_SEGMENTS + 1)[1:]
    ends = [short(float(end)) for end in np.quantile(above, shares)] if len(above) else []
    return np.unique([0.0, *ends])


def segments(x: Numbers, knots: Numbers) -> Numbers:
    """How far x reaches into each segment between knots, a column each; the last one has no end."""
    return np.clip(x[:, None] - knots[:-1], 0, [*np.diff(knots)[:-1], np.inf])


def bent(x: Numbers, shape: Sequence[tuple[float, float]] | None) -> Numbers:
    """A shape's value at x, beyond its last knot with its last slope; x itself without one."""
    if shape is None:
        return x
    knots, heights = np.array(shape).T
    found: Numbers = segments(x, knots) @ (np.diff(heights) / np.diff(knots))
    return found


def short(value: float) -> float:
    """In three significant digits: what is written, and what is judged."""
    return float(f"{value:.3g}")


def straightened(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points without those that lie on the line between others, but for STRAIGHT of the top.

    The last segment stays, for it goes on without end. Source: Ramer 1972, Douglas and Peucker 1973, by height.
    """

    def between(a: int, b: int) -> list[int]:
        (x0, y0), (x1, y1) = points[a], points[b]
        off = [abs(y - y0 - (x - x0) * (y1 - y0) / (x1 - x0)) for x, y in points[a + 1 : b]]
        if not off or max(off) <= STRAIGHT * points[-1][1]:
            return []
        i = a + 1 + off.index(max(off))
        return [*between(a, i), i, *between(i, b)]

    last = len(points) - 1
    kept = between(0, last)
    if kept and last - 1 not in kept:
        kept = [*between(0, last - 1), last - 1]
    return [points[i] for i in (0, *kept, last)]
