"""A synthetic day on two workers of one core against one worker of one core. Measures, decides nothing.

.venv/bin/python -m tests.bench.workers [--rows 300000] [--repeats 3]

Each run is a `spark-submit` of a first day, of a copy of one root, on a standalone cluster of two workers, of which it
takes one core or both (spark.cores.max). Prints a JSON document: seconds by stage, their ratios a repeat with median
and spread, and what the advice in docs/deploy.md follows from: bytes and rows by table, what was shuffled, spilled and
broadcast, and the most that one task held.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.cluster.standalone import Cluster, package, standalone

AS_OF = date(2026, 3, 31)
BOUND = 1.6  # issue 8
ACTORS, TARGETS = 2_000_000, 400_000  # as heavy-tailed as tests/bench: most pairs are new
KINDS = ("retweet", "mention", "reply")
PARTITIONS = 8  # of about 40,000 rows each at 300,000
MEMORY = "2g"
ON_A_CLUSTER = ("--env", "cluster", "--set", f"spark.shuffle_partitions={PARTITIONS}")


def write_rows(path: Path, rows: int) -> None:
    """Interactions of the day before AS_OF, the same every time."""
    random = np.random.default_rng(8)
    actors, targets = (random.random(rows) ** 2 * ACTORS).astype(int), (random.random(rows) ** 4 * TARGETS).astype(int)
    midnight = np.datetime64(datetime.combine(AS_OF - timedelta(days=1), datetime.min.time()), "us")
    moments = midnight + random.integers(86_400, size=rows).astype("timedelta64[s]")
    columns = {
        "interaction_id": [f"i{n}" for n in range(rows)],
        "occurred_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
        "ingested_at": pa.array(moments, pa.timestamp("us", tz="UTC")),
        "actor_id": [f"a{n}" for n in actors],
        "target_id": [f"t{n}" for n in targets],
        "kind": random.choice(KINDS, rows),
    }
    pq.write_table(pa.table(columns), path)


def submitted(cluster: Cluster, job: str, *argv: str, cores: int, events: Path | None = None) -> tuple[float, str]:
    """Seconds of a submission and what it printed."""
    conf = {"spark.cores.max": cores, "spark.ui.enabled": "false"}
    if events is not None:
        conf |= {"spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri()}
        conf |= {"spark.eventLog.rolling.enabled": "false", "spark.eventLog.compress": "false"}
    options = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    start = time.perf_counter()
    done = cluster.submit(
        job, *argv, *ON_A_CLUSTER, options=["--driver-memory", MEMORY, "--executor-memory", MEMORY, *options]
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}{done.stderr}\n{cluster.logs()}")
    return time.perf_counter() - start, done.stdout


def day(cluster: Cluster, ingested: Path, *, cores: int) -> dict[str, Any]:
    """A first day of a copy of the root."""
    with tempfile.TemporaryDirectory() as scratch:
        root, events = Path(scratch) / "root", Path(scratch) / "events"
        shutil.copytree(ingested, root)
        events.mkdir()
        seconds, printed = submitted(
            cluster,
            *("daily_scores", "--as-of", str(AS_OF), "--root", str(root), "--json"),
            cores=cores,
            events=events,
        )
        manifest = json.loads(next(line for line in printed.splitlines() if line.startswith("{")))
        stages = {stage["name"]: stage["seconds"] for stage in manifest["stages"]}
        log = [json.loads(line) for path in events.glob("app-*") for line in path.read_text().splitlines()]
        return {
            "cores": cores,
            "seconds": {**stages, "all stages": sum(stages.values()), "start to end": seconds},
            "tasks": of_tasks([e["Task Metrics"] for e in log if e.get("Task Metrics")]),
            "largest_broadcast": largest_broadcast(log),
            "tables": tables(root),
        }


def of_tasks(metrics: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Sums over the tasks of an event log, and the most that one of them held."""
    written = [m["Shuffle Write Metrics"] for m in metrics]
    return {
        "shuffled_bytes": sum(w["Shuffle Bytes Written"] for w in written),
        "shuffled_rows": sum(w["Shuffle Records Written"] for w in written),
        "spilled_bytes": sum(m["Disk Bytes Spilled"] for m in metrics),
        "most_of_a_task_bytes": max(m["Peak Execution Memory"] for m in metrics),
        "largest_task_shuffled_bytes": max(w["Shuffle Bytes Written"] for w in written),
    }


def largest_broadcast(log: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Bytes and rows of the largest relation that was sent to every executor."""
    values = dict(update for e in log for update in e.get("accumUpdates", ()))
    found = [
        {m["name"]: values.get(m["accumulatorId"], 0) for m in node["metrics"]}
        for e in log
        if "sparkPlanInfo" in e
        for node in nodes(e["sparkPlanInfo"])
        if node["nodeName"] == "BroadcastExchange"
    ]
    largest = max(found, key=lambda metrics: metrics["data size"])
    return {"bytes": largest["data size"], "rows": largest["number of output rows"]}


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan's nodes."""
    yield plan
    for child in plan["children"]:
        yield from nodes(child)


def tables(root: Path) -> dict[str, dict[str, int]]:
    """Bytes and rows of the Parquet files of each table."""
    found = {}
    for table in sorted(log.parent for log in root.rglob("_delta_log")):
        files = list(table.rglob("part-*.parquet"))
        rows = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
        found[str(table.relative_to(root))] = {"bytes": sum(file.stat().st_size for file in files), "rows": rows}
    return found


def ratios(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Seconds on one core by seconds on two, each repeat by itself."""
    pairs = list(zip(runs[::2], runs[1::2], strict=True))
    found = {name: [one["seconds"][name] / two["seconds"][name] for one, two in pairs] for name in runs[0]["seconds"]}
    return {
        name: {"median": round(median(of), 2), "least": round(min(of), 2), "most": round(max(of), 2)}
        for name, of in found.items()
    }


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_rows(folder / "interactions.parquet", asked.rows)
        packed, ingested = package(folder / "dist"), folder / "ingested"
        with standalone(folder / "cluster", packed, workers=2, memory=MEMORY) as cluster:
            files = ("files", "--network", "twitter", str(folder / "interactions.parquet"), "--root", str(ingested))
            submitted(cluster, "ingest", *files, cores=2)
            runs = [day(cluster, ingested, cores=cores) for _ in range(asked.repeats) for cores in (1, 2)]
    found = ratios(runs)
    document = {
        "rows": asked.rows,
        "load": os.getloadavg(),
        "machine_cores": os.cpu_count(),
        "runs": runs,
        "one_core_by_two": found,
        "bound": BOUND,
        "all_stages": "meets" if found["all stages"]["median"] >= BOUND else "misses",
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
