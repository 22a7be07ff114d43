"""What a day costs: seconds and rows by stage, jobs and shuffles. Measures, decides nothing.

.venv/bin/python -m tests.bench                                 a synthetic day of 1 million rows, three days behind it
.venv/bin/python -m tests.bench --root DIR --as-of 2012-07-08   a day of a root that stands already, run once more
.venv/bin/python -m tests.bench --networks 10                   the same rows on ten networks, a tenth on each
.venv/bin/python -m tests.bench --skew                          half of the rows for one target, a tenth by one actor

Prints a JSON document and writes it to tests/bench/results/ (not in git).
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import functions as F

from kloutspark import pipeline
from kloutspark.config import load
from kloutspark.domain.contracts import (
    ACTOR_DAYS,
    FEATURES,
    INTERACTIONS,
    PAIRS,
    RANKS,
    SCORES,
    SCORES_CANDIDATE,
    TARGETS,
    TableContract,
)
from kloutspark.storage.session import build_session
from kloutspark.storage.tables import Tables

ACTOR_COUNT, TARGET_COUNT = 2_000_000, 400_000
AS_OF = date(2026, 3, 31)
KEPT = (PAIRS, ACTOR_DAYS, TARGETS, RANKS, FEATURES, SCORES_CANDIDATE, SCORES)


def write_day(tables: Tables, day: date, rows: int, *, network: str, kinds: Sequence[str], is_skewed: bool) -> None:
    """Heavy-tailed actors and targets, most pairs new, string ids; the same rows every time."""
    tables.ensure(INTERACTIONS, network)
    seed = F.lit(f"{day}/{network}")
    share = [F.pmod(F.xxhash64("id", seed, F.lit(n)), F.lit(1_000_000)) / 1_000_000 for n in range(6)]
    kind = F.element_at(F.array(*[F.lit(k) for k in kinds]), (share[2] * len(kinds) + 1).cast("int"))
    actor, target = F.floor(F.pow(share[0], 2) * ACTOR_COUNT), F.floor(F.pow(share[1], 4) * TARGET_COUNT)
    if is_skewed:
        actor = F.when(share[4] < 0.1, F.lit(0)).otherwise(actor)
        target = F.when(share[5] < 0.5, F.lit(0)).otherwise(target)
    moment = F.timestamp_seconds(F.unix_timestamp(F.lit(day).cast("timestamp")) + F.floor(share[3] * 86_400))
    frame = tables.spark.range(rows).select(
        F.concat(F.lit(f"{day}/"), "id").alias("interaction_id"),
        moment.alias("occurred_at"),
        F.concat(F.lit("a"), actor).alias("actor_id"),
        F.concat(F.lit("t"), target).alias("target_id"),
        kind.alias("kind"),
        F.lit(None).cast("string").alias("post_id"),
        moment.alias("ingested_at"),
    )
    tables.append(frame, INTERACTIONS, network)


def cost_of(tables: Tables, as_of: date) -> dict[str, object]:
    """One run of a day with what Spark's status store says of its jobs and stages."""
    config = load(env="local")
    store: Any = tables.spark.sparkContext._jsc.sc().statusStore()
    jobs_before = store.jobsList(None).size()
    stages_before = {s.stageId() for s in _stages(store)}
    start = time.perf_counter()
    outcome = pipeline.run(tables, config, as_of=as_of, run_id=f"bench-{as_of}", started_at=datetime.now(UTC))
    seconds = time.perf_counter() - start
    stages = [s for s in _stages(store) if s.stageId() not in stages_before]
    return {
        "as_of": str(as_of),
        "status": outcome.manifest.status,
        "counts": {n: c.model_dump() for n, c in outcome.manifest.counts.items()},
        "seconds": round(seconds, 1),
        "stages": {s.name: s.seconds for s in outcome.manifest.stages},
        "rows_written": {c.name: rows_written(tables, c) for c in KEPT},
        "jobs": store.jobsList(None).size() - jobs_before,
        "stages_that_shuffle": sum(s.shuffleWriteBytes() > 0 for s in stages),
        "shuffled_mb": round(sum(s.shuffleWriteBytes() for s in stages) / 1e6, 1),
        "shuffled_rows": sum(s.shuffleWriteRecords() for s in stages),
        "largest_shuffles_rows": sorted((s.shuffleWriteRecords() for s in stages), reverse=True)[:6],
    }


def rows_written(tables: Tables, contract: TableContract) -> int:
    """Rows of the table's newest commit, which is the run's."""
    newest = DeltaTable.forPath(tables.spark, tables.path(contract)).history(1).collect()[0]
    return int(newest["operationMetrics"]["numOutputRows"])


def _stages(store: Any) -> list[Any]:
    quantiles, statuses = (getattr(store, f"stageList$default${n}")() for n in (4, 5))
    found = store.stageList(None, False, False, quantiles, statuses)
    return [found.apply(i) for i in range(found.size())]


def main() -> None:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--days-behind", type=int, default=3)
    parser.add_argument("--networks", type=int, default=1)
    parser.add_argument("--skew", action="store_true")
    asked = parser.parse_args()
    config = load(env="local")
    pages = {n: tuple(config.networks[n].kinds) for n in ("twitter", *config.scored) if config.networks[n].kinds}
    chosen = dict(list(pages.items())[: asked.networks])
    spark = build_session(config.spark)
    with tempfile.TemporaryDirectory() as scratch:
        tables = Tables(spark, str(asked.root or Path(scratch) / "root"), config.tables)
        found = []

        def write(day: date) -> None:
            for network, kinds in chosen.items():
                rows = asked.rows // len(chosen)
                write_day(tables, day, rows, network=network, kinds=kinds, is_skewed=asked.skew)

        if asked.root is None:
            for age in reversed(range(1, asked.days_behind + 1)):
                write(asked.as_of - timedelta(days=age + 1))
            if asked.days_behind:  # else a first run, over one day
                found.append(cost_of(tables, asked.as_of - timedelta(days=1)))
            write(asked.as_of - timedelta(days=1))
        found.append(cost_of(tables, asked.as_of))
    asked_for = {"rows_a_day": asked.rows, "networks": list(chosen), "is_skewed": asked.skew}
    document = {**asked_for, "load": os.getloadavg(), "cores": os.cpu_count(), "runs": found}
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    text = json.dumps(document, indent=2)
    (results / f"day-{datetime.now(UTC):%Y%m%dT%H%M%S}.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
