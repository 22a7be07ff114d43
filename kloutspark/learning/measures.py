"""How well a score foretells a truth, and by how much it beats another: series by account (EVALUATION.md)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Score: TypeAlias = "pd.Series[float]"
Numbers: TypeAlias = NDArray[np.float64]

DRAWS, SEED = 1_000, 1
FOUR_RANGES = (1, 20, 50, 65)  # where each begins: the ranges whose share of a real population SCORE.md states


@dataclass(frozen=True)
class Gain:
    """By how much a score beats a baseline, with the ends of its 95 % bootstrap interval."""

    measured: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Trial:
    """A truth and what foretold it."""

    score: Score
    baseline: Score
    truth: Score


def unscored(score: Score, truth: Score) -> int:
    """How many accounts of `truth` have no score: they rank last."""
    return int(score.reindex(truth.index).isna().sum())


def spearman(score: Score, truth: Score) -> float:
    """Pearson correlation of the mean ranks of `truth`'s accounts; a missing score ranks last; nan if one is flat."""
    return float(missing_last(score, truth).rank().corr(truth.rank()))


def ndcg_at_100(score: Score, truth: Score) -> float:
    """DCG over the DCG of the best order, with DCG the sum of gain / log2(1 + place) over places 1 to 100.

    The gain is linear: the truth itself, for tied scores the mean of their whole group (also past place 100; McSherry
    and Najork, ECIR 2008). A missing score ranks last; nan if the truth is 0 throughout.
    """
    placed = missing_last(score, truth)
    gains = truth.groupby(placed).transform("mean").to_numpy(dtype=np.float64)[np.argsort(-placed.to_numpy())]
    best = np.sort(truth.to_numpy(dtype=np.float64))[::-1]
    discounts = 1 / np.log2(np.arange(2, 2 + min(100, len(best))))
    ideal = float(best[:100] @ discounts)
    return float(gains[:100] @ discounts) / ideal if ideal else math.nan


def gain_over(trials: Sequence[Trial], *, seed: int = SEED, draws: int = DRAWS) -> Gain:
    """Spearman of score minus baseline, a mean over the trials, with its 95 % percentile bootstrap over accounts.

    Each draw takes the accounts of all trials with replacement, the same ones for score, baseline and every trial: an
    account that stands in several is drawn once (Efron and Tibshirani, 1993, chapter 13). How often it was drawn
    is its weight, which gives what repeating its row would. A trial whose draw is flat is left out of that draw.
    """
    places = pd.Index(sorted({account for trial in trials for account in trial.truth.index}))
    prepared = []
    for trial in trials:
        columns = missing_last(trial.score, trial.truth), missing_last(trial.baseline, trial.truth), trial.truth
        coded = [np.unique(c.to_numpy(), return_inverse=True)[1] for c in columns]
        prepared.append((places.get_indexer(trial.truth.index), *coded))

    def difference(drawn: Numbers) -> float:
        found = []
        for own, score, baseline, truth in prepared:
            ranks = [_mean_ranks(codes, drawn[own]) for codes in (score, baseline, truth)]
            found.append(_correlation(ranks[0], ranks[2], drawn[own]) - _correlation(ranks[1], ranks[2], drawn[own]))
        return mean_of_known(found)

    random = np.random.default_rng(seed)
    counts = (np.bincount(random.integers(len(places), size=len(places)), minlength=len(places)) for _ in range(draws))
    lowest, highest = np.quantile([difference(c.astype(np.float64)) for c in counts], [0.025, 0.975])
    return Gain(difference(np.ones(len(places))), float(lowest), float(highest))


def r_squared(score: Score, gauge: Score) -> tuple[int, float]:
    """How many accounts have both, and the squared Pearson correlation of the score and ln(1 + gauge); nan if flat."""
    both = pd.DataFrame({"score": score, "gauge": np.log1p(gauge)}).dropna()
    is_flat = bool((both.nunique() < 2).any())
    return len(both), math.nan if is_flat else float(both["score"].corr(both["gauge"]) ** 2)


def ranges(score: Score, *, starts: Sequence[int] = FOUR_RANGES) -> "pd.Series[int]":
    """The number of the range that each score lies in: 1-19, 20-49, 50-64, 65-100."""
    return pd.Series(np.searchsorted(starts, score.to_numpy(), side="right") - 1, index=score.index)


def same_range_share(first: Score, last: Score) -> tuple[int, float]:
    """How many accounts have both scores, and the share of them that stand in the same one of the four ranges."""
    both = first.index.intersection(last.index)
    if both.empty:
        return 0, math.nan
    return len(both), float((ranges(first.loc[both]) == ranges(last.loc[both])).mean())


def mean_of_known(numbers: Iterable[float]) -> float:
    """Of those that are numbers; nan where none is."""
    known = [n for n in numbers if not math.isnan(n)]
    return sum(known) / len(known) if known else math.nan


def missing_last(score: Score, truth: Score) -> Score:
    """The scores of `truth`'s accounts, a missing one below all others."""
    return score.reindex(truth.index).astype(np.float64).fillna(-np.inf)


def _mean_ranks(codes: NDArray[np.intp], weights: Numbers) -> Numbers:
    """Mean ranks of values by their order's number, each value there `weights` times."""
    by_code = np.bincount(codes, weights)
    ranks: Numbers = (np.cumsum(by_code) - by_code / 2)[codes]
    return ranks


def _correlation(a: Numbers, b: Numbers, weights: Numbers) -> float:
    total = weights.sum()
    if not total:
        return math.nan
    a, b = a - a @ weights / total, b - b @ weights / total
    spread = math.sqrt((a * a) @ weights * ((b * b) @ weights))
    # mean ranks are half a row apart: less is rounding of a flat one
    return float((a * b) @ weights / spread) if spread > 1e-6 else math.nan
