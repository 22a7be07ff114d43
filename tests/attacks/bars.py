"""What an attack may bring at most, in points before the step limit: issue 7's table of bars, nowhere else."""

from collections.abc import Mapping
from typing import Any

POINTS: Mapping[tuple[str, int], Mapping[float, float]] = {  # by attack and budget, by the target's score
    ("bought_followers", 1_000): {15: 1, 50: 1},
    ("click_farm", 1_000): {15: 8, 50: 4},
    ("click_farm", 10_000): {15: 12, 50: 6},
    ("own_accounts", 1_000): {15: 0, 50: 0},
    ("devoted_account", 1_000): {15: 2, 50: 2},
    ("own_posts", 1_000): {15: 0, 50: 0},
}
MISSED: Mapping[
    tuple[str, float], float
] = {  # bars that 1,000 fakes miss in the demo, and what they may bring all the same
    ("devoted_account", 15): 6,  # one honest fan who comes back yesterday is worth more than 2 points there (P5, P7)
    ("devoted_account", 50): 2.5,
}
AUC: Mapping[str, float] = {
    "stolen_times": 0.90,
    "warmed_farm": 0.75,
}  # farm times drawn from real actors; a month warm
RING = 100  # members, for thirty days: none above the median of ordinary accounts


def bar_of(price: Mapping[str, Any]) -> float | None:
    """What a price (as a row) may be at most; None where the issue says nothing."""
    return POINTS.get((price["attack"], price["budget"]), {}).get(price["wanted"])
