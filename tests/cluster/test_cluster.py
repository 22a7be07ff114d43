"""What a user submits to a cluster gives the scores of local mode, to the bit."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from kloutspark.cli import exit_code
from kloutspark.config import load
from kloutspark.domain.contracts import FEATURES, RANKS, SCORES
from kloutspark.domain.errors import Exit
from tests.cluster.standalone import REPOSITORY, Cluster, bare_environment, package, standalone
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options
from tests.pipeline.test_bit_equality import reactions, state

pytestmark = [pytest.mark.cluster, pytest.mark.delta]
DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]
BACKFILLED = date(2026, 3, 4)
# Each submission starts three JVMs for a hundred rows: compiling, a process for each file's permissions, waiting for
# the executor that holds a row, and fifty tasks for each look into a log would be most of it.
JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djdk.lang.Process.launchMechanism=VFORK"
CONF = {
    "spark.executor.extraJavaOptions": JAVA,
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    "spark.hadoop.fs.AbstractFileSystem.file.impl": "org.apache.hadoop.fs.local.RawLocalFs",
    "spark.locality.wait": "0",
    "spark.log.level": "WARN",
    "spark.ui.enabled": "false",
}
OPTIONS = [
    *("--driver-memory", "1g", "--executor-memory", "700m", "--driver-java-options", JAVA),
    *(part for key, value in CONF.items() for part in ("--conf", f"{key}={value}")),
]
SETTINGS = (
    "spark.settings={spark.databricks.delta.snapshotPartitions: '1', "
    "spark.sql.sources.parallelPartitionDiscovery.parallelism: '2'}"
)
SPARK_HOME = str(Path(pyspark.__file__).parent)
ON_A_CLUSTER = ["--env", "cluster", *set_options(*CHEAP_SMALL_PLANS, SETTINGS, "spark.shuffle_partitions=2")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a checkout with spaces") / "of its own"


@pytest.fixture(scope="module")
def packed(folder: Path) -> Path:
    return package(folder / "dist")


@pytest.fixture(scope="module")
def cluster(folder: Path, packed: Path) -> Iterator[Cluster]:
    with standalone(folder, packed, workers=2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def interactions(folder: Path, packed: Path) -> Path:
    rows = reactions(400, seed=3, newest=datetime.combine(BACKFILLED, time()), days=10)
    path = folder / "interactions.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_package_alone_has_its_configuration_and_pages(folder: Path, packed: Path) -> None:
    said = """
import kloutspark
from kloutspark.config import load
from kloutspark.reporting import evaluation, profile
from kloutspark.sources.attacks import load_attacks
from kloutspark.sources.world import load_world
assert load_attacks() and load_world()
assert evaluation.PAGES.list_templates() and profile.PAGES.get_template("profile.html.j2")
print(kloutspark.__file__, load(env="cluster").fingerprint, sep="\\n")
"""
    of_machine = bare_environment(folder)
    python, paths = of_machine["PYSPARK_PYTHON"], of_machine["PYTHONPATH"]

    def run(code: str, **changed: str) -> subprocess.CompletedProcess[str]:
        changes = of_machine | changed
        return subprocess.run(
            [python, "-c", code], env=changes, cwd=folder, capture_output=True, text=True, check=False
        )

    assert "No module named 'kloutspark.config'" in run("import kloutspark.config").stderr
    done = run(said, PYTHONPATH=f"{packed / 'kloutspark.zip'}:{paths}")
    assert done.stdout.splitlines() == [
        str(packed / "kloutspark.zip" / "kloutspark" / "__init__.py"),
        load(env="cluster").fingerprint,
    ], done.stderr


def test_ingest_three_days_and_a_backfill_by_spark_submit_are_equal_to_the_bit(
    spark: SparkSession, cluster: Cluster, interactions: Path
) -> None:
    steps = [
        ("ingest", ["files", "--network", "twitter", str(interactions)]),
        *(("score", ["--as-of", str(day)]) for day in DAYS),
        ("backfill", ["--from", str(DAYS[0]), "--to", str(BACKFILLED)]),
    ]
    by_cluster, locally = (interactions.parent / name for name in ("by a cluster", "locally"))
    for command, argv in steps:
        job = {"score": "daily_scores"}.get(command, command)
        done = cluster.submit(job, *argv, "--root", str(by_cluster), *ON_A_CLUSTER, options=OPTIONS)
        assert done.returncode == Exit.DONE, f"{done.stdout}\n{done.stderr[-3000:]}\n{cluster.logs()}"
        assert exit_code([command, *argv, "--root", str(locally), *set_options(*CHEAP_SMALL_PLANS)]) == Exit.DONE
    published = Lab(spark, by_cluster).read(SCORES).select("as_of").distinct().collect()
    assert {row.as_of for row in published} == {*DAYS, BACKFILLED}
    for contract in (SCORES, FEATURES, RANKS):
        columns = [c.name for c in contract.columns if c.name != "run_id"]
        found, expected = (state(Lab(spark, root), contract, columns, "true") for root in (by_cluster, locally))
        assert found, contract.name
        assert found == expected, contract.name


def test_a_job_of_the_checkout_ends_with_3_where_no_input_is(tmp_path: Path) -> None:
    """As its docstring says: by the environment's own spark-submit, in local mode."""
    scripts = Path(sys.executable).parent
    command = ["spark-submit", "jobs/daily_scores.py", "--check", "--as-of", str(DAYS[0]), "--root", str(tmp_path)]
    # find-spark-home, which would ask for it, ends at the first space of a path
    own = {"PATH": f"{scripts}:{os.environ['PATH']}", "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": SPARK_HOME}
    done = subprocess.run(
        [*command, "--env", "local"], cwd=REPOSITORY, env=os.environ | own, capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.NOT_READY, done.stderr[-3000:]
