"""Ranks by others: one numpy process, a loop of DataFrames, GraphX, igraph; seeded edges for all of them.

Edges weigh alike here, since GraphX knows no weights; how much work an iteration is does not depend on them.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import igraph
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark import SparkContext, StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Walk
from kloutspark.storage.session import settled
from kloutspark.transforms.rank import iterate_ranks, pack_edges
from tests.bench.agreement import AgreementError
from tests.bench.synthetic import AS_OF

GRAPH = "bench"
EDGES_PER_ACCOUNT = 8
SEED = 8
ROUNDING_L1 = 1e-12  # ranks sum to 1, and the order of a sum moves its last bits
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Edges:
    """Different edges between accounts that are numbered without a gap, each of them at an end of one."""

    path: Path
    count: int
    accounts: int

    def read(self, spark: SparkSession) -> DataFrame:
        """Source and target, as numbers."""
        return spark.read.parquet(str(self.path / "edges"))

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The same in one process."""
        table = pq.read_table(self.path / "edges")
        return table["source"].to_numpy(), table["target"].to_numpy()


@dataclass(frozen=True)
class Walked:
    """Ranks by number, which sum to 1, and the seconds of each iteration that could be told apart."""

    ranks: Floats
    seconds: list[float]


def write_edges(spark: SparkSession, folder: Path, count: int) -> Edges:
    """About so many edges, heavy-tailed at both ends; written once, as Parquet and as the text that GraphX reads."""
    path = folder / f"edges-{count}"
    if not (path / "text" / "_SUCCESS").exists():
        share = [F.pmod(F.xxhash64("id", F.lit(SEED), F.lit(n)), F.lit(1_000_000_007)) / 1_000_000_007 for n in (0, 1)]
        people = count // EDGES_PER_ACCOUNT
        source, target = F.floor(F.pow(share[0], 2) * people), F.floor(F.pow(share[1], 3) * people)
        ends = (source.alias("a"), F.pmod(target * 7_919 + 13, F.lit(people)).alias("b"))
        with settled(spark.range(count).select(*ends).where("a <> b").distinct()) as found:
            ids = found.selectExpr("explode(array(a, b)) AS id").distinct().toArrow()["id"].combine_chunks()
            numbers = spark.createDataFrame(pa.table({"id": ids, "number": np.arange(len(ids))}))
            with settled(numbers) as numbers:
                from_a = numbers.withColumnsRenamed({"id": "a", "number": "source"})
                from_b = numbers.withColumnsRenamed({"id": "b", "number": "target"})
                numbered = found.join(from_a, "a").join(from_b, "b").select("source", "target")
                numbered.write.mode("overwrite").parquet(str(path / "edges"))
        written = spark.read.parquet(str(path / "edges"))
        written.selectExpr("concat_ws(' ', source, target)").write.mode("overwrite").text(str(path / "text"))
    row = spark.read.parquet(str(path / "edges")).selectExpr("count(*)", "max(greatest(source, target)) + 1").collect()
    return Edges(path, row[0][0], row[0][1])


class Clock:
    """When each frame of a loop was settled."""

    def __init__(self) -> None:
        self._ends: list[float] = []

    def settle(self, frame: DataFrame, name: str) -> DataFrame:
        """Cuts a frame from its lineage; after an iteration it notes the time."""
        kept = frame.localCheckpoint()
        if name.startswith("iteration"):
            self._ends.append(time.perf_counter())
        return kept

    @property
    def seconds(self) -> list[float]:
        """From the end of an iteration to the end of the next one."""
        return [float(s) for s in np.diff(self._ends)]


