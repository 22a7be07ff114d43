"""Frames that a graph iteration goes on from, cut from their lineage, for as long as a run needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Literal

from pyspark.sql import DataFrame

from kloutspark.storage.tables import Tables
from kloutspark.transforms.rank import Settle


@contextmanager
def scratch(tables: Tables, run_id: str, *, settles_in: Literal["memory", "table"]) -> Iterator[Settle]:
    """A way to settle frames: in the executors' memory, which dies with one, or as files until the block ends."""
    if settles_in == "memory":
        yield lambda frame, _: frame.localCheckpoint()
        return
    folder, numbers = f"{tables.root.rstrip('/')}/scratch/{run_id}", count()

    def settle(frame: DataFrame, name: str) -> DataFrame:
        path = f"{folder}/{next(numbers)}-{name.replace(' ', '-')}"
        frame.write.parquet(path)
        return tables.spark.read.parquet(path)

    try:
        yield settle
    finally:
        tables.remove_folder(folder)
