"""Ranks: the two ways against a plain oracle, against each other, and to the bit under other layouts of their input."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Walk
from kloutspark.domain.contracts import RANKS
from kloutspark.domain.errors import ConfigError, ContractError
from kloutspark.transforms.rank import Ranked, iterate_in_blocks, iterate_ranks, iterate_whole
from kloutspark.transforms.rank_kernel import Totals, pack
from tests import rank_oracle
from tests.rank_oracle import Edge

AS_OF = date(2026, 3, 1)
SETTLED = Walk(
    damping=0.85, tolerance_l1=1e-9, max_iterations=300, block_accounts=1_000, why="an example for the tests of ranks"
)
CUT_SHORT = SETTLED.model_copy(update={"max_iterations": 2, "block_accounts": 2})
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


def cut(frame: DataFrame, name: str) -> DataFrame:
    assert name
    return frame.localCheckpoint()


def edges_of(spark: SparkSession, world: dict[str, Graph]) -> DataFrame:
    rows = [(name, *edge) for name, graph in world.items() for edge in graph.edges]
    return spark.createDataFrame(rows, "graph string, source_id string, target_id string, weight double")


def accounts_of(spark: SparkSession, world: dict[str, Graph]) -> DataFrame:
    rows = [(name, account, float(prior)) for name, graph in world.items() for account, prior in graph.priors.items()]
    return spark.createDataFrame(rows, f"{ROWS}, prior_weight double")


def ranked(spark: SparkSession, world: dict[str, Graph], walk: Walk, start: DataFrame | None = None) -> Ranked:
    return iterate_ranks(edges_of(spark, world), accounts_of(spark, world), start, as_of=AS_OF, walk=walk, settle=cut)


def by_graph(ranks: DataFrame) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in ranks.collect():
        of_graph = found.setdefault(row["graph"], {})
        assert row["account_id"] not in of_graph
        of_graph[row["account_id"]] = row["rank"]
    return found


@given(st.lists(graphs(), min_size=12, max_size=12))
@settings(
    max_examples=2,  # the first is the simplest that there is; each has twelve graphs
    deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@pytest.mark.parametrize("walk", [SETTLED, CUT_SHORT], ids=["one block", "many blocks, cut short"])
def test_ranks_agree_with_the_oracle(spark: SparkSession, walk: Walk, drawn: list[Graph]) -> None:
    world = {f"g{n}": graph for n, graph in enumerate(drawn)}
    result = ranked(spark, world, walk)
    found = by_graph(result.ranks)
    assert [run.graph for run in result.runs] == sorted(world)
    for run in result.runs:
        graph = world[run.graph]
        expected, iterations, residual = rank_oracle.rank(
            graph.edges, graph.priors, damping=walk.damping, tolerance_l1=walk.tolerance_l1, limit=walk.limit
        )
        assert found[run.graph] == pytest.approx(expected, abs=1e-13)
        assert sum(found[run.graph].values()) == pytest.approx(1, abs=1e-13)
        assert (run.accounts, run.blocks) == (len(graph.priors), -(-len(graph.priors) // walk.block_accounts))
        assert (run.iterations, run.residual_l1) == (iterations, pytest.approx(residual, abs=1e-13))
        assert run.converged == (residual <= walk.tolerance_l1)


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


@pytest.mark.parametrize("block_accounts", [1_000, 12], ids=["one block", "many blocks"])
def test_ranks_are_equal_to_the_bit_however_rows_come_in(spark: SparkSession, block_accounts: int) -> None:
    world = {f"g{n}": random_graph(20 + 20 * n, 300, seed=n) for n in (0, 2)}
    walk = SETTLED.model_copy(update={"block_accounts": block_accounts, "max_iterations": 2})
    edges, accounts = edges_of(spark, world), accounts_of(spark, world)
    start = accounts.select("graph", "account_id", F.col("prior_weight").alias("rank")).where("rank < 0.9")
    with shuffled(spark, 2):
        first = iterate_ranks(edges, accounts, start, as_of=AS_OF, walk=walk, settle=cut)
    mixed = [frame.repartition(7).orderBy(F.rand(seed=5)) for frame in (edges, accounts, start)]
    with shuffled(spark, 5):
        second = iterate_ranks(mixed[0], mixed[1], mixed[2].coalesce(1), as_of=AS_OF, walk=walk, settle=cut)
    assert max(run.blocks for run in first.runs) == (1 if block_accounts == 1_000 else 5)
    assert by_graph(first.ranks) == by_graph(second.ranks)
    assert first.runs == second.runs


def test_both_ways_are_equal_to_the_bit_on_one_block(spark: SparkSession) -> None:
    world = {"g": random_graph(40, 300, seed=7)}
    edges = edges_of(spark, world)
    accounts = accounts_of(spark, world).withColumn("start", F.lit(None).cast("double"))
    walk = SETTLED.model_copy(update={"exact_iterations": 2})
    whole, reached = iterate_whole(edges, accounts, walk=walk, settle=cut)
    looped, reached_too = iterate_in_blocks(edges, accounts, blocks={"g": 1}, walk=walk, settle=cut)
    assert by_graph(whole) == by_graph(looped)
    assert reached == reached_too
    assert reached["g"][0] == 2


def test_a_graph_that_has_settled_stays_while_others_move(spark: SparkSession) -> None:
    walk = SETTLED.model_copy(update={"damping": 0.3, "tolerance_l1": 0.01, "block_accounts": 2})
    quick = Graph([("a", "b", 1.0), ("b", "c", 1.0), ("c", "a", 1.0)], {"a": 1, "b": 1, "c": 1})
    slow = Graph([("a", "b", 1.0), ("b", "a", 1.0)], {"a": 100, "b": 1, "c": 1})
    together = ranked(spark, {"quick": quick, "slow": slow}, walk)
    assert [(run.graph, run.iterations, run.converged) for run in together.runs] == [
        ("quick", 1, True),
        ("slow", 5, True),
    ]
    alone = ranked(spark, {"quick": quick}, walk)
    assert by_graph(together.ranks)["quick"] == by_graph(alone.ranks)["quick"]


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
        iterate_ranks(edges_of(spark, {}), accounts.unionByName(accounts), None, as_of=AS_OF, walk=SETTLED, settle=cut)


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
