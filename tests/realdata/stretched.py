"""How well a score of the past foretells who is reacted to in the future, for data sets too short for 90 real days.

Source: EVALUATION.md, "Past to future, stretched" and "Baselines". `rows` have actor_id, target_id and
occurred_at_seconds; a score or a truth is a series with one number an account, indexed by account.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Score: TypeAlias = "pd.Series[float]"
Measure: TypeAlias = Callable[[Score, Score], float]

PAST_DAYS = 90  # the window of the score (P4)
LEAST_ACTORS = 5  # EVALUATION.md, step 4: with fewer there is hardly an order to foretell


@dataclass(frozen=True)
class Activity:
    """The rows of an activity file that count, and how many did not."""

    rows: pd.DataFrame
    incomplete_rows: int
    self_rows: int


@dataclass(frozen=True)
class Halves:
    """Rows up to the cut (Unix seconds, inclusive) and rows after it."""

    past: pd.DataFrame
    future: pd.DataFrame
    cut_seconds: float


@dataclass(frozen=True)
class Gain:
    """By how much a score beats a baseline, with the ends of its 95 % bootstrap interval."""

    measured: float
    lowest: float
    highest: float


def read_activity(path: Path) -> Activity:
    """Lines `actor target unix_seconds kind` (RT, MT, RE) without incomplete and self rows, which are counted.

    Source: SNAP, higgs-activity_time.txt.gz (De Domenico et al., Sci. Rep. 3:2980, 2013).
    """
    names = ["actor_id", "target_id", "occurred_at_seconds", "kind"]
    types = {"actor_id": str, "target_id": str, "occurred_at_seconds": float, "kind": str}
    # an id may read "NA" or "null": only an empty field is missing
    found = pd.read_csv(path, sep=" ", header=None, names=names, dtype=types, keep_default_na=False, na_values=[""])
    complete = found.dropna(subset=["actor_id", "target_id"])
    rows = complete[complete["actor_id"] != complete["target_id"]].reset_index(drop=True)
    return Activity(rows, incomplete_rows=len(found) - len(complete), self_rows=len(complete) - len(rows))


def cut_in_halves(rows: pd.DataFrame) -> Halves:
    """Past: occurred_at_seconds <= cut, the 50 % quantile by rows with linear interpolation; future: the others."""
    cut_seconds = float(rows["occurred_at_seconds"].quantile(0.5, interpolation="linear"))
    is_past = rows["occurred_at_seconds"] <= cut_seconds
    return Halves(rows[is_past], rows[~is_past], cut_seconds)


def stretch(past: pd.DataFrame, *, as_of: date) -> "pd.Series[pd.Timestamp]":
    """When each row happens (UTC, microseconds) once the past fills the 90 whole days [as_of - 90, as_of).

        occurred_at = as_of - 90 days + floor(90 days * (t - first) / (last + 1 second - first))

    So the second after the last row falls on midnight of `as_of`, and the first row on the first midnight.
    """
    t = past["occurred_at_seconds"].to_numpy(dtype=np.float64)
    microseconds = np.floor((t - t.min()) * (PAST_DAYS * 86_400e6) / (t.max() + 1 - t.min())).astype(np.int64)
    start = np.datetime64(as_of, "us") - np.timedelta64(PAST_DAYS, "D")
    occurred_at = pd.Series(start + microseconds.astype("timedelta64[us]"), index=past.index, name="occurred_at")
    return occurred_at.dt.tz_localize("UTC")


def truth_of(halves: Halves) -> Score:
    """Distinct actors in the future, 0 for none, of each account with at least 5 distinct actors in the past."""
    past = distinct_actors(halves.past)
    return distinct_actors(halves.future).reindex(past.index[past >= LEAST_ACTORS], fill_value=0.0)


def unscored(score: Score, truth: Score) -> int:
    """How many accounts of `truth` have no score: they rank last."""
    return int(score.reindex(truth.index).isna().sum())


def spearman(score: Score, truth: Score) -> float:
    """Pearson correlation of the mean ranks of `truth`'s accounts; a missing score ranks last; nan if one is flat."""
    return float(_missing_last(score, truth).rank().corr(truth.rank()))


def ndcg_at_100(score: Score, truth: Score) -> float:
    """DCG over the DCG of the best order, with DCG the sum of gain / log2(1 + place) over places 1 to 100.

    The gain is linear: the truth itself, for tied scores the mean of their whole group (also past place 100; McSherry
    and Najork, ECIR 2008). A missing score ranks last; nan if the truth is 0 throughout.
    """
    placed = _missing_last(score, truth)
    gains = truth.groupby(placed).transform("mean").to_numpy(dtype=np.float64)[np.argsort(-placed.to_numpy())]
    best = np.sort(truth.to_numpy(dtype=np.float64))[::-1]
    discounts = 1 / np.log2(np.arange(2, 2 + min(100, len(best))))
    ideal = float(best[:100] @ discounts)
    return float(gains[:100] @ discounts) / ideal if ideal else math.nan


def gain_over(
    score: Score, baseline: Score, truth: Score, *, seed: int, measure: Measure = spearman, draws: int = 1_000
) -> Gain:
    """`measure` of `score` minus that of `baseline`, with its 95 % percentile bootstrap over accounts.

    Each draw takes the accounts with replacement, the same ones for both (Efron and Tibshirani, 1993, chapter 13).
    """
    columns = {"score": _missing_last(score, truth), "baseline": _missing_last(baseline, truth), "truth": truth}
    accounts = pd.DataFrame(columns).reset_index(drop=True)

    def difference(drawn: pd.DataFrame) -> float:
        return measure(drawn["score"], drawn["truth"]) - measure(drawn["baseline"], drawn["truth"])

    random = np.random.default_rng(seed)
    places = (random.integers(len(accounts), size=len(accounts)) for _ in range(draws))
    differences = [difference(accounts.iloc[place].reset_index(drop=True)) for place in places]
    lowest, highest = np.quantile(differences, [0.025, 0.975])
    return Gain(difference(accounts), float(lowest), float(highest))


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
    half_life_seconds = (t.max() - t.min()) / 5
    latest = past.groupby(["actor_id", "target_id"])["occurred_at_seconds"].max()
    weight: Score = 2.0 ** ((latest - t.max()) / half_life_seconds)
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


def _missing_last(score: Score, truth: Score) -> Score:
    return score.reindex(truth.index).astype(np.float64).fillna(-np.inf)


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
