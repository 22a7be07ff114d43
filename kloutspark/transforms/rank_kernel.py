"""The arithmetic of ranks on numpy arrays, the same for a graph in one block and in many.

Every sum has one order: of parallel edges by weight, of an account's out-edges by target, of a target's inflow by
source within a source block and then by source block; over accounts it is exactly rounded (math.fsum), so that no order
matters. That is why ranks are equal to the bit however rows were partitioned.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kloutspark.domain.errors import ContractError

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Cell:
    """The edges from one block into one other, sorted by target, then source: positions in their blocks, and shares."""

    target_block: int
    sources: Integers
    targets: Integers
    shares: Floats


@dataclass(frozen=True)
class Totals:
    """What prior weights and start ranks of a graph are divided by, so that each sum to 1."""

    prior_weight: float
    start: float

    @classmethod
    def of(cls, blocks: Iterable[tuple[float, float, float]]) -> Self:
        """From the `begin_sums` of every block."""
        weights, started, missing = zip(*blocks, strict=True)
        prior_weight = math.fsum(weights)
        start = math.fsum(started) + math.fsum(missing) / prior_weight
        keep("start.rank", "a sum above 0 for every graph", [start > 0])
        return cls(prior_weight, start)


def keep(where: str, expected: str, holds: Sequence[bool] | NDArray[np.bool_]) -> None:
    """Refuses rows for which something does not hold; their ids stay out of the message.

    Raises:
        ContractError: names the column and how many rows are otherwise.
    """
    if not np.all(holds):
        found = f"{np.size(holds) - np.count_nonzero(holds)} of {np.size(holds)} otherwise"
        raise ContractError(where, expected=expected, found=found, remedy="Mend what makes the frame.")


def begin_sums(prior_weights: Floats, start: Floats) -> tuple[float, float, float]:
    """Sums over the accounts of a block: prior weight, start rank, prior weight of those without a start rank (nan)."""
    keep("accounts.prior_weight", "a finite number above 0", np.isfinite(prior_weights) & (prior_weights > 0))
    is_missing = np.isnan(start)
    keep("start.rank", "a finite number of at least 0", is_missing | (np.isfinite(start) & (start >= 0)))
    return math.fsum(prior_weights), math.fsum(start[~is_missing]), math.fsum(prior_weights[is_missing])


def begin(prior_weights: Floats, start: Floats, totals: Totals) -> tuple[Floats, Floats]:
    """Prior and first rank of a block's accounts; who has no start rank starts at the prior."""
    prior = prior_weights / totals.prior_weight
    return prior, np.where(np.isnan(start), prior, start) / totals.start


def pack(sources: Integers, target_blocks: Integers, targets: Integers, weights: Floats) -> list[Cell]:
    """All out-edges of one block of accounts, as cells by target block.

        share(u, v) = weight(u, v) / sum of weights of u's out-edges

    Parallel edges are summed. An edge of weight 0 is none, so who has no others is dangling.
    """
    keep("edges.weight", "a finite number of at least 0", np.isfinite(weights) & (weights >= 0))
    is_edge = weights > 0
    target_blocks, targets, sources = (column[is_edge] for column in (target_blocks, targets, sources))
    weights = weights[is_edge]
    if not len(weights):
        return []
    # one number an edge, in the order of a cell: sorting it takes a fifth of sorting by columns
    places = (target_blocks * (targets.max() + 1) + targets) * (sources.max() + 1) + sources
    order = np.argsort(places)
    is_first = np.diff(places[order], prepend=-1) > 0
    tied = np.flatnonzero(~is_first | ~np.append(is_first[1:], True))
    parallel = order[tied]  # the order of their rows must not be that of their sum
    order[tied] = parallel[np.lexsort((weights[parallel], places[parallel]))]
    # bincount adds one by one in the order of its input; add.reduce would not promise that
    merged = np.bincount(np.cumsum(is_first) - 1, weights=weights[order])
    target_blocks, targets, sources = (column[order][is_first] for column in (target_blocks, targets, sources))
    shares = merged / np.bincount(sources, weights=merged)[sources]
    keep("edges.weight", "finite sums", np.isfinite(shares))
    bounds = [0, *(np.flatnonzero(np.diff(target_blocks)) + 1), len(shares)]
    return [
        Cell(int(target_blocks[low]), sources[low:high], targets[low:high], shares[low:high])
        for low, high in itertools.pairwise(bounds)
    ]


def senders(cells: Iterable[Cell]) -> Integers:
    """The accounts of a source block that have out-edges; the others are dangling."""
    return np.flatnonzero(np.bincount(np.concatenate([np.empty(0, dtype=np.int32), *(cell.sources for cell in cells)])))


def push(rank: Floats, cell: Cell) -> Floats:
    """What one source block sends into one target block; shorter than that block if its last accounts get nothing."""
    flow = np.bincount(cell.targets, weights=rank[cell.sources] * cell.shares)
    return np.asarray(flow, dtype=np.float64)


def step(rank: Floats, prior: Floats, flows: Iterable[Floats], *, damping: float, sent: float) -> tuple[Floats, float]:
    """The next rank of a block's accounts and the sum of |rank' - rank| over them.

        rank'(v) = d * inflow(v) + (1 - d * sent) * prior(v)      sent = sum(inflow) = rank of all who have out-edges

    `flows` come in the order of their source blocks.
    """
    inflow = np.zeros(len(rank))
    for flow in flows:
        inflow[: len(flow)] += flow
    following = damping * inflow + (1 - damping * sent) * prior
    return following, math.fsum(np.abs(following - rank))


def walk_whole(
    rank: Floats, prior: Floats, cells: Sequence[Cell], *, damping: float, tolerance_l1: float | None, limit: int
) -> tuple[Floats, int, float]:
    """A graph of one block, iterated until the residual is within the tolerance: ranks, iterations, residual.

    Without a tolerance it makes exactly `limit` iterations.
    """
    sending = senders(cells)
    iterations, residual = 0, math.inf
    while iterations < limit and (tolerance_l1 is None or residual > tolerance_l1):
        flows = [push(rank, cell) for cell in cells]
        rank, residual = step(rank, prior, flows, damping=damping, sent=math.fsum(rank[sending]))
        iterations += 1
    return rank, iterations, residual
