"""Which regularisation a fit takes, and how well it does on people that it has not seen."""

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from kloutspark.domain.errors import InputError
from kloutspark.learning.fit import LEAST_PAIRS, Learned, OnNetwork, fit, typical
from kloutspark.learning.pairs import Comparisons, Numbers, auc, folds_of, log_loss
from kloutspark.learning.shapes import short

Parts: TypeAlias = list[tuple[Comparisons, Comparisons]]  # to learn from, to test on

FOLDS = 5  # a fifth of the people is held out: a twenty-fifth of the pairs each time, a fifth in all
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1)  # from what hardly holds a slope to what leaves lines nearly straight and few
EXPONENTS = (2.0, 3.0, 5.0)  # with less, six thin networks would beat an enormous one; beyond, it is the greatest alone
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
BASELINES = ("actors_distinct", "reactions_sum")  # of the longest window


@dataclass(frozen=True)
class People:
    """What is known of people on a published day: score, signals by network; `is_drawn`: a sample of everybody."""

    ids: tuple[str, ...]
    score: Numbers
    is_drawn: Numbers
    networks: Mapping[str, OnNetwork]

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the SHA-256 of everybody's signals."""
        found = hashlib.sha256()
        for name, seen in sorted(self.networks.items()):
            for part in (seen.place, seen.values):
                found.update(name.encode() + np.ascontiguousarray(part).tobytes())
        return found.hexdigest()[:16]

    def simply(self, measure: str) -> tuple[str, Numbers]:
        """A signal of the longest window, summed over a person's networks, with its name."""
        total, longest = np.zeros(len(self.ids)), ""
        for seen in self.networks.values():
            columns = [(s.window_days, s.name, i) for i, s in enumerate(seen.catalogue) if s.measure.name == measure]
            if columns:
                _, longest, i = max(columns)
                total[seen.place] += seen.values[:, i]
        return longest, total


@dataclass(frozen=True)
class Quality:
    """How well something tells who is more influential, on pairs that it was not fitted to; `loss` of chances alone."""

    name: str
    auc_by_people: float
    auc_by_pairs: float
    loss: float | None = None


@dataclass(frozen=True)
class Fitted:
    """What a fit came to: the model, what it was chosen by, how well it does, and from which data.

    `quantiles` are of the evidence of a sample of everybody: share, current model, fitted model.
    """

    learned: Learned
    ridge: float
    pairs: Comparisons
    people: int
    tested: int
    qualities: tuple[Quality, ...]
    quantiles: tuple[tuple[float, float, float], ...]
    fingerprint: str


def select(people: People, pairs: Comparisons, *, exponent: float) -> Fitted:
    """Fits with every regularisation on folds by people, then with the one of the least log loss to all pairs.

    The exponent p is chosen with it where enough pairs have somebody on several networks, else it stays `exponent`.
    The same folds choose and judge, of at most twelve candidates: what they say flatters a little.

    Raises:
        InputError: there are too few pairs, or no rising signal tells who is more influential.
    """
    networks = people.networks
    exponents = EXPONENTS if _of_several(people, pairs) >= LEAST_PAIRS else (exponent,)
    by_person = folds_of(pairs.people, folds=FOLDS)
    by_people = _parts([(pairs.without(f, by_person), pairs.within(f, by_person)) for f in range(FOLDS)])
    tests = [test for _, test in by_people]
    trials = _trials(networks, by_people, RIDGES, exponents)
    if not trials:
        remedy = f"Add labels: within {FOLDS} folds of people there must be pairs to test on."
        raise InputError("labels", expected="pairs enough to hold some out", found=f"{len(pairs)}", remedy=remedy)
    losses = {of: _loss(margins, tests) for of, margins in trials.items()}
    ridge, chosen = min(losses, key=lambda of: (losses[of], -of[0]))
    learned = fit(networks, pairs, ridge=ridge, exponents=(chosen,))[0]
    if not learned.terms:
        found = f"{len(pairs)} pairs, fewer than {LEAST_PAIRS} on each network or such that no rising signal explains"
        raise InputError("labels", expected="what a model can be fitted to", found=found, remedy="Add labels.")
    pair_ids = ["\0".join(sorted((people.ids[a], people.ids[b]))) for a, b in zip(pairs.left, pairs.right, strict=True)]
    by_pair = folds_of(pair_ids, folds=FOLDS)
    by_pairs = _parts([(pairs.where(by_pair != f), pairs.where(by_pair == f)) for f in range(FOLDS)])
    seen = _trials(networks, by_pairs, (ridge,), (chosen,))[ridge, chosen]
    qualities = [_quality("fitted model", trials[ridge, chosen], seen, by_people, by_pairs, losses[ridge, chosen])]
    for name, value in (("published score", people.score), *map(people.simply, BASELINES)):
        of_people, of_pairs = ([value[t.left] - value[t.right] for _, t in of] for of in (by_people, by_pairs))
        qualities.append(_quality(name, of_people, of_pairs, by_people, by_pairs))
    before = Learned({}, {n: on.scale for n, on in networks.items()}, exponent)
    resized, *evidence = _resized(people, before, learned)
    quantiles = zip(SHARES, *(np.quantile(e, SHARES) for e in evidence), strict=True)
    return Fitted(
        resized,
        ridge,
        pairs,
        people=len(np.unique(np.concatenate([pairs.left, pairs.right]))),
        tested=sum(map(len, tests)),
        qualities=tuple(qualities),
        quantiles=tuple((share, float(a), float(b)) for share, a, b in quantiles),
        fingerprint=hashlib.sha256(f"{pairs.fingerprint} {people.fingerprint}".encode()).hexdigest()[:16],
    )


