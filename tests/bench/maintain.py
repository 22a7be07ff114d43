"""Files of each table over many daily runs of a small world, maintained every week or never. Measures, decides nothing.

.venv/bin/python -m tests.bench.maintain                          120 days, maintained every 7
.venv/bin/python -m tests.bench.maintain --days 30 --every 0      never maintained
.venv/bin/python -m tests.bench.maintain --root DIR               goes on with a root that it made

Every day brings 300 interactions in three deliveries, one of 20 of them late by up to a week, two accounts and a gauge.
After each maintenance, and every ten days without, the files of each table are counted: of its newest version, and on
disk. Keeps a JSON document in tests/bench/results/ (not in git), and prints the table of docs/performance.md.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from kloutspark import pipeline
from kloutspark.config import load
from kloutspark.domain.contracts import ACCOUNTS, GAUGES, INTERACTIONS
from kloutspark.storage import maintenance, published
from kloutspark.storage.maintenance import tables_of
from kloutspark.storage.session import build_session
from kloutspark.storage.tables import Tables
from tests.conftest import FEW_PROCESSES
from tests.lab import CHEAP_SMALL_PLANS

NETWORK, FIRST, ROWS, DELIVERIES, PEOPLE = "twitter", date(2026, 1, 1), 300, 3, 200


def deliver(tables: Tables, day: date, kinds: list[str]) -> None:
    """What arrives on a day, the same every time."""
    random = Random(day.toordinal())
    for contract in (INTERACTIONS, ACCOUNTS, GAUGES):
        tables.ensure(contract, NETWORK)
    for delivery in range(DELIVERIES):
        rows: list[Mapping[str, Any]] = []
        for n in range(ROWS // DELIVERIES):
            age = random.randrange(1, 8) if random.random() < 0.05 else 0
            moment = datetime(day.year, day.month, day.day) + timedelta(days=-age, seconds=random.randrange(86_400))
            rows.append(
                {
                    "interaction_id": f"{day}/{delivery}/{n}",
                    "occurred_at": moment,
                    "ingested_at": moment,
                    "actor_id": f"a{random.randrange(PEOPLE)}",
                    "target_id": f"a{int(random.random() ** 3 * PEOPLE)}",
                    "kind": random.choice(kinds),
                }
            )
        tables.append(tables.rows(INTERACTIONS, rows), INTERACTIONS, NETWORK)
    accounts = [{"account_id": f"a{random.randrange(PEOPLE)}", "account_type": "personal"} for _ in range(2)]
    tables.upsert(tables.rows(ACCOUNTS, accounts), ACCOUNTS, NETWORK)
    gauges = [{"account_id": "a0", "day": day, "gauge": "followers", "value": 100.0 + day.toordinal() % 100}]
    tables.upsert(tables.rows(GAUGES, gauges), GAUGES, NETWORK)


def count_files(tables: Tables) -> dict[str, dict[str, int]]:
    """Of each table: files and partitions of the newest version, data files and log entries on disk."""
    found = {}
    for contract, network in tables_of(tables):
        folder = Path(tables.path(contract, network))
        version = tables.version(contract, network)
        days = 1
        if contract.partitioned_by:
            days = len(
                {Path(f).parent.name for f in tables.read(contract, version=version, network=network).inputFiles()}
            )
        on_disk = sum(1 for path in folder.rglob("*.parquet") if "_delta_log" not in path.parts)
        log = sum(1 for path in (folder / "_delta_log").iterdir() if not path.name.startswith("."))
        files = tables.files(contract, network)
        found[contract.path(network)] = {"files": files, "days": days, "on_disk": on_disk, "log": log}
    return found


def page(counted: list[dict[str, Any]]) -> str:
    """The counts of every 30th day as a table of docs/performance.md: files, and the days that they are of."""
    shown = {e["day"]: e["tables"] for e in counted if "tables" in e and (e["day"] % 30 == 0 or e is counted[-1])}
    names = list(dict.fromkeys(name for tables in shown.values() for name in tables))
    lines = ["| table | " + " | ".join(f"day {day}" for day in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for name in names:
        found = [tables.get(name) for tables in shown.values()]
        cells = [f"{of['files']} of {of['days']}, {of['on_disk']}, {of['log']}" if of else "" for of in found]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("--root", type=Path)
    asked = parser.parse_args()
    config = load(overrides=(*CHEAP_SMALL_PLANS, f"spark.driver_java_options={FEW_PROCESSES}"))
    kinds = list(config.networks[NETWORK].kinds)
    root = str(asked.root or Path(tempfile.mkdtemp()) / "root")
    tables = Tables(build_session(config.spark), root, config.tables)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    file = results / f"maintain-every-{asked.every}.json"
    counted = json.loads(file.read_text()) if file.exists() and asked.root else []
    done = len(published.published_days(tables))
    for n in range(done + 1, asked.days + 1):
        start, day = time.perf_counter(), FIRST + timedelta(days=n - 1)
        deliver(tables, day, kinds)
        as_of, now = day + timedelta(days=1), datetime.now(UTC)
        outcome = pipeline.run(tables, config, as_of=as_of, run_id=f"bench-{as_of}", started_at=now)
        entry: dict[str, Any] = {"day": n, "status": outcome.manifest.status, "modes": outcome.manifest.modes}
        entry["seconds"] = round(time.perf_counter() - start, 1)
        if asked.every and n % asked.every == 0:
            start = time.perf_counter()
            upkeep = maintenance.maintain(tables, config, run_id=f"upkeep-{n}", started_at=datetime.now(UTC))
            entry["maintained"] = {t.table: [t.files_before, t.files_after, t.rows_removed] for t in upkeep}
            entry["maintain_seconds"] = round(time.perf_counter() - start, 1)
        if "maintained" in entry or n % 10 == 0 or n == asked.days:
            entry["tables"] = count_files(tables)
        counted.append(entry)
        file.write_text(json.dumps(counted, indent=1))
        print(n, entry["status"], entry["seconds"], entry.get("maintain_seconds", ""), flush=True)
    print(page(counted))


if __name__ == "__main__":
    main()
