"""Labels of others, in files or Delta tables, and what is known of the people in them."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.domain.contracts import FEATURE_NAMES, FEATURES, LABELS
from kloutspark.domain.errors import InputError
from kloutspark.sources.reading import FILE, FORMATS, MALFORMED, ending_of, existing, read_file, said_plainly
from kloutspark.storage.manifest import Manifest
from kloutspark.storage.tables import Tables


def read_labels(spark: SparkSession, path: str, *, most: int) -> dict[str, list[object]]:
    """Columns of at most so many rows of a CSV, JSON or Parquet file, or of a Delta table; more: those of least hash.

    Raises:
        InputError: nothing stands there, it is no Delta table, or a file is damaged or has malformed lines.
    """
    where = existing(path)
    with said_plainly(path):
        if ending_of(path) in FORMATS:
            frame = read_file(spark, path).drop(FILE)
        else:
            where = where if "://" in where else str(Path(where).absolute())  # a relative one would be a table's name
            if not DeltaTable.isDeltaTable(spark, where):
                remedy = f"Name a Delta table, or a file with an ending of {', '.join(FORMATS)}."
                raise InputError(path, expected="a Delta table", found="something else", remedy=remedy)
            frame = spark.read.format("delta").load(where)
        if frame.count() > most:
            frame = frame.orderBy(F.xxhash64(*frame.columns)).limit(most)
        found: dict[str, list[object]] = frame.toArrow().to_pydict()
    if any(found.pop(MALFORMED, ())):
        remedy = "Rows are left,right,label,weight under a header; see RFC 4180 for quotes."
        raise InputError(path, expected="rows of its format", found="a malformed line", remedy=remedy)
    return found


def write_labels(rows: Sequence[tuple[str, str, int, float]], path: str, tables: Tables) -> None:
    """Labels (LABELS) as CSV where the path ends so, else as a Delta table, which is replaced."""
    if path.endswith(".csv"):
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([LABELS.names, *rows])
        return
    frame = tables.rows(LABELS, [dict(zip(LABELS.names, row, strict=True)) for row in rows])
    writer = frame.write.format("delta").mode("overwrite")
    writer = writer.option("delta.dataSkippingNumIndexedCols", "0")  # no ids in the log, which nobody could erase
    writer.save(path if "://" in path else str(Path(path).absolute()))


def accounts_of(rows: DataFrame) -> DataFrame:
    """The accounts of people on a day (SCORES): person_id, network, account_id, and how many they have `there`."""
    found = rows.select("person_id", F.inline("accounts"))
    there = found.groupBy("person_id", "network").agg(F.count("*").alias("there"))
    return found.join(there, ["person_id", "network"])


def vectors_of(tables: Tables, made: Manifest, accounts: DataFrame) -> DataFrame:
    """The accounts with their signals as the run that published the day had them."""
    features = tables.read(FEATURES, version=made.kept[FEATURES.name]).where(F.col("as_of") == F.lit(made.as_of))
    return accounts.join(features.select("network", "account_id", "signals"), ["network", "account_id"])


def names_of(tables: Tables, made: Manifest) -> dict[str, list[str]]:
    """Names of the signals that the run stored, in their order, by network."""
    names = tables.read(FEATURE_NAMES, version=tables.version(FEATURE_NAMES))
    rows = names.where(F.col("fingerprint") == F.lit(made.fingerprint)).collect()
    return {row["network"]: list(row["names"]) for row in rows}


def accounts(tables: Tables, known: Sequence[tuple[str, str]]) -> DataFrame:
    """A frame of network and actor_id."""
    columns = zip(*known, strict=True)
    table = {name: pa.array(c, pa.string()) for name, c in zip(("network", "actor_id"), columns, strict=True)}
    return tables.spark.createDataFrame(pa.table(table))


def ids(tables: Tables, people: Sequence[str]) -> DataFrame:
    """A frame of person_id."""
    return tables.spark.createDataFrame(pa.table({"person_id": pa.array(people, pa.string())}))
