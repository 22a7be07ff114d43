"""The record of every finished run, one row of `runs`: what it read, what it did, at which versions."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pyspark.sql import functions as F

from kloutspark.domain.contracts import RUNS
from kloutspark.storage.tables import Pin, Tables


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Counts(_Frozen):
    """Where the input rows of a run ended, a network; the five parts add up to what was read."""

    read: int = 0
    counted: int = 0
    own: int = 0
    duplicate: int = 0
    quarantined: int = 0
    outside: int = 0

    @property
    def unaccounted(self) -> int:
        """Rows read that ended nowhere: not zero is a bug, and the gate blocks it."""
        return self.read - self.counted - self.own - self.duplicate - self.quarantined - self.outside


class Stage(_Frozen):
    """What a stage cost."""

    name: str
    seconds: float


class Manifest(_Frozen):
    """One finished run.

    `inputs` and `kept` name table paths; `modes` says per network whether tiles were built from new days only or
    again from all rows, and why; tiles know the rows from `tiles_from` on.
    """

    run_id: str
    command: Literal["score"] = "score"
    as_of: date
    status: Literal["published", "refused"]
    started_at: datetime
    fingerprint: str
    tile_fingerprint: str
    tiles_from: date
    inputs: dict[str, Pin]
    kept: dict[str, int]
    modes: dict[str, str]
    counts: dict[str, Counts]
    stages: tuple[Stage, ...]


def finish(tables: Tables, manifest: Manifest) -> None:
    """Appends the manifest: from here on the run is finished."""
    _append(
        tables,
        manifest.run_id,
        "score",
        manifest.as_of,
        manifest.status,
        manifest.started_at,
        manifest.fingerprint,
        manifest.model_dump_json(),
    )


def record_ingest(tables: Tables, *, run_id: str, started_at: datetime, fingerprint: str, summary: str) -> None:
    """Appends the row of an ingest; `summary` is JSON."""
    _append(tables, run_id, "ingest", None, "ingested", started_at, fingerprint, summary)


def last_finished(tables: Tables) -> Manifest | None:
    """The newest finished scoring run, refused ones too; None in a fresh root."""
    if not tables.exists(RUNS):
        return None
    runs = tables.read(RUNS, version=tables.version(RUNS)).where(F.col("command") == "score")
    newest = runs.select(F.max_by("manifest", F.struct("number", "run_id"))).collect()[0][0]
    return None if newest is None else Manifest.model_validate_json(newest)


def _append(
    tables: Tables,
    run_id: str,
    command: str,
    as_of: date | None,
    status: str,
    started_at: datetime,
    fingerprint: str,
    manifest: str,
) -> None:
    tables.ensure(RUNS)
    number = tables.version(RUNS) + 1  # one commit a run: rises by one each time, whatever the clock says
    row = (number, run_id, command, as_of, status, started_at, fingerprint, manifest)
    schema = ", ".join(f"{c.name} {c.type}" for c in RUNS.columns)
    tables.append(tables.spark.createDataFrame([row], schema), RUNS)
