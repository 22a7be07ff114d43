"""What an attack buys: whom to attack, what counting would pay for the same fakes, how well fakes are told from people.

Plain pandas: `people` has a row a person with person_id, account_id and score, a run's in a fresh root.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kloutspark.learning import baselines
from kloutspark.learning.measures import Score
from kloutspark.learning.pairs import auc_of

Numbers = NDArray[np.float64]

NEAR_POINTS = (
    3.0  # who stands farther from a wanted score is no example of it: prices differ by a point each three or so
)


@dataclass(frozen=True)
class Target:
    """Somebody to attack: of those nearest to the wanted score; attacks of one `turn` share a run."""

    attack: str
    wanted: float
    turn: int
    account_id: str
    person_id: str
    score: float


@dataclass(frozen=True)
class Price:
    """What one attack brought one target: scores before the step limit, and under simple measures on the same scale.

    `highest_fake` is the best score among the attack's own accounts, None where nobody reacts to them; `auc` the chance
    that an account of the network weighs more than one of them, None where the attack has none.
    """

    attack: str
    budget: int
    wanted: float
    account_id: str
    before: float
    after: float
    under: Mapping[str, tuple[float, float]]  # before and after, by COUNTING
    highest_fake: float | None = None
    auc: float | None = None

    @property
    def points(self) -> float:
        """What the target gained."""
        return round(self.after - self.before, 2)

    def as_row(self) -> dict[str, Any]:
        """For machines: what stands here, and the points."""
        ends = {m: {"before": a, "after": b, "points": self.points_under(m)} for m, (a, b) in self.under.items()}
        return {**asdict(self), "points": self.points, "under": ends}

    def points_under(self, measure: str) -> float:
        """What the target would have gained if that measure were the score."""
        before, after = self.under[measure]
        return round(after - before, 2)


def choose(people: pd.DataFrame, wanted: Sequence[float], attacks: Sequence[str]) -> list[Target]:
    """For each wanted score as many targets as there are attacks: the k-th attack has the k-th nearest, ties by id.

    Nobody is the target of two attacks of one turn: where fewer than that stand near, the nearest have another turn.
    A wanted score near which nobody stands is left out.
    """
    found, taken = [], set[str]()
    for score in wanted:
        distance = (people["score"] - score).abs()
        near = people.assign(distance=distance)[(distance <= NEAR_POINTS) & ~people["account_id"].isin(taken)]
        near = near.sort_values(["distance", "account_id"])[: len(attacks)]
        taken.update(near["account_id"])
        rows = list(near[["account_id", "person_id", "score"]].itertuples(index=False, name=None))
        for k, attack in enumerate(attacks if rows else ()):
            found.append(Target(attack, score, k // len(rows), *rows[k % len(rows)]))
    return found


def on_our_scale(values: Numbers, scores: Numbers) -> Callable[[Numbers], Numbers]:
    """A measure turned into scores: who has its value stands where the same place of the sorted scores is.

    `values` are the measure's, `scores` ours, of the same people. Equal values share the mean of their places; between
    values the score is linear, and beyond the highest value it is the highest score.
    """
    known, counts = np.unique(values, return_counts=True)
    places = np.cumsum(counts) - (counts + 1) / 2  # the mean place of each value's people, from 0
    theirs = np.interp(places, np.arange(len(scores)), np.sort(scores))
    return lambda asked: np.interp(asked, known, theirs)


def under_counting(people: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Scores before and after of everybody among `people`, by account, if a measure of COUNTING were the score.

    `before` and `after` are rows of actor_id and target_id, without and with the fakes.
    """
    found, scores = {}, np.asarray(people["score"], dtype=np.float64)
    for name, measure in COUNTING.items():
        known, asked = (_of(people, measure(rows)) for rows in (before, after))
        scale = on_our_scale(known, scores)
        found[name] = pd.DataFrame({"before": scale(known), "after": scale(asked)}, index=people["account_id"])
    return found


def auc(fakes: Numbers, people: Numbers) -> float:
    """The chance that somebody real weighs more than a fake, ties counting half (Mann and Whitney, 1947)."""
    weights = np.concatenate([fakes, people])
    is_real = np.repeat([0.0, 1.0], [len(fakes), len(people)])
    return auc_of(weights, is_real, np.ones(len(weights)))


def _of(people: pd.DataFrame, values: Score) -> Numbers:
    return np.asarray(values.reindex(people["account_id"], fill_value=0.0), dtype=np.float64)


def _mean_ranks(rows: pd.DataFrame) -> Score:
    """PageRank in mean ranks: new accounts make every rank smaller, and nobody's place."""
    ranks = baselines.page_rank(rows)
    return ranks * len(ranks)


COUNTING: Mapping[str, Callable[[pd.DataFrame], Score]] = {
    "n": baselines.reactions,
    "u": baselines.distinct_actors,
    "PageRank": _mean_ranks,
}
