"""What a run reads of its inputs, pinned, and which days that touches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.domain.contracts import (
    ACCOUNTS,
    DELIVERIES,
    EDGES,
    GAUGES,
    INTERACTIONS,
    PAGE_LINKS,
    POSTS,
    TableContract,
)
from kloutspark.domain.errors import InputError
from kloutspark.domain.windows import Span
from kloutspark.storage.manifest import Manifest
from kloutspark.storage.tables import Pin, Tables


@dataclass(frozen=True)
class NetworkInput:
    """A network's part of a run.

    `window` ends at as_of, or earlier where the network is held. `fresh` is the first day whose rows are all read as
    new; `late` are earlier days of the window that rows arrived for; `arrived` (INTERACTIONS) are rows that arrived
    since the last run outside `[fresh, as_of)`, None: none did. `why_rebuilt` is None where only new and late days are
    tiled, else the reason for reading the whole window. `complete` is the newest day that a delivery calls complete.
    """

    name: str
    pins: Mapping[str, Pin]
    window: Span
    fresh: date
    late: frozenset[date]
    arrived: DataFrame | None
    why_rebuilt: str | None
    complete: date | None = None

    @property
    def has_interactions(self) -> bool:
        """Whether anybody may have reacted there; a network may have gauges or pages alone."""
        return INTERACTIONS.path(self.name) in self.pins

    @property
    def mode(self) -> str:
        """What the manifest says of it."""
        return "incremental" if self.why_rebuilt is None else f"rebuilt: {self.why_rebuilt}"

    @property
    def built(self) -> list[date]:
        """The days whose tiles are made in this run."""
        return sorted({*Span(self.fresh, self.window.end).days(), *self.late})


def survey(
    tables: Tables,
    network: str,
    *,
    window: Span,
    last: Manifest | None,
    tile_fingerprint: str,
    allowed: tuple[str, ...],
    hold_days: int,
    must_rebuild: bool,
) -> NetworkInput | None:
    """What a run for the window's end reads of a network; None where the root has nothing of it.

    A network is delivered through the latest of a row's day and a complete day. Undelivered for 1 to `hold_days` days
    it is held: its window ends with the delivered day.

    Raises:
        InputError: a table of the last run is gone, or the network's interactions are missing.
    """
    pins = {}
    for contract in (INTERACTIONS, POSTS, ACCOUNTS, GAUGES, PAGE_LINKS, DELIVERIES):
        if (pin := tables.pin(contract, network)) is not None:
            pins[contract.path(network)] = pin
    before = (
        {} if last is None else {path: pin for path, pin in last.inputs.items() if path.startswith(f"input/{network}/")}
    )
    for path in before:
        if path not in pins:
            remedy = "Restore it or ingest its files again; nothing was published."
            raise InputError(path, expected="the table that the last run read", found="none", remedy=remedy)
    if not pins:
        return None
    if INTERACTIONS.path(network) not in pins:
        if GAUGES.path(network) in pins or PAGE_LINKS.path(network) in pins:
            return NetworkInput(network, pins, window, window.end, frozenset(), None, None)
        there = f"only {', '.join(sorted(pins))}"
        remedy = f"Ingest interactions of {network} too, or take its folder away."
        raise InputError(INTERACTIONS.path(network), expected="a table", found=there, remedy=remedy)
    pin, was = pins[INTERACTIONS.path(network)], before.get(INTERACTIONS.path(network))
    complete = _complete(tables, network, pins, as_of=window.end)
    window = _delivered(tables, network, pin, window, complete=complete, hold_days=hold_days)
    last_end = window.start if last is None else last.windows_end(network)
    why = None
    if must_rebuild:
        why = "asked for by --recompute"
    elif last is None or was is None:
        why = "first run"
    elif last.tile_fingerprint != tile_fingerprint:
        why = "what tiles depend on has changed"
    elif EDGES.name not in last.kept:
        why = "the last run kept no edges"  # it is from before 2026-11-29
    elif last_end > window.end:
        why = "the last run spoke for a later day"
    elif last.tiles_from[network] > window.start:
        why = "the tiles do not reach back to the window's start"
    elif not pin.follows(was):
        why = "the input table was replaced"
    elif _refused_differ(tables, network, before, pins, allowed=allowed):
        why = "account types have changed"
    changes = None
    if why is None and was is not None and was.version < pin.version:
        changes = tables.changes(INTERACTIONS, after=was.version, upto=pin.version, network=network)
    fresh = window.start if why else max(window.start, min(last_end, window.end - timedelta(days=1)))
    found: list[tuple[str, date | None]] = []
    if changes is not None:
        day = F.to_date("occurred_at")
        changes = changes.where(day.isNull() | (day < F.lit(fresh)) | (day >= F.lit(window.end)))
        try:
            found = [(r[0], r[1]) for r in changes.select("_change_type", day.alias("day")).distinct().collect()]
        except (PySparkException, Py4JJavaError):
            why = "the change feed does not answer that far back"
        if any(kind != "insert" for kind, _ in found):
            why = "rows were changed or deleted"
    if why is not None:
        return NetworkInput(network, pins, window, window.start, frozenset(), None, why, complete)
    late = frozenset(d for _, d in found if d is not None and d in window and d < fresh)
    arrived = None if changes is None or not found else changes.drop("_change_type")
    return NetworkInput(network, pins, window, fresh, late, arrived, None, complete)


def _complete(tables: Tables, network: str, pins: Mapping[str, Pin], *, as_of: date) -> date | None:
    """The newest day before as_of that a delivery calls complete."""
    pin = pins.get(DELIVERIES.path(network))
    if pin is None:
        return None
    days = tables.read(DELIVERIES, version=pin.version, network=network).where(F.col("day") < F.lit(as_of))
    found: date | None = days.agg(F.max("day")).collect()[0][0]
    return found


def _delivered(tables: Tables, network: str, pin: Pin, window: Span, *, complete: date | None, hold_days: int) -> Span:
    """The window, ended with the network's delivered day where that is 1 to `hold_days` days before its end's eve."""
    if not hold_days:
        return window
    rows = tables.read(INTERACTIONS, version=pin.version, network=network)
    for held in range(hold_days + 1):
        end = window.end - timedelta(days=held)
        day = end - timedelta(days=1)
        if (complete is not None and complete >= day) or not rows.where(_between(day, end)).isEmpty():
            return Span(window.start - timedelta(days=held), end)
    return window


def rows_read(tables: Tables, source: NetworkInput) -> DataFrame:
    """The input rows of the run: each ends in exactly one of the five counts (INTERACTIONS)."""
    rows = _read(tables, source, INTERACTIONS)
    if source.why_rebuilt is not None:
        return rows
    new = rows.where(_between(source.fresh, source.window.end))
    return new if source.arrived is None else new.unionByName(source.arrived)


def has_rows_in_window(tables: Tables, source: NetworkInput) -> bool:
    """Whether the network has rows of the window, judged or not; of gauges and pages, whether there are any.

    Raises:
        InputError: it has no rows at all.
    """
    if not source.has_interactions:
        others = (GAUGES, PAGE_LINKS)
        return not all(_read(tables, source, c).isEmpty() for c in others if c.path(source.name) in source.pins)
    rows = _read(tables, source, INTERACTIONS)
    if not rows.where(_between(source.window.start, source.window.end)).isEmpty():
        return True
    if rows.isEmpty():
        remedy = f"Ingest files: kloutspark ingest files --network {source.name} PATH."
        raise InputError(INTERACTIONS.path(source.name), expected="rows", found="an empty table", remedy=remedy)
    return False


def rows_to_tile(tables: Tables, source: NetworkInput) -> DataFrame:
    """All rows of the days that are tiled in this run (INTERACTIONS)."""
    rows = _read(tables, source, INTERACTIONS)
    wanted = _between(source.fresh, source.window.end)
    for day in sorted(source.late):
        wanted = wanted | _between(day, day + timedelta(days=1))
    return rows.where(wanted)


def refused_accounts(
    tables: Tables, network: str, pins: Mapping[str, Pin], *, allowed: tuple[str, ...]
) -> DataFrame | None:
    """Accounts whose type does not count on the network: account_id."""
    pin = pins.get(ACCOUNTS.path(network))
    if pin is None:
        return None
    accounts = tables.read(ACCOUNTS, version=pin.version, network=network)
    return accounts.where(~F.col("account_type").isin(*allowed)).select("account_id").distinct()


def _refused_differ(
    tables: Tables, network: str, before: Mapping[str, Pin], now: Mapping[str, Pin], *, allowed: tuple[str, ...]
) -> bool:
    was, pin = before.get(ACCOUNTS.path(network)), now.get(ACCOUNTS.path(network))
    if was == pin:
        return False
    if was is not None and pin is not None and not pin.follows(was):
        return True  # another table: what the old one said cannot be read any more
    sets = [refused_accounts(tables, network, pins, allowed=allowed) for pins in (before, now)]
    old, new = [tables.nobody("account_id string") if refused is None else refused for refused in sets]
    try:
        return not old.exceptAll(new).unionByName(new.exceptAll(old)).isEmpty()
    except (PySparkException, Py4JJavaError):
        return True  # nor where its files are removed


def posts_in(tables: Tables, source: NetworkInput, *, allowed: tuple[str, ...]) -> DataFrame | None:
    """Posts of the window by accounts of a type that counts: network, account_id, post_id, day; None: no table."""
    if POSTS.path(source.name) not in source.pins:
        return None
    posts = _read(tables, source, POSTS)
    moment = F.col("posted_at")
    window = (moment >= F.lit(source.window.start)) & (moment < F.lit(source.window.end))
    mine = posts.where(window & F.col("account_id").isNotNull())
    rows = mine.select(F.lit(source.name).alias("network"), "account_id", "post_id", F.to_date(moment).alias("day"))
    return _of_allowed(tables, source, rows, "account_id", allowed=allowed)


def gauges_in(tables: Tables, source: NetworkInput, *, span: Span, allowed: tuple[str, ...]) -> DataFrame | None:
    """Measurements of a span, of accounts of a type that counts: network, account_id, day, gauge, value."""
    if GAUGES.path(source.name) not in source.pins:
        return None
    gauges = _read(tables, source, GAUGES).where((F.col("day") >= F.lit(span.start)) & (F.col("day") < F.lit(span.end)))
    rows = gauges.select(F.lit(source.name).alias("network"), "account_id", "day", "gauge", "value")
    return _of_allowed(tables, source, rows, "account_id", allowed=allowed)


def page_links_before(tables: Tables, source: NetworkInput, *, allowed: tuple[str, ...]) -> DataFrame | None:
    """The newest page graph before the day, of pages of a type that counts: network, from_id, to_id; None: no table."""
    if PAGE_LINKS.path(source.name) not in source.pins:
        return None
    before = _read(tables, source, PAGE_LINKS).where(F.col("day") < F.lit(source.window.end))
    newest = before.agg(F.max("day")).collect()[0][0]
    links = before.where(F.col("day") == F.lit(newest)) if newest else before
    rows = links.select(F.lit(source.name).alias("network"), "from_id", "to_id").distinct()
    for end in ("from_id", "to_id"):
        rows = _of_allowed(tables, source, rows, end, allowed=allowed)
    return rows


def created_accounts(tables: Tables, source: NetworkInput) -> DataFrame | None:
    """When accounts were made, of those of which it is known: network, account_id, created_on; None: no table."""
    if ACCOUNTS.path(source.name) not in source.pins:
        return None
    known = _read(tables, source, ACCOUNTS).where("account_id IS NOT NULL AND created_at IS NOT NULL")
    return known.selectExpr(f"'{source.name}' AS network", "account_id", "to_date(created_at) AS created_on")


def _read(tables: Tables, source: NetworkInput, contract: TableContract) -> DataFrame:
    return tables.read(contract, version=source.pins[contract.path(source.name)].version, network=source.name)


def _of_allowed(
    tables: Tables, source: NetworkInput, rows: DataFrame, column: str, *, allowed: tuple[str, ...]
) -> DataFrame:
    refused = refused_accounts(tables, source.name, source.pins, allowed=allowed)
    if refused is None:
        return rows
    return rows.join(refused.withColumnRenamed("account_id", column), column, how="left_anti")


def _between(start: date, end: date) -> Column:
    """Rows of whole days; a comparison of the moment, from which Delta derives the partitions."""
    return (F.col("occurred_at") >= F.lit(start).cast("timestamp")) & (
        F.col("occurred_at") < F.lit(end).cast("timestamp")
    )
