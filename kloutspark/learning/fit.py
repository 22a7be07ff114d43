"""The monotone, additive, non-negative model that labelled comparisons teach (EVALUATION.md, "Labelled comparisons").

    E_n = sum over signals of f(ln(1 + min(signal, at_most)))         f(0) = 0, piecewise-linear, every slope >= 0
    E = (sum over networks of (scale_n * E_n) ** p) ** (1 / p)
    chance that left is more influential = 1 / (1 + exp(-sharpness * (E(left) - E(right))))

Whatever the labels are: only `rising` signals are offered and no slope is negative, so more of anything never lowers
evidence (P1, P7), and own activity is no rising signal (P9).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from kloutspark.config import Term
from kloutspark.domain.signals import Signal
from kloutspark.learning.pairs import Comparisons, Numbers, Places, auc_of
from kloutspark.learning.shapes import bent, quantile_knots, segments, short, straightened

Margin: TypeAlias = Callable[[Numbers], tuple[Numbers, Callable[[Numbers], Numbers]]]

NEGLIGIBLE = 0.02  # a signal that spreads people by less than so much of what all signals do is left out
LEAST_PAIRS = 100  # with fewer on a network it keeps the terms that it has
SURE = "actors_distinct"  # of the longest window it always has weight: any engagement raises evidence (P2, P12)
LEAST_SURE = 0.01  # by so much of the log-odds at least, for each unit of its logarithm
SCALE_RIDGE = 0.01  # holds the scale of a network that few pairs tell of where the current model has it
NEVER_OFFERED = {  # rising, and why not
    "reactions_sum": "one account's repeats raise it (P12); capped by people it is the people",
    "damped_sum": "as reactions_sum",
    "networks_count": "the p-norm pays for breadth; a count of thin networks would pay for being split",
}
NOT_CAPPED = ("actors_distinct", "weight_sum")  # other signals of a window are at most its distinct actors


@dataclass(frozen=True)
class OnNetwork:
    """Signals of people on one network: of the person at `place[i]`, `values[i]` in the order of the catalogue.

    `terms` and `scale` are the current model's there.
    """

    catalogue: tuple[Signal, ...]
    terms: tuple[Term, ...]
    scale: float
    place: Places
    values: Numbers

    def evidence(self, terms: Sequence[Term], people: int) -> Numbers:
        """E_n of each of so many people; 0 without an account there."""
        found = np.zeros(people)
        for term, x in zip(terms, self.inputs(terms).T, strict=True):
            found[self.place] += term.weight * bent(x, term.shape)
        return found

    def inputs(self, terms: Sequence[Term]) -> Numbers:
        """ln(1 + min(signal, times * at_most)), a row for each place and a column for each term."""
        column = {s.name: self.values[:, i] for i, s in enumerate(self.catalogue)}
        found = np.zeros((len(self.place), len(terms)))
        for i, term in enumerate(terms):
            most = column[term.at_most] if isinstance(term.at_most, str) else term.at_most or np.inf
            found[:, i] = np.log1p(np.maximum(np.minimum(column[term.signal], most * term.at_most_times), 0))
        return found


@dataclass(frozen=True)
class Learned:
    """A fitted model: terms of the networks that had pairs enough, scales of all that people are on, p, sharpness."""

    terms: Mapping[str, tuple[Term, ...]]
    scale: Mapping[str, float]
    exponent: float
    sharpness: float = 1.0

    def evidence(self, networks: Mapping[str, OnNetwork], people: int) -> Numbers:
        """E of each of so many people."""
        parts = [self.scale[n] * seen.evidence(self.terms.get(n, seen.terms), people) for n, seen in networks.items()]
        return p_norm(np.array(parts).T, self.exponent)

    def margin(self, networks: Mapping[str, OnNetwork], pairs: Comparisons) -> Numbers:
        """How far left is ahead of right, in log-odds."""
        evidence = self.evidence(networks, len(pairs.people))
        return self.sharpness * (evidence[pairs.left] - evidence[pairs.right])


def candidates(catalogue: Sequence[Signal], current: Sequence[Term]) -> tuple[Term, ...]:
    """The terms that a fit may give weight to: rising signals, what one account could raise alone capped by people.

    What the current model caps or leaves without a cap stays so.
    """
    caps = {term.signal: (term.at_most, term.at_most_times) for term in current}
    people = {s.window_days: s.name for s in catalogue if s.measure.name == "actors_distinct"}
    found = []
    for signal in catalogue:
        if signal.response == "rising" and signal.measure.name not in NEVER_OFFERED:
            cap = None if signal.measure.name in NOT_CAPPED else people.get(signal.window_days)
            most, times = caps.get(signal.name, (cap, 1.0))
            found.append(Term(signal=signal.name, weight=1.0, at_most=most, at_most_times=times))
    return tuple(found)


def fit(
    networks: Mapping[str, OnNetwork], pairs: Comparisons, *, ridge: float, exponents: Sequence[float]
) -> list[Learned]:
    """One model an exponent: every network on the pairs that are both there, then all of them on all pairs.

    A network's terms are brought to the size that the current model has there, so that scales stand near its own.
    """
    people = len(pairs.people)
    fitted = {name: _of_network(seen, pairs, ridge=ridge) for name, seen in networks.items()}
    terms = {name: found for name, found in fitted.items() if found}
    parts = np.array([s.scale * s.evidence(terms.get(n, s.terms), people) for n, s in networks.items()]).T
    models = []
    for exponent in exponents:
        changes, sharpness = combine(parts, pairs, exponent)
        scale = {n: seen.scale * c for (n, seen), c in zip(networks.items(), changes, strict=True)}
        models.append(Learned(terms, scale, exponent, sharpness))
    return models


def _of_network(seen: OnNetwork, pairs: Comparisons, *, ridge: float) -> tuple[Term, ...]:
    """Terms from the pairs that are both there; none where they are too few."""
    people = len(pairs.people)
    row = np.full(people, -1)
    row[seen.place] = np.arange(len(seen.place))
    mine = pairs.where((row[pairs.left] >= 0) & (row[pairs.right] >= 0))
    if len(mine) < LEAST_PAIRS:
        return ()
    rows, ends = np.unique(row[np.concatenate([mine.left, mine.right])], return_inverse=True)
    left, right = np.split(ends, 2)
    offered = candidates(seen.catalogue, seen.terms)
    x = replace(seen, place=rows, values=seen.values[rows]).inputs(offered)
    first = [j for j, column in enumerate(x.T) if not (column == x[:, :j].T).all(axis=1).any()]  # of equal ones
    offered, x = tuple(offered[j] for j in first), x[:, first]
    windows = {s.name: s.window_days or 0 for s in seen.catalogue if s.measure.name == SURE}
    sure = max(windows, key=lambda name: windows[name], default="")
    found = fit_terms(offered, x, replace(mine, left=left, right=right), ridge=ridge, sure=sure)
    size = typical(seen.evidence(seen.terms, people)) / typical(seen.evidence(found, people))
    return tuple(t.model_copy(update={"weight": short(t.weight * size)}) for t in found)


def fit_terms(offered: Sequence[Term], x: Numbers, pairs: Comparisons, *, ridge: float, sure: str) -> tuple[Term, ...]:
    """One network's terms: the slopes of every signal at once, then once more without the negligible signals.

    `x` has a row for each place of the pairs and a column for each offered term. The ridge is on the mean square of a
    signal's slopes and on the square of every bend between two. The signal `sure` keeps weight whatever the labels say.
    """
    knots = [quantile_knots(column) for column in x.T]
    kept = [j for j, k in enumerate(knots) if len(k) > 1]
    terms: tuple[Term, ...] = ()
    for _ in range(2):
        if not kept:
            return ()
        least = [LEAST_SURE * (offered[j].signal == sure) for j in kept]
        slopes = _slopes([segments(x[:, j], knots[j]) for j in kept], least, pairs, ridge=ridge)
        spread = np.array([(segments(x[:, j], knots[j]) @ s).std() for j, s in zip(kept, slopes, strict=True)])
        has_weight = (spread > NEGLIGIBLE * spread.sum()) | (np.array(least) > 0)
        found = [(j, s) for j, s, has in zip(kept, slopes, has_weight, strict=True) if has]
        terms = tuple(_term(offered[j], knots[j], s) for j, s in found)
        kept = [j for j, _ in found]
        if has_weight.all():
            break
    return terms


def _slopes(bases: Sequence[Numbers], least: Sequence[float], pairs: Comparisons, *, ridge: float) -> list[Numbers]:
    basis, ends = np.hstack(bases), np.cumsum([0, *(b.shape[1] for b in bases)])
    penalty = np.zeros((basis.shape[1], basis.shape[1]))
    for start, end in itertools.pairwise(ends):
        bends = np.diff(np.eye(end - start), axis=0)
        penalty[start:end, start:end] = np.eye(end - start) / (end - start) + bends.T @ bends

    def margin(w: Numbers) -> tuple[Numbers, Callable[[Numbers], Numbers]]:
        evidence = basis @ w
        return evidence[pairs.left] - evidence[pairs.right], lambda pull: _credit(pull, pairs, len(basis)) @ basis

    slopes = descend(margin, pairs.label, pairs.weight, ridge * penalty, np.repeat(least, np.diff(ends)).tolist())
    return np.split(slopes, ends[1:-1])


def descend(
    margin: Margin, is_true: Numbers, weight: Numbers, penalty: Numbers, least: Sequence[float | None]
) -> Numbers:
    """Logistic regression: the w >= least that minimises mean ln(1 + exp(-margin(w))) + w' penalty w / 2.

    With the margin's sign turned where not `is_true`. `margin` gives the margins and the function that takes their
    gradient to that of w.
    """
    from scipy.optimize import minimize  # every command would wait for it, were it imported above

    side, share = np.where(is_true > 0, 1.0, -1.0), weight / weight.sum()

    def loss(w: Numbers) -> tuple[float, Numbers]:
        margins, back = margin(w)
        pull = penalty @ w
        slope = -side * share / (1 + np.exp(np.clip(side * margins, -500, 500)))
        return float(share @ np.logaddexp(0, -side * margins) + w @ pull / 2), back(slope) + pull

    bounds = [(low, None) for low in least]
    start = np.array([max(low or 0.0, 0.0) for low in least])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}).x)


def p_norm(parts: Numbers, p: float) -> Numbers:
    """(sum over columns of part ** p) ** (1 / p)."""
    found: Numbers = (parts**p).sum(axis=1) ** (1 / p)
    return found


def combine(parts: Numbers, pairs: Comparisons, p: float) -> tuple[list[float], float]:
    """By how much each network's scale changes, and the sharpness, for one exponent; a single network stays."""
    is_free = np.full(parts.shape[1], float(parts.shape[1] > 1))

    def margin(w: Numbers) -> tuple[Numbers, Callable[[Numbers], Numbers]]:  # of logarithms
        scaled = parts * np.exp(w[1:] * is_free)
        evidence = p_norm(scaled, p)
        margins = np.exp(w[0]) * (evidence[pairs.left] - evidence[pairs.right])
        gains = np.exp(w[0]) * is_free * scaled**p / np.maximum(evidence, 1e-12)[:, None] ** (p - 1)
        return margins, lambda pull: np.append(pull @ margins, _credit(pull, pairs, len(parts)) @ gains)

    penalty = np.diag([0.0, *(SCALE_RIDGE * np.ones(parts.shape[1]))])
    w = descend(margin, pairs.label, pairs.weight, penalty, [-10.0] * len(penalty))  # e ** -10: a network of no use
    return [float(c) for c in np.exp(w[1:] * is_free)], float(np.exp(w[0]))


