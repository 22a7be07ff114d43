"""The record of every finished run, one row of `runs`: what it read, what it did, at which versions."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from kloutspark.domain.contracts import RUNS, TableContract
from kloutspark.domain.counts import Counts
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.storage.tables import Pin, Tables

MAINTAIN = "maintain"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(_Frozen):
    """What a stage cost; figures of Spark's tasks are None where they are not known, as in manifests of before them.

    `task_seconds` is what all tasks ran, together. Rows and bytes are read from files and from frames kept for several
    readers, whose rows count by the batch; written to files; shuffled and spilled as written to disk. The largest and
    the median task are of one Spark stage, the one whose largest task ran longest.
    """

    name: str
    seconds: float
    jobs: int | None = None
    task_seconds: float | None = None
    rows_read: int | None = None
    rows_written: int | None = None
    rows_shuffled: int | None = None
    bytes_read: int | None = None
    bytes_shuffled: int | None = None
    bytes_spilled: int | None = None
    largest_task_seconds: float | None = None
    median_task_seconds: float | None = None


class Graph(_Frozen):
    """How the ranks of one graph came about."""

    graph: str
    accounts: int
    blocks: int
    iterations: int
    residual_l1: float
    converged: bool


class Manifest(_Frozen):
    """One finished run.

    `inputs` and `kept` name table paths; `modes` says per network whether tiles were built from new days only or
    again from all rows, and why; tiles know a network's rows from its `tiles_from` on. `history_from` is the first day
    of which any run counted rows, a network; `usual_newcomers` what newcomers and known ones brought to all targets, by
    network and measure, in millionths. `held` gives, of each
    network that was waited for, the day through which it was delivered, where its windows ended. `published` are
    all days that `scores` holds at its kept version; None in manifests of before they kept them. `accepted` gives a
    person's reasons by the vital that would have refused the day. A rollback repeats the manifest that it went back
    to; maintenance repeats the last one, with what became of its versions and with `removed_before`: files that were
    replaced before that moment are removed.
    """

    run_id: str
    command: Literal["score", "rollback", "maintain"] = "score"
    as_of: date
    status: Literal["published", "refused"]
    started_at: datetime
    fingerprint: str
    tile_fingerprint: str
    tiles_from: dict[str, date]
    history_from: dict[str, date] = {}
    usual_newcomers: dict[str, dict[str, tuple[int, int]]] = {}
    inputs: dict[str, Pin]
    kept: dict[str, int]
    modes: dict[str, str]
    held: dict[str, date] = {}
    published: tuple[date, ...] | None = None
    counts: dict[str, Counts]
    ranks_from: date | None = None  # the day whose ranks these started from
    graphs: tuple[Graph, ...] = ()
    stages: tuple[Stage, ...]
    accepted: dict[str, str] = {}
    removed_before: datetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_day_for_all_networks(cls, content: Any) -> Any:
        """Manifests of before networks were held have one day for all tiles."""
        if isinstance(content, dict) and isinstance(content.get("tiles_from"), str):
            return {**content, "tiles_from": dict.fromkeys(content["modes"], content["tiles_from"])}
        return content

    def windows_end(self, network: str) -> date:
        """The day before which the windows of a network ended: as_of, or the day after its last delivered one."""
        return self.held[network] + timedelta(days=1) if network in self.held else self.as_of


def finish(tables: Tables, manifest: Manifest) -> None:
    """Appends the manifest: from here on the run is finished."""
    is_upkeep = manifest.command == MAINTAIN
    _append(
        tables,
        manifest.run_id,
        manifest.command,
        None if is_upkeep else manifest.as_of,
        "maintained" if is_upkeep else manifest.status,
        manifest.started_at,
        manifest.fingerprint,
        manifest.model_dump_json(),
    )


def record_ingest(tables: Tables, *, run_id: str, started_at: datetime, fingerprint: str, summary: str) -> None:
    """Appends the row of an ingest; `summary` is JSON."""
    _append(tables, run_id, "ingest", None, "ingested", started_at, fingerprint, summary)


def last_finished(tables: Tables) -> tuple[Manifest | None, date | None]:
    """The newest finished run, refused ones and rollbacks too, and the latest day of any; None in a fresh root."""
    if not tables.exists(RUNS):
        return None, None
    newest = F.max_by("manifest", F.struct("number", "run_id"))
    last, latest = _finished(tables).select(newest, F.max("as_of")).collect()[0]
    return None if last is None else Manifest.model_validate_json(last), latest


def newest_score(tables: Tables, as_of: date | None) -> Manifest:
    """The newest finished scoring run of a day, refused ones too; of the whole root where no day is given.

    Raises:
        InputError: there is no such run at all.
        ConfigError: none speaks for the day.
    """
    runs = _finished(tables).where("command = 'score'") if tables.exists(RUNS) else None
    days = [] if runs is None else [row[0] for row in runs.select("as_of").distinct().orderBy("as_of").collect()]
    if runs is None or not days:
        remedy = "Run kloutspark score --as-of DAY first."
        raise InputError(tables.root, expected="finished runs", found="none", remedy=remedy)
    if as_of is not None and as_of not in days:
        expected = f"a day that was scored ({days[0]} .. {days[-1]})"
        raise ConfigError("--as-of", expected=expected, found=str(as_of), remedy="kloutspark runs lists them.")
    of_day = runs if as_of is None else runs.where(F.col("as_of") == F.lit(as_of))
    return Manifest.model_validate_json(
        of_day.select(F.max_by("manifest", F.struct("number", "run_id"))).collect()[0][0]
    )


def find(tables: Tables, run: str) -> Manifest:
    """The newest finished run that published a day (an ISO date), or the run of an id; as maintenance left it.

    Raises:
        InputError: there is no finished run at all.
        ConfigError: none published that day or has that id.
    """
    finished = _in_order(tables)
    rows = [row for row in finished if row["status"] == "published"]
    if not rows:
        remedy = "Run kloutspark score --as-of DAY first."
        raise InputError(tables.root, expected="published runs", found="none", remedy=remedy)
    numbers = [row["number"] for row in rows if run in (row["run_id"], str(row["as_of"]))]
    if not numbers:
        days = ", ".join(sorted({str(row["as_of"]) for row in rows})[-10:])
        expected = f"a run's id or a day that was published ({days})"
        raise ConfigError("--to", expected=expected, found=run, remedy="kloutspark runs lists them.")
    later = [row for row in finished if row["number"] > numbers[-1]]
    upkeep = takewhile(lambda row: row["command"] == MAINTAIN, later)
    (found,) = _numbered(tables, max([numbers[-1], *[row["number"] for row in upkeep]]))
    return found


def is_kept(tables: Tables, made: Manifest, contracts: Iterable[TableContract]) -> bool:
    """Whether tables can be read as a run left them: what replaced its files did so after what was removed.

    A table that the run did not know of yet is none to be read.
    """
    finished = _in_order(tables)
    mine = max(n for n, row in enumerate(finished) if row["run_id"] == made.run_id)
    after = [row["number"] for row in finished[mine + 1 : mine + 2]]
    upkeep = [row["number"] for row in finished if row["command"] == MAINTAIN]
    removed = [found.removed_before for found in _numbered(tables, *upkeep) if found.removed_before is not None]
    if removed and any(found.started_at < max(removed) for found in _numbered(tables, *after)):
        return False
    return all(tables.has_log_of(c, made.kept[c.name]) for c in contracts if c.name in made.kept)


def _finished(tables: Tables) -> DataFrame:
    runs = tables.read(RUNS, version=tables.version(RUNS))
    return runs.where(F.col("command").isin("score", "rollback", MAINTAIN))


def _in_order(tables: Tables) -> list[Row]:
    """The finished runs in the order in which they finished: number, run_id, command, as_of, status."""
    if not tables.exists(RUNS):
        return []
    return _finished(tables).select("number", "run_id", "command", "as_of", "status").orderBy("number").collect()


def _numbered(tables: Tables, *numbers: int) -> list[Manifest]:
    found = _finished(tables).where(F.col("number").isin(*numbers)).select("manifest") if numbers else None
    return [] if found is None else [Manifest.model_validate_json(row[0]) for row in found.collect()]


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
    number = tables.version(RUNS) + 1  # a commit a run, and some of maintenance: rises, whatever the clock says
    row = (number, run_id, command, as_of, status, started_at, fingerprint, manifest)
    tables.append(tables.rows(RUNS, [dict(zip(RUNS.names, row, strict=True))]), RUNS)
