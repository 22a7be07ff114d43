"""Files of others into the input tables: read by an adapter, judged, appended once, on record in `runs`."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Config
from kloutspark.domain.contracts import INTERACTIONS, QUARANTINE
from kloutspark.domain.errors import InputError, unknown_key
from kloutspark.sources.adapters import ADAPTERS
from kloutspark.sources.delivery import NOT_USED, RAW, REASON, Delivery
from kloutspark.sources.reading import said_plainly
from kloutspark.storage import manifest
from kloutspark.storage.lock import run_lock
from kloutspark.storage.session import settled
from kloutspark.storage.tables import Tables
from kloutspark.transforms.conform import conform


@dataclass(frozen=True)
class Ingested:
    """What became of a delivered file's rows for one table; `not_used` are of no use to it, by what they are."""

    path: str
    table: str
    read: int
    added: int
    identical: int
    quarantined: dict[str, int]
    not_used: dict[str, int]
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
                with said_plainly(path), ExitStack() as kept:
                    read = ADAPTERS[adapter](
                        tables.spark, [path], name=network, network=page, table=table, started_at=started_at
                    )
                    counted = [(found, *_counted(found, kept)) for found in read]  # all are read before one is written
                    if not any(reasons for _, _, reasons in counted):
                        remedy = "Deliver the file again; nothing was written."
                        raise InputError(path, expected="rows", found="none", remedy=remedy)
                    results += [
                        _write(tables, *one, path=path, network=network, run_id=run_id) for one in counted if one[2]
                    ]
        finally:  # files before a faulty one are in: the run that brought them is on record
            if results:
                summary = json.dumps([asdict(result) for result in results])
                manifest.record_ingest(
                    tables, run_id=run_id, started_at=started_at, fingerprint=config.fingerprint, summary=summary
                )
    return results


def _counted(delivery: Delivery, kept: ExitStack) -> tuple[DataFrame, dict[str | None, int]]:
    """The rows, computed once until `kept` ends, and how many there are by REASON, None for those that are good."""
    rows = kept.enter_context(settled(delivery.rows))
    return rows, {r[REASON]: r["count"] for r in rows.groupBy(REASON).count().collect()}


def _write(
    tables: Tables,
    delivery: Delivery,
    rows: DataFrame,
    reasons: dict[str | None, int],
    *,
    path: str,
    network: str | None,
    run_id: str,
) -> Ingested:
    contract, reason = delivery.contract, F.col(REASON)
    tables.ensure(QUARANTINE)
    tables.ensure(contract, network)
    good = rows.where(reason.isNull()).select(*[c.name for c in contract.written])
    if contract is INTERACTIONS:
        added = tables.append_new(good, contract, network, content=delivery.content, moment="occurred_at")
    else:
        added = tables.upsert(good, contract, network)
    faults = {text: n for text, n in reasons.items() if text is not None}
    not_used = {text.removeprefix(NOT_USED): n for text, n in faults.items() if text.startswith(NOT_USED)}
    if quarantined := {text: n for text, n in faults.items() if not text.startswith(NOT_USED)}:
        refused = rows.where(~reason.startswith(NOT_USED)).select(
            F.lit(run_id).alias("run_id"),
            F.lit(network).cast("string").alias("network"),
            F.lit(contract.name.rpartition(".")[2]).alias("table"),
            reason.alias("reason"),
            F.col(RAW).alias("row"),
        )
        tables.append(conform(refused, QUARANTINE), QUARANTINE)
    return Ingested(
        path,
        contract.path(network),
        read=sum(reasons.values()),
        added=added,
        identical=reasons.get(None, 0) - added,
        quarantined=quarantined,
        not_used=not_used,
        unused_columns=delivery.unused_columns,
    )
