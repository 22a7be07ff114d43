"""Fitting in order: labels from a file or from history, people's signals of a published day, the model, its file.

Likewise the weights of doubts, from accounts that are known to be automated or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Config
from kloutspark.domain.contracts import ACCOUNTS, ACTOR_DAYS, BEHAVIOUR, FEATURES, GAUGES, INTERACTIONS, LABELS
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.domain.windows import Span
from kloutspark.learning.fit import Doubts, OnNetwork, fit_doubts
from kloutspark.learning.page import model_page
from kloutspark.learning.pairs import folds_of, read_accounts, read_pairs
from kloutspark.learning.selection import FOLDS, RIDGES, Fitted, People, select
from kloutspark.storage import inputs, labels, published
from kloutspark.storage.manifest import Manifest, find, is_kept
from kloutspark.storage.session import settled
from kloutspark.storage.tables import Tables
from kloutspark.transforms.authenticity import compare_follows, describe_actors
from kloutspark.transforms.conform import judge
from kloutspark.transforms.labels import count_ahead, draw_pairs


@dataclass(frozen=True)
class Outcome:
    """What a fit came to, as a file's text too; who has several accounts on a network takes no part."""

    as_of: date
    fitted: Fitted
    with_several: int
    page: str


def fit(
    tables: Tables,
    config: Config,
    *,
    labels_path: str | None,
    ahead_days: int,
    labels_out: str | None,
    as_of: date | None,
    sample: int,
) -> Outcome:
    """Fits a model to labels, or where none are given to what came in the `ahead_days` after a published day.

    At most `sample` pairs come to the driver, and as many people to keep the size of evidence by.

    Raises:
        ConfigError: the day is not published.
        InputError: nothing is published, labels are wrong or too few, or history does not reach far enough.
    """
    day, rows, made = _made(tables, as_of)
    accounts = labels.accounts_of(rows)
    if labels_path is None:
        said = f"who had more distinct actors in the {ahead_days} days from {day} on"
        told = _from_future(tables, config, accounts, made, ahead_days=ahead_days, sample=sample)
        if labels_out is not None:
            labels.write_labels(list(zip(*(told[c] for c in LABELS.names), strict=True)), labels_out, tables)
    else:
        said, told = labels_path, labels.read_labels(tables.spark, labels_path, most=sample)
    named = {str(person) for side in ("left", "right") for person in told.get(side, ()) if person}
    people, with_several = _people(tables, config, rows, accounts, made, named=sorted(named), sample=sample)
    pairs = read_pairs(labels_path or "--labels-from-future", told, people.ids)
    fitted = select(people, pairs, exponent=config.model.combine.exponent)
    page = model_page(config, people, fitted, as_of=day, labels=said)
    return Outcome(day, fitted, with_several, page)


def _made(tables: Tables, as_of: date | None) -> tuple[date, DataFrame, Manifest]:
    """A published day, its rows, and the run that made them."""
    day, rows = published.day_of(tables, as_of)
    made = find(tables, rows.select("run_id").first()[0])  # type: ignore[index]
    if not is_kept(tables, made, (FEATURES, ACTOR_DAYS)):
        expected = "a day whose signals are kept (tables.deleted_file_retention_days)"
        raise ConfigError(
            "--as-of", expected=expected, found=f"{day}, whose files are removed", remedy="Name a later one."
        )
    return day, rows, made


@dataclass(frozen=True)
class Told:
    """What labelled accounts came to; `unknown` did nothing in the window, and say nothing."""

    as_of: date
    accounts: int
    unknown: int
    doubts: Doubts
    block: dict[str, object]  # of a model's file

    def as_row(self) -> dict[str, object]:
        """For machines."""
        quality = {"auc_by_folds": self.doubts.auc, "ridge": self.doubts.ridge}
        return {"as_of": self.as_of, "accounts": self.accounts, "unknown": self.unknown, **quality, **self.block}


