"""Ranks: where a walk along weighted edges spends its time, and whether it settled (DESIGN.md section 4, Graph)."""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import BinaryType, StructField, StructType

from kloutspark.config import Walk
from kloutspark.domain.contracts import RANKS
from kloutspark.domain.errors import ConfigError
from kloutspark.transforms import rank_blocks
from kloutspark.transforms.conform import conform
from kloutspark.transforms.rank_kernel import Totals

# computes a frame, cuts it from its lineage, and gives it back; the name tells one frame of a run from the others
Settle = Callable[[DataFrame, str], DataFrame]
# edges of all graphs as arrays (rank_blocks.PACKED) of whole numbers that stand for ids, by the seed of these keys
Packed = Callable[[int], DataFrame]


@dataclass(frozen=True)
class GraphRun:
    """How the ranks of one graph came about; whether that will do, the gate judges."""

    graph: str
    accounts: int
    blocks: int
    iterations: int
    residual_l1: float  # sum of |rank' - rank| over all accounts in the last iteration
    converged: bool


@dataclass(frozen=True)
class Ranked:
    """Ranks of all graphs (RANKS) and a record of each, by its name."""

    ranks: DataFrame
    runs: tuple[GraphRun, ...]


def iterate_ranks(
    edges: Packed, accounts: DataFrame, start: DataFrame | None, *, as_of: date, walk: Walk, settle: Settle
) -> Ranked:
    """Where a walk from sources to targets spends its time, in each graph for itself; ranks of a graph sum to 1.

        rank'(v) = d * inflow(v) + (1 - d * sum(inflow)) * prior(v)
        inflow(v) = sum over u of rank(u) * share(u, v);    residual = sum of |rank' - rank|

    So what d holds back and what dangling accounts keep returns to the prior. `edges` gives what `pack_edges` makes of
    edges: parallel ones are summed, one from an account to itself counts, one of weight 0 does not.
    `accounts` has graph, account_id and prior_weight above 0: a prior is its share in the graph. `start` has graph,
    account_id and rank, made to sum to 1 again: who is missing there starts at the prior, who left is ignored.

    A graph that fits one block is iterated within one Spark job, together with all others that do; larger ones take a
    job an iteration. Both do the same arithmetic, and its order is fixed: ranks depend on `walk`, not on partitions.
    Edges are read once for graphs of one block and once for larger ones, and again where two accounts of a graph have
    the same key; `accounts` are read several times: settle them before.

    Raises:
        ConfigError: a start is given although `walk` asks for exact iterations, which start at the prior.
        ContractError: a number out of its bounds, an end of an edge that is no account, an account twice in a graph; a
            worker raises it, so that a PythonException carries it.
    """
    if start is not None and walk.exact_iterations is not None:
        where, expected = "walk.exact_iterations", "no start ranks: these begin at the prior"
        raise ConfigError(where, expected=expected, found="some", remedy="Leave one of the two away.")
    sizes = {row["graph"]: row["count"] for row in accounts.groupBy("graph").count().collect()}
    blocks = {graph: walk.blocks(sizes[graph]) for graph in sorted(sizes)}
    in_blocks = {graph: n for graph, n in blocks.items() if n > 1}
    started = _with_start(accounts, start)
    is_large = F.col("graph").isin(*in_blocks)
    parts = []
    if in_blocks:
        accounts = started.where(is_large)
        parts.append(
            iterate_in_blocks(
                lambda seed: edges(seed).where(is_large), accounts, blocks=in_blocks, walk=walk, settle=settle
            )
        )
    if not in_blocks or len(in_blocks) < len(blocks):
        accounts = started.where(~is_large)
        parts.append(iterate_whole(lambda seed: edges(seed).where(~is_large), accounts, walk=walk, settle=settle))
    whole = reduce(DataFrame.unionByName, (ranks for ranks, _ in parts))
    reached = {graph: ends for _, of_graphs in parts for graph, ends in of_graphs.items()}
    runs = [
        GraphRun(graph, sizes[graph], blocks[graph], *reached[graph], converged=reached[graph][1] <= walk.tolerance_l1)
        for graph in blocks
    ]
    return Ranked(conform(whole.withColumn("as_of", F.lit(as_of)), RANKS), tuple(runs))


