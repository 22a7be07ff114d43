"""Seeded synthetic interactions and roots that stand the day before, written once into a folder and reused.

A folder of data holds, for so many rows a day and days behind:

    raw     interactions of the days behind and of the day itself; peers read its Parquet files as they lie
    tiles   the same with the tiles of the days behind, made in bulk; no ranks, no features, no scores
    full    tiles in bulk but for the eve's run, which is a whole one; its scores stand for every earlier day too

A measurement works on a copy (`Store.copied`), so that every repeat starts from the same state.
"""

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark import pipeline
from kloutspark.config import Config
from kloutspark.domain.contracts import INTERACTIONS, SCORES
from kloutspark.domain.counts import Counts
from kloutspark.quality.gate import Verdict
from kloutspark.storage import manifest
from kloutspark.storage.day import STATE, Day, open_day
from kloutspark.storage.lock import run_lock
from kloutspark.storage.tables import Tables

AS_OF = date(2026, 3, 31)
EVE = AS_OF - timedelta(days=1)
FIVE_KINDS = "github"  # the one page with five kinds
SEED = 8  # another one, or other formulas below: the folders are written again
BULK_ROWS = 10_000_000  # rows that are tiled in one run: in a heap of 8 GB, the rest of them settled on disk
FILE_ROWS = 2_500_000  # about 100 MB of Parquet
History = Literal["tiles", "full"]
MADE_BY = ".made-by.json"

log = logging.getLogger("tests.bench")


@dataclass(frozen=True)
class Data:
    """So many rows a day, on the day before AS_OF and on so many days behind it.

    Accounts grow with the rows: two a row of a day, every fifth of them a target.
    """

    rows: int
    days_behind: int
    networks: tuple[str, ...] = (FIVE_KINDS,)  # each has an equal part of the rows
    is_skewed: bool = False  # half of the rows to one target, a tenth by one actor

    @property
    def name(self) -> str:
        """Of its folder."""
        networks = "" if self.networks == (FIVE_KINDS,) else f"-networks-{len(self.networks)}"
        return f"rows-{self.rows}-behind-{self.days_behind}{networks}{'-skewed' if self.is_skewed else ''}"

    @property
    def days(self) -> list[date]:
        """Every day of it; the last one is the day that is measured."""
        return [AS_OF - timedelta(days=age) for age in range(self.days_behind + 1, 0, -1)]

    @property
    def rows_a_network(self) -> int:
        """Rows of a day on one network."""
        return self.rows // len(self.networks)


