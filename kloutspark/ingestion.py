"""Files of others into the input tables: read by an adapter, judged, appended once, on record in `runs`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pyspark.sql import functions as F

from kloutspark.config import Config
from kloutspark.domain.contracts import INTERACTIONS, QUARANTINE
from kloutspark.domain.errors import InputError, unknown_key
from kloutspark.sources.adapters import ADAPTERS
from kloutspark.sources.delivery import RAW, REASON, Delivery
from kloutspark.sources.reading import said_plainly
from kloutspark.storage import manifest
from kloutspark.storage.lock import run_lock
from kloutspark.storage.session import settled
from kloutspark.storage.tables import Tables
from kloutspark.transforms.conform import conform


@dataclass(frozen=True)
class Ingested:
    """What became of one delivered file."""

    path: str
    table: str
    read: int
    added: int
    identical: int
    quarantined: dict[str, int]
    unused_columns: tuple[str, ...]


def ingest(
    tables: Tables,
    config: Config,
    *,
    adapter: str,
    network: str | None,
    table: str | None,
    paths: Sequence[str],
    run_id: str,
    started_at: datetime,
) -> list[Ingested]:
    """Brings files of others into the input tables; what stands there already is skipped and counted.

    Raises:
        ConfigError: the adapter, the network or the table is unknown, or they do not go together.
        InputError: a file is missing, empty, damaged, or lacks a column; nothing of it was written.
    """
    if adapter not in ADAPTERS:
        raise unknown_key("ADAPTER", adapter, sorted(ADAPTERS))
    page = None if network is None else config.network(network)
    results: list[Ingested] = []
    with run_lock(tables.root):
        try:
            for path in paths:
                with said_plainly(path):
                    read = ADAPTERS[adapter](tables.spark, [path], network=page, table=table, started_at=started_at)
                    results += [_ingest(tables, found, path=path, network=network, run_id=run_id) for found in read]
        finally:  # files before a faulty one are in: the run that brought them is on record
            if results:
                summary = json.dumps([asdict(result) for result in results])
                manifest.record_ingest(
                    tables, run_id=run_id, started_at=started_at, fingerprint=config.fingerprint, summary=summary
                )
    return results


def _ingest(tables: Tables, delivery: Delivery, *, path: str, network: str | None, run_id: str) -> Ingested:
    contract = delivery.contract
    with settled(delivery.rows) as rows:
        reasons = {r[REASON]: r["count"] for r in rows.groupBy(REASON).count().collect()}
        if not (read := sum(reasons.values())):
            raise InputError(path, expected="rows", found="none", remedy="Deliver the file again; nothing was written.")
        tables.ensure(QUARANTINE)
        tables.ensure(contract, network)
        good = rows.where(F.col(REASON).isNull()).select(*[c.name for c in contract.written])
        if contract is INTERACTIONS:
            added = tables.append_new(good, contract, network, content=delivery.content, moment="occurred_at")
        else:
            added = tables.upsert(good, contract, network)
        if quarantined := {reason: n for reason, n in reasons.items() if reason is not None}:
            refused = rows.where(F.col(REASON).isNotNull()).select(
                F.lit(run_id).alias("run_id"),
                F.lit(network).cast("string").alias("network"),
                F.lit(contract.name.rpartition(".")[2]).alias("table"),
                F.col(REASON).alias("reason"),
                F.col(RAW).alias("row"),
            )
            tables.append(conform(refused, QUARANTINE), QUARANTINE)
    identical = reasons.get(None, 0) - added
    return Ingested(path, contract.path(network), read, added, identical, quarantined, delivery.unused_columns)
