"""Ranks the slow and plain way, on dicts: the formula of `iterate_ranks` read aloud. Never imports transforms."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import fsum, inf

Edge = tuple[str, str, float]


def rank(
    edges: Iterable[Edge],
    prior_weights: Mapping[str, float],
    start: Mapping[str, float] | None = None,
    *,
    damping: float,
    tolerance_l1: float | None,
    limit: int,
) -> tuple[dict[str, float], int, float]:
    """Ranks, iterations and residual of one graph; without a tolerance exactly `limit` iterations."""
    weights: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for source, target, weight in edges:
        weights[source][target] += weight
    prior = normalised(prior_weights)
    ranks = normalised({account: (start or {}).get(account, prior[account]) for account in prior})
    iterations, residual = 0, inf
    while iterations < limit and (tolerance_l1 is None or residual > tolerance_l1):
        inflow = dict.fromkeys(prior, 0.0)
        for source, targets in weights.items():
            whole = fsum(targets.values())
            for target, weight in targets.items():
                inflow[target] += ranks[source] * weight / whole if whole else 0.0
        held_back = 1 - damping * fsum(inflow.values())
        following = {account: damping * inflow[account] + held_back * prior[account] for account in prior}
        residual = fsum(abs(following[account] - ranks[account]) for account in prior)
        ranks, iterations = following, iterations + 1
    return ranks, iterations, residual


def normalised(numbers: Mapping[str, float]) -> dict[str, float]:
    """The same, summing to 1."""
    whole = fsum(numbers.values())
    return {key: number / whole for key, number in numbers.items()}