def walk_ours(edges: Edges, spark: SparkSession, walk: Walk) -> Walked:
    """Ours, as many iterations as the walk's exact ones, in at least two blocks: one block is a numpy process."""
    clock = Clock()
    ends = ("string(source) AS source_id", "string(target) AS target_id")
    frame = edges.read(spark).selectExpr(f"'{GRAPH}' AS graph", *ends, "1D AS weight")
    numbers = spark.range(edges.accounts)
    everybody = numbers.selectExpr(f"'{GRAPH}' AS graph", "string(id) AS account_id", "1D AS prior_weight")
    blocks = walk.model_copy(update={"block_accounts": min(walk.block_accounts, -(-edges.accounts // 2))})
    with settled(frame) as links, settled(everybody) as accounts:
        found = iterate_ranks(partial(pack_edges, links), accounts, None, as_of=AS_OF, walk=blocks, settle=clock.settle)
        ranks = found.ranks.selectExpr("bigint(account_id) AS account", "rank").toArrow()
    return Walked(_by_number(ranks), clock.seconds)


def walk_numpy(edges: Edges, walk: Walk) -> Walked:
    """One process that holds all edges: what an iteration costs where nothing is moved."""
    sources, targets = edges.arrays()
    return numpy_walk(
        sources, targets, np.ones(len(sources)), edges.accounts, damping=walk.damping, iterations=walk.limit
    )


def numpy_walk(
    sources: NDArray[np.int64],
    targets: NDArray[np.int64],
    weights: Floats,
    accounts: int,
    *,
    damping: float,
    iterations: int,
) -> Walked:
    """rank'(v) = d * inflow(v) + (1 - d * sum(inflow)) / accounts, from the uniform start, edges sorted by target."""
    order = np.lexsort((sources, targets))
    sources, targets, weights = sources[order], targets[order], weights[order]
    shares = weights / np.bincount(sources, weights=weights, minlength=accounts)[sources]
    rank, seconds = np.full(accounts, 1 / accounts), []
    for _ in range(iterations):
        start = time.perf_counter()
        inflow = np.bincount(targets, weights=rank[sources] * shares, minlength=accounts)
        following = damping * inflow + (1 - damping * inflow.sum()) / accounts
        np.abs(following - rank).sum()  # the residual, which ours has too
        rank = following
        seconds.append(time.perf_counter() - start)
    return Walked(rank, seconds[1:])


def walk_frames(edges: Edges, spark: SparkSession, walk: Walk) -> Walked:
    """A loop of joins and sums, edges laid out once by their source."""
    clock, n = Clock(), edges.accounts
    degrees = edges.read(spark).groupBy("source").count()
    shares = edges.read(spark).join(degrees, "source").selectExpr("source", "target", "1D / count AS share")
    parts = int(str(spark.conf.get("spark.sql.shuffle.partitions")))
    with settled(shares.repartition(parts, "source").sortWithinPartitions("source")) as links:
        links.count()
        state = clock.settle(spark.range(n).selectExpr("id", f"1D / {n} AS rank"), "start")
        for iteration in range(1, walk.limit + 1):
            flows = links.join(state, F.col("source") == F.col("id")).selectExpr("target", "rank * share AS flow")
            inflow = flows.groupBy("target").agg(F.sum("flow").alias("inflow"))
            joined = state.join(inflow, F.col("id") == F.col("target"), how="left").fillna(0, ["inflow"])
            reached = clock.settle(joined.select("id", "rank", "inflow"), "reached")
            held_back = (1 - walk.damping * reached.agg(F.sum("inflow")).collect()[0][0]) / n
            following = (walk.damping * F.col("inflow") + held_back).alias("rank")
            state = clock.settle(reached.select("id", following), f"iteration {iteration}")
        ranks = state.selectExpr("id AS account", "rank").toArrow()
    return Walked(_by_number(ranks), clock.seconds)


@contextmanager
def _with_checksums(context: SparkContext) -> Iterator[None]:
    """Local files by Hadoop's own class until the block ends: text files are read by no other, and tests have one."""
    hadoop: Any = context._jsc.hadoopConfiguration()
    wanted = {"fs.file.impl": "org.apache.hadoop.fs.LocalFileSystem", "fs.file.impl.disable.cache": "true"}
    before = {key: hadoop.get(key) for key in wanted}
    for key, value in wanted.items():
        hadoop.set(key, value)
    try:
        yield
    finally:
        for key, old in before.items():
            if old is None:
                hadoop.unset(key)
            else:
                hadoop.set(key, old)


def walk_graphx(edges: Edges, spark: SparkSession, walk: Walk) -> Walked:
    """GraphX's own loop, by the gateway; its iterations are not to be seen, so a walk of one is taken off a long one.

    What dangling accounts keep it gives back at the end, to all alike, so that only its limit is ours.
    """
    context, jvm = spark.sparkContext, spark._jvm
    assert jvm is not None
    graphx: Any = jvm.org.apache.spark.graphx
    in_memory = context._getJavaStorageLevel(StorageLevel.MEMORY_ONLY)
    with _with_checksums(context):
        graph = graphx.GraphLoader.edgeListFile(
            context._jsc.sc(), str(edges.path / "text"), False, context.defaultParallelism, in_memory, in_memory
        )
        graph.edges().count()
    numbers = jvm.scala.reflect.ClassTag.apply(jvm.java.lang.Integer.TYPE)

    def run(iterations: int) -> tuple[Any, float]:
        start = time.perf_counter()
        found = graphx.lib.PageRank.run(graph, iterations, 1 - walk.damping, numbers, numbers)
        found.vertices().count()
        return found, time.perf_counter() - start

    short, seconds_short = run(1)
    short.unpersist(True)
    found, seconds = run(walk.limit)
    out = edges.path / "graphx"
    shutil.rmtree(out, ignore_errors=True)
    found.vertices().saveAsTextFile(str(out))
    both = "split(trim('()' FROM value), ',')"
    ranks = spark.read.text(str(out)).selectExpr(
        f"bigint({both}[0]) AS account", f"double({both}[1]) / {edges.accounts} AS rank"
    )
    by_number = _by_number(ranks.toArrow())
    for kept in (found, graph):
        kept.unpersist(True)
    return Walked(by_number, [(seconds - seconds_short) / (walk.limit - 1)])


def walk_igraph(edges: Edges, walk: Walk) -> Walked:
    """By igraph, which solves for the limit: the seconds are of all of it."""
    graph = igraph.Graph(n=edges.accounts, edges=np.column_stack(edges.arrays()), directed=True)
    start = time.perf_counter()
    ranks = np.asarray(graph.pagerank(damping=walk.damping))
    return Walked(ranks, [time.perf_counter() - start])


def agree_on_ranks(what: str, ours: Walked, theirs: Walked, *, within_l1: float) -> None:
    """Two ranks of the same accounts differ by at most so much of the 1 that each sums to.

    Raises:
        AgreementError: they do not.
    """
    if len(ours.ranks) != len(theirs.ranks):
        raise AgreementError(f"{what}: {len(ours.ranks)} accounts of ours, {len(theirs.ranks)} of theirs")
    found = float(np.abs(ours.ranks - theirs.ranks).sum())
    if not found <= within_l1:
        raise AgreementError(f"{what}: ranks differ by {found} of 1, at most {within_l1} was expected")


def _by_number(ranks: pa.Table) -> Floats:
    return np.asarray(ranks.sort_by("account")["rank"].to_numpy(), dtype=np.float64)
