"""How often the score recomputed from a random half of the actors falls inside the published band (EVALUATION.md).

Each actor of a half counts twice: distinct actors, weights and reactions are doubled, days are those of the half.
Worked out with numpy from the pairs of a scored root, on its first day, which no step limit holds. People with
several accounts on one network are left out.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import functions as F

from kloutspark.domain.contracts import PAIRS, SCORES
from kloutspark.domain.windows import Span
from kloutspark.storage import published
from tests.lab import Lab

DRAWS = 20
LEAST_ACTORS = 5  # EVALUATION.md, step 4: the population
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """Shares of recomputed scores inside the bands: of people with at least 5 distinct actors, of all with any."""

    people: int
    of_population: float
    of_all: float

    @property
    def is_accepted(self) -> bool:
        """Within .85 and .95 of the population; not less of all: who has one actor alone is covered always or never."""
        return 0.85 <= self.of_population <= 0.95 and self.of_all >= 0.85


@dataclass(frozen=True)
class Drawable:
    """What each actor brought to each account; `accounts` has person_id and a column a signal that is not drawn."""

    lab: Lab
    accounts: pd.DataFrame  # one row an account, its number the index
    pairs: pd.DataFrame  # number (of the account), actor (a number), age, weight, reactions

    @property
    def actors(self) -> int:
        return int(self.pairs["actor"].max()) + 1

    def evidence(self, drawn: Mask, *, times: int) -> "pd.Series[float]":
        """Evidence by person from the drawn actors, each counted so often."""
        model, counts = self.lab.config.model, len(self.accounts)
        pairs = self.pairs[drawn[self.pairs["actor"].to_numpy()]]
        signals = {name: self.accounts[name].to_numpy() for name in self.accounts.columns}

        def total(rows: pd.DataFrame, column: str | None = None) -> NDArray[np.float64]:
            weights = None if column is None else rows[column]
            return np.bincount(rows["number"], weights, minlength=counts).astype(np.float64)

        for w in model.windows_days:
            inside = pairs[pairs["age"] < w]
            signals[f"actors_distinct_{w}d"] = times * total(inside.drop_duplicates(["number", "actor"]))
            signals[f"weight_sum_{w}d"] = times * total(inside, "weight")
            signals[f"active_days_count_{w}d"] = total(inside.drop_duplicates(["number", "age"]))
            posts = np.maximum(signals[f"posts_sum_{w}d"], 1)
            signals[f"reactions_per_post_{w}d"] = times * total(inside, "reactions") / posts
        found = np.zeros(counts)
        for network in self.accounts["network"].unique():
            of_network = (self.accounts["network"] == network).to_numpy()
            for term in self.lab.config.terms(network):
                value = signals.get(term.signal, np.zeros(counts))  # of a linked account without any vector
                most = signals[term.at_most] if isinstance(term.at_most, str) else term.at_most
                value = value if most is None else np.minimum(value, most)
                found += np.where(of_network, term.weight * np.log1p(np.nan_to_num(value)), 0)
        p = model.combine.exponent
        return pd.Series(found**p).groupby(self.accounts["person_id"].to_numpy()).sum() ** (1 / p)

    def distinct_actors(self) -> "pd.Series[int]":
        """By person."""
        people = self.pairs["number"].map(self.accounts["person_id"])
        return self.pairs["actor"].groupby(people.to_numpy()).nunique()


def drawable(lab: Lab, as_of: date, rows: pd.DataFrame) -> Drawable:
    """Of the people of some published rows (SCORES, by person_id)."""
    owned = rows["accounts"].explode().reset_index()
    accounts = pd.DataFrame(owned["accounts"].to_list()).assign(person_id=owned["person_id"])
    named = published.named_features(lab.tables, as_of).toPandas()
    signals = pd.DataFrame(named["signals"].to_list(), index=pd.MultiIndex.from_frame(named[["network", "account_id"]]))
    accounts = accounts.join(signals, on=["network", "account_id"])
    window = Span.before(as_of, days=lab.config.model.history_days)
    days = (F.col("day") >= F.lit(window.start)) & (F.col("day") < F.lit(window.end))
    pairs = lab.read(PAIRS).where(days & F.expr("actor_id <> target_id"))
    reactions = "aggregate(map_values(reactions), 0L, (sum, n) -> sum + n) AS reactions"
    age = f"date_diff(DATE '{as_of}', day) - 1 AS age"
    columns = ("network", "actor_id", "target_id AS account_id", age, "weight_micros / 1e6D AS weight", reactions)
    found = pairs.selectExpr(*columns).toPandas()
    number = accounts.reset_index(names="number")[["network", "account_id", "number"]]
    found = found.merge(number, on=["network", "account_id"])
    found["actor"] = pd.factorize(found["network"] + ":" + found["actor_id"])[0]
    return Drawable(lab, accounts, found[["number", "actor", "age", "weight", "reactions"]])


def coverage(lab: Lab, as_of: date, *, network: str = "", seed: int = 1) -> Coverage:
    """Draws halves, of the unlinked people of a network or of everybody.

    The whole recomputed must be the published evidence: what is drawn from is what was published.
    """
    published_rows = lab.read(SCORES).where(F.col("as_of") == F.lit(as_of))
    rows = published_rows.where(F.col("person_id").startswith(f"{network}:" if network else "")).toPandas()
    rows = rows.set_index("person_id")
    rows = rows[[len({a["network"] for a in accounts}) == len(accounts) for accounts in rows["accounts"]]]
    found = drawable(lab, as_of, rows)
    whole = found.evidence(np.ones(found.actors, dtype=bool), times=1).reindex(rows.index)
    assert np.abs(whole - rows["evidence"]).max() < 1e-4
    anchors, random = np.array(lab.config.model.calibration.anchors), np.random.default_rng(seed)
    inside = pd.Series(0.0, index=rows.index)
    for _ in range(DRAWS):
        evidence = found.evidence(random.random(found.actors) < 0.5, times=2).reindex(rows.index)
        score = np.floor(100 * np.interp(evidence, anchors[:, 0], anchors[:, 1]) + 0.5) / 100
        inside += ((score >= rows["band_low"] - 1e-9) & (score <= rows["band_high"] + 1e-9)) / DRAWS
    actors = found.distinct_actors().reindex(rows.index).fillna(0)
    population = actors >= LEAST_ACTORS
    return Coverage(int(population.sum()), float(inside[population].mean()), float(inside[actors > 0].mean()))
