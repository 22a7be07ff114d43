"""Ranks: the two ways against a plain oracle, against each other, and to the bit under other layouts of their input."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Walk
from kloutspark.domain.contracts import RANKS
from kloutspark.domain.errors import ConfigError, ContractError
from kloutspark.storage.scratch import scratch
from kloutspark.transforms import rank_blocks
from kloutspark.transforms.rank import Packed, Ranked, iterate_in_blocks, iterate_ranks, pack_edges
from kloutspark.transforms.rank_blocks import rank_whole
from kloutspark.transforms.rank_kernel import Totals, pack
from tests import rank_oracle
from tests.lab import Lab, let_keys_collide, unpacked
from tests.rank_oracle import Edge

AS_OF = date(2026, 3, 1)
SETTLED = Walk(
    damping=0.85, tolerance_l1=1e-9, max_iterations=300, block_accounts=1_000, why="an example for the tests of ranks"
)
IN_BLOCKS = SETTLED.model_copy(update={"damping": 0.6, "tolerance_l1": 0.05, "max_iterations": 3, "block_accounts": 12})
WAYS = pytest.mark.parametrize("walk", [SETTLED, IN_BLOCKS], ids=["one block", "many blocks"])
ROWS = "graph string, account_id string"


@dataclass(frozen=True)
class Graph:
    """Edges, and prior weights of all accounts."""

    edges: Sequence[Edge]
    priors: dict[str, float]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Few accounts, so that parallel edges, self loops, islands, dangling and lonely accounts all come."""
    names = ["", "a", "B", "é", "\U0001f600", "-1", "z" * 40, "'; drop", "a b"][: draw(st.integers(1, 9))]
    account = st.sampled_from(names)
    edges = draw(st.lists(st.tuples(account, account, st.sampled_from([0.0, 0.1, 1.0, 7.5])), max_size=24))
    return Graph(edges, {name: draw(st.sampled_from([0.3, 1.0, 40.0])) for name in names})


def random_graph(accounts: int, edges: int, *, seed: int) -> Graph:
    """Weights that do not add up exactly, so that another order shows."""
    draws = random.Random(seed)
    names = [f"account {n}" for n in range(accounts)]
    chosen = [(draws.choice(names), draws.choice(names), draws.random()) for _ in range(edges)]
    return Graph(chosen, {name: draws.random() + 0.1 for name in names})


WORLD = {
    **{f"random {n}": random_graph(20 + 13 * n, 90 * n, seed=n) for n in range(4)},
    "a cycle": Graph([(f"{n}", f"{(n + 1) % 30}", 2.0) for n in range(30)], {f"{n}": 1.0 for n in range(30)}),
    "all to one": Graph([(f"{n}", "0", 1.0) for n in range(40)], {f"{n}": 1.0 for n in range(40)}),
    "alone": Graph([], {"a": 2.0}),
    "alone with itself": Graph([("a", "a", 1.0)], {"a": 2.0}),
}


def cut(frame: DataFrame, name: str) -> DataFrame:
    assert name
    return frame.localCheckpoint()


def arrow(world: dict[str, Graph]) -> tuple[pa.Table, pa.Table]:
    """Edges and accounts."""
    edges = [(name, *edge) for name, graph in world.items() for edge in graph.edges]
    accounts = [(name, account, float(n)) for name, graph in world.items() for account, n in graph.priors.items()]
    texts, number = [("graph", pa.string()), ("source_id", pa.string())], pa.float64()
    columns = pa.schema([*texts, ("target_id", pa.string()), ("weight", number)])
    of_accounts = pa.schema([texts[0], ("account_id", pa.string()), ("prior_weight", number)])
    rows = [dict(zip(columns.names, edge, strict=True)) for edge in edges]
    known = [dict(zip(of_accounts.names, account, strict=True)) for account in accounts]
    return pa.Table.from_pylist(rows, columns), pa.Table.from_pylist(known, of_accounts)


def edges_of(spark: SparkSession, world: dict[str, Graph]) -> DataFrame:
    return spark.createDataFrame(arrow(world)[0])


def packed(spark: SparkSession, world: dict[str, Graph]) -> Packed:
    return partial(pack_edges, edges_of(spark, world))


def accounts_of(spark: SparkSession, world: dict[str, Graph]) -> DataFrame:
    return spark.createDataFrame(arrow(world)[1])


