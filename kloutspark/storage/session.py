"""The Spark session: UTC, Delta, and what conf/env says; a session that already runs is taken over."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame, SparkSession

from kloutspark.config import SparkSettings
from kloutspark.domain.errors import InputError

REQUIRED = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
SCIENTIFIC = {
    "spark.sql.session.timeZone": "UTC",  # days are UTC days
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, never a wrong number
    # rows that lie together by (network, actor) are joined by (day, network, actor) without moving again
    "spark.sql.requireAllClusterKeysForCoPartition": "false",
    "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
}
PLANNING = {
    # an object hash aggregation of more than 128 groups sorts, after it has kept these in memory, at twice the cost
    "spark.sql.execution.useObjectHashAggregateExec": "false",
}
RETENTION = {
    # a version is readable until its files are removed; Delta goes by the age of its commit, and of a table that nobody
    # wrote to for a month would refuse what stood there until yesterday (docs/decisions/023)
    "spark.databricks.delta.vacuum.enforceTimeTravelWithinDeletedFileRetentionDuration": "false",
    "spark.databricks.delta.vacuum.logging.enabled": "false",  # its commits would stand after those of the last run
}


def build_session(settings: SparkSettings) -> SparkSession:
    """A session that can read and write Delta tables.

    Raises:
        InputError: there is no Java, or no Delta on the class path.
    """
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise InputError(
            "Java",
            expected="Java 17 or 21",
            found="none on the PATH and no JAVA_HOME",
            remedy="Install one, for example: apt-get install openjdk-17-jre-headless.",
        )
    builder = SparkSession.builder.appName("kloutspark")
    is_submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # spark-submit has started the JVM: its --master holds
    if settings.master and not is_submitted:
        builder = builder.master(settings.master)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # a laptop's name may resolve to nowhere
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Python workers need our packages, not the PATH's
    start = {
        "spark.sql.warehouse.dir": f"{tempfile.gettempdir()}/kloutspark-warehouse",  # nothing of ours is ever in it
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.extraJavaOptions": settings.driver_java_options,
    }
    runtime = {"spark.sql.shuffle.partitions": str(settings.shuffle_partitions), **SCIENTIFIC, **RETENTION}
    given = {**PLANNING, **settings.settings}
    for key, value in {**start, **given, **REQUIRED, **runtime}.items():
        if value is not None:
            builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    for key, value in {**given, **runtime}.items():
        if session.conf.isModifiable(key):
            session.conf.set(key, value)
    return session


@contextmanager
def settled(frame: DataFrame) -> Iterator[DataFrame]:
    """The frame computed once for several readers, released at the end of the block."""
    kept = frame.persist()
    try:
        yield kept
    finally:
        kept.unpersist()
