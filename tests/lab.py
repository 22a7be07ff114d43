"""A root of its own for a test: rows go into input tables as a source would write them, days are run, rows come out."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark import pipeline
from kloutspark.config import Config, load
from kloutspark.domain.contracts import ACCOUNTS, INTERACTIONS, LINKS, POSTS, SCORES, TableContract
from kloutspark.domain.counts import Counts
from kloutspark.storage.session import build_session
from kloutspark.storage.tables import Tables
from kloutspark.transforms import rank
from kloutspark.transforms.rank_blocks import ARRAYS
from tests.oracle import Model, World

Row = Mapping[str, Any]
NOON = datetime(2026, 1, 1, 12)
CHEAP_SMALL_PLANS = (  # a day of a hundred rows is planning and compiling; command-line tests run with what users get
    "spark.shuffle_partitions=1",
    "spark.settings={spark.sql.adaptive.enabled: 'false', spark.sql.codegen.wholeStage: 'false', "
    "spark.sql.codegen.factoryMode: NO_CODEGEN}",
)
USERS_PLANS = (  # what a session of its own has, said to one that the tests have changed
    "spark.settings={spark.sql.adaptive.enabled: 'true', spark.sql.codegen.wholeStage: 'true', "
    "spark.sql.codegen.factoryMode: FALLBACK}",
)
_run_numbers = count(1)


def set_options(*settings: str) -> list[str]:
    """Settings as a command line takes them."""
    return [part for setting in settings for part in ("--set", setting)]


SAMPLES = {
    "string": "x",
    "date": date(2026, 1, 1),
    "bigint": 1,
    "boolean": False,
    "int": 0,
    "map<string,bigint>": {"reply": 1},
    "array<string>": [],
}


def sample(spark: SparkSession, contract: TableContract, rows: Iterable[Row]) -> DataFrame:
    """Rows of a contract; what a row does not say is null where it may be, else a sample of its type."""
    defaults = {c.name: None if c.is_nullable else SAMPLES.get(c.type) for c in contract.columns}
    tables = Tables(spark, "", load().tables)
    return tables.rows(contract, [{**defaults, **row} for row in rows])


def let_keys_collide(patch: pytest.MonkeyPatch) -> set[int]:
    """Many ids have the same key by the first seed; fills with the seeds that were asked for."""
    key, seeds = rank.key, set[int]()

    def alike_at_first(account: Column, seed: int) -> Column:
        seeds.add(seed)
        return key(account, seed) if seed else F.pmod(key(account, seed), F.lit(7))

    patch.setattr(rank, "key", alike_at_first)
    return seeds


def unpacked(row: Row) -> list[tuple[Any, ...]]:
    """Keys of both ends and weight of each edge of a row of arrays."""
    columns = (np.frombuffer(row[name], kind).tolist() for name, kind in ARRAYS.items())
    return list(zip(*columns, strict=True))


@dataclass(frozen=True)
class Lab:
    """A root with its configuration; `score` runs a day and returns what was published."""

    spark: SparkSession
    root: Path
    overrides: tuple[str, ...] = ()
    conf: Path | None = None
    config: Config = field(init=False)

    def __post_init__(self) -> None:
        config = load(conf=self.conf, overrides=(*CHEAP_SMALL_PLANS, *self.overrides))
        object.__setattr__(self, "config", config)

    @property
    def tables(self) -> Tables:
        return Tables(self.spark, str(self.root), self.config.tables)

    def variant(self, *overrides: str, root: Path | None = None) -> "Lab":
        """The same with other numbers, or in another root."""
        return replace(self, overrides=(*self.overrides, *overrides), root=root or self.root)

    def unscored(self, *overrides: str) -> "Lab":
        """The same rows in a root without any run, for other numbers."""
        root = self.root.with_name(f"{self.root.name} again {len(list(self.root.parent.iterdir()))}")
        for folder in ("input", "identity", "privacy"):
            if (self.root / folder).exists():
                shutil.copytree(self.root / folder, root / folder)
        return self.variant(*overrides, root=root)

    def put(self, contract: TableContract, rows: Sequence[Row], network: str | None = None) -> None:
        """Appends rows to an input table."""
        self.tables.ensure(contract, network)
        if rows:
            self.tables.append(self.tables.rows(contract, rows), contract, network)

    def react(self, *rows: Row, network: str = "twitter") -> None:
        """Appends interactions; ids are numbered, a kind is the network's first, ingested a minute later."""
        kind = next(iter(self.config.networks[network].kinds))
        defaults = [
            {
                "interaction_id": f"i{next(_run_numbers)}",
                "kind": kind,
                "actor_id": "ann",
                "target_id": "tom",
                "ingested_at": row.get("occurred_at", NOON),
            }
            for row in rows
        ]
        self.put(INTERACTIONS, [{**d, **r} for d, r in zip(defaults, rows, strict=True)], network)

    def run(
        self, as_of: date, *, recompute: bool = False, is_older_allowed: bool = False, accepted: Row | None = None
    ) -> pipeline.Outcome:
        """Runs a day."""
        build_session(self.config.spark)  # takes over the running session, with this lab's settings
        return pipeline.run(
            self.tables,
            self.config,
            as_of=as_of,
            run_id=f"run-{next(_run_numbers)}",
            started_at=datetime.now(UTC),
            recompute=recompute,
            is_older_allowed=is_older_allowed,
            accepted=accepted or {},
        )

    def score(self, *days: date) -> dict[str, dict[str, Any]]:
        """Runs days in order, each must be published; the last day's rows by person."""
        for as_of in days:
            outcome = self.run(as_of)
            assert outcome.verdict.passed, outcome.verdict.blocking
        return self.published(days[-1])

    def published(self, as_of: date) -> dict[str, dict[str, Any]]:
        """The published rows of a day by person."""
        rows = [row.asDict(recursive=True) for row in self.read(SCORES).where(f"as_of = '{as_of}'").collect()]
        by_person = {row["person_id"]: row for row in rows}
        assert len(by_person) == len(rows)
        return by_person

    def read(self, contract: TableContract, network: str | None = None) -> DataFrame:
        """A table as it stands."""
        return self.tables.read(contract, version=self.tables.version(contract, network), network=network)

    def arrive(self, world: World, as_of: date) -> None:
        """Appends the interactions of a world that arrive before the run of a day."""
        networks = sorted({row["network"] for row in world.interactions})
        for network in networks:
            rows = [r for r in world.interactions if r["network"] == network and r["arrives"] == as_of]
            self.put(INTERACTIONS, rows, network)

    def settle(self, world: World) -> None:
        """Writes posts, accounts and links of a world."""
        for contract, rows in ((POSTS, world.posts), (ACCOUNTS, world.accounts)):
            for network in sorted({row["network"] for row in rows}):
                self.put(contract, [r for r in rows if r["network"] == network], network)
        if world.links:
            self.put(LINKS, world.links)


def settings_of(model: Model) -> tuple[str, ...]:
    """The configuration that says what an oracle's model says; random worlds hold many rows that quarantine gets."""
    overrides = ["gate.expectations.quarantined_share.max=1"]
    for network, types in model.account_types.items():
        kinds = {kind: value for (n, kind), value in model.value.items() if n == network}
        for kind, value in kinds.items():
            overrides.append(f"classes.values.{network}_{kind}={value}")
        entries = ", ".join(f"{kind}: {{class: {network}_{kind}, meaning: for tests}}" for kind in kinds)
        page = (
            f"{{title: {network}, status: scored, account_types: [{', '.join(sorted(types))}], kinds: {{{entries}}}}}"
        )
        overrides.append(f"networks.{network}={page}")
    return tuple(overrides)


def as_counts(found: Counts) -> tuple[int, ...]:
    """In the order of the oracle's counts."""
    return found.read, found.counted, found.own, found.duplicate, found.quarantined, found.outside