def fit_authenticity(tables: Tables, config: Config, *, labels_path: str, as_of: date | None, sample: int) -> Told:
    """Fits the weights of doubts to accounts that are known to be automated or not, by what they did in the window.

    A weight is the logarithm of how much a doubt of 1 multiplies the odds of being automated, so that authenticity,
    exp(-sum of weight * doubt), is by how much the odds of a person fall.

    Raises:
        ConfigError: the day is not published.
        InputError: nothing is published, labels are wrong, or nobody of them acted.
    """
    day, _, made = _made(tables, as_of)
    labelled = read_accounts(labels_path, labels.read_labels(tables.spark, labels_path, most=sample))
    wanted = labels.accounts(tables, sorted(labelled)).withColumn("day", F.lit(day))
    window = Span.before(day, days=config.model.history_days)
    acted = tables.read(ACTOR_DAYS, version=made.kept[ACTOR_DAYS.name])
    acted = acted.where((F.col("day") >= F.lit(window.start)) & (F.col("day") < F.lit(window.end)))
    acted = acted.join(wanted.drop("day"), ["network", "actor_id"], how="left_semi")
    found = describe_actors(acted, _follows(tables, config, made, wanted)).toArrow().to_pylist()
    if not found:
        remedy = "Accounts are named as in the input tables."
        expected = f"accounts that acted from {window.start} on"
        raise InputError(labels_path, expected=expected, found="none of them", remedy=remedy)
    found.sort(key=lambda row: (row["network"], row["actor_id"]))
    rules = config.model.authenticity.doubts
    values = np.array([[row[name] or 0.0 for name in BEHAVIOUR] for row in found], dtype=np.float64)
    x = np.log(np.maximum(values / [rules.each[name].usual for name in BEHAVIOUR], 1.0))
    is_automated = np.array([labelled[row["network"], row["actor_id"]] for row in found])
    folds = folds_of([f"{row['network']}:{row['actor_id']}" for row in found], folds=FOLDS)
    doubts = fit_doubts(x, is_automated, np.ones(len(found)), folds, ridges=RIDGES)
    weights = {
        name: {"usual": rules.each[name].usual, "weight": float(f"{weight:.3g}")}
        for name, weight in zip(BEHAVIOUR, doubts.weights, strict=True)
    }
    why = f"Fitted to {len(found)} labelled accounts as of {day}: AUC {doubts.auc:.3f} over folds of accounts."
    block: dict[str, object] = {"authenticity": {"doubts": {**weights, "least": rules.least, "why": why}}}
    return Told(day, len(found), len(labelled) - len(found), doubts, block)


def _follows(tables: Tables, config: Config, made: Manifest, wanted: DataFrame) -> DataFrame | None:
    pages = {n: page for n, page in config.networks.items() if page.follow_gauges and GAUGES.path(n) in made.inputs}
    if not pages:
        return None
    gauges = [
        tables.read(GAUGES, version=made.inputs[GAUGES.path(n)].version, network=n).withColumn("network", F.lit(n))
        for n in pages
    ]
    return compare_follows(
        reduce(DataFrame.unionByName, gauges),
        wanted,
        follow_gauges={n: page.follow_gauges for n, page in pages.items() if page.follow_gauges},
        carry_days={n: page.carry_days for n, page in pages.items()},
    )


