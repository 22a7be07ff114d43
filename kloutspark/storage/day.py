"""A day under way: opened on the last finished run, its inputs pinned, its kept tables at known versions."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Config
from kloutspark.domain.contracts import (
    ACTOR_DAYS,
    EDGES,
    FEATURE_NAMES,
    FEATURES,
    GATE_RESULTS,
    LINKS,
    PAIRS,
    QUARANTINE,
    RANKS,
    REQUESTS,
    SCORES,
    SCORES_CANDIDATE,
    TARGETS,
    TableContract,
)
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.domain.windows import Span, newest_at_or_before
from kloutspark.storage import costs, inputs, manifest
from kloutspark.storage.inputs import NetworkInput
from kloutspark.storage.manifest import Manifest, Stage
from kloutspark.storage.tables import Pin, Tables
from kloutspark.transforms.rank import GraphRun

log = logging.getLogger(__name__)

STATE = (PAIRS, TARGETS, ACTOR_DAYS, EDGES, RANKS, FEATURES, SCORES_CANDIDATE, SCORES)
MANY_DAYS = 8  # days of a run from which on their files are gathered; a daily run writes fewer
# appended under a run_id; rows of an unfinished run belong to no manifest
RECORDS = (QUARANTINE, GATE_RESULTS, FEATURE_NAMES)


@dataclass
class Day:
    """A day under way: inputs as pinned, kept tables' versions as opened and as they stand, what each stage cost.

    `last` is the run that it goes on from; `newest_run` is the latest day that any run ever spoke for; `first_read` is
    the first day of the rows that the run counted, a network.
    """

    tables: Tables
    config: Config
    as_of: date
    run_id: str
    last: Manifest | None
    newest_run: date | None
    published: tuple[date, ...]
    sources: tuple[NetworkInput, ...]
    links: Pin | None
    requests: Pin | None
    opened: dict[str, int]
    versions: dict[str, int]
    stages: list[Stage] = field(default_factory=list)
    graphs: list[GraphRun] = field(default_factory=list)
    first_read: dict[str, date] = field(default_factory=dict)
    usual_newcomers: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)

    @property
    def window(self) -> Span:
        """The longest window of the day."""
        return Span.before(self.as_of, days=self.config.model.history_days)

    @property
    def reacting(self) -> tuple[NetworkInput, ...]:
        """The networks that have interactions; others may have gauges or pages alone."""
        return tuple(source for source in self.sources if source.has_interactions)

    @property
    def kinds(self) -> dict[str, tuple[str, ...]]:
        """The kinds of each network of the run, in their order."""
        return {source.name: tuple(self.config.networks[source.name].kinds) for source in self.sources}

    @property
    def last_published(self) -> date | None:
        """The newest published day before this one."""
        return newest_at_or_before(self.published, self.as_of - timedelta(days=1))

    @property
    def history_from(self) -> dict[str, date]:
        """The first day that any run of the root counted rows of, a network."""
        before = {} if self.last is None else self.last.history_from
        return {n: min(d for d in (before.get(n), self.first_read.get(n)) if d) for n in {*before, *self.first_read}}

    @property
    def judged_networks(self) -> tuple[NetworkInput, ...]:
        """The networks whose past is long enough to tell, on the last day at least, who is new there."""
        rules, since = self.config.model.authenticity, self.history_from
        long_enough = timedelta(days=rules.history_days + 1)
        return tuple(
            s
            for s in self.reacting
            if rules.is_applied and s.name in since and s.window.end - since[s.name] >= long_enough
        )

    @property
    def held(self) -> dict[str, date]:
        """The networks that are waited for, each with the day through which it was delivered."""
        ends = {s.name: s.window.end for s in self.sources}
        return {name: end - timedelta(days=1) for name, end in ends.items() if end != self.as_of}

    def is_in_window(self) -> Column:
        """Rows of tiles of the longest window and of the networks of the run."""
        networks: dict[Span, list[str]] = {}
        for source in self.sources:
            networks.setdefault(source.window, []).append(source.name)
        inside = [
            (F.col("day") >= F.lit(w.start)) & (F.col("day") < F.lit(w.end)) & F.col("network").isin(names)
            for w, names in networks.items()
        ]
        return reduce(or_, inside)

    def read(self, contract: TableContract) -> DataFrame:
        """A kept table as it stands in this run."""
        return self.tables.read(contract, version=self.versions[contract.name])

    def read_opened(self, contract: TableContract) -> DataFrame:
        """A kept table as the last finished run left it."""
        return self.tables.read(contract, version=self.opened[contract.name])

    def replace_day(self, frame: DataFrame, contract: TableContract) -> None:
        """Replaces the as-of day in a kept table."""
        where = None if self._has_nothing_of(self.as_of, contract) else f"as_of = '{self.as_of}'"
        self.versions[contract.name] = self.tables.replace(frame, contract, where=where, note=self.run_id)

    def read_tiles(self, contract: TableContract, days: Mapping[str, Sequence[date]]) -> DataFrame:
        """Tiles of some days of each network; that a run is the first to make them is seen without asking Delta."""
        if self._has_no_tiles_of(days, contract):
            return self.tables.nobody(contract.schema)
        return self.read(contract).where(on_days(days))

    def replace_tiles(self, frame: DataFrame, contract: TableContract, days: Mapping[str, Sequence[date]]) -> None:
        """Replaces tiles of some days of each network."""
        where = None if self._has_no_tiles_of(days, contract) else _on_days(days)
        all_days = {d for of_network in days.values() for d in of_network}
        self.versions[contract.name] = self.tables.replace(
            frame, contract, where=where, note=self.run_id, has_many_partitions=len(all_days) > MANY_DAYS
        )

    def _has_no_tiles_of(self, days: Mapping[str, Sequence[date]], contract: TableContract) -> bool:
        return self._has_nothing_of(min(d for ds in days.values() for d in ds) + timedelta(days=1), contract)

    def _has_nothing_of(self, as_of: date, contract: TableContract) -> bool:
        """Whether a kept table can hold nothing of a day, or tiles nothing of its eve, since no run spoke for it."""
        is_ahead = self.newest_run is None or as_of > self.newest_run
        return is_ahead and self.versions[contract.name] == self.opened[contract.name]

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Measures a stage and says when it ends."""
        return costs.stage(self.tables.spark, name, as_of=self.as_of, run_id=self.run_id, into=self.stages)


