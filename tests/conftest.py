"""One Spark session for all tests, and a root of its own for each that needs one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from xdist.scheduler import LoadScopeScheduling

from kloutspark.config import load
from kloutspark.storage.session import build_session
from tests import one_jvm
from tests.lab import CHEAP_SMALL_PLANS, Lab, sample

# Hadoop starts a process for each file's permissions, also for the checksums beside each file, and Java a helper before
# each; without checksums and helpers a small run took a sixth less (docs/performance.md)
FEW_PROCESSES = (
    "-XX:+UseSerialGC -Djdk.lang.Process.launchMechanism=VFORK"
    " -Dspark.hadoop.fs.file.impl=org.apache.hadoop.fs.RawLocalFileSystem"
    " -Dspark.hadoop.fs.AbstractFileSystem.file.impl=org.apache.hadoop.fs.local.RawLocalFs"
)
TABLES_AT_WORK = 600  # three workers, each with a root or two of nine networks


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """The session of local mode with what makes small plans cheap."""
    one_jvm.attach()
    java = f"spark.driver_java_options={FEW_PROCESSES}"
    return build_session(load(overrides=(*CHEAP_SMALL_PLANS, java)).spark)


def pytest_configure(config: pytest.Config) -> None:
    """The controller of several workers starts their JVM, with memory for all of them."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        # a heap that grows step by step collects all of it at every step: 7 of 100 seconds; and Delta would keep, for
        # an hour, the last look into every table's log
        memory = (
            "spark.driver_memory=10g",
            f"spark.driver_java_options={FEW_PROCESSES} -XX:CompileThresholdScaling=4 -Xms9g -Xmn4g"
            f" -Dspark.databricks.delta.delta.log.cacheSize={TABLES_AT_WORK}",
        )
        one_jvm.offer(build_session(load(overrides=(*CHEAP_SMALL_PLANS, *memory)).spark))


@pytest.fixture
def lab(spark: SparkSession, tmp_path: Path) -> Lab:
    """An empty root with the default configuration."""
    return Lab(spark, tmp_path / "root")


@pytest.fixture
def rows(spark: SparkSession) -> Callable[..., DataFrame]:
    """Rows of a contract that say only what matters: `rows(PAIRS, {"target_id": "bob"})`."""
    return lambda contract, *given: sample(spark, contract, given)


@pytest.fixture
def new_lab(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Lab]:
    """Makes empty roots, with overrides."""
    return lambda *overrides: Lab(spark, tmp_path_factory.mktemp("root"), overrides)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses the session carries the marker `spark`, so that `make check` can do without a JVM.

    Longest files first; xdist hands two files to each worker at once, so the second ones are short.
    """
    first = (
        "test_higgs",
        "test_konect_days",
        "test_bit_equality",
        "test_config",
        "test_domain",
        "test_oracle",
        "test_cluster",
        "test_p05",
        "test_held_and_opted_out",
        "test_gate",
        "test_releases",
        "test_first_look",  # and with it all promises that share one world
        "test_refusals",
        "test_worlds",
        "test_p13",
        "test_days",
        "/promises/",
    )
    items.sort(key=lambda item: next((n for n, name in enumerate(first) if name in item.nodeid), len(first)))
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.spark)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file stays on one worker, and so do the promises that share one scored world."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        worlds = {
            "a week": ("test_p05", "test_p06"),
            "all networks": ("test_p13", "test_p14"),
            "a network": ("test_p16",),
        }
        own = next((world for world, files in worlds.items() if any(file in path for file in files)), "promises")
        return own if "/promises/" in path else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Takes the place of --dist: xdist's own groups are lost under pytest 9.2."""
    return ByFile(config, log)
