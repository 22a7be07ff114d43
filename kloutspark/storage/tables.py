"""Delta tables under one root: created from their contracts, read at versions, replaced by whole days.

A root is a folder or an address that Spark can write to. Every read of a run names a version (a Delta frame is not
pinned by itself: the same frame counts other rows after the next commit, TECH.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

import pandas as pd
import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import TableSettings
from kloutspark.domain.contracts import TableContract
from kloutspark.domain.errors import InputError

ARROW = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "map<string,bigint>": pa.map_(pa.string(), pa.int64()),
    "array<string>": pa.list_(pa.string()),
    "array<bigint>": pa.list_(pa.int64()),
}


@dataclass(frozen=True)
class Pin:
    """A table as a run saw it: a replaced table has another id, every commit another version."""

    table_id: str
    version: int

    def follows(self, earlier: "Pin") -> bool:
        """Whether it is the same table, at the same version or a later one."""
        return self.table_id == earlier.table_id and self.version >= earlier.version


@dataclass(frozen=True)
class Tables:
    """The tables of one root."""

    spark: SparkSession
    root: str
    settings: TableSettings

    def path(self, contract: TableContract, network: str | None = None) -> str:
        """Where a table lies."""
        return f"{self.root.rstrip('/')}/{contract.path(network)}"

    def exists(self, contract: TableContract, network: str | None = None) -> bool:
        """Whether the table was created."""
        return bool(self._newest(contract, network).version() >= 0)

    def ensure(self, contract: TableContract, network: str | None = None) -> None:
        """Creates the table from its contract where it is missing."""
        if self.exists(contract, network):
            return
        builder = DeltaTable.createIfNotExists(self.spark).location(self.path(contract, network))
        for col in contract.columns:
            builder = builder.addColumn(
                col.name, col.type, nullable=col.is_nullable, comment=col.meaning, generatedAlwaysAs=col.generated_as
            )
        for key, value in self._properties(contract).items():
            builder = builder.property(key, value)
        if contract.partitioned_by:
            builder = builder.partitionedBy(*contract.partitioned_by)
        builder.comment(contract.meaning).execute()

    def _properties(self, contract: TableContract) -> dict[str, str]:
        properties = self._retention()
        if contract.with_statistics:
            properties["delta.dataSkippingStatsColumns"] = ",".join(contract.with_statistics)
        else:
            properties["delta.dataSkippingNumIndexedCols"] = "0"
        if contract.has_change_feed:
            properties["delta.enableChangeDataFeed"] = "true"
        return properties

    def _retention(self) -> dict[str, str]:
        return {
            "delta.deletedFileRetentionDuration": f"interval {self.settings.deleted_file_retention_days} days",
            "delta.logRetentionDuration": f"interval {self.settings.log_retention_days} days",
        }

    def pin(self, contract: TableContract, network: str | None = None) -> Pin | None:
        """The table's id and newest version, None where there is no table."""
        newest = self._newest(contract, network)
        return None if newest.version() < 0 else Pin(str(newest.metadata().id()), int(newest.version()))

    def version(self, contract: TableContract, network: str | None = None) -> int:
        """The newest version of an existing table."""
        return int(self._newest(contract, network).version())

    def _newest(self, contract: TableContract, network: str | None) -> Any:
        """Delta's snapshot of the newest commit, version -1 without one.

        Asked of the log directly: DESCRIBE HISTORY and DETAIL run jobs, and a day asks some 20 times
        (docs/decisions/008).
        """
        log = self.spark._jvm.org.apache.spark.sql.delta.DeltaLog  # type: ignore[union-attr]
        return log.forTableWithSnapshot(self.spark._jsparkSession, self.path(contract, network))._2()

    def read(self, contract: TableContract, *, version: int, network: str | None = None) -> DataFrame:
        """The table at a version, its columns checked against the contract.

        Raises:
            InputError: a column is missing or has another type (schema drift).
        """
        path = self.path(contract, network)
        frame = self.spark.read.format("delta").option("versionAsOf", version).load(path)
        types = dict(frame.dtypes)
        for col in contract.written:
            if (found := types.get(col.name, "no such column")) != col.type:
                where = f"{contract.path(network)}.{col.name}"
                remedy = "Write the table with the contract's types, or ingest its files again."
                raise InputError(where, expected=col.type, found=found, remedy=remedy)
        written = [c.name for c in contract.written]
        return frame if list(types) == written else frame.select(*written)

    def rows(self, contract: TableContract, rows: Sequence[Mapping[str, object]]) -> DataFrame:
        """A frame of a few rows of our own; columns that a row does not name are null.

        By Arrow: a list would start a Python worker for them, which takes longer than the write.
        """
        return self.spark.createDataFrame(
            pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(contract))
        )

    def frame(self, contract: TableContract, columns: pd.DataFrame) -> DataFrame:
        """A frame of many rows of our own, all of the contract's columns in any order."""
        return self.spark.createDataFrame(
            pa.Table.from_pandas(columns, schema=arrow_schema(contract), preserve_index=False)
        )

    def nobody(self, schema: str) -> DataFrame:
        """A frame without rows, which the optimizer sees to be empty."""
        columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in (c.split() for c in schema.split(", ")))
        return self.spark.sql(f"SELECT {columns} WHERE false")

    def changes(self, contract: TableContract, *, after: int, upto: int, network: str | None = None) -> DataFrame:
        """What the change feed holds of versions `(after, upto]`, with `_change_type`."""
        reader = self.spark.read.format("delta").option("readChangeFeed", "true")
        reader = reader.option("startingVersion", after + 1).option("endingVersion", upto)
        frame = reader.load(self.path(contract, network))
        return frame.select(*[c.name for c in contract.written], "_change_type")

    def append_new(
        self, frame: DataFrame, contract: TableContract, network: str | None, *, content: Sequence[str], moment: str
    ) -> int:
        """Appends rows whose `content` does not stand in the table yet; how many those were.

        Only the table's rows between the frame's first and last `moment`, or without one, are looked at.
        """
        before = self.version(contract, network)
        first, last = frame.agg(F.min(moment), F.max(moment)).collect()[0]
        old = self.read(contract, version=before, network=network)
        old = old.where(F.col(moment).isNull() | F.col(moment).between(F.lit(first), F.lit(last)))
        same = _all([F.col(f"old.{c}").eqNullSafe(F.col(f"new.{c}")) for c in content])
        new = frame.dropDuplicates(list(content)).alias("new").join(old.alias("old"), same, how="left_anti")
        self.append(new, contract, network)
        return int(self._metrics(contract, network, after=before).get("numOutputRows", 0))

    def _metrics(self, contract: TableContract, network: str | None, *, after: int) -> dict[str, str]:
        newest = DeltaTable.forPath(self.spark, self.path(contract, network)).history(1).collect()[0]
        return dict(newest["operationMetrics"]) if newest["version"] > after else {}

    def append(self, frame: DataFrame, contract: TableContract, network: str | None = None) -> None:
        """Adds rows in one commit."""
        writer = frame.write.format("delta").mode("append")
        if "day" in contract.partitioned_by:  # a delivery may hold hundreds of days: one file of each, not one a task
            writer = writer.option("optimizeWrite", "true")
        writer.save(self.path(contract, network))

    def replace(
        self,
        frame: DataFrame,
        contract: TableContract,
        *,
        where: str | None,
        note: str,
        has_many_partitions: bool = False,
    ) -> int:
        """Replaces the rows of a predicate on partition columns in one commit; the version afterwards.

        `where` None says that none stand there: Delta then need not look for them, a third of a small write.
        `has_many_partitions` pays one shuffle for one file a partition instead of one for each task.
        """
        writer = frame.select(*contract.names).write.format("delta").option("userMetadata", note)
        writer = writer.option("optimizeWrite", str(has_many_partitions).lower())
        writer = writer.mode("append") if where is None else writer.mode("overwrite").option("replaceWhere", where)
        writer.save(self.path(contract))
        return self.version(contract)

    def upsert(self, frame: DataFrame, contract: TableContract, network: str | None) -> int:
        """Inserts rows by key, null-safe, or updates what stands there; how many rows are new or differ now.

        Of several rows of the frame with one key the one with the greatest content stays.
        """
        rest = [c.name for c in contract.written if c.name not in contract.key]
        rows = frame.select(*contract.key).distinct()
        if rest:
            one_a_key = frame.groupBy(*contract.key).agg(F.max(F.struct(*rest)).alias("newest"))
            rows = one_a_key.select(*contract.key, *[F.col(f"newest.{c}").alias(c) for c in rest])
        before = self.version(contract, network)
        table = DeltaTable.forPath(self.spark, self.path(contract, network))
        same = _all([F.col(f"old.{k}").eqNullSafe(F.col(f"new.{k}")) for k in contract.key])
        merge = table.alias("old").merge(rows.alias("new"), same)
        if rest:
            changed = ~_all([F.col(f"old.{c}").eqNullSafe(F.col(f"new.{c}")) for c in rest])
            merge = merge.whenMatchedUpdate(changed, {c: f"new.{c}" for c in rest})
        merge.whenNotMatchedInsert(values={c.name: f"new.{c.name}" for c in contract.written}).execute()
        metrics = self._metrics(contract, network, after=before)
        return int(metrics.get("numTargetRowsInserted", 0)) + int(metrics.get("numTargetRowsUpdated", 0))

    def amend(self, frame: DataFrame, contract: TableContract, columns: Sequence[str]) -> int:
        """Sets columns of existing rows found by key; the version afterwards."""
        table = DeltaTable.forPath(self.spark, self.path(contract))
        matched = _all([F.col(f"old.{k}") == F.col(f"new.{k}") for k in contract.key])
        merge = table.alias("old").merge(frame.alias("new"), matched)
        merge.whenMatchedUpdate(set={c: f"new.{c}" for c in columns}).execute()
        return self.version(contract)

    def borrow(self, owner: "Tables", contract: TableContract, network: str | None = None) -> None:
        """Makes a table of another root, as it stands, one of this root too, if it is there.

        A shallow clone reads the owner's files and writes its own: nothing is copied, and the owner never changes.
        """
        if (pin := owner.pin(contract, network)) is not None:
            there = DeltaTable.forPath(self.spark, owner.path(contract, network))
            there.cloneAtVersion(pin.version, self.path(contract, network), isShallow=True, properties={})

    def folders(self, under: str) -> set[str]:
        """Names of the folders under one of the root's; none where it is missing."""
        system, path = self._file_system(f"{self.root.rstrip('/')}/{under}")
        return {str(found.getPath().getName()) for found in system.listStatus(path)} if system.exists(path) else set()

    def remove_folder(self, path: str) -> None:
        """Removes files that are no table, wherever Spark can write."""
        system, folder = self._file_system(path)
        system.delete(folder, True)

    def _file_system(self, path: str) -> tuple[Any, Any]:
        """Hadoop's file system of a path, and the path as it takes it."""
        jvm: Any = self.spark._jvm
        place = jvm.org.apache.hadoop.fs.Path(path)
        return place.getFileSystem(self.spark._jsparkSession.sessionState().newHadoopConf()), place

    def restore(self, contract: TableContract, version: int) -> None:
        """Makes a table equal to an earlier version of itself, as one more commit."""
        DeltaTable.forPath(self.spark, self.path(contract)).restoreToVersion(version)

    def has_log_of(self, contract: TableContract, version: int) -> bool:
        """Whether the log still reaches back to a version; its files may be gone all the same."""
        try:
            self.read(contract, version=version)
        except AnalysisException:
            return False
        return True

    def files(self, contract: TableContract, network: str | None = None) -> int:
        """How many files the table's newest version has."""
        return int(self._newest(contract, network).numOfFiles())

    def compact(self, contract: TableContract, network: str | None = None) -> None:
        """Gathers the small files of each partition, in one commit where there are any to gather.

        No row changes and the commit says so: the change feed tells nothing of it.
        """
        DeltaTable.forPath(self.spark, self.path(contract, network)).optimize().executeCompaction()

    def keep_from(self, contract: TableContract, first: date) -> int:
        """Removes the partitions of the days before one, in one commit where there are any; their rows."""
        before, (column,) = self.version(contract), contract.partitioned_by
        DeltaTable.forPath(self.spark, self.path(contract)).delete(F.col(column) < F.lit(first))
        return int(self._metrics(contract, None, after=before).get("numDeletedRows", 0))

    def keep_for(self, contract: TableContract, network: str | None = None) -> None:
        """Has the table keep removed files and log entries as long as the settings say now."""
        stands, wanted = self._newest(contract, network).metadata().configuration(), self._retention()
        if any(not stands.contains(key) or stands.apply(key) != value for key, value in wanted.items()):
            said = ", ".join(
                f"'{key}' = '{value}'" for key, value in wanted.items()
            )  # at once: log >= files is enforced
            path = self.path(contract, network).replace("`", "``")
            self.spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({said})")

    def clean(self, contract: TableContract, network: str | None = None) -> int:
        """Removes files and log entries that nothing within the table's retention needs; bytes of those files."""
        path = self.path(contract, network)
        before = self._data_bytes(path)
        with _said_beside(self.spark):
            DeltaTable.forPath(self.spark, path).vacuum()
        self._newest(contract, network).deltaLog().checkpoint()  # Delta cleans the log up behind a checkpoint
        return before - self._data_bytes(path)

    def _data_bytes(self, path: str) -> int:
        whole, log = (system.getContentSummary(p) for system, p in map(self._file_system, (path, f"{path}/_delta_log")))
        return int(whole.getLength() - log.getLength())


@contextmanager
def _said_beside(spark: SparkSession) -> Iterator[None]:
    """What Delta prints goes to standard error until the block ends: standard output may be JSON."""
    jvm: Any = spark._jvm
    console = getattr(getattr(jvm.scala, "Console$"), "MODULE$")
    was = console.out()
    console.setOutDirect(jvm.System.err)
    try:
        yield
    finally:
        console.setOutDirect(was)


def _all(conditions: Sequence[Column]) -> Column:
    return reduce(lambda a, b: a & b, conditions)


def arrow_schema(contract: TableContract) -> pa.Schema:
    """The columns that a writer supplies, in order."""
    return pa.schema([(c.name, ARROW[c.type]) for c in contract.written])