@dataclass(frozen=True)
class Store:
    """The folder of all data, and how roots in it are made."""

    spark: SparkSession
    config: Config
    folder: Path

    def tables(self, root: Path) -> Tables:
        """The tables of a root."""
        return Tables(self.spark, str(root), self.config.tables)

    def raw(self, data: Data) -> Path:
        """A root with interactions alone."""

        def write(root: Path) -> None:
            shutil.rmtree(root / "input", ignore_errors=True)  # peers would read files of a write that was interrupted
            for network in data.networks:
                write_days(self.tables(root), data, network, kinds=tuple(self.config.networks[network].kinds))

        return _once(self.folder / data.name / "raw", f"{SEED}; {INTERACTIONS.schema}", write)

    def raw_files(self, data: Data) -> str:
        """Its Parquet files as a pattern, a folder a day; every row was appended, so every file counts."""
        return str(self.raw(data) / INTERACTIONS.path(data.networks[0]) / "day=*" / "*.parquet")

    def root(self, data: Data, history: History) -> Path:
        """A root with the days behind; the day that is measured is in its input and in nothing else."""
        raw = self.raw(data)

        def build(root: Path) -> None:
            if not (root / "input").exists():
                copy_root(raw, root)
            tables = self.tables(root)
            if history == "tiles":
                tile_days(tables, self.config, data, until=EVE)
            else:
                tile_days(tables, self.config, data, until=EVE - timedelta(days=1))
                if data.days_behind:
                    publish_eve(tables, self.config, data)

        made_by = f"{SEED}; {self.config.fingerprint}; {'; '.join(c.schema for c in STATE)}"
        return _once(self.folder / data.name / history, made_by, build)

    @contextmanager
    def copied(self, root: Path) -> Iterator[Tables]:
        """The tables of a copy of a root, until the block ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="copy-") as scratch:
            copy_root(root, Path(scratch))
            yield self.tables(Path(scratch))


def copy_root(root: Path, place: Path) -> None:
    """Copies a root: Delta never changes a data file, so these are linked; its logs are copied."""

    def link(source: str, target: str) -> None:
        if Path(source).name.removesuffix(".crc").endswith(".parquet") and "/_delta_log/" not in source:
            os.link(source, target)
        elif Path(source).name != MADE_BY:
            shutil.copy2(source, target)

    shutil.copytree(root, place, copy_function=link, dirs_exist_ok=True)


def _once(root: Path, made_by: str, build: Callable[[Path], None]) -> Path:
    """The root if the same code made it, else built; a build that was interrupted goes on."""
    partial = root.with_name(f"{root.name}-partial")
    mark = {"made_by": hashlib.sha256(made_by.encode()).hexdigest()[:16], "of": made_by}
    for place in (root, partial):
        if place.exists() and json.loads((place / MADE_BY).read_text()) != mark:
            log.warning("%s was made by other code or for another model: it is made again", place)
            shutil.rmtree(place)
    if not root.exists():
        log.warning("%s is made, once", root)
        partial.mkdir(parents=True, exist_ok=True)
        (partial / MADE_BY).write_text(json.dumps(mark))
        build(partial)
        partial.rename(root)
    return root


def interactions(spark: SparkSession, data: Data, network: str, kinds: tuple[str, ...]) -> DataFrame:
    """Heavy-tailed actors and targets, most pairs new, the same rows every time; a task holds rows of one day.

    The first target draws the fourth root of 1 / targets of the rows, 7 % at 100,000 a day and 3 % at 5 million; of a
    day's pairs 95 of 100 are new with 90 days behind it.
    """
    rows, accounts = data.rows_a_network, 2 * data.rows_a_network
    files = max(1, rows // FILE_ROWS)
    spread = spark.range(0, rows * len(data.days), 1, len(data.days) * files)
    first = F.lit(data.days[0])
    day = F.date_add(first, F.floor(F.col("id") / rows).cast("int"))
    numbered = spread.select(day.alias("on_day"), (F.col("id") % rows).alias("number"))
    seed = F.concat_ws("/", F.col("on_day").cast("string"), F.lit(network), F.lit(SEED))
    share = [F.pmod(F.xxhash64("number", seed, F.lit(n)), F.lit(1_000_000_007)) / 1_000_000_007 for n in range(6)]
    kind = F.element_at(F.array(*map(F.lit, kinds)), (share[2] * len(kinds) + 1).cast("int"))
    actor, target = F.floor(F.pow(share[0], 2) * accounts), F.floor(F.pow(share[1], 4) * (accounts // 5))
    if data.is_skewed:
        actor = F.when(share[4] < 0.1, F.lit(0)).otherwise(actor)
        target = F.when(share[5] < 0.5, F.lit(0)).otherwise(target)
    moment = F.timestamp_seconds(F.unix_timestamp(F.col("on_day").cast("timestamp")) + F.floor(share[3] * 86_400))
    return numbered.select(
        F.concat_ws("/", F.col("on_day").cast("string"), F.col("number")).alias("interaction_id"),
        moment.alias("occurred_at"),
        F.concat(F.lit("a"), actor).alias("actor_id"),
        F.concat(F.lit("a"), F.pmod(target * 7_919 + 13, F.lit(accounts))).alias("target_id"),  # prime: no two alike
        kind.alias("kind"),
        F.lit(None).cast("string").alias("post_id"),
        moment.alias("ingested_at"),
    )


def write_days(tables: Tables, data: Data, network: str, *, kinds: tuple[str, ...]) -> None:
    """Writes all days in one commit; not by `Tables.append`, which would move every row once more to gather files."""
    tables.ensure(INTERACTIONS, network)
    frame = interactions(tables.spark, data, network, kinds)
    frame.write.format("delta").mode("append").save(tables.path(INTERACTIONS, network))


def add_late_rows(tables: Tables, data: Data, rows_by_age: Mapping[int, int]) -> None:
    """Rows of days so long before the measured one, which arrived since the eve's run: copies with ids of their own."""
    network = data.networks[0]
    rows = tables.read(INTERACTIONS, version=tables.version(INTERACTIONS, network), network=network)
    late = "concat('late/', interaction_id) AS interaction_id"
    for age, count in rows_by_age.items():
        day = AS_OF - timedelta(days=1 + age)
        there = (F.col("occurred_at") >= F.lit(day).cast("timestamp")) & (
            F.col("occurred_at") < F.lit(day + timedelta(days=1)).cast("timestamp")
        )
        others = [c.name for c in INTERACTIONS.written if c.name not in ("interaction_id", "target_id")]
        found = rows.where(there).orderBy("interaction_id").limit(count)
        # to somebody else than the row that is there: most are pairs of their own
        target = "concat('a', substring(target_id, 2) + 1) AS target_id"
        frame = found.selectExpr(late, target, *others).selectExpr(*[c.name for c in INTERACTIONS.written])
        tables.append(frame, INTERACTIONS, network)


