"""What the bench's contestants compute is the same, and a difference is noticed: small, a part of the suite."""

from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from kloutspark.config import load
from kloutspark.domain.contracts import TARGETS
from tests.bench import peers, rank_peers
from tests.bench.agreement import AgreementError, agree
from tests.bench.peers import Reference
from tests.bench.report import Figure, ratio
from tests.bench.synthetic import AS_OF, EVE, FIVE_KINDS, Data, Store, interactions, tiling
from tests.lab import CHEAP_SMALL_PLANS

SMALL = Data(rows=700, days_behind=2)


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(spark, load(overrides=CHEAP_SMALL_PLANS), tmp_path_factory.mktemp("bench"))


@pytest.mark.delta
def test_duckdb_and_spark_have_our_windows_and_duckdb_our_tiles(store: Store, tmp_path: Path) -> None:
    """Nobody has a score and nobody is judged here, so that plain weights are the weights."""
    reference = Reference.of(store.config, FIVE_KINDS, AS_OF)
    files = store.raw_files(SMALL)
    with (
        store.copied(store.raw(SMALL)) as tables,
        peers.duck(tmp_path, memory="1GB") as connection,
    ):
        with tiling(tables, store.config, as_of=AS_OF) as (day, counts):
            assert counts[FIVE_KINDS].read == SMALL.rows * 3
            weight = day.read(TARGETS).groupBy().sum("weight_micros").collect()[0][0]
        past = [file for file in peers.past_files(Path(tables.root)) if f"day={EVE}" not in file]
        peers.duckdb_tiles(connection, files, past, reference, out=tmp_path)
        assert peers.agree_on_tiles(connection, tables, reference, out=tmp_path) > 100
        by_duckdb = peers.duckdb_windows(connection, files, reference)
        ours = peers.tile_windows(connection, tables, reference)
        assert peers.agree_on_windows("DuckDB", ours, by_duckdb, reference) > 100
        peers.agree_on_windows("Spark SQL", ours, peers.spark_windows(store.spark, files, reference), reference)
    assert sum(by_duckdb["weight_micros_90"].to_pylist()) == weight
    assert sum(by_duckdb["actors_1"].to_pylist()) < sum(by_duckdb["actors_90"].to_pylist())
    written = store.spark.read.parquet(str(Path(files).parent.parent)).orderBy("interaction_id")
    again = interactions(store.spark, SMALL, FIVE_KINDS, reference.kinds).orderBy("interaction_id")
    assert written.drop("day").collect() == again.collect()


def test_ranks_of_all_peers(store: Store) -> None:
    """With little damping four iterations are within 1e-5 of the limit that GraphX and igraph come to."""
    edges = rank_peers.write_edges(store.spark, store.folder, 2_000)
    engagement = store.config.model.ranks.engagement
    walk = engagement.model_copy(update={"damping": 0.05, "exact_iterations": 4})
    ours, by_numpy = rank_peers.walk_ours(edges, store.spark, walk), rank_peers.walk_numpy(edges, walk)
    by_frames = rank_peers.walk_frames(edges, store.spark, walk)
    by_graphx, by_igraph = rank_peers.walk_graphx(edges, store.spark, walk), rank_peers.walk_igraph(edges, walk)
    assert (len(ours.seconds), len(by_numpy.seconds), len(by_frames.seconds), len(by_graphx.seconds)) == (3, 3, 3, 1)
    for exact in (by_numpy, by_frames):
        rank_peers.agree_on_ranks("as many iterations", ours, exact, within_l1=rank_peers.ROUNDING_L1)
    for limit in (by_graphx, by_igraph):
        rank_peers.agree_on_ranks("at the limit", ours, limit, within_l1=2 * walk.damping**walk.limit)


def test_one_other_reaction_is_noticed() -> None:
    table = pa.table({"target_id": ["a", "b"], "actors_1": [1, 2], "allowed": [0, 3]})
    other = pa.table({"target_id": ["b", "a"], "actors_1": [5, 1]})
    with pytest.raises(AgreementError, match=r"1 of 2 actors_1 differ, by up to 3"):
        agree("windows", table, other, key=["target_id"], within={"actors_1": 0})
    assert agree("windows", table, other, key=["target_id"], within={"actors_1": "allowed"}) == 2
    with pytest.raises(AgreementError, match="2 rows of ours, 1 of theirs"):
        agree("windows", table, other[:1], key=["target_id"], within={"actors_1": 0})
    with pytest.raises(AgreementError, match="target_id are not the same"):
        agree("windows", table, pa.table({"target_id": ["a", "c"], "actors_1": [1, 2]}), key=["target_id"], within={})
    missing = pa.table({"target_id": ["a", "b"], "actors_1": [1, None]})
    with pytest.raises(AgreementError, match="1 of 2 actors_1 differ"):
        agree("windows", table, missing, key=["target_id"], within={"actors_1": 0})
    twice = pa.table({"target_id": ["a", "a"], "actors_1": [1, 1]})
    with pytest.raises(AgreementError, match="stands twice"):
        agree("windows", twice, twice, key=["target_id"], within={"actors_1": 0})


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
