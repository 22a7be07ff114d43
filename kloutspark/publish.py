"""Stage, audit, publish, roll back: what becomes readable does so by one commit, after the gate has passed it."""

import logging
from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import functions as F

from kloutspark.domain.contracts import GATE_RESULTS, REQUESTS, SCORES, SCORES_CANDIDATE, TARGETS
from kloutspark.domain.counts import Counts
from kloutspark.domain.errors import ConfigError
from kloutspark.quality.gate import Verdict, judge_candidate
from kloutspark.quality.vitals import collect_vitals, count_volumes, measure_vitals
from kloutspark.storage import manifest
from kloutspark.storage.day import STATE, Day
from kloutspark.storage.lock import run_lock
from kloutspark.storage.manifest import Manifest
from kloutspark.storage.tables import Tables

log = logging.getLogger(__name__)


def audit(day: Day, counts: Mapping[str, Counts], *, accepted: Mapping[str, str]) -> Verdict:
    """Judges the pinned candidate of a day and appends every finding to `gate_results`.

    `accepted` gives a person's reasons by vital.
    """
    config, gate, as_of, run_id = day.config, day.config.gate, day.as_of, day.run_id
    candidate = day.read(SCORES_CANDIDATE).where(F.col("as_of") == F.lit(as_of))
    before = day.read(SCORES).where(F.col("as_of") == F.lit(day.last_published))
    measured = measure_vitals(candidate, before, as_of=as_of, run_id=run_id, networks=config.scored, gate=gate)
    volumes = count_volumes(day.read(TARGETS).where(day.is_in_window()))
    vitals = collect_vitals(
        measured,
        volumes,
        counts,
        unsettled_graphs=sum(not graph.converged for graph in day.graphs),
        ends={source.name: source.window.end for source in day.sources},
        complete={source.name: source.complete for source in day.sources},
        window_days=config.model.history_days,
        gate=gate,
    )
    past_days = sum(published < as_of for published in day.published)
    verdict = judge_candidate(vitals, gate=gate, past_days=past_days, accepted=accepted)
    rows = [{"run_id": run_id, "as_of": as_of, **f.as_row()} for f in verdict.findings]
    day.tables.append(day.tables.rows(GATE_RESULTS, rows), GATE_RESULTS)
    return verdict


def publish(day: Day) -> None:
    """Replaces the day in `scores` by the pinned candidate, in one commit."""
    candidate = day.read(SCORES_CANDIDATE).where(F.col("as_of") == F.lit(day.as_of))
    day.replace_day(candidate, SCORES)


def rollback(tables: Tables, *, to: str, run_id: str, started_at: datetime) -> Manifest:
    """Makes `scores` equal its state after an earlier run, in one commit; the next run goes on from there.

    `to` is a day (the newest run that published it) or a run's id. Who opted out after that run has rows again until
    a day is scored, and that is said.

    Raises:
        ConfigError: no finished run published that day or has that id, or its files are removed; nothing was touched.
        InputError: another run holds the root.
    """
    with run_lock(tables.root):
        target = manifest.find(tables, to)
        if not manifest.is_kept(tables, target, STATE):
            remedy = "Later runs of kloutspark runs may be kept; or score the day again: --as-of DAY --with-later."
            expected = "a run whose versions are kept (tables.deleted_file_retention_days)"
            raise ConfigError("--to", expected=expected, found=f"{to}, whose files are removed", remedy=remedy)
        tables.restore(SCORES, target.kept[SCORES.name])
        kept = {**target.kept, SCORES.name: tables.version(SCORES)}
        last, _ = manifest.last_finished(tables)
        requests = tables.pin(REQUESTS) or (None if last is None else last.inputs.get(REQUESTS.path()))
        inputs = target.inputs
        if requests is not None and requests != target.inputs.get(REQUESTS.path()):
            log.warning("people opted out after that run and have rows again: score %s again", target.as_of)
            inputs = {**inputs, REQUESTS.path(): requests}  # the next run must not start without them
        update = {"run_id": run_id, "command": "rollback", "started_at": started_at, "kept": kept, "inputs": inputs}
        done = target.model_copy(update={**update, "stages": ()})
        manifest.finish(tables, done)
        return done
