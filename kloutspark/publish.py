"""Stage, audit, publish: a candidate becomes readable only by one commit, after the gate has passed it."""

import logging
from datetime import date

from pyspark.sql import functions as F

from kloutspark.config import Config
from kloutspark.domain.contracts import GATE_RESULTS, SCORES, SCORES_CANDIDATE
from kloutspark.quality.gate import Verdict, judge_candidate
from kloutspark.quality.vitals import collect_vitals, measure_vitals
from kloutspark.storage.tables import Tables

log = logging.getLogger(__name__)


def audit(tables: Tables, config: Config, *, as_of: date, version: int, run_id: str, unaccounted_rows: int) -> Verdict:
    """Judges the pinned candidate of a day and appends every finding to `gate_results`."""
    candidate = tables.read(SCORES_CANDIDATE, version=version).where(F.col("as_of") == F.lit(as_of))
    vitals = measure_vitals(
        candidate, as_of=as_of, run_id=run_id, networks=config.scored, equal_scores=config.gate.equal_scores
    )
    verdict = judge_candidate(collect_vitals(vitals, unaccounted_rows=unaccounted_rows), gate=config.gate)
    rows = [
        (run_id, as_of, f.limit.vital, f.limit.severity, f.limit.min, f.limit.max, f.observed, f.passed, f.limit.why)
        for f in verdict.findings
    ]
    schema = ", ".join(f"{c.name} {c.type}" for c in GATE_RESULTS.columns)
    tables.append(tables.spark.createDataFrame(rows, schema), GATE_RESULTS)
    return verdict


def publish(tables: Tables, *, as_of: date, version: int, run_id: str) -> int:
    """Replaces the day in `scores` by the pinned candidate, in one commit; the version afterwards."""
    candidate = tables.read(SCORES_CANDIDATE, version=version).where(F.col("as_of") == F.lit(as_of))
    return tables.replace(candidate, SCORES, where=f"as_of = '{as_of}'", note=run_id)