def _of_several(people: People, pairs: Comparisons) -> int:
    """How many pairs have somebody on several networks: they alone tell how networks combine."""
    networks = np.sum([np.bincount(on.place, minlength=len(people.ids)) for on in people.networks.values()], axis=0)
    return int(((networks[pairs.left] > 1) | (networks[pairs.right] > 1)).sum())


def _parts(parts: Parts) -> Parts:
    return [(train, test) for train, test in parts if len(train) and len(test)]


def _trials(
    networks: Mapping[str, OnNetwork], parts: Parts, ridges: Sequence[float], exponents: Sequence[float]
) -> dict[tuple[float, float], list[Numbers]]:
    """The margins of what was held out, a list of the parts for each ridge and exponent."""
    found: dict[tuple[float, float], list[Numbers]] = {}
    for ridge, (train, test) in itertools.product(ridges, parts):
        for model in fit(networks, train, ridge=ridge, exponents=exponents):
            found.setdefault((ridge, model.exponent), []).append(model.margin(networks, test))
    return found


def _loss(margins: Sequence[Numbers], tests: Sequence[Comparisons]) -> float:
    label, weight = (np.concatenate([getattr(test, of) for test in tests]) for of in ("label", "weight"))
    return log_loss(np.concatenate(margins), label, weight)


def _quality(
    name: str,
    of_people: list[Numbers],
    of_pairs: list[Numbers],
    by_people: Parts,
    by_pairs: Parts,
    loss: float | None = None,
) -> Quality:
    return Quality(name, _mean_auc(of_people, by_people), _mean_auc(of_pairs, by_pairs), loss)


def _mean_auc(margins: Sequence[Numbers], parts: Parts) -> float:
    """Over the parts that are held out, weighted by their pairs."""
    aucs = [auc(m, test.label, test.weight) for m, (_, test) in zip(margins, parts, strict=True)]
    return float(np.average(aucs, weights=[test.weight.sum() for _, test in parts]))


def _resized(people: People, before: Learned, learned: Learned) -> tuple[Learned, Numbers, Numbers]:
    """The model with the current one's evidence for the median of the drawn people who have any, and both evidences.

    So that anchors of the calibration, and networks that nobody of the labels is on, mean what they meant.
    """
    drawn = people.is_drawn > 0
    old, new = (model.evidence(people.networks, len(people.ids))[drawn] for model in (before, learned))
    size = typical(old) / typical(new)
    scale = {n: short(c * size) for n, c in learned.scale.items()}
    return replace(learned, scale=scale, sharpness=learned.sharpness / size), old, new * size
