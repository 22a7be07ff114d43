"""What Python workers do with blocks: Arrow in and out, arrays as little-endian bytes; no pyspark.

A block is a set of accounts, sorted by id; an account's position in it is its number. A key of 64 bits stands for an id
in edges (PACKED, SPREAD, AIMED), and says by its remainder in which block that is. A row of CELLS holds the edges from
one block into another, a row of STATE what one block knows of its accounts.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

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
# of a row: 1.5 MB. Parquet looks at the size of what it writes every hundred rows, and Spark reads many at once
GATHERED_EDGES = 1 << 16
RANK = {"graph": TEXT, "account_id": TEXT, "rank": NUMBER}
NAMED = pa.schema(RANK)
WHOLE = pa.schema({**RANK, "iterations": COUNT, "residual": NUMBER})
SUMS = ("prior_weight", "started", "missing")
LAID = pa.schema(
    {
        "graph": TEXT,
        "block": COUNT,
        "account_ids": pa.list_(TEXT),
        "keys": BYTES,
        "has_equal_keys": pa.bool_(),
        "prior_weights": BYTES,
        "start": BYTES,
        **dict.fromkeys(SUMS, NUMBER),
    }
)
GRID = {"graph": TEXT, "source_block": COUNT, "target_block": COUNT}
EDGE = ("source_key", "target_key", "weight")
ARRAYS = {"source_keys": "<i8", "target_keys": "<i8", "weights": "<f8"}  # of many edges
PACKED = pa.schema({"graph": TEXT, **dict.fromkeys(ARRAYS, BYTES)})
SPREAD = pa.schema({"graph": TEXT, "target_block": COUNT, **dict.fromkeys(ARRAYS, BYTES)})
AIMED = pa.schema({**GRID, "source_keys": BYTES, "targets": BYTES, "weights": BYTES})
CELLS = pa.schema({**GRID, "sources": BYTES, "targets": BYTES, "shares": BYTES, "senders": BYTES})
FLOWS = pa.schema({**GRID, "flow": BYTES})
STATE = pa.schema(
    {"graph": TEXT, "block": COUNT, "prior": BYTES, "rank": BYTES, "senders": BYTES, "sent": NUMBER, "residual": NUMBER}
)


def rank_whole(
    accounts: pa.Table, edges: pa.Table, *, damping: float, tolerance_l1: float | None, limit: int
) -> pa.Table:
    """A graph of one block, with its edges (PACKED), to its ranks (WHOLE); iterations and residual in its first row.

    Where keys of two accounts are equal there are no ranks: one row without an account.
    """
    accounts = _by_id(accounts)
    keys = accounts["key"].combine_chunks()
    if _has_equal(keys):
        return pa.Table.from_pylist([_first(accounts, "graph")], WHOLE)
    prior_weights, start = _numbers(accounts)
    source_keys, target_keys, weights = (_joined(edges[name], kind) for name, kind in ARRAYS.items())
    sources, targets = (_positions_of(pa.array(ends), keys) for ends in (source_keys, target_keys))
    cells = pack(sources, np.zeros_like(sources), targets, weights)
    prior, rank = begin(prior_weights, start, Totals.of([begin_sums(prior_weights, start)]))
    rank, iterations, residual = walk_whole(rank, prior, cells, damping=damping, tolerance_l1=tolerance_l1, limit=limit)
    others = [None] * (len(keys) - 1)
    columns = [accounts["graph"], accounts["account_id"], rank, [iterations, *others], [residual, *others]]
    return pa.table(columns, schema=WHOLE)


def lay_accounts(accounts: pa.Table) -> pa.Table:
    """The accounts of one block in one row (LAID); `keys` stand for their ids if no two of them are equal."""
    accounts = _by_id(accounts)
    prior_weights, start = _numbers(accounts)
    keys = accounts["key"].combine_chunks()
    row = {
        **_first(accounts, "graph", "block"),
        "account_ids": accounts["account_id"].to_pylist(),
        "keys": np.asarray(keys, dtype="<i8").tobytes(),
        "has_equal_keys": _has_equal(keys),
        "prior_weights": prior_weights.tobytes(),
        "start": start.tobytes(),
        **dict(zip(SUMS, begin_sums(prior_weights, start), strict=True)),
    }
    return pa.Table.from_pylist([row], LAID)


def gather_edges(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Edges (EDGE) as arrays, a row for many that are alike in all other columns (PACKED: in their graph).

    So what is kept and moved is a few large rows.
    """
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= GATHERED_EDGES:
            yield _gather(held)
            held, count = [], 0
    if count:
        yield _gather(held)