def _credit(pull: Numbers, pairs: Comparisons, people: int) -> Numbers:
    """What the pairs' pulls come to for each person: added on the left, taken away on the right."""
    return np.asarray(np.bincount(pairs.left, pull, people) - np.bincount(pairs.right, pull, people), dtype=np.float64)


def _term(offered: Term, knots: Numbers, slopes: Numbers) -> Term:
    """A term whose weight is its mean slope, what it brings for each unit of ln(1 + signal); straight: no shape."""
    heights = np.concatenate([[0.0], np.cumsum(slopes * np.diff(knots))])
    weight = heights[-1] / knots[-1]
    points = straightened([(float(x), float(y / weight)) for x, y in zip(knots, heights, strict=True)])
    shape = tuple((x, short(y)) for x, y in points) if len(points) > 2 else None
    return offered.model_copy(update={"weight": float(weight), "shape": shape})


def typical(evidence: Numbers) -> float:
    """The median of those above 0; 1 where none is."""
    above = evidence[evidence > 0]
    return float(np.median(above)) if len(above) else 1.0


@dataclass(frozen=True)
class Doubts:
    """Weights of doubts about accounts: each unit of x_j multiplies the odds of being automated by exp(weight).

    `auc` tells automated accounts from others over folds of accounts; nan where no fold has both.
    """

    weights: Numbers
    ridge: float
    auc: float


