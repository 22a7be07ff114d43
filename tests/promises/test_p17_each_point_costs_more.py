"""P17: the higher the score, the harder the next point."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_each_further_fan_brings_less(people: People) -> None:
    counts = (1, 2, 4, 8, 16, 32, 64, 128)
    scores = [people[f"p17/{n}"]["score"] for n in counts]
    per_fan = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(zip(counts, scores, strict=True))]
    assert all(later < earlier for earlier, later in pairwise(per_fan))
    assert min(per_fan) > 0
