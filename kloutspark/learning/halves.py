"""How often the score recomputed from a random half of the actors falls inside the published band (EVALUATION.md).

Each actor of a half counts twice: distinct actors, weights and reactions are doubled, days are those of the half.
Worked out with numpy from the pairs behind a published day that no step limit holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kloutspark.config import Config
from kloutspark.learning.protocol import LEAST_ACTORS

DRAWS = 20
LARGEST_DIFFERENCE = 1e-4  # of evidence recomputed from 32-bit signals
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """Shares of recomputed scores inside the bands: of people with at least 5 distinct actors, of all with any.

    `difference` is the largest between evidence recomputed from all actors and the published one: what is drawn from
    must be what was published.
    """

    people: int
    of_population: float
    of_all: float
    difference: float

    @property
    def is_known(self) -> bool:
        """Whether the published evidence could be recomputed, so that its halves say anything."""
        return self.difference < LARGEST_DIFFERENCE

    @property
    def is_accepted(self) -> bool:
        """Within .85 and .95 of the population; not less of all: who has one actor alone is covered always or never."""
        return self.is_known and 0.85 <= self.of_population <= 0.95 and self.of_all >= 0.85


def read_signals(config: Config) -> tuple[str, ...]:
    """The signals that evidence is recomputed from: what carries weight or bounds it, and each window's posts."""
    terms = [t for network in config.scored for t in config.terms(network)]
    bounds = {t.at_most for t in terms if isinstance(t.at_most, str)}
    return tuple(sorted({t.signal for t in terms} | bounds | {f"posts_sum_{w}d" for w in config.model.windows_days}))