def pack_edges(edges: DataFrame, seed: int = 0) -> DataFrame:
    """Edges (source_id, target_id, weight of at least 0) as arrays, a row for many that are alike in the other columns.

    Of edges with a graph: rank_blocks.PACKED. A row takes 24 bytes an edge.
    """
    others = [field for field in edges.schema if field.name not in ("source_id", "target_id", "weight")]
    keys = [key(F.col(f"{end}_id"), seed).alias(f"{end}_key") for end in ("source", "target")]
    keyed = edges.select(*[field.name for field in others], *keys, F.col("weight").cast("double").alias("weight"))
    arrays = [StructField(name, BinaryType()) for name in rank_blocks.ARRAYS]
    return keyed.mapInArrow(lambda batches: rank_blocks.gather_edges(batches), StructType([*others, *arrays]))


def key(account: Column, seed: int) -> Column:
    """What stands for an id in the edges.

    Of 750 million accounts two have the same key once in 65 graphs: n ** 2 / 2 ** 65. Ids can be made to have the same
    xxhash64, whatever number it starts from, so keys of later seeds go through SHA-256.
    """
    return F.xxhash64(F.sha2(F.concat(F.lit(f"{seed}:"), account), 256)) if seed else F.xxhash64(account)


def iterate_whole(
    edges: Packed, accounts: DataFrame, *, walk: Walk, settle: Settle
) -> tuple[DataFrame, dict[str, tuple[int, float]]]:
    """Graphs that are one block each: graph, account_id, rank; and iterations and residual by graph.

    `accounts` has graph, account_id, prior_weight and start, null for who starts at the prior.
    """
    damping, tolerance_l1, limit = walk.damping, walk.stops_at, walk.limit
    for seed in itertools.count():
        keyed = accounts.withColumn("key", key(F.col("account_id"), seed))
        ranked = (
            keyed.groupBy("graph")
            .cogroup(edges(seed).groupBy("graph"))
            .applyInArrow(
                lambda accounts, edges: rank_blocks.rank_whole(
                    accounts, edges, damping=damping, tolerance_l1=tolerance_l1, limit=limit
                ),
                from_arrow_schema(rank_blocks.WHOLE),
            )
        )
        settled = settle(ranked, "whole")
        firsts = settled.where("iterations IS NOT NULL OR account_id IS NULL").drop("rank").collect()
        if all(first["account_id"] is not None for first in firsts):
            break
    return settled.select(*rank_blocks.NAMED.names), {
        first["graph"]: (first["iterations"], first["residual"]) for first in firsts
    }


def iterate_in_blocks(
    edges: Packed, accounts: DataFrame, *, blocks: Mapping[str, int], walk: Walk, settle: Settle
) -> tuple[DataFrame, dict[str, tuple[int, float]]]:
    """The same for graphs of several blocks, in one loop; one that has settled stays as it is until the last one has.

    Edges are laid out once and never move again; ranks of blocks are sent to them, and what they carry is sent on.
    """
    laid, seed, totals = _lay_accounts(accounts, blocks, settle)
    cells = settle(_lay_edges(edges(seed), laid, blocks), "edges")
    state = settle(_begin(laid, cells, totals), "start")
    sent, _ = _sums(state)
    reached: dict[str, tuple[int, float]] = {}
    for iteration in range(1, walk.limit + 1):
        moving = {graph: sent[graph] for graph in blocks if graph not in reached}
        # the new state is computed before the old one can be released
        state = settle(_step(state, cells, damping=walk.damping, sent=moving), f"iteration {iteration}")
        sent, residuals = _sums(state)
        is_last = iteration == walk.limit
        for graph in moving:
            if is_last or (walk.stops_at is not None and residuals[graph] <= walk.stops_at):
                reached[graph] = (iteration, residuals[graph])
        if len(reached) == len(blocks):
            break
    ranks = state.select("graph", "block", "rank").join(laid, ["graph", "block"])
    return ranks.mapInArrow(rank_blocks.name_ranks, from_arrow_schema(rank_blocks.NAMED)), reached


def _with_start(accounts: DataFrame, start: DataFrame | None) -> DataFrame:
    columns = ["graph", "account_id", "prior_weight"]
    if start is None:
        return accounts.select(*columns, F.lit(None).cast("double").alias("start"))
    before = start.select("graph", "account_id", F.col("rank").alias("start"))
    return accounts.select(*columns).join(before, ["account_id", "graph"], how="left")