def on_days(days: Mapping[str, Sequence[date]]) -> Column:
    """Rows of these days of each network."""
    return F.expr(_on_days(days))


def _on_days(days: Mapping[str, Sequence[date]]) -> str:
    """As SQL; names of networks are checked in config: they hold no quote."""
    lists = {network: ", ".join(f"DATE '{d}'" for d in sorted(set(ds))) for network, ds in days.items()}
    return " OR ".join(f"(network = '{network}' AND day IN ({ds}))" for network, ds in lists.items())


def bring_back(tables: Tables, last: Manifest | None) -> dict[str, int]:
    """Brings kept tables back to the last finished run: an unfinished run's commits are undone; their versions then.

    A table that the last run did not know of yet is empty, or not there.

    Raises:
        InputError: a table is older than the last run left it.
    """
    versions, known = {}, {} if last is None else last.kept
    for contract in STATE:
        kept = known.get(contract.name, 0)  # version 0: the empty table
        versions[contract.name] = tables.version(contract)
        if versions[contract.name] < 0 and contract.name not in known:
            continue
        if versions[contract.name] < kept:
            found = f"version {versions[contract.name]}"
            remedy = "The table was removed or replaced: restore its folder, or score into a new root."
            raise InputError(contract.path(), expected=f"version {kept} of the last run", found=found, remedy=remedy)
        if versions[contract.name] != kept:
            log.warning("%s: commits of an unfinished run are undone", contract.name)
            tables.restore(contract, kept)
            versions[contract.name] = tables.version(contract)
    return versions


