"""Real input, exact: Twitter around the Higgs announcement, through the command line as a user has it."""

import json
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from pyspark.sql import SparkSession

from kloutspark.cli import exit_code
from kloutspark.config import load
from kloutspark.domain.contracts import PAIRS, SCORES
from kloutspark.storage.tables import Tables
from tests.lab import USERS_PLANS, set_options
from tests.realdata import data_file

pytestmark = [pytest.mark.realdata, pytest.mark.delta]
ADDRESS = "https://snap.stanford.edu/data/higgs-twitter.html"
DAYS = [date(2012, 7, day) for day in (6, 7, 8)]  # the first run reads every day before, the announcement among them
EDGES = {"retweet": 328_132, "mention": 150_818, "reply": 32_523}  # rows of SNAP's lists, data/README.md
OTHER_PLANS = ("spark.shuffle_partitions=7", "spark.settings={spark.sql.adaptive.enabled: 'false'}")
SETS_USERS, SETS_OTHER = (set_options(*settings) for settings in (USERS_PLANS, OTHER_PLANS))
ROWS = {"read": 563_069, "self": 7_588}


def kloutspark(*argv: str, sets: Sequence[str] = SETS_USERS) -> str:
    """Runs a command line with the plans that a user has, or others; what it printed."""
    with redirect_stdout(StringIO()) as printed:
        assert exit_code([*argv, *sets]) == 0
    return printed.getvalue()


@pytest.fixture(scope="module")
def root(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingested, and the days 2012-07-06 .. 2012-07-08 backfilled."""
    activity = data_file("higgs-twitter/higgs-activity_time.txt.gz", ADDRESS)
    root = tmp_path_factory.mktemp("higgs") / "a root"
    (ingested,) = json.loads(
        kloutspark("ingest", "snap-activity", "--network", "twitter", "--json", "--root", str(root), str(activity))
    )
    assert (ingested["read"], ingested["added"], ingested["quarantined"]) == (ROWS["read"], ROWS["read"], {})
    said = kloutspark("backfill", "--from", f"{DAYS[0]}", "--to", f"{DAYS[-1]}", "--json", "--root", str(root))
    manifests = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [m["status"] for m in manifests] == ["published"] * len(DAYS)
    for manifest in manifests:
        counts = manifest["counts"]["twitter"]
        assert counts["read"] == sum(n for name, n in counts.items() if name != "read")
    assert sum(m["counts"]["twitter"]["counted"] for m in manifests) == ROWS["read"] - ROWS["self"]
    assert sum(m["counts"]["twitter"]["own"] for m in manifests) == ROWS["self"]
    return root


def test_counts_by_pair_and_kind_equal_the_published_edge_lists(root: Path, spark: SparkSession) -> None:
    config = load()
    tables = Tables(spark, str(root), config.tables)
    pairs = tables.read(PAIRS, version=tables.version(PAIRS))
    kept = pairs.selectExpr("actor_id", "target_id", "explode(reactions) AS (kind, reactions)").toArrow()  # noqa: F841
    for kind, rows in EDGES.items():
        path = data_file(f"higgs-twitter/higgs-{kind}_network.edgelist.gz", ADDRESS)
        published = f"read_csv('{path}', delim=' ', header=false, columns={{'a': 'TEXT', 't': 'TEXT', 'n': 'BIGINT'}})"
        ours = f"SELECT actor_id, target_id, sum(reactions)::BIGINT FROM kept WHERE kind = '{kind}' GROUP BY ALL"
        assert duckdb.sql(f"SELECT count(*) FROM {published}").fetchall() == [(rows,)]
        assert duckdb.sql(f"FROM {published} EXCEPT ({ours})").fetchall() == []
        assert duckdb.sql(f"({ours}) EXCEPT FROM {published}").fetchall() == []


def test_every_day_is_published_and_the_last_one_again_by_other_plans_is_equal_to_the_bit(root: Path) -> None:
    """Other partitions, and adaptive plans before, none now; interpreted expressions: test_bit_equality."""
    import deltalake

    def published() -> list[tuple[object, ...]]:
        scores = deltalake.DeltaTable(str(root / SCORES.path())).to_pyarrow_dataset()  # noqa: F841
        rows: list[tuple[object, ...]] = duckdb.sql(
            "SELECT * EXCLUDE (run_id) FROM scores ORDER BY as_of, person_id"
        ).fetchall()
        return rows

    before = published()
    assert {row[0] for row in before} == set(DAYS)
    said = kloutspark("score", "--as-of", str(DAYS[-1]), "--root", str(root), "--json", sets=SETS_OTHER)
    manifest = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert manifest["status"] == "published"
    assert published() == before