def _lay_accounts(
    accounts: DataFrame, blocks: Mapping[str, int], settle: Settle
) -> tuple[DataFrame, int, Mapping[str, Totals]]:
    """Accounts in blocks, settled; the first seed by which all keys of a block differ; what numbers are divided by."""
    number = F.coalesce(*[F.when(F.col("graph") == graph, F.lit(n)) for graph, n in blocks.items()])
    for seed in itertools.count():
        keyed = accounts.withColumn("key", key(F.col("account_id"), seed))
        grouped = keyed.withColumn("block", F.pmod("key", number).cast("int")).groupBy("graph", "block")
        laid = settle(
            grouped.applyInArrow(
                lambda accounts: rank_blocks.lay_accounts(accounts), from_arrow_schema(rank_blocks.LAID)
            ),
            "accounts",
        )
        rows = laid.select("graph", "has_equal_keys", *rank_blocks.SUMS).collect()
        if not any(row["has_equal_keys"] for row in rows):
            break
    sums = defaultdict[str, list[tuple[float, float, float]]](list)
    for row in rows:
        sums[row["graph"]].append((row["prior_weight"], row["started"], row["missing"]))
    return laid, seed, {graph: Totals.of(of_blocks) for graph, of_blocks in sums.items()}


def _lay_edges(edges: DataFrame, laid: DataFrame, blocks: Mapping[str, int]) -> DataFrame:
    """Edges as cells. Their ends are found by keys, in the blocks that these belong to: no row is joined to a row.

    Edges move twice, many in one row: to the block of their target and to that of their source.
    """
    spread = edges.mapInArrow(
        lambda batches: rank_blocks.spread_edges(batches, blocks=blocks), from_arrow_schema(rank_blocks.SPREAD)
    )
    accounts = laid.select("graph", "block", "keys").groupBy("graph", "block")
    aimed = (
        spread.groupBy("graph", "target_block")
        .cogroup(accounts)
        .applyInArrow(
            lambda edges, accounts: rank_blocks.aim_edges(edges, accounts, blocks=blocks),
            from_arrow_schema(rank_blocks.AIMED),
        )
    )
    return (
        aimed.groupBy("graph", "source_block")
        .cogroup(accounts)
        .applyInArrow(
            lambda edges, accounts: rank_blocks.lay_edges(edges, accounts), from_arrow_schema(rank_blocks.CELLS)
        )
    )


def _begin(laid: DataFrame, cells: DataFrame, totals: Mapping[str, Totals]) -> DataFrame:
    sending = cells.where(F.col("senders").isNotNull())
    blocks = laid.drop("account_ids", "keys", "has_equal_keys").join(
        sending.select("graph", F.col("source_block").alias("block"), "senders"), ["graph", "block"], how="left"
    )
    return blocks.mapInArrow(
        lambda batches: rank_blocks.begin_blocks(batches, totals=totals), from_arrow_schema(rank_blocks.STATE)
    )


def _step(state: DataFrame, cells: DataFrame, *, damping: float, sent: Mapping[str, float]) -> DataFrame:
    """The next state of all blocks; ranks take 8 bytes an account, so that they go to the edges."""
    ranks = state.select("graph", F.col("block").alias("source_block"), "rank")
    moving = cells.where(F.col("graph").isin(*sent)).drop("senders")
    fed = moving.join(F.broadcast(ranks), ["graph", "source_block"])
    flows = fed.mapInArrow(rank_blocks.push_cells, from_arrow_schema(rank_blocks.FLOWS))
    both = state.groupBy("graph", "block").cogroup(flows.groupBy("graph", "target_block"))
    return both.applyInArrow(
        lambda state, flows: rank_blocks.step_block(state, flows, damping=damping, sent=sent),
        from_arrow_schema(rank_blocks.STATE),
    )


def _sums(state: DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """What each graph's blocks send, and their residuals, exactly rounded: the order does not matter."""
    sent, residuals = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for graph, of_block, residual in state.select("graph", "sent", "residual").collect():
        sent[graph].append(of_block)
        residuals[graph].append(residual)
    return {g: math.fsum(of) for g, of in sent.items()}, {g: math.fsum(of) for g, of in residuals.items()}