def _gather(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    edges = pa.Table.from_batches(batches).combine_chunks()
    groups = edges.drop_columns(list(EDGE))
    numbers = np.zeros(len(edges), dtype=np.int64)
    for column in groups.columns:
        encoded = pc.dictionary_encode(column.combine_chunks())
        numbers = numbers * len(encoded.dictionary) + np.asarray(encoded.indices)
    of_edges = zip(ARRAYS.items(), EDGE, strict=True)
    columns = {name: np.asarray(edges[column], dtype=kind) for (name, kind), column in of_edges}
    firsts, pieces = zip(*_pieces(numbers, columns), strict=True)
    found = groups.take(pa.array(firsts))
    for name in ARRAYS:
        found = found.append_column(name, pa.array([piece[name] for piece in pieces], BYTES))
    (batch,) = found.combine_chunks().to_batches()
    return batch


def spread_edges(batches: Iterable[pa.RecordBatch], *, blocks: Mapping[str, int]) -> Iterator[pa.RecordBatch]:
    """Edges of graphs of so many blocks (PACKED) by the block of their target (SPREAD)."""
    for row in _rows(batches):
        graph = row["graph"].as_py()
        columns = {name: np.frombuffer(row[name].as_buffer(), kind) for name, kind in ARRAYS.items()}
        target_blocks = columns["target_keys"] % blocks[graph]
        rows = [
            {"graph": graph, "target_block": int(target_blocks[first]), **piece}
            for first, piece in _pieces(target_blocks, columns)
        ]
        yield pa.RecordBatch.from_pylist(rows, SPREAD)


def aim_edges(edges: pa.Table, accounts: pa.Table, *, blocks: Mapping[str, int]) -> pa.Table:
    """The in-edges (SPREAD) of one block (LAID) with its positions, a row a source block (AIMED)."""
    if not len(edges):
        return AIMED.empty_table()
    source_keys, target_keys, weights = (_joined(edges[name], kind) for name, kind in ARRAYS.items())
    targets = _positions_of(pa.array(target_keys), _keys(accounts))
    source_blocks = source_keys % blocks[edges["graph"][0].as_py()]
    columns = {"source_keys": source_keys, "targets": targets.astype("<i4"), "weights": weights}
    rows = [
        {**_first(edges, "graph", "target_block"), "source_block": int(source_blocks[first]), **piece}
        for first, piece in _pieces(source_blocks, columns)
    ]
    return pa.Table.from_pylist(rows, AIMED)


def lay_edges(edges: pa.Table, accounts: pa.Table) -> pa.Table:
    """The out-edges (AIMED) of one block (LAID), a row a target block (CELLS); the first names who has out-edges."""
    if not len(edges):
        return CELLS.empty_table()
    sources = _positions_of(pa.array(_joined(edges["source_keys"], "<i8")), _keys(accounts))
    targets, weights = _joined(edges["targets"], "<i4"), _joined(edges["weights"], "<f8")
    counts = [len(piece.as_buffer()) // weights.itemsize for piece in edges["weights"]]
    target_blocks = np.repeat(np.asarray(edges["target_block"], dtype=np.int64), counts)
    cells = pack(sources, target_blocks, targets.astype(np.int64), weights)
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


def _by_id(accounts: pa.Table) -> pa.Table:
    """The same accounts in the order of their ids."""
    accounts = accounts.sort_by("account_id").combine_chunks()
    ids = accounts["account_id"].combine_chunks()
    expected = "an account once in a graph, in accounts and in start; one of accounts for each end of an edge"
    is_other = pc.fill_null(pc.not_equal(ids[1:], ids[:-1]), False)
    keep("accounts.account_id", expected, [len(ids) > 0, *is_other.to_pylist()])
    return accounts


def _numbers(accounts: pa.Table) -> tuple[Floats, Floats]:
    """Prior weights of accounts and their start ranks (nan: none)."""
    return _floats(accounts["prior_weight"]), _floats(accounts["start"])


def _positions_of(ends: pa.Array, known: pa.Array) -> Integers:
    """Where these keys of edges' ends stand among those of the accounts, each of them one."""
    positions = pc.index_in(ends, known)  # of a million known ones a tenth of searching them in order
    keep("edges", "ends that are accounts of the graph", np.asarray(pc.is_valid(positions), dtype=bool))
    return np.asarray(positions, dtype=np.int64)


def _keys(accounts: pa.Table) -> pa.Array:
    """What stands for the ids of a block (LAID) in its edges."""
    return pa.array(_joined(accounts["keys"], "<i8"))


def _has_equal(keys: pa.Array) -> bool:
    return bool(pc.count_distinct(keys).as_py() < len(keys))


def _pieces(numbers: Integers, columns: Mapping[str, NDArray[Any]]) -> Iterator[tuple[int, dict[str, bytes]]]:
    """The columns cut by equal numbers of at least 0: where the first of a piece stands, and its bytes by column."""
    order = np.argsort(numbers, kind="stable")
    ordered = {name: values[order] for name, values in columns.items()}
    for low, high in itertools.pairwise([*np.flatnonzero(np.diff(numbers[order], prepend=-1)), len(order)]):
        yield int(order[low]), {name: values[low:high].tobytes() for name, values in ordered.items()}


def _joined(pieces: pa.ChunkedArray, kind: str) -> NDArray[Any]:
    """Arrays of numbers from many rows, one after the other."""
    return np.concatenate([np.empty(0, kind), *(np.frombuffer(piece.as_buffer(), kind) for piece in pieces)])


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
