"""Maintenance: files gathered, tiles that no window needs and files that nobody within the retention reads removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kloutspark.config import Config
from kloutspark.domain.contracts import (
    ACCOUNTS,
    ACTOR_DAYS,
    DELIVERIES,
    EDGES,
    FEATURES,
    GAUGES,
    INTERACTIONS,
    LINKS,
    PAGE_LINKS,
    PAIRS,
    POSTS,
    RANKS,
    REQUESTS,
    RUNS,
    SCORES_CANDIDATE,
    TARGETS,
    TableContract,
)
from kloutspark.domain.errors import InputError
from kloutspark.domain.stages import STAGES
from kloutspark.storage import manifest
from kloutspark.storage.day import RECORDS, STATE, bring_back
from kloutspark.storage.lock import run_lock
from kloutspark.storage.manifest import MAINTAIN, Manifest
from kloutspark.storage.published import published_days
from kloutspark.storage.tables import Tables

OF_WINDOWS = (PAIRS, TARGETS, EDGES)  # a past day builds them again
OF_THE_PAST = (ACTOR_DAYS, RANKS, FEATURES, SCORES_CANDIDATE)  # frozen or started from; `scores` is kept whole
OF_A_NETWORK = (INTERACTIONS, POSTS, GAUGES, ACCOUNTS, DELIVERIES, PAGE_LINKS)


@dataclass(frozen=True)
class Maintained:
    """What became of a table: files of its newest version, rows of days that were removed, bytes that are free now."""

    table: str
    files_before: int
    files_after: int
    rows_removed: int
    bytes_freed: int


def tables_of(tables: Tables) -> Sequence[tuple[TableContract, str | None]]:
    """The tables of the root, each with its network."""
    inputs = [(contract, n) for n in sorted(tables.folders("input")) for contract in OF_A_NETWORK]
    known = [*inputs, *[(contract, None) for contract in (LINKS, REQUESTS, *STATE, *RECORDS, RUNS)]]
    return [(contract, network) for contract, network in known if tables.exists(contract, network)]


def maintain(tables: Tables, config: Config, *, run_id: str, started_at: datetime) -> list[Maintained]:
    """Gathers small files, removes days that no window needs, then files and log entries past the retention.

    What the next run reads is appended to `runs` before anything is removed for good: whatever stands before that,
    the next run undoes. The configuration is the daily run's, which says how far windows reach.

    Raises:
        InputError: no run has finished in the root, or another one holds it.
    """
    with run_lock(tables.root):
        last, _ = manifest.last_finished(tables)
        if last is None:
            remedy = "Run kloutspark score --as-of DAY first."
            raise InputError(tables.root, expected="a finished run", found="none", remedy=remedy)
        bring_back(tables, last)
        first_days = _first_days(tables, config, last)
        there = tables_of(tables)
        before = [tables.files(*place) for place in there]
        removed = []
        for contract, network in there:
            STAGES.info("gathering files of %s", contract.path(network))
            tables.keep_for(contract, network)
            first_day = first_days.get(contract.name)
            removed.append(0 if first_day is None else tables.keep_from(contract, first_day))
            tables.compact(contract, network)
        manifest.finish(
            tables, _repeated(tables, last, first_days.get(PAIRS.name), run_id=run_id, started_at=started_at)
        )
        freed = []
        for contract, network in there:
            STAGES.info("removing files of %s", contract.path(network))
            freed.append(tables.clean(contract, network))
        tables.remove_folder(f"{tables.root.rstrip('/')}/scratch")  # of runs that were killed: none is under way
        after = [tables.files(*place) for place in there]
        names = [contract.path(network) for contract, network in there]
        return [Maintained(*row) for row in zip(names, before, after, removed, freed, strict=True)]


def _first_days(tables: Tables, config: Config, last: Manifest) -> dict[str, date]:
    """The first day that tables keep, by name: of tiles the next window's, of others that of a past day scored again.

    None is cut where nothing is published, and a refused day moves nothing: it may have been a slip, days ahead.
    """
    if not (published := published_days(tables)):
        return {}
    ends = [last.as_of, published[-1], *[last.windows_end(network) for network in last.held]]
    window = min(ends) - timedelta(days=config.model.history_days)
    past = window - timedelta(days=config.tables.past_days)
    return {contract.name: window for contract in OF_WINDOWS} | {contract.name: past for contract in OF_THE_PAST}


def _repeated(tables: Tables, last: Manifest, first_day: date | None, *, run_id: str, started_at: datetime) -> Manifest:
    """The manifest of the last run, of the tables as they stand now; pins of inputs stay, what came since is new."""
    # a day later than what is old enough to be removed now: that goes on for as long as it takes
    removed_before = started_at - timedelta(days=tables.settings.deleted_file_retention_days - 1)
    tiles_from = last.tiles_from
    if first_day is not None:
        tiles_from = {network: max(since, first_day) for network, since in tiles_from.items()}
    return last.model_copy(
        update={
            "run_id": run_id,
            "command": MAINTAIN,
            "started_at": started_at,
            # what the run did not keep is not there for the next one either, whatever has made the table since
            "kept": {contract.name: tables.version(contract) for contract in STATE if contract.name in last.kept},
            "tiles_from": tiles_from,
            "stages": (),
            "removed_before": removed_before,
        }
    )
