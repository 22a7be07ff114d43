"""What a stage of a run cost: its seconds, and what Spark's status store tells of the jobs that it started."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import perf_counter
from typing import Any
from uuid import uuid4

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from kloutspark.domain.stages import STAGES
from kloutspark.storage.manifest import Stage

log = logging.getLogger(__name__)

MOST_WAIT_MS = 5_000  # until Spark's events are in the store: some 10 ms, or a full collection; then no figures


@contextmanager
def stage(spark: SparkSession, name: str, *, as_of: date, run_id: str, into: list[Stage]) -> Iterator[None]:
    """Times a stage, says when it ends and appends what it cost.

    Its jobs carry a tag, which threads that Spark and Delta start for it inherit: other runs may share the JVM.
    """
    tag = f"{run_id} {name} {uuid4().hex}"  # a run's id is unique in its root, a tag in its JVM
    start = perf_counter()
    STAGES.info(name)
    with _tagged(spark, tag):
        yield
    seconds = round(perf_counter() - start, 3)
    into.append(Stage(name=name, seconds=seconds, **_figures(spark, tag)))
    log.info("%s %s: %.1f s", as_of, name, seconds)


@contextmanager
def _tagged(spark: SparkSession, tag: str) -> Iterator[None]:
    try:
        context = spark.sparkContext
    except PySparkException:  # Connect has none
        yield
        return
    context.addJobTag(tag)
    try:
        yield
    finally:
        context.removeJobTag(tag)


def _figures(spark: SparkSession, tag: str) -> dict[str, Any]:
    """The figures of a Stage; none where nobody may ask the JVM, its events lag, or the store has forgotten some."""
    try:
        return _ask(spark.sparkContext._jsc.sc(), spark._jvm.org.apache.spark.status.api.v1, tag)  # type: ignore[union-attr]
    except (PySparkException, Py4JError) as error:
        log.debug("%s: no figures, %s", tag, type(error).__name__)
        return {}


def _ask(context: Any, api: Any, tag: str) -> dict[str, Any]:
    context.listenerBus().waitUntilEmpty(MOST_WAIT_MS)
    store = context.statusStore()
    jobs = [store.job(job_id) for job_id in context.statusTracker().getJobIdsForTag(tag)]
    stages = {int(stage_id) for job in jobs for stage_id in job.stageIds().mkString(" ").split()}
    no_quantiles = getattr(store, "stageData$default$5")()
    found = [store.stageData(stage_id, False, [], False, no_quantiles) for stage_id in stages]
    # the store forgets stages before their jobs, being more, and first those that had nothing to do
    if sum(of_stage.isEmpty() for of_stage in found) > sum(job.numSkippedStages() for job in jobs):
        return {}
    attempts = [of_stage.apply(n) for of_stage in found for n in range(of_stage.size())]
    ran = [attempt for attempt in attempts if attempt.numCompleteTasks() > 0]
    run_ms = [attempt.executorRunTime() for attempt in ran]
    largest_ms = median_ms = 0
    for all_ms, attempt in sorted(zip(run_ms, ran, strict=True), key=lambda pair: -pair[0]):
        if all_ms <= largest_ms:  # nor has any of its tasks run longer
            break
        if (task_ms := _task_ms(store, api, attempt, rank=0)) > largest_ms:
            largest_ms = task_ms
            median_ms = _task_ms(store, api, attempt, rank=attempt.numCompleteTasks() // 2)
    return {
        "jobs": len(jobs),
        "task_seconds": sum(run_ms) / 1000,
        "rows_read": sum(a.inputRecords() for a in ran),
        "rows_written": sum(a.outputRecords() for a in ran),
        "rows_shuffled": sum(a.shuffleWriteRecords() for a in ran),
        "bytes_read": sum(a.inputBytes() for a in ran),
        "bytes_shuffled": sum(a.shuffleWriteBytes() for a in ran),
        "bytes_spilled": sum(a.diskBytesSpilled() for a in ran),
        "largest_task_seconds": largest_ms / 1000,
        "median_task_seconds": median_ms / 1000,
    }


def _task_ms(store: Any, api: Any, attempt: Any, *, rank: int) -> int:
    """How long a task of a Spark stage ran; the longest has rank 0."""
    order, done = api.TaskSorting.DECREASING_RUNTIME, [api.TaskStatus.SUCCESS]
    tasks = store.taskList(attempt.stageId(), attempt.attemptId(), rank, 1, order, done)
    return int(tasks.apply(0).taskMetrics().get().executorRunTime())
