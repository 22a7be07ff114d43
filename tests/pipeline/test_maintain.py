"""Maintenance: bounded files, a next day that is equal to the bit, readers within the retention, crashes."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from kloutspark import publish
from kloutspark.cli import exit_code
from kloutspark.domain.contracts import (
    ACCOUNTS,
    ACTOR_DAYS,
    EDGES,
    FEATURES,
    INTERACTIONS,
    PAIRS,
    RUNS,
    SCORES,
    TARGETS,
    TableContract,
)
from kloutspark.domain.errors import ConfigError
from kloutspark.storage import maintenance, manifest, published
from kloutspark.storage.day import STATE
from kloutspark.storage.maintenance import Maintained
from kloutspark.storage.tables import Tables
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
SETS = set_options(*CHEAP_SMALL_PLANS)
OLDEST = FIRST - timedelta(days=90)  # in no window from SECOND on


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12)


def maintain(lab: Lab, *, days_later: int = 0) -> dict[str, Maintained]:
    """Maintains a root, as if so many days had gone by since its files were written."""
    if days_later:
        wait(lab, days_later)
    started_at = datetime.now(UTC) + timedelta(days=days_later)
    run_id = f"upkeep-{time.monotonic_ns()}"
    found = maintenance.maintain(lab.tables, lab.config, run_id=run_id, started_at=started_at)
    return {table.table: table for table in found}


def wait(lab: Lab, days: int) -> None:
    """Sets the clocks that Delta has of a root's tables ahead."""
    jvm: Any = lab.spark._jvm
    logs, session = jvm.org.apache.spark.sql.delta.DeltaLog, lab.spark._jsparkSession
    for log in lab.root.rglob("_delta_log"):
        path = jvm.org.apache.hadoop.fs.Path(str(log.parent))
        logs.invalidateCache(session, path)
        logs.forTable(session, path, jvm.org.apache.spark.util.ManualClock(int((time.time() + days * 86_400) * 1000)))


def whole(lab: Lab, as_of: date) -> dict[str, dict[str, Any]]:
    return {person: {**row, "run_id": None} for person, row in lab.published(as_of).items()}


def versions(lab: Lab) -> dict[str, int]:
    return {contract.name: lab.tables.version(contract) for contract in STATE}


