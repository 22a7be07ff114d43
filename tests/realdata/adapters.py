"""Runs of `ingest` on real files as a user has them, and the rows that came out."""

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from kloutspark.cli import exit_code
from kloutspark.config import load
from kloutspark.domain.contracts import TableContract
from kloutspark.storage.tables import Tables
from tests.lab import CHEAP_SMALL_PLANS, set_options

SETS = set_options(*CHEAP_SMALL_PLANS)


def ingested(root: Path, adapter: str, network: str, *paths: Path, settings: tuple[str, ...] = ()) -> dict[str, Any]:
    """The reports of one `kloutspark ingest`, by `<file or folder> <table>`."""
    sets = [*SETS, *set_options(*settings)]
    argv = ["ingest", adapter, "--network", network, "--json", "--root", str(root), *sets, *map(str, paths)]
    with redirect_stdout(StringIO()) as printed:
        assert exit_code(argv) == 0
    return {f"{Path(r['path']).name} {Path(r['table']).name}": r for r in json.loads(printed.getvalue())}


def table(spark: SparkSession, root: Path, contract: TableContract, network: str | None = None) -> DataFrame:
    """An input table as it stands."""
    tables = Tables(spark, str(root), load().tables)
    return tables.read(contract, version=tables.version(contract, network), network=network)
