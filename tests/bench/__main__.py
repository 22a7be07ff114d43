"""What a day costs: seconds and rows by stage, jobs and shuffles. Measures, decides nothing.

.venv/bin/python -m tests.bench                                 a synthetic day of 1 million rows, three days behind it
.venv/bin/python -m tests.bench --root DIR --as-of 2012-07-08   a day of a root that stands already, run once more

Prints a JSON document and writes it to tests/bench/results/ (not in git).
"""

import argparse
import json
import os
import tempfile
import time
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
    SCORES,
    SCORES_CANDIDATE,
    TARGETS,
    TableContract,
)
from kloutspark.storage.session import build_session
from kloutspark.storage.tables import Tables

ACTOR_COUNT, TARGET_COUNT = 2_000_000, 400_000
AS_OF = date(2026, 3, 31)
KEPT = (PAIRS, ACTOR_DAYS, TARGETS, FEATURES, SCORES_CANDIDATE, SCORES)


def write_day(tables: Tables, day: date, rows: int) -> None:
    """Heavy-tailed actors and targets, most pairs new, three kinds, string ids; the same rows every time."""
    tables.ensure(INTERACTIONS, "twitter")
    seed = F.lit(day.toordinal())
    share = [F.pmod(F.xxhash64("id", seed, F.lit(n)), F.lit(1_000_000)) / 1_000_000 for n in range(4)]
    kind = F.element_at(F.array(F.lit("retweet"), F.lit("mention"), F.lit("reply")), (share[2] * 3 + 1).cast("int"))
    moment = F.timestamp_seconds(F.unix_timestamp(F.lit(day).cast("timestamp")) + F.floor(share[3] * 86_400))
    frame = tables.spark.range(rows).select(
        F.concat(F.lit(f"{day}/"), "id").alias("interaction_id"),
        moment.alias("occurred_at"),
        F.concat(F.lit("a"), F.floor(F.pow(share[0], 2) * ACTOR_COUNT)).alias("actor_id"),
        F.concat(F.lit("t"), F.floor(F.pow(share[1], 4) * TARGET_COUNT)).alias("target_id"),
        kind.alias("kind"),
        F.lit(None).cast("string").alias("post_id"),
        moment.alias("ingested_at"),
    )
    tables.append(frame, INTERACTIONS, "twitter")


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
    asked = parser.parse_args()
    config = load(env="local")
    spark = build_session(config.spark)
    with tempfile.TemporaryDirectory() as scratch:
        tables = Tables(spark, str(asked.root or Path(scratch) / "root"), config.tables)
        found = []
        if asked.root is None:
            for age in reversed(range(1, asked.days_behind + 1)):
                write_day(tables, asked.as_of - timedelta(days=age + 1), asked.rows)
            found.append(cost_of(tables, asked.as_of - timedelta(days=1)))
            write_day(tables, asked.as_of - timedelta(days=1), asked.rows)
        found.append(cost_of(tables, asked.as_of))
    document = {"rows_a_day": asked.rows, "load": os.getloadavg(), "cores": os.cpu_count(), "runs": found}
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    text = json.dumps(document, indent=2)
    (results / f"day-{datetime.now(UTC):%Y%m%dT%H%M%S}.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