def in_process(graph: Graph, walk: Walk) -> tuple[dict[str, float], int, float]:
    """The way of one block without Spark."""
    edges, accounts = arrow({"g": graph})
    keys = {name: n - 2 for n, name in enumerate(graph.priors)}
    accounts = accounts.append_column("key", pa.array([keys[name] for name in accounts["account_id"].to_pylist()]))
    there = [edges[end].to_pylist() for end in ("source_id", "target_id")]
    ends = [pa.array([keys.get(name, 1 << 60) for name in names], pa.int64()) for names in there]
    rows = pa.table([edges["graph"], *ends, edges["weight"]], ["graph", *rank_blocks.EDGE])
    table = rank_whole(
        accounts.append_column("start", pa.nulls(len(accounts), pa.float64())),
        pa.Table.from_batches(rank_blocks.gather_edges(rows.to_batches()), rank_blocks.PACKED),
        damping=walk.damping,
        tolerance_l1=walk.stops_at,
        limit=walk.limit,
    )
    ranks = dict(zip(table["account_id"].to_pylist(), table["rank"].to_pylist(), strict=True))
    return ranks, table["iterations"][0].as_py(), table["residual"][0].as_py()


def expected_of(graph: Graph, walk: Walk) -> tuple[dict[str, float], int, float]:
    return rank_oracle.rank(
        graph.edges, graph.priors, damping=walk.damping, tolerance_l1=walk.stops_at, limit=walk.limit
    )


def ranked(spark: SparkSession, world: dict[str, Graph], walk: Walk, start: DataFrame | None = None) -> Ranked:
    return iterate_ranks(packed(spark, world), accounts_of(spark, world), start, as_of=AS_OF, walk=walk, settle=cut)


def by_graph(ranks: DataFrame) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in ranks.collect():
        of_graph = found.setdefault(row["graph"], {})
        assert row["account_id"] not in of_graph
        of_graph[row["account_id"]] = row["rank"]
    return found


@given(graphs())
@settings(max_examples=80, deadline=None, derandomize=True, phases=[Phase.generate])
def test_a_block_of_a_worker_agrees_with_the_oracle(graph: Graph) -> None:
    ranks, iterations, residual = in_process(graph, SETTLED)
    expected, expected_iterations, expected_residual = expected_of(graph, SETTLED)
    assert ranks == pytest.approx(expected, abs=1e-13)
    assert iterations == expected_iterations
    assert residual == pytest.approx(expected_residual, abs=1e-13)


