"""What a score must beat: simple measures of the rows before a cut (EVALUATION.md, "Baselines").

`past` has actor_id, target_id and occurred_at_seconds; a baseline is a series with one number an account.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kloutspark.learning.measures import Score

HALF_LIVES_DAYS = (1, 2, 4, 7, 14, 28, 56)  # of which the best is told for real days


def reactions(past: pd.DataFrame) -> Score:
    """n: rows that credit the account."""
    return past.groupby("target_id").size().astype(np.float64)


def distinct_actors(past: pd.DataFrame) -> Score:
    """u: accounts that reacted to the account at least once."""
    return reactions(past.drop_duplicates(["actor_id", "target_id"]))


def recency_weighted_actors(past: pd.DataFrame) -> Score:
    """Sum over actors of 2^(-age / half-life): age since the actor's last reaction, half-life a fifth of the past.

    The last reaction reproduces the table of EVALUATION.md; the first does not (Higgs: .5533 instead of .5581).
    """
    t = past["occurred_at_seconds"]
    return fading_actors(past, half_life_seconds=(t.max() - t.min()) / 5)


def fading_actors(past: pd.DataFrame, *, half_life_seconds: float) -> Score:
    """Sum over actors of 2^(-age / half-life), age from the actor's last reaction to the newest of all."""
    latest = past.groupby(["actor_id", "target_id"])["occurred_at_seconds"].max()
    weight: Score = 2.0 ** ((latest - past["occurred_at_seconds"].max()) / half_life_seconds)
    return weight.groupby(level="target_id").sum()


def page_rank(past: pd.DataFrame) -> Score:
    """PageRank with damping .85 of the unweighted pairs actor -> target (Brin and Page, 1998)."""
    return _walk(_pairs(past).assign(weight=1.0), damping=0.85)


def tweepcred_like(past: pd.DataFrame) -> Score:
    """PageRank with jump .1 of the pairs weighted by reactions, divided for accounts that react to far more people.

        score = rank / clamp(exp(3 * ((1 + f) / (1 + u) - 0.6) * ln ln f), 1, 50)    where f > 2,500, else rank

    f: people that the account reacts to (the original's followings), u: people who react to it. No account of the
    tabled data sets has f > 2,500 (Higgs: 126 at most), so there it is the weighted rank alone; a limit of 100 misses
    the table (Higgs: .4708 instead of .4711). Source: TECH.md, last line (TweepCred of Twitter's the-algorithm).
    """
    pairs = _pairs(past)
    rank = _walk(pairs, damping=0.9)
    followings = pairs.groupby("actor_id").size().reindex(rank.index, fill_value=0)
    followers = pairs.groupby("target_id").size().reindex(rank.index, fill_value=0)
    is_divided = followings > 2_500
    excess = (1 + followings) / (1 + followers) - 0.6
    exponent: Score = 3 * excess * np.log(np.log(followings.where(is_divided, math.e)))  # ln ln e is 0: undivided
    return rank / np.exp(exponent.clip(0, math.log(50)))


BASELINES: dict[str, Callable[[pd.DataFrame], Score]] = {
    "n": reactions,
    "u": distinct_actors,
    "recency u": recency_weighted_actors,
    "PageRank": page_rank,
    "TweepCred-like": tweepcred_like,
}


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