@dataclass(frozen=True)
class Drawable:
    """What each actor brought to each account; `accounts` has person_id, network and a column a signal.

    `usual` are a run's `usual_newcomers` (storage/manifest.py).
    """

    config: Config
    accounts: pd.DataFrame  # one row an account, its number the index
    pairs: pd.DataFrame  # number (of the account), actor (a number), age, weight, authenticity, is_newcomer, reactions
    usual: Mapping[str, Mapping[str, tuple[int, int]]]

    @property
    def actors(self) -> int:
        """How many there are."""
        return int(self.pairs["actor"].max()) + 1 if len(self.pairs) else 0

    def evidence(self, drawn: Mask, *, times: int) -> "pd.Series[float]":
        """Evidence by person from the drawn actors, each counted so often."""
        model, counts = self.config.model, len(self.accounts)
        pairs = self.pairs[drawn[self.pairs["actor"].to_numpy()]]
        signals = {name: self.accounts[name].to_numpy() for name in self.accounts.columns}

        def total(rows: pd.DataFrame, column: str | None = None) -> NDArray[np.float64]:
            weights = None if column is None else rows[column]
            return np.bincount(rows["number"], weights, minlength=counts).astype(np.float64)

        for w in model.windows_days:
            inside = pairs[pairs["age"] < w].sort_values("age", ascending=False, kind="stable")
            firsts = inside.drop_duplicates(["number", "actor"])
            for name, measure, rows, column in (
                (f"actors_distinct_{w}d", f"actors_{w}", firsts, "authenticity"),
                (f"weight_sum_{w}d", f"weight_micros_{w}", inside, "weight"),
            ):
                known, new = (times * total(rows[rows["is_newcomer"] == is_new], column) for is_new in (False, True))
                signals[name] = known + self._added(measure, known, new)
            signals[f"active_days_count_{w}d"] = total(inside.drop_duplicates(["number", "age"]))
            posts = np.maximum(signals[f"posts_sum_{w}d"], 1)
            signals[f"reactions_per_post_{w}d"] = times * total(inside, "reactions") / posts
        found = np.zeros(counts)
        for network in self.accounts["network"].unique():
            of_network = (self.accounts["network"] == network).to_numpy()
            for term in self.config.terms(network):
                value = signals.get(term.signal, np.zeros(counts))  # of a linked account without any vector
                most = signals[term.at_most] if isinstance(term.at_most, str) else term.at_most
                value = value if most is None else np.minimum(value, most * term.at_most_times)
                found += np.where(of_network, [term.evidence(v) for v in np.nan_to_num(value)], 0)
        p = model.combine.exponent
        return pd.Series(found**p).groupby(self.accounts["person_id"].to_numpy()).sum() ** (1 / p)

    def _added(self, measure: str, known: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
        """What newcomers add: `authenticity.count_newcomers`."""
        rules = self.config.model.authenticity.newcomers
        usual = [self.usual.get(n, {}).get(measure, (0, 0)) for n in self.accounts["network"]]
        others = np.array(usual, dtype=np.float64) / 1e6
        all_new = np.maximum(others[:, 0] - np.minimum(new, np.floor(rules.usual_at_most * known * 1e6) / 1e6), 0)
        ratio = all_new / (np.maximum(others[:, 1] - known, 0) + rules.in_full)
        full = rules.times_usual * ratio * (known + rules.known_prior) + rules.in_full
        beyond = full * (1 + rules.beyond * (1 - full / np.maximum(new, full)))
        return np.where((new <= full) | ~self._is_told, new, beyond)

    @cached_property
    def _is_told(self) -> Mask:
        """Whether the network of each account knows enough of its people, the account's own actors apart."""
        rules, w = self.config.model.authenticity.newcomers, max(self.config.model.windows_days)
        totals = [self.usual.get(n, {}).get("newcomers", (0, 0)) for n in self.accounts["network"]]
        firsts = self.pairs[self.pairs["age"] < w].sort_values("age", ascending=False, kind="stable")
        firsts = firsts.drop_duplicates(["number", "actor"])
        own = [
            np.bincount(rows["number"], rows["authenticity"], minlength=len(self.accounts))
            for rows in (firsts[firsts["is_newcomer"]], firsts[~firsts["is_newcomer"]])
        ]
        own[0] = np.minimum(own[0], np.floor(rules.usual_at_most * (own[1] + rules.unknown_target) * 1e6) / 1e6)
        strangers, known = (
            np.maximum(total - mine, 0) for total, mine in zip(np.array(totals).T / 1e6, own, strict=True)
        )
        return np.asarray((known > 0) & (known >= rules.known_share_min * (known + strangers)))

    def distinct_actors(self) -> "pd.Series[int]":
        """By person."""
        people = self.pairs["number"].map(self.accounts["person_id"])
        return self.pairs["actor"].groupby(people.to_numpy()).nunique()


@dataclass(frozen=True)
class Inside:
    """By person: the published score, distinct actors, and the share of halves whose score the band holds."""

    people: pd.DataFrame  # score, actors, share
    difference: float

    @property
    def population(self) -> pd.DataFrame:
        """Those with at least 5 distinct actors."""
        return self.people[self.people["actors"] >= LEAST_ACTORS]

    @property
    def coverage(self) -> Coverage:
        """Of all together."""
        of_all = self.people.loc[self.people["actors"] > 0, "share"].mean()
        population = self.population["share"]
        return Coverage(len(population), float(population.mean()), float(of_all), self.difference)


def draw_halves(found: Drawable, rows: pd.DataFrame, *, seed: int = 1) -> Inside:
    """Draws halves of the actors behind published rows (SCORES, by person_id)."""
    whole = found.evidence(np.ones(found.actors, dtype=bool), times=1).reindex(rows.index)
    anchors, random = np.array(found.config.model.calibration.anchors), np.random.default_rng(seed)
    share = pd.Series(0.0, index=rows.index)
    for _ in range(DRAWS):
        evidence = found.evidence(random.random(found.actors) < 0.5, times=2).reindex(rows.index)
        score = np.floor(100 * np.interp(evidence, anchors[:, 0], anchors[:, 1]) + 0.5) / 100
        share += ((score >= rows["band_low"] - 1e-9) & (score <= rows["band_high"] + 1e-9)) / DRAWS
    actors = found.distinct_actors().reindex(rows.index).fillna(0)
    people = pd.DataFrame({"score": rows["score"], "actors": actors, "share": share})
    return Inside(people, float(np.abs(whole - rows["evidence"]).max()))


def by_range(people: pd.DataFrame, starts: Sequence[int]) -> list[tuple[int, float]]:
    """How many people stand in each range of scores, and the mean share of halves inside; nan where nobody does."""
    places = np.searchsorted(starts, people["score"].to_numpy(), side="right") - 1
    grouped = people["share"].groupby(places)
    sizes, means = grouped.size(), grouped.mean()
    return [(int(sizes.get(n, 0)), float(means.get(n, np.nan))) for n in range(len(starts))]