@contextmanager
def tiling(tables: Tables, config: Config, *, as_of: date) -> Iterator[tuple[Day, dict[str, Counts]]]:
    """The tile stages of a run, done; a run that ends here is an unfinished one, and the next one undoes it."""
    with run_lock(tables.root):
        day = open_day(tables, config, as_of=as_of, run_id=f"tiles-{as_of}", recompute=False, is_older_allowed=False)
        with day.stage("judge"):
            counts = pipeline.judge_rows(day)
        with day.stage("pairs"):
            tiled = pipeline.build_pairs(day, None)
        with day.stage("targets"):
            pipeline.build_targets(day, tiled.touched)
        yield day, {n: c.model_copy(update=tiled.counts.get(n, {})) for n, c in counts.items()}


def tile_days(tables: Tables, config: Config, data: Data, *, until: date) -> None:
    """Tiles of all days of the data before `until`, several days a run; finished like a refused day.

    Nothing is published, so every actor has the standing of somebody without a score.
    """
    last, _ = manifest.last_finished(tables)
    start = data.days[0] if last is None else last.as_of
    while start < until:
        as_of = min(start + timedelta(days=max(1, BULK_ROWS // data.rows)), until)
        with tiling(tables, config, as_of=as_of) as (day, counts):
            started_at = datetime.now(UTC)
            passed = pipeline._manifest(day, counts, Verdict(()), started_at=started_at, reasons={})
            manifest.finish(tables, passed.model_copy(update={"status": "refused", "published": day.published}))
        seconds = {stage.name: round(stage.seconds) for stage in day.stages}
        log.warning("tiles of %s up to %s: %s", start, as_of - timedelta(days=1), seconds)
        start = as_of


def publish_eve(tables: Tables, config: Config, data: Data) -> None:
    """A whole run of the eve, whose scores then stand for all earlier days of the data.

    A root of daily runs holds them, and a day reads them; that each is the eve's changes no cost. Features and ranks of
    earlier days are read by no run.
    """
    last, _ = manifest.last_finished(tables)
    if last is None or not last.published:
        publish(tables, config, as_of=EVE)
        last, _ = manifest.last_finished(tables)
    assert last is not None
    earlier = [d + timedelta(days=1) for d in data.days[:-2]]
    if earlier and last.published == (EVE,):
        eve = tables.read(SCORES, version=last.kept[SCORES.name])
        days = F.explode(F.array(*map(F.lit, earlier)))
        tables.append(eve.withColumn("as_of", days), SCORES)
        update = {
            "run_id": f"{last.run_id}-for-earlier-days",
            "kept": {**last.kept, SCORES.name: tables.version(SCORES)},
            "published": (*earlier, EVE),
        }
        manifest.finish(tables, last.model_copy(update=update))


def publish(tables: Tables, config: Config, *, as_of: date, recompute: bool = False) -> pipeline.Outcome:
    """A whole run of a day.

    Raises:
        RuntimeError: the gate refused it, so that what a day costs is not what was measured.
    """
    run_id = f"bench-{as_of}"
    outcome = pipeline.run(
        tables, config, as_of=as_of, run_id=run_id, started_at=datetime.now(UTC), recompute=recompute
    )
    if not outcome.verdict.passed:
        raise RuntimeError(f"{as_of} was refused: {outcome.verdict.blocking}")
    seconds = {stage.name: round(stage.seconds) for stage in outcome.manifest.stages}
    log.warning("%s: %s", as_of, seconds)
    return outcome
