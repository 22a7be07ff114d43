"""Corrupted days are refused, each by its own check; a person may accept what is no fault of a row."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark import pipeline
from kloutspark.cli import exit_code
from kloutspark.domain.contracts import GATE_RESULTS, SCORES, SCORES_CANDIDATE
from kloutspark.storage import manifest
from kloutspark.storage.day import Day
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
FIRST, SECOND = date(2026, 3, 15), date(2026, 3, 16)
Corruption = Callable[[DataFrame], DataFrame]
SETS = set_options(*CHEAP_SMALL_PLANS)


ALL_ONE = "array(named_struct('network', '', 'signal', 'base', 'points', 1.0D))"
SHIFTED = (
    "transform(parts, p -> IF(p.signal = 'base', named_struct('network', '', 'signal', 'base', 'points', 11D), p))"
)
BENT = "transform(parts, p -> IF(p.signal = 'base', named_struct('network', '', 'signal', 'base', 'points', 1.01D), p))"
CORRUPTIONS: dict[str, Corruption] = {
    "all_equal": lambda day: day.withColumns({"score": F.lit(1.0), "parts": F.expr(ALL_ONE)}),
    "people_change": lambda day: day.where("right(person_id, 1) IN ('0', '2', '4', '6', '8')"),
    "quantile_drift_points": lambda day: day.withColumns({"score": F.expr("score + 10"), "parts": F.expr(SHIFTED)}),
    "duplicate_keys": lambda day: day.unionByName(day.limit(1)),
    "parts_not_summing": lambda day: day.withColumn("parts", F.expr(BENT)),
}


@pytest.fixture
def settled_root(lab: Lab) -> Lab:
    """Forty people, each with one fan more than the one before, published on 15 days."""
    noon = datetime(2026, 3, 13, 12)
    fans = [(f"fan{n}", f"person{p:02}") for p in range(40) for n in range(p + 1)]
    lab.react(
        *[
            {"occurred_at": noon + timedelta(days=day), "actor_id": fan, "target_id": person}
            for day in range(3)
            for fan, person in fans
        ]
    )
    lab.score(FIRST)
    publish_the_days_before(lab, FIRST, days=14)
    return lab


def publish_the_days_before(lab: Lab, as_of: date, *, days: int) -> None:
    """Copies a published day to earlier ones, as if each had been run: the past that drift is held against."""
    earlier = F.explode(F.sequence(F.lit(as_of - timedelta(days=days)), F.lit(as_of - timedelta(days=1))))
    day = lab.read(SCORES).where(F.col("as_of") == F.lit(as_of)).withColumn("as_of", earlier)
    lab.tables.append(day, SCORES)
    last, _ = manifest.last_finished(lab.tables)
    assert last is not None
    kept = {**last.kept, SCORES.name: lab.tables.version(SCORES)}
    update = {"run_id": f"{last.run_id}/past", "kept": kept, "published": None}  # to be looked up
    manifest.finish(lab.tables, last.model_copy(update=update))


def corrupted(monkeypatch: pytest.MonkeyPatch, corruption: Corruption) -> None:
    build = pipeline.build_candidate

    def build_and_corrupt(day: Day, *frames: DataFrame) -> None:
        build(day, *frames)
        candidate = day.read(SCORES_CANDIDATE).where(F.col("as_of") == F.lit(day.as_of))
        day.replace_day(corruption(candidate), SCORES_CANDIDATE)

    monkeypatch.setattr(pipeline, "build_candidate", build_and_corrupt)


def test_corrupted_days_are_refused_accepted_or_repaired(
    settled_root: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = settled_root
    before = lab.tables.version(SCORES)
    for vital, corruption in CORRUPTIONS.items():
        with monkeypatch.context() as patch:
            corrupted(patch, corruption)
            refused = lab.run(SECOND)
        assert refused.manifest.status == "refused"
        assert vital in [finding.vital for finding in refused.verdict.blocking], refused.verdict.blocking
        assert lab.tables.version(SCORES) == before, "nothing touched what is published"
        run = f"run_id = '{refused.manifest.run_id}'"
        assert lab.read(SCORES_CANDIDATE).where(run).count() > 0, "the candidate can be looked at"
        (kept,) = lab.read(GATE_RESULTS).where(run).where(f"vital = '{vital}'").collect()
        assert (kept.severity, kept.passed, kept.note) == ("block", False, None)

    with monkeypatch.context() as patch:
        corrupted(patch, CORRUPTIONS["people_change"])
        argv = ["score", "--as-of", str(SECOND), "--root", str(lab.root), *SETS]
        assert exit_code(argv) == 2
        assert exit_code([*argv, "--accept", "people_change", "--reason", "half of them left"]) == 0
    accepted, _ = manifest.last_finished(lab.tables)
    assert accepted is not None
    assert accepted.accepted == {"people_change": "half of them left"}
    assert len(lab.published(SECOND)) == 20
    assert exit_code([*argv, "--accept", "duplicate_keys", "--reason", "why not"]) == 64
    assert exit_code([*argv, "--accept", "people_change"]) == 64

    repaired = lab.score(SECOND)
    assert len(repaired) == 40
    capsys.readouterr()
    assert exit_code(["runs", "--gate", refused.manifest.run_id, "--root", str(lab.root), *SETS]) == 0
    assert "parts_not_summing" in capsys.readouterr().out


def test_a_stale_network_blocks_where_it_is_told_to(settled_root: Lab) -> None:
    late = SECOND + timedelta(days=3)
    warned = settled_root.run(late)
    assert warned.verdict.passed
    assert {f.name: f.observed for f in warned.verdict.warnings}["freshness_days of twitter"] == 3
    strict = settled_root.variant("gate.expectations.freshness_days.severity=block")
    refused = strict.run(late + timedelta(days=1))
    assert [finding.name for finding in refused.verdict.blocking] == ["freshness_days of twitter"]


def test_ranks_that_do_not_settle_refuse_the_day_and_the_manifest_says_how_far_they_came(lab: Lab) -> None:
    noon = datetime(2026, 3, 14, 12)
    lab.react(*[{"occurred_at": noon, "actor_id": a, "target_id": t} for a, t in ("ab", "bc", "ca", "cb")])
    walk = "model.ranks.engagement"
    outcome = lab.variant(f"{walk}.max_iterations=1", f"{walk}.tolerance_l1=1e-15").run(FIRST)
    assert [finding.vital for finding in outcome.verdict.blocking] == ["unsettled_graphs"]
    (graph,) = outcome.manifest.graphs
    assert (graph.graph, graph.accounts, graph.iterations, graph.converged) == ("twitter", 3, 1, False)
    assert graph.residual_l1 > 1e-15


def test_with_little_past_drift_only_warns_and_says_so(lab: Lab) -> None:
    noon = datetime(2026, 3, 14, 12)
    lab.react(*[{"occurred_at": noon, "actor_id": f"fan{n}"} for n in range(3)])
    lab.score(FIRST)
    crowd = [{"occurred_at": noon + timedelta(days=1), "actor_id": "a", "target_id": f"t{n}"} for n in range(9)]
    lab.react(*crowd)
    outcome = lab.run(SECOND)
    assert outcome.verdict.passed
    notes = {f.name: f.note for f in outcome.verdict.warnings}
    assert notes["people_change"] == "drift warns until 14 days are published, 1 are"
