"""What the bench's contestants compute is the same, and a difference is noticed: small, a part of the suite."""

from datetime import timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from kloutspark.config import load
from tests.bench import measures, peers, rank_peers
from tests.bench.agreement import AgreementError, agree
from tests.bench.measures import Asked
from tests.bench.peers import Reference
from tests.bench.report import Figure, ratio
from tests.bench.synthetic import AS_OF, FIVE_KINDS, Data, Store, publish
from tests.lab import CHEAP_SMALL_PLANS

SMALL = Data(rows=700, days_behind=2)


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(spark, load(overrides=CHEAP_SMALL_PLANS), tmp_path_factory.mktemp("bench"))


@pytest.mark.delta
def test_duckdb_spark_and_our_tiles_have_the_same_windows(store: Store, tmp_path: Path) -> None:
    """Of three days in one run, in which nobody has a score and nobody is judged: plain weights are the weights."""
    reference = Reference.of(store.config, FIVE_KINDS, AS_OF)
    files = store.raw_files(SMALL)
    with store.copied(store.raw(SMALL)) as tables, peers.duck(tmp_path, memory="1GB") as connection:
        publish(tables, store.config, as_of=AS_OF)
        by_duckdb = peers.duckdb_windows(connection, files, reference)
        by_spark = peers.spark_windows(store.spark, files, reference)
        ours = peers.tile_windows(connection, tables, reference)
        assert peers.agree_on_windows("DuckDB", ours, by_duckdb, reference) > 100
        peers.agree_on_windows("Spark SQL", ours, by_spark, reference)
        measures._agree_on_signals(store, tables, by_duckdb, reference, network=FIVE_KINDS)
        weights = measures._now(tables, measures.TARGETS).groupBy().sum("weight_micros").collect()[0][0]
    assert sum(by_duckdb["weight_micros_90"].to_pylist()) == weights
    assert sum(by_duckdb["actors_1"].to_pylist()) < sum(by_duckdb["actors_90"].to_pylist())


@pytest.mark.delta
def test_duckdb_makes_the_same_tiles_of_a_day(store: Store, tmp_path: Path) -> None:
    (figure,) = measures.tiles(store, Asked(SMALL.rows, SMALL.days_behind, sizes=(), edges=0, repeats=1, memory="1GB"))
    assert figure.details["tiles"] > 100
    assert figure.verdict in ("meets", "misses")


def test_ranks_of_all_peers(store: Store, tmp_path: Path) -> None:
    asked = Asked(0, 0, sizes=(), edges=4_000, repeats=1, memory="1GB")
    figures = measures.ranks(store, asked)
    assert [f.bound for f in figures] == [0.1, 0.1, 2.5, None]


def test_one_other_reaction_is_noticed() -> None:
    table = pa.table({"target_id": ["a", "b"], "actors_1": [1, 2], "allowed": [0, 3]})
    other = pa.table({"target_id": ["b", "a"], "actors_1": [5, 1]})
    with pytest.raises(AgreementError, match="1 of 2 actors_1 differ, by up to 3"):
        agree("windows", table, other, key=["target_id"], within={"actors_1": 0})
    assert agree("windows", table, other, key=["target_id"], within={"actors_1": "allowed"}) == 2
    with pytest.raises(AgreementError, match="2 rows of ours, 1 of theirs"):
        agree("windows", table, other[:1], key=["target_id"], within={"actors_1": 0})
    with pytest.raises(AgreementError, match="target_id are not the same"):
        agree("windows", table, pa.table({"target_id": ["a", "c"], "actors_1": [1, 2]}), key=["target_id"], within={})
    missing = pa.table({"target_id": ["a", "b"], "actors_1": [1, None]})
    with pytest.raises(AgreementError, match="1 of 2 actors_1 differ"):
        agree("windows", table, missing, key=["target_id"], within={"actors_1": 0})


def test_other_ranks_are_noticed() -> None:
    one, other = (rank_peers.Walked(np.array(ranks), []) for ranks in ([0.5, 0.5], [0.5001, 0.4999]))
    rank_peers.agree_on_ranks("ranks", one, other, within_l1=3e-4)
    with pytest.raises(AgreementError, match="ranks differ by"):
        rank_peers.agree_on_ranks("ranks", one, other, within_l1=1e-4)


def test_a_figure_is_the_median_of_ratios_beside_its_bound() -> None:
    figure = ratio("flat", "a day", [2.0, 9.0, 4.0], [1.0, 3.0, 2.0], bound=2)
    assert (median(figure.values), figure.verdict) == (2.0, "meets")
    assert figure.row == ("flat", "a day", "2 (2..3)", "2", "meets")
    assert Figure("flat", "a day", (2.1,), 2).verdict == "misses"
    assert Figure("flat", "a day", (2.1,)).verdict == "stated"


@pytest.mark.delta
def test_synthetic_days_are_the_same_every_time_and_whole(store: Store, tmp_path: Path) -> None:
    again = Store(store.spark, store.config, tmp_path)
    rows = [
        s.spark.read.parquet(str(Path(s.raw_files(SMALL)).parent.parent)).orderBy("interaction_id")
        for s in (store, again)
    ]
    assert rows[0].collect() == rows[1].collect()
    by_day = {r["day"]: r["count"] for r in rows[0].groupBy("day").count().collect()}
    assert by_day == {AS_OF - timedelta(days=age): 700 for age in (1, 2, 3)}
