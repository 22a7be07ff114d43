"""What the stages of a run cost, as the manifest keeps it and `kloutspark cost` says it."""

import json
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import PySparkAttributeError
from pyspark.sql import SparkSession

from kloutspark.cli import exit_code
from kloutspark.domain.contracts import ACTOR_DAYS, EDGES, FEATURE_NAMES, FEATURES, PAIRS, SCORES, TARGETS
from kloutspark.storage import costs, manifest
from kloutspark.storage.manifest import Manifest, Stage
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

AS_OF = date(2026, 3, 1)
NOON = datetime(2026, 2, 27, 12)
FIGURES = [name for name in Stage.model_fields if name not in ("name", "seconds")]


@pytest.mark.delta
def test_every_stage_of_a_run_has_its_cost(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    def typed(*argv: str, code: int = 0) -> str:
        capsys.readouterr()
        assert exit_code(["cost", *argv, "--root", str(lab.root), *set_options(*CHEAP_SMALL_PLANS)]) == code
        return capsys.readouterr().out

    lab.react(*[{"occurred_at": NOON, "actor_id": f"f{n % 40}", "target_id": f"t{n % 7}"} for n in range(70)])
    lab.react({"occurred_at": NOON, "kind": "no such kind"})
    typed("--as-of", str(AS_OF), code=3)
    done = lab.run(AS_OF).manifest

    found = json.loads(typed("--as-of", str(AS_OF), "--json"))
    assert list(found) == ["run_id", "as_of", "status", "started_at", "rows", "stages"]
    run = {"run_id": done.run_id, "as_of": str(AS_OF), "status": "published", "rows": 71}
    assert found.items() >= run.items()
    stages = {s["name"]: s for s in found["stages"]}
    assert list(stages) == ["open", "judge", "pairs", "targets", "ranks", "features", "scores", "gate", "publish"]
    for stage in stages.values():
        assert list(stage) == ["name", "seconds", *FIGURES]
        assert all(stage[name] is not None for name in FIGURES), stage
        assert 0 <= stage["median_task_seconds"] <= stage["largest_task_seconds"] <= stage["task_seconds"]
        assert stage["jobs"] > 0
    tables = (PAIRS, ACTOR_DAYS, EDGES, TARGETS, FEATURES, FEATURE_NAMES, SCORES)
    rows = {contract: lab.read(contract).count() for contract in tables}
    written = {name: stage["rows_written"] for name, stage in stages.items()}
    assert written["judge"] == 1, "into quarantine"
    assert written["pairs"] == rows[PAIRS] + rows[ACTOR_DAYS] + rows[EDGES]
    assert written["targets"] == rows[TARGETS]
    assert written["features"] == rows[FEATURES] + rows[FEATURE_NAMES]
    assert written["scores"] == written["publish"] == rows[SCORES]
    assert stages["judge"]["rows_read"] >= 71
    assert stages["judge"]["bytes_read"] > 0
    assert stages["publish"]["rows_read"] >= rows[SCORES]
    assert stages["pairs"]["rows_shuffled"] >= 70
    assert stages["pairs"]["bytes_shuffled"] > 0

    said = typed()
    assert all(name in said for name in stages)
    assert f"{sum(written.values()):,}" in said
    typed("--as-of", str(AS_OF - timedelta(days=1)), code=64)

    before = done.model_dump(mode="json")
    before |= {"run_id": "of before", "stages": [{"name": "judge", "seconds": 1.5}]}
    manifest.finish(lab.tables, Manifest.model_validate(before))
    (old,) = json.loads(typed("--as-of", str(AS_OF), "--json"))["stages"]
    assert old == {"name": "judge", "seconds": 1.5, **dict.fromkeys(FIGURES)}
    assert "1.5" in (said := typed())
    assert said.split("judge")[1].splitlines()[0].count("-") == len(FIGURES)


@pytest.mark.spark
def test_jobs_of_a_stage_are_its_own(spark: SparkSession) -> None:
    found: list[Stage] = []
    with costs.stage(spark, "outer", as_of=AS_OF, run_id="run", into=found):
        spark.range(1000, numPartitions=4).repartition(3).count()
    spark.range(500).repartition(3).count()
    assert [(s.name, s.rows_shuffled) for s in found] == [("outer", 1000 + 3)]
    with (
        pytest.raises(ZeroDivisionError),
        costs.stage(spark, "fails", as_of=AS_OF, run_id="run", into=found),
    ):
        raise ZeroDivisionError
    assert len(found) == 1
    assert len(spark.sparkContext.getJobTags()) == 0, "the next stage does not carry the tag of one that failed"


def test_a_session_that_has_no_jvm_gives_seconds_alone() -> None:
    class Connect:
        @property
        def sparkContext(self) -> Any:  # noqa: N802
            raise PySparkAttributeError(errorClass="JVM_ATTRIBUTE_NOT_SUPPORTED", messageParameters={"attr_name": "x"})

    found: list[Stage] = []
    session: Any = Connect()
    with costs.stage(session, "judge", as_of=AS_OF, run_id="run", into=found):
        pass
    assert found == [Stage(name="judge", seconds=found[0].seconds)]


@pytest.mark.parametrize(("had_nothing_to_do", "expected"), [(1, {"jobs": 1, "task_seconds": 0}), (0, {})])
def test_a_store_that_has_forgotten_work_gives_no_figures(had_nothing_to_do: int, expected: dict[str, Any]) -> None:
    """Spark forgets stages that had nothing to do first: nothing is lost with them."""

    def nothing(*_: object) -> SimpleNamespace:
        return SimpleNamespace(isEmpty=lambda: True, size=lambda: 0)

    ids = SimpleNamespace(mkString=lambda _: "7")
    job = SimpleNamespace(stageIds=lambda: ids, numSkippedStages=lambda: had_nothing_to_do)
    store = SimpleNamespace(job=lambda _: job, stageData=nothing, **{"stageData$default$5": list})
    context = SimpleNamespace(
        listenerBus=lambda: SimpleNamespace(waitUntilEmpty=lambda _: None),
        statusStore=lambda: store,
        statusTracker=lambda: SimpleNamespace(getJobIdsForTag=lambda _: [1]),
    )
    found = costs._ask(context, None, "tag")
    assert {name: found[name] for name in expected} == expected
    assert bool(found) == bool(expected)
