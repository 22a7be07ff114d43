"""Piecewise-linear functions as points (x, y) with x rising: in floating point, and still monotone and concave."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Point = tuple[float, float]
GAP = 1e-6  # knots of a shape lie no nearer to each other: their slope would be rounding


def slope(a: Point, b: Point) -> float:
    """How steeply the line from `a` to `b` rises."""
    return (b[1] - a[1]) / (b[0] - a[0])


def height(points: Sequence[Point], x: float) -> float:
    """The function at x; beyond the last point it goes on as its last segment.

    A sum of the segments' rises and no interpolation: each rises with x, so their sum does, in every last bit.

    >>> [height([(0, 0), (1, 2), (3, 3)], x) for x in (0, 0.5, 1, 2, 3, 5)]
    [0.0, 1.0, 2.0, 2.5, 3.0, 4.0]
    """
    ends = [p[0] for p in points[1:-1]] + [float("inf")]
    found = float(points[0][1])
    for a, b, end in zip(points, points[1:], ends, strict=False):
        found += slope(a, b) * max(min(x, end) - a[0], 0.0)
    return found


def steepness(points: Sequence[Point], x: float) -> float:
    """The slope at x > 0; at a knot that of the segment before, which is what the next loss takes.

    >>> [steepness([(0, 0), (1, 2), (3, 3)], x) for x in (0.5, 1, 2, 5)]
    [2.0, 2.0, 0.5, 0.5]
    """
    i = min(max(bisect_left([p[0] for p in points], x), 1), len(points) - 1)
    return slope(points[i - 1], points[i])


def majorant(points: Iterable[Point]) -> tuple[Point, ...]:
    """The least concave function above the points, in order of x: its corners, the first and the last point among them.

    >>> majorant([(0, 1), (1, 2), (2, 5), (4, 6)])
    ((0, 1), (2, 5), (4, 6))
    """
    kept: list[Point] = []
    for point in points:
        while len(kept) > 1 and slope(kept[-2], kept[-1]) <= slope(kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)