def _from_future(
    tables: Tables, config: Config, accounts: DataFrame, made: Manifest, *, ahead_days: int, sample: int
) -> dict[str, list[object]]:
    """Labels of people with one account on a network, by the distinct actors of the days from the made one on."""
    ahead = Span(made.as_of, made.as_of + timedelta(days=ahead_days))
    frames, newest = [], made.as_of
    for network in config.scored:
        if not tables.exists(INTERACTIONS, network):
            continue
        version = tables.version(INTERACTIONS, network)
        interactions = tables.read(INTERACTIONS, version=version, network=network)
        rows = interactions.where(F.col("occurred_at") >= F.lit(ahead.start).cast("timestamp"))
        last = rows.agg(F.max(F.to_date("occurred_at"))).collect()[0][0]
        newest = max(newest, last or newest)
        pins = {ACCOUNTS.path(network): pin} if (pin := tables.pin(ACCOUNTS, network)) else {}
        types = config.networks[network].account_types
        refused = inputs.refused_accounts(tables, network, pins, allowed=types)
        kinds = tuple(config.networks[network].kinds)
        frames.append(judge(rows, refused, network=network, kinds=kinds, window=ahead))
    if newest < ahead.end - timedelta(days=1):
        found = f"rows until {newest}, {(newest - made.as_of).days + 1} days from {made.as_of} on"
        remedy = "Name an earlier published day by --as-of, or fewer --ahead-days."
        raise InputError("--labels-from-future", expected=f"{ahead_days} days", found=found, remedy=remedy)
    counted = count_ahead(reduce(DataFrame.unionByName, frames))
    known = labels.vectors_of(tables, made, accounts.where("there = 1")).drop("signals")
    people = known.join(counted, ["network", "account_id"], how="left").fillna(0, ["actors"])
    with settled(people) as people:
        sizes = {row["network"]: row["count"] for row in people.groupBy("network").count().collect()}
        drawn = draw_pairs(people, sizes=sizes, pairs=-(-sample // max(len(sizes), 1)))
        rows = drawn.orderBy(F.xxhash64("left", "right"), "left", "right").limit(sample)
        return dict(rows.toArrow().to_pydict())


def _people(
    tables: Tables,
    config: Config,
    rows: DataFrame,
    accounts: DataFrame,
    made: Manifest,
    *,
    named: Sequence[str],
    sample: int,
) -> tuple[People, int]:
    """What is known of the named people and of a sample of everybody; how many named ones have several accounts."""
    drawn = rows.orderBy(F.xxhash64("person_id"), "person_id").limit(sample)
    drawn = drawn.select("person_id", F.lit(True).alias("is_drawn"))
    chosen = labels.ids(tables, named).withColumn("is_named", F.lit(True)).join(drawn, "person_id", how="full")
    several = accounts.where("there > 1").select("person_id", F.lit(True).alias("has_several")).distinct()
    found = rows.select("person_id", "score").join(chosen, "person_id").join(several, "person_id", how="left")
    with settled(found) as found:
        with_several = found.where("is_named AND has_several").count()
        found = found.where("has_several IS NULL")
        told = found.select("person_id", "score", F.expr("coalesce(is_drawn, false) AS is_drawn")).toArrow().to_pydict()
        theirs = accounts.join(found.select("person_id"), "person_id")
        signals = labels.vectors_of(tables, made, theirs).select("network", "person_id", "signals").toArrow()
    order = np.argsort(np.array(told["person_id"], dtype=object), kind="stable")
    ids = tuple(told["person_id"][i] for i in order)
    place = {person: i for i, person in enumerate(ids)}
    of_network: dict[str, list[tuple[int, Sequence[float]]]] = {}
    for network, person, vector in zip(*signals.to_pydict().values(), strict=True):
        of_network.setdefault(network, []).append((place[person], vector))
    names = labels.names_of(tables, made)
    networks = {
        n: _on_network(config, n, names[n], sorted(of_network[n])) for n in sorted(of_network) if n in config.scored
    }
    score, is_drawn = (np.array(told[c], dtype=np.float64)[order] for c in ("score", "is_drawn"))
    return People(ids, score, is_drawn, networks), with_several


def _on_network(
    config: Config, network: str, names: Sequence[str], rows: Sequence[tuple[int, Sequence[float]]]
) -> OnNetwork:
    """Signals that both the day and the configuration know."""
    catalogue = {s.name: s for s in config.signals(network)}
    columns = [i for i, name in enumerate(names) if name in catalogue]
    terms = config.model.terms.of(network, config.subjects(network))  # not yet times its scale
    for name in (n for t in terms for n in (t.signal, t.at_most) if isinstance(n, str)):
        if name not in names:
            remedy = "Score a day with this configuration first, and name it by --as-of."
            raise InputError(f"features of {network}", expected=f"the signal {name}", found="none", remedy=remedy)
    place, vectors = zip(*rows, strict=True)
    values = np.array(vectors, dtype=np.float64)[:, columns]
    scale = config.model.combine.scale.get(network, 1.0)
    return OnNetwork(tuple(catalogue[names[i]] for i in columns), terms, scale, np.array(place), values)


def summary(outcome: Outcome, *, out: str) -> Mapping[str, object]:
    """What a machine may want to know of a fit."""
    fitted, pairs = outcome.fitted, outcome.fitted.pairs
    return {
        "out": out,
        "as_of": outcome.as_of,
        "pairs": len(pairs),
        "people": fitted.people,
        "pairs_tested_by_people": fitted.tested,
        "unknown_people": pairs.unknown_people - outcome.with_several,
        "people_with_several_accounts": outcome.with_several,
        "pairs_left_out": pairs.left_out,
        "ridge": fitted.ridge,
        "exponent": fitted.learned.exponent,
        "scale": dict(fitted.learned.scale),
        "terms": {network: len(terms) for network, terms in fitted.learned.terms.items()},
        "quality": [vars(quality) for quality in fitted.qualities],
        "evidence_quantiles": [dict(zip(("share", "current", "fitted"), q, strict=True)) for q in fitted.quantiles],
        "fingerprint": fitted.fingerprint,
    }
