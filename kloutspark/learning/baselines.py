"""What a score must beat: simple measures of the rows before a cut (EVALUATION.md, "Baselines").

`past` has actor_id, target_id and occurred_at_seconds; a baseline is a series with one number an account.
"""

import math
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Score: TypeAlias = "pd.Series[float]"


def reactions(past: pd.DataFrame) -> Score:
    """n: rows that credit the account."""
    return past.groupby("target_id").size().astype(np.float64)


def distinct_actors(past: pd.DataFrame) -> Score:
    """u: accounts that reacted to the account at least once."""
    return reactions(past.drop_duplicates(["actor_id", "target_id"]))


def page_rank(past: pd.DataFrame) -> Score:
    """PageRank with damping .85 of the unweighted pairs actor -> target (Brin and Page, 1998)."""
    return _walk(_pairs(past).assign(weight=1.0), damping=0.85)


def _pairs(past: pd.DataFrame) -> pd.DataFrame:
    return past.groupby(["actor_id", "target_id"]).size().rename("weight").reset_index()


def _walk(pairs: pd.DataFrame, *, damping: float) -> Score:
    """Where a walk along the pairs spends its time; the jump and dangling mass are spread evenly; ranks sum to 1."""
    codes, accounts = pd.factorize(np.concatenate([pairs["actor_id"], pairs["target_id"]]))
    actors, targets = np.split(codes, 2)
    weights = pairs["weight"].to_numpy(dtype=np.float64)
    shares = weights / np.bincount(actors, weights)[actors]
    rank: NDArray[np.float64] = np.full(len(accounts), 1 / len(accounts))
    # each step shrinks the L1 distance to the solution, 2 at most, by the damping: enough steps for 1e-12
    for _ in range(math.ceil(math.log(0.5e-12) / math.log(damping))):
        inflow = damping * np.bincount(targets, rank[actors] * shares, minlength=len(accounts))
        rank = inflow + (1 - inflow.sum()) / len(accounts)
    return pd.Series(rank, index=accounts)