def fit_doubts(x: Numbers, is_automated: Numbers, weight: Numbers, folds: Places, *, ridges: Sequence[float]) -> Doubts:
    """Logistic regression with intercept and weights >= 0 of being automated on doubts x_j >= 0, a column each.

    The ridge is on each weight times its doubt's standard deviation; the one of `ridges` with the best AUC over folds.
    """

    def fitted(rows: Places, ridge: float) -> Numbers:
        with_one = np.column_stack([x[rows], np.ones(len(rows))])
        penalty = np.diag([*(ridge * np.maximum(x[rows].var(axis=0), 1e-9)), 0.0])
        least = [*[0.0] * x.shape[1], None]
        found = descend(
            lambda w: (with_one @ w, lambda r: r @ with_one), is_automated[rows], weight[rows], penalty, least
        )
        return found[:-1]

    def held_out(ridge: float) -> float:
        found = []
        for fold in np.unique(folds):
            train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            found.append(auc_of(x[test] @ fitted(train, ridge), is_automated[test], weight[test]))
        return float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")

    aucs = {ridge: held_out(ridge) for ridge in ridges}
    best = max(ridges, key=lambda ridge: (np.nan_to_num(aucs[ridge]), ridge))
    return Doubts(fitted(np.arange(len(x)), best), best, aucs[best])