@WAYS
def test_ranks_agree_with_the_oracle_and_to_the_bit_however_rows_come_in(spark: SparkSession, walk: Walk) -> None:
    """Graphs that settle stay as they are while others move; one that does not settle says so."""
    with shuffled(spark, 2):
        result = ranked(spark, WORLD, walk)
        found = by_graph(result.ranks)
    assert [run.graph for run in result.runs] == sorted(WORLD)
    for run in result.runs:
        graph = WORLD[run.graph]
        expected, iterations, residual = expected_of(graph, walk)
        assert found[run.graph] == pytest.approx(expected, abs=1e-13)
        assert sum(found[run.graph].values()) == pytest.approx(1, abs=1e-13)
        assert (run.accounts, run.blocks) == (len(graph.priors), -(-len(graph.priors) // walk.block_accounts))
        assert run.iterations == iterations
        assert run.residual_l1 == pytest.approx(residual, abs=1e-13)
        assert run.converged == (residual <= walk.tolerance_l1)
    if walk is IN_BLOCKS:
        several = [run for run in result.runs if run.blocks > 1]
        assert {(run.iterations, run.converged) for run in several} == {(1, True), (2, True), (3, True), (3, False)}
    mixed = [
        frame.repartition(7).orderBy(F.rand(seed=5)) for frame in (edges_of(spark, WORLD), accounts_of(spark, WORLD))
    ]
    with shuffled(spark, 5):
        again = iterate_ranks(
            partial(pack_edges, mixed[0]), mixed[1].coalesce(1), None, as_of=AS_OF, walk=walk, settle=cut
        )
        assert by_graph(again.ranks) == found
    assert again.runs == result.runs


def test_what_is_held_back_and_what_a_dangling_account_keeps_returns_to_the_prior(spark: SparkSession) -> None:
    """By hand: a = (1 - a / 2) / 2."""
    result = ranked(
        spark, {"g": Graph([("a", "b", 3.0)], {"a": 5, "b": 5})}, SETTLED.model_copy(update={"damping": 0.5})
    )
    assert by_graph(result.ranks) == {"g": pytest.approx({"a": 0.4, "b": 0.6}, abs=1e-9)}
    assert result.ranks.dtypes == [(c.name, c.type) for c in RANKS.columns]
    assert {row["as_of"] for row in result.ranks.collect()} == {AS_OF}


def test_graphs_without_edges_rank_by_the_prior_and_no_graphs_have_no_ranks(spark: SparkSession) -> None:
    result = ranked(spark, {"g": Graph([], {"a": 1, "b": 3})}, SETTLED)
    assert by_graph(result.ranks) == {"g": {"a": 0.25, "b": 0.75}}
    nothing = ranked(spark, {}, SETTLED)
    assert (by_graph(nothing.ranks), nothing.runs) == ({}, ())


@contextmanager
def shuffled(spark: SparkSession, partitions: int) -> Iterator[None]:
    key = "spark.sql.shuffle.partitions"
    before = spark.conf.get(key)
    spark.conf.set(key, str(partitions))
    try:
        yield
    finally:
        spark.conf.set(key, str(before))


def test_both_ways_are_equal_to_the_bit_on_one_block(spark: SparkSession) -> None:
    graph = random_graph(40, 300, seed=7)
    walk = SETTLED.model_copy(update={"exact_iterations": 2})
    accounts = accounts_of(spark, {"g": graph}).withColumn("start", F.lit(None).cast("double"))
    looped, reached = iterate_in_blocks(packed(spark, {"g": graph}), accounts, blocks={"g": 1}, walk=walk, settle=cut)
    ranks, *ends = in_process(graph, walk)
    assert by_graph(looped) == {"g": ranks}
    assert reached == {"g": (2, ends[1])}


@WAYS
def test_accounts_that_share_a_key_are_told_apart_by_the_next_seed(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, walk: Walk
) -> None:
    """Another seed is another order of additions between blocks: the last bits may differ, and nothing else."""
    graphs = {name: WORLD[name] for name in ("random 2", "all to one")}
    expected, seeds = ranked(spark, graphs, walk), let_keys_collide(monkeypatch)
    found = ranked(spark, graphs, walk)
    for graph, ranks in by_graph(expected.ranks).items():
        assert by_graph(found.ranks)[graph] == pytest.approx(ranks, abs=1e-15)
    assert [run.iterations for run in found.runs] == [run.iterations for run in expected.runs]
    assert seeds == {0, 1}


def test_a_worker_sends_edges_on_when_it_holds_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rank_blocks, "GATHERED_EDGES", 5)
    edges = [(f"g{n % 2}", n - 9, n // 2 - 6, float(n)) for n in range(23)]
    columns = [pa.array(column) for column in zip(*edges, strict=True)]
    batches = pa.table(columns, ["graph", *rank_blocks.EDGE]).to_batches(max_chunksize=3)
    found = list(rank_blocks.gather_edges(batches))
    assert [len(np.frombuffer(b"".join(batch["weights"].to_pylist()))) for batch in found] == [6, 6, 6, 5]
    assert sorted((row["graph"], *edge) for row in rows_of(found) for edge in unpacked(row)) == sorted(edges)
    assert all(len({row["graph"] for row in rows_of([batch])}) == len(batch) for batch in found)
    blocks = {"g0": 2, "g1": 3}
    spread = rows_of(rank_blocks.spread_edges(found, blocks=blocks))
    assert sorted((row["graph"], *edge) for row in spread for edge in unpacked(row)) == sorted(edges)
    found_blocks = {
        (row["graph"], row["target_block"], target % blocks[row["graph"]])
        for row in spread
        for _, target, _ in unpacked(row)
    }
    assert found_blocks == {("g0", 0, 0), ("g0", 1, 1), ("g1", 0, 0), ("g1", 1, 1), ("g1", 2, 2)}


def rows_of(batches: Iterable[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


def test_frames_settled_as_files_give_the_same_bits_and_are_removed(lab: Lab) -> None:
    """What a cluster does, where an executor's memory may die with it."""
    graphs = {"g": WORLD["random 1"]}
    expected = by_graph(ranked(lab.spark, graphs, IN_BLOCKS).ranks)
    edges, accounts = packed(lab.spark, graphs), accounts_of(lab.spark, graphs)
    with scratch(lab.tables, "run-1", settles_in="table") as settle:
        found = iterate_ranks(edges, accounts, None, as_of=AS_OF, walk=IN_BLOCKS, settle=settle)
        assert found.runs[0].blocks > 1
        assert by_graph(found.ranks) == expected
        assert list((lab.root / "scratch" / "run-1").iterdir())
    assert not (lab.root / "scratch" / "run-1").exists()


def test_a_warm_start_needs_fewer_iterations_and_ends_where_a_cold_one_does(spark: SparkSession) -> None:
    yesterday = random_graph(60, 400, seed=3)
    today = replace(yesterday, edges=yesterday.edges[:-2], priors={**yesterday.priors, "newcomer": 0.5})
    start = ranked(spark, {"g": yesterday}, SETTLED).ranks.withColumn("rank", F.col("rank") * 3)  # no sum is asked for
    gone = spark.createDataFrame([("g", "who left", 0.2)], f"{ROWS}, rank double")
    cold = ranked(spark, {"g": today}, SETTLED)
    warm = ranked(spark, {"g": today}, SETTLED, start.drop("as_of").unionByName(gone))
    assert warm.runs[0].iterations < cold.runs[0].iterations
    assert warm.runs[0].converged
    ends = [by_graph(result.ranks)["g"] for result in (cold, warm)]
    assert set(ends[0]) == set(ends[1]) == set(today.priors)
    # a residual within the tolerance leaves at most d / (1 - d) times as much to go, from either side
    bound = 2 * SETTLED.tolerance_l1 * SETTLED.damping / (1 - SETTLED.damping)
    assert sum(abs(ends[0][account] - ends[1][account]) for account in today.priors) <= bound


def test_exact_iterations_begin_at_the_prior(spark: SparkSession) -> None:
    walk = SETTLED.model_copy(update={"exact_iterations": 2})
    (run,) = ranked(spark, {"g": Graph([], {"a": 1, "b": 3})}, walk).runs
    assert (run.iterations, run.converged) == (2, True)
    start = spark.createDataFrame([("g", "a", 1.0)], f"{ROWS}, rank double")
    with pytest.raises(ConfigError, match="exact_iterations: expected no start ranks"):
        ranked(spark, {"g": Graph([], {"a": 1})}, walk, start)


FAULTS: dict[str, Callable[[Graph], Graph]] = {
    "ends that are accounts of the graph": lambda g: replace(g, edges=[*g.edges, ("a", "nobody", 1.0)]),
    "a finite number of at least 0": lambda g: replace(g, edges=[*g.edges, ("a", "b", -1.0)]),
    "a finite number above 0": lambda g: replace(g, priors={**g.priors, "c": 0.0}),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("block_accounts", [9, 2], ids=["one block", "many blocks"])
def test_rows_that_cannot_be_ranked_are_refused(spark: SparkSession, fault: str, block_accounts: int) -> None:
    graph = FAULTS[fault](Graph([("a", "b", 1.0)], {"a": 1, "b": 1, "c": 1}))
    with pytest.raises(PythonException, match=f"expected {fault}, found 1 of") as refused:
        ranked(spark, {"g": graph}, SETTLED.model_copy(update={"block_accounts": block_accounts, "max_iterations": 1}))
    assert "nobody" not in str(refused.value)


def test_an_account_that_comes_twice_is_refused(spark: SparkSession) -> None:
    accounts = accounts_of(spark, {"g": Graph([], {"a": 1, "b": 1})})
    with pytest.raises(PythonException, match="expected an account once in a graph"):
        iterate_ranks(packed(spark, {}), accounts.unionByName(accounts), None, as_of=AS_OF, walk=SETTLED, settle=cut)


def integers(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.int64)


def test_edges_are_packed_by_target_with_parallel_ones_summed_and_empty_ones_gone() -> None:
    cells = pack(integers(1, 0, 1, 1, 2), integers(0, 0, 0, 3, 0), integers(5, 5, 5, 0, 1), np.array([1.0, 2, 2, 1, 0]))
    assert [(c.target_block, c.sources.tolist(), c.targets.tolist(), c.shares.tolist()) for c in cells] == [
        (0, [0, 1], [5, 5], [1.0, 0.75]),
        (3, [1], [0], [0.25]),
    ]


def test_start_ranks_that_sum_to_nothing_are_refused() -> None:
    with pytest.raises(ContractError, match="expected a sum above 0"):
        Totals.of([(1.0, 0.0, 0.0), (2.0, 0.0, 0.0)])


def test_a_walk_bounds_its_exact_iterations() -> None:
    with pytest.raises(ValueError, match="at most max_iterations"):
        Walk(**{**SETTLED.model_dump(), "exact_iterations": 301})