def open_day(
    tables: Tables, config: Config, *, as_of: date, run_id: str, recompute: bool, is_older_allowed: bool
) -> Day:
    """Pins the inputs and opens kept tables on the last finished run."""
    last, newest_run = manifest.last_finished(tables)
    for contract in (*STATE, *RECORDS):
        tables.ensure(contract)
    versions = bring_back(tables, last)
    published = last.published if last is not None else ()
    if published is None:
        scores = tables.read(SCORES, version=versions[SCORES.name])
        published = tuple(sorted(row[0] for row in scores.select("as_of").distinct().collect()))
    if published and as_of < published[-1] and not is_older_allowed:
        remedy = f"Score {published[-1]} or a later day, or the later days too: --with-later."
        raise ConfigError(
            "--as-of",
            expected=f"no day before the newest published one, {published[-1]}",
            found=str(as_of),
            remedy=remedy,
        )
    pinned = survey(tables, config, as_of=as_of, last=last, recompute=recompute)
    return Day(
        tables,
        config,
        as_of,
        run_id,
        last,
        newest_run,
        published,
        pinned.sources,
        pinned.links,
        pinned.requests,
        opened=dict(versions),
        versions=versions,
    )


@dataclass(frozen=True)
class Inputs:
    """The input tables of a day as pinned: of its networks, who owns which account, who opted out."""

    sources: tuple[NetworkInput, ...]
    links: Pin | None
    requests: Pin | None


def survey(tables: Tables, config: Config, *, as_of: date, last: Manifest | None, recompute: bool = False) -> Inputs:
    """What a day would read; the root is only looked at.

    Raises:
        InputError: no network has rows in the window, or an input of the last run is missing or replaced.
    """
    window = Span.before(as_of, days=config.model.history_days)
    there = tables.folders("input")  # a network without a folder has no tables: not worth asking for each of them
    surveyed = [
        inputs.survey(
            tables,
            network,
            window=window,
            last=last,
            tile_fingerprint=config.tile_fingerprint,
            allowed=config.networks[network].account_types,
            hold_days=config.networks[network].hold_days,
            must_rebuild=recompute,
        )
        for network in config.scored
        if network in there or (last is not None and any(p.startswith(f"input/{network}/") for p in last.inputs))
    ]
    sources = tuple(source for source in surveyed if source is not None)
    if not sources:
        found = f"no interactions of {', '.join(config.scored) or 'any network'} under {tables.root}"
        raise InputError(
            "input",
            expected="a table of at least one scored network",
            found=found,
            remedy="Ingest files first: kloutspark ingest --help.",
        )
    have_rows = [inputs.has_rows_in_window(tables, source) for source in sources]  # of each: an empty table is an error
    if not any(have_rows):
        found = f"none from {window.start} to {window.end - timedelta(days=1)}"
        raise InputError(
            "input",
            expected="rows in the window of at least one network",
            found=found,
            remedy="Check --as-of, or ingest the files of these days.",
        )
    links = tables.pin(LINKS)
    if links is None and last is not None and LINKS.path() in last.inputs:
        remedy = "Restore it or ingest its files again; nothing was published."
        raise InputError(LINKS.path(), expected="the table that the last run read", found="none", remedy=remedy)
    requests, asked_before = tables.pin(REQUESTS), None if last is None else last.inputs.get(REQUESTS.path())
    if asked_before is not None and (requests is None or not requests.follows(asked_before)):
        found = "none" if requests is None else "another one"
        remedy = "Restore it: without it people who opted out would be published; nothing was."
        raise InputError(REQUESTS.path(), expected="the table that the last run read", found=found, remedy=remedy)
    return Inputs(sources, links, requests)
