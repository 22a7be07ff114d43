"""What Python workers do with blocks: Arrow in and out, arrays as little-endian bytes; no pyspark.

A block is a set of accounts, sorted by id; an account's position in it is its number. A row of CELLS holds the edges
from one block into another, a row of STATE what one block knows of its accounts.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kloutspark.transforms.rank_kernel import (
    Cell,
    Floats,
    Integers,
    Totals,
    begin,
    begin_sums,
    keep,
    pack,
    push,
    senders,
    step,
    walk_whole,
)

TEXT, COUNT, NUMBER, BYTES = pa.string(), pa.int32(), pa.float64(), pa.binary()
RANK = {"graph": TEXT, "account_id": TEXT, "rank": NUMBER}
NAMED = pa.schema(RANK)
WHOLE = pa.schema({**RANK, "iterations": COUNT, "residual": NUMBER})
SUMS = ("prior_weight", "started", "missing")
LAID = pa.schema(
    {
        "graph": TEXT,
        "block": COUNT,
        "account_ids": pa.list_(TEXT),
        "prior_weights": BYTES,
        "start": BYTES,
        **dict.fromkeys(SUMS, NUMBER),
    }
)
GRID = {"graph": TEXT, "source_block": COUNT, "target_block": COUNT}
CELLS = pa.schema({**GRID, "sources": BYTES, "targets": BYTES, "shares": BYTES, "senders": BYTES})
FLOWS = pa.schema({**GRID, "flow": BYTES})
STATE = pa.schema(
    {"graph": TEXT, "block": COUNT, "prior": BYTES, "rank": BYTES, "senders": BYTES, "sent": NUMBER, "residual": NUMBER}
)


def rank_whole(
    accounts: pa.Table, edges: pa.Table, *, damping: float, tolerance_l1: float | None, limit: int
) -> pa.Table:
    """A graph of one block from its rows to its ranks (WHOLE); iterations and residual stand in its first row."""
    ids, prior_weights, start = _by_id(accounts)
    positions = [pc.index_in(edges[end], ids) for end in ("source_id", "target_id")]
    sources, targets = (_ends(position) for position in positions)
    cells = pack(sources, np.zeros_like(sources), targets, _floats(edges["weight"]))
    prior, rank = begin(prior_weights, start, Totals.of([begin_sums(prior_weights, start)]))
    rank, iterations, residual = walk_whole(rank, prior, cells, damping=damping, tolerance_l1=tolerance_l1, limit=limit)
    others = [None] * (len(ids) - 1)
    columns = [accounts["graph"], ids, rank, [iterations, *others], [residual, *others]]
    return pa.table(columns, schema=WHOLE)


def lay_accounts(accounts: pa.Table) -> pa.Table:
    """The accounts of one block in one row (LAID)."""
    ids, prior_weights, start = _by_id(accounts)
    row = {
        **_first(accounts, "graph", "block"),
        "account_ids": ids.to_pylist(),
        "prior_weights": prior_weights.tobytes(),
        "start": start.tobytes(),
        **dict(zip(SUMS, begin_sums(prior_weights, start), strict=True)),
    }
    return pa.Table.from_pylist([row], LAID)


def lay_edges(edges: pa.Table) -> pa.Table:
    """The out-edges of one block, a row a target block (CELLS); the first of them names who has out-edges."""
    sources, targets, target_blocks = (_ends(edges[name]) for name in ("source", "target", "target_block"))
    cells = pack(sources, target_blocks, targets, _floats(edges["weight"]))
    sending = [_bytes(senders(cells)), *[None] * len(cells)]
    rows = [
        {
            **_first(edges, "graph", "source_block"),
            "target_block": cell.target_block,
            "sources": _bytes(cell.sources),
            "targets": _bytes(cell.targets),
            "shares": cell.shares.tobytes(),
            "senders": sent_by,
        }
        for cell, sent_by in zip(cells, sending, strict=False)
    ]
    return pa.Table.from_pylist(rows, CELLS)


def begin_blocks(batches: Iterable[pa.RecordBatch], *, totals: Mapping[str, Totals]) -> Iterator[pa.RecordBatch]:
    """The state before the first iteration (STATE), from LAID with senders, which are null where nobody is one."""
    for row in _rows(batches):
        graph = row["graph"].as_py()
        prior, rank = begin(_array(row["prior_weights"]), _array(row["start"]), totals[graph])
        sending = row["senders"].as_py() or b""
        yield _state(graph, row["block"].as_py(), prior, rank, sending, residual=math.inf)


def push_cells(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What each cell carries in one iteration (FLOWS), from CELLS with the rank of their source block."""
    for row in _rows(batches):
        cell = Cell(
            target_block=row["target_block"].as_py(),
            sources=_positions(row["sources"]),
            targets=_positions(row["targets"]),
            shares=_array(row["shares"]),
        )
        flow = {**{name: row[name].as_py() for name in GRID}, "flow": push(_array(row["rank"]), cell).tobytes()}
        yield pa.RecordBatch.from_pylist([flow], FLOWS)