@pytest.fixture(scope="module")
def scored(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Two days, several deliveries, and rows of a day that no window needs any more."""
    lab = Lab(spark, tmp_path_factory.mktemp("root") / "scored", ("tables.past_days=0",))
    for n in range(4):
        lab.react(
            *[{"occurred_at": noon(FIRST) - timedelta(days=d), "actor_id": f"f{n}{d}"} for d in (1, 1, 2, 40, 90)],
            {"occurred_at": noon(FIRST), "actor_id": f"g{n}", "target_id": "ada"},
            {"occurred_at": noon(SECOND), "actor_id": f"h{n}", "target_id": "ada"},
        )
        lab.put(ACCOUNTS, [{"account_id": f"x{n}", "account_type": "personal"}], "twitter")
    lab.score(FIRST, SECOND)
    return lab


def copied(lab: Lab, name: str) -> Lab:
    root = lab.root.with_name(name)
    shutil.copytree(lab.root, root)
    return lab.variant(root=root)


def rows(lab: Lab, contract: TableContract, where: str = "true") -> list[str]:
    return sorted(map(repr, lab.read(contract).where(where).collect()))


class Dies(BaseException):
    """What kills a driver."""


@contextmanager
def killed(owner: object, name: str, call: int) -> Iterator[None]:
    """Whoever calls a function for the n-th time dies."""
    real, calls = getattr(owner, name), count(1)

    def counted(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            raise Dies
        return real(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, counted)
        yield


def test_the_next_day_is_equal_to_the_bit_wherever_maintenance_was_killed(scored: Lab) -> None:
    lab, other = copied(scored, "killed"), copied(scored, "never maintained")
    late = {"occurred_at": noon(FIRST) - timedelta(days=3), "actor_id": "late", "interaction_id": "late"}
    for each in (lab, other):
        each.react(late)
    before = whole(lab, SECOND)
    newest = manifest.last_finished(lab.tables)
    for owner, name, call in ((Tables, "compact", 9), (manifest, "finish", 1)):
        with killed(owner, name, call), pytest.raises(Dies):
            maintain(lab)
        assert manifest.last_finished(lab.tables) == newest, "nothing was finished"
    with killed(Tables, "clean", 3), pytest.raises(Dies):
        maintain(lab)
    last, newest_run = manifest.last_finished(lab.tables)
    assert last is not None
    assert (last.command, last.as_of, newest_run) == ("maintain", SECOND, SECOND)
    assert last.kept == versions(lab), "the next run has nothing to undo"
    assert {row[0] for row in lab.read(PAIRS).select("day").distinct().collect()} == {
        FIRST - timedelta(days=d) for d in (0, 1, 2, 40)
    }
    assert whole(lab, SECOND) == before

    outcome, expected = lab.run(THIRD), other.run(THIRD)
    assert outcome.manifest.modes == expected.manifest.modes == {"twitter": "incremental"}
    assert outcome.manifest.counts == expected.manifest.counts, "gathered files hold no row that is new"
    assert whole(lab, THIRD) == whole(other, THIRD)
    for contract in (PAIRS, TARGETS, ACTOR_DAYS):
        assert rows(lab, contract) == rows(other, contract, f"day > '{OLDEST}'")


def test_files_are_gathered_and_readers_within_the_retention_read_on(
    scored: Lab, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = copied(scored, "maintained")
    assert exit_code(["maintain", "--json", "--root", str(lab.root), *SETS, "--set", "tables.past_days=0"]) == 0
    found = {row["table"]: row for row in json.loads(capsys.readouterr().out)}
    days = {INTERACTIONS.path("twitter"): 6, ACCOUNTS.path("twitter"): 1, PAIRS.path(): 4, SCORES.path(): 2}
    assert {name: found[name]["files_after"] for name in days} == days, "one file a day"
    assert found[INTERACTIONS.path("twitter")]["files_before"] == 4 * 6
    for contract, network in maintenance.tables_of(lab.tables):
        files = [Path(file) for file in lab.read(contract, network).inputFiles()]
        own_row = contract is RUNS
        assert len(files) == len({file.parent for file in files}) + own_row, contract.name
    assert {name: row["rows_removed"] for name, row in found.items() if row["rows_removed"]} == {
        PAIRS.path(): 4,
        TARGETS.path(): 1,
        ACTOR_DAYS.path(): 4,
        EDGES.path(): 1,
    }
    runs = published.runs(lab.tables, count=5)
    assert [(run["command"], run["as_of"], run["status"]) for run in runs][:2] == [
        ("maintain", None, "maintained"),
        ("score", SECOND, "published"),
    ]
    assert published.published_days(lab.tables) == [FIRST, SECOND]

    past, newest = manifest.find(lab.tables, str(FIRST)), manifest.find(lab.tables, str(SECOND))
    assert (past.run_id, newest.run_id) == (runs[2]["run_id"], runs[0]["run_id"]), "the newest as it stands now"
    pinned = [(contract, past.kept[contract.name]) for contract in (SCORES, FEATURES, PAIRS)]
    read = [sorted(map(repr, lab.tables.read(c, version=v).collect())) for c, v in pinned]
    assert not any(table.bytes_freed for table in maintain(lab, days_later=28).values())
    assert [sorted(map(repr, lab.tables.read(c, version=v).collect())) for c, v in pinned] == read
    row = lab.published(FIRST)["twitter:tom"]
    assert published.background(lab.tables, row, window_days=90)["actors"]

    freed = maintain(lab.variant("tables.deleted_file_retention_days=20"), days_later=28)
    assert freed[PAIRS.path()].bytes_freed > 0
    with pytest.raises(Py4JJavaError, match="FILE_NOT_EXIST"):
        lab.tables.read(PAIRS, version=past.kept[PAIRS.name]).collect()
    behind = published.background(lab.tables, row, window_days=90)
    assert (behind["ranks"], behind["actors"]) == ([], [])
    assert "no longer kept" in caplog.text
    stand = versions(lab)
    with pytest.raises(ConfigError, match="whose files are removed"):
        publish.rollback(lab.tables, to=str(FIRST), run_id="back", started_at=datetime.now(UTC))
    assert versions(lab) == stand, "nothing was touched"
    publish.rollback(lab.tables, to=str(SECOND), run_id="back", started_at=datetime.now(UTC))
    assert set(lab.published(SECOND)) == {"twitter:ada", "twitter:tom"}


def test_where_nothing_was_scored_there_is_nothing_to_maintain(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    assert exit_code(["maintain", "--root", str(lab.root), *SETS]) == 3
    assert "expected a finished run, found none" in caplog.text