def step_block(state: pa.Table, flows: pa.Table, *, damping: float, sent: Mapping[str, float]) -> pa.Table:
    """The next state of one block (STATE), from its state and its FLOWS.

    `sent` has the graphs that still move, with what all their blocks send; the others stay as they are.
    """
    (row,) = _rows(state.to_batches())
    graph = row["graph"].as_py()
    if graph not in sent:
        return state.select(STATE.names)
    in_order = flows["flow"].take(pc.sort_indices(flows["source_block"]))
    prior = _array(row["prior"])
    rank, residual = step(
        _array(row["rank"]), prior, (_array(flow) for flow in in_order), damping=damping, sent=sent[graph]
    )
    following = _state(graph, row["block"].as_py(), prior, rank, row["senders"].as_py(), residual=residual)
    return pa.Table.from_batches([following])


def name_ranks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Ranks by account (NAMED), from rows that have account_ids of LAID and rank of STATE."""
    for row in _rows(batches):
        ids = row["account_ids"].values
        graphs = pa.repeat(row["graph"], len(ids))
        yield pa.RecordBatch.from_arrays([graphs, ids, pa.array(_array(row["rank"]))], schema=NAMED)


def _by_id(accounts: pa.Table) -> tuple[pa.Array, Floats, Floats]:
    """Ids of accounts in order, their prior weights and start ranks (nan: none)."""
    accounts = accounts.sort_by("account_id")
    ids = accounts["account_id"].combine_chunks()
    expected = "an account once in a graph, in accounts and in start; one of accounts for each end of an edge"
    is_other = pc.fill_null(pc.not_equal(ids[1:], ids[:-1]), False)
    keep("accounts.account_id", expected, [len(ids) > 0, *is_other.to_pylist()])
    return ids, _floats(accounts["prior_weight"]), _floats(accounts["start"])


def _ends(positions: pa.ChunkedArray) -> Integers:
    """Positions of accounts, none of them null."""
    is_known = np.asarray(pc.is_valid(positions), dtype=bool)
    keep("edges", "ends that are accounts of the graph", is_known)
    return np.asarray(positions, dtype=np.int64)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column, dtype=np.float64)  # null becomes nan, which whoever needs a number refuses


def _bytes(positions: Integers) -> bytes:
    return positions.astype("<i4").tobytes()


def _array(content: pa.BinaryScalar) -> Floats:
    return np.frombuffer(content.as_buffer(), dtype="<f8")


def _positions(content: pa.BinaryScalar) -> Integers:
    return np.frombuffer(content.as_buffer(), dtype="<i4")


def _first(table: pa.Table, *names: str) -> dict[str, Any]:
    return {name: table[name][0].as_py() for name in names}


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """Each row as Arrow scalars, whose bytes are not copied."""
    for batch in batches:
        for place in range(batch.num_rows):
            yield {name: batch.column(name)[place] for name in batch.schema.names}


def _state(graph: str, block: int, prior: Floats, rank: Floats, sending: bytes, *, residual: float) -> pa.RecordBatch:
    sent = math.fsum(rank[np.frombuffer(sending, dtype="<i4")])
    row = [graph, block, prior.tobytes(), rank.tobytes(), sending, sent, residual]
    return pa.RecordBatch.from_pylist([dict(zip(STATE.names, row, strict=True))], STATE)
