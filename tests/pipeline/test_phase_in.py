"""A model that would move everybody overnight is refused; phased in, it is published on every day."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import yaml

from kloutspark.config import conf_dir
from kloutspark.domain.contracts import SCORES
from kloutspark.pipeline import Outcome
from kloutspark.reporting.explanation import difference
from kloutspark.storage import published
from tests.lab import Lab

pytestmark = pytest.mark.delta
BEFORE = date(2026, 3, 15)
DAYS = [BEFORE + timedelta(days=n) for n in range(1, 4)]  # three stand for the weeks that a phase takes
PEOPLE, FIRST_FANS = 20, 6
DRIFT = ("movers_share", "quantile_drift_points")


def new_model(folder: Path, *, days: int | None) -> Path:
    """Twitter's terms with shapes, in units ten times as large, and anchors that lift nearly everybody by 5 points."""
    tree = yaml.safe_load((conf_dir() / "models" / "default.yaml").read_text(encoding="utf-8"))
    shape = [[0, 0], [1, 13], [3, 31], [5, 45]]
    shaped = [{**term, "shape": shape} for term in tree["terms"]["reactions"] if term["signal"].endswith("_90d")]
    plain = [{**term, "weight": 5.0} for term in tree["terms"]["reactions"] if not term["signal"].endswith("_90d")]
    tree["terms"]["networks"]["twitter"] = [*shaped, *plain]
    tree["calibration"]["anchors"] = [[0, 1], [60, 25], [200, 71], [500, 100]]
    if days is not None:
        why = "A model of shapes in other units: overnight it would move nearly everybody."
        tree["phase_in"] = {"from_model": "default", "first_day": DAYS[0], "days": days, "why": why}
    path = folder / f"new {days}.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def drift_of(outcome: Outcome) -> dict[str, float]:
    found = {f.vital: f for f in outcome.verdict.findings if f.vital in DRIFT}
    assert all(f.severity == "block" and f.note is None for f in found.values()), "judged, not only warned about"
    return {vital: f.observed or 0.0 for vital, f in found.items()}


def test_a_model_that_moves_everybody_is_refused_and_phased_in_it_is_published(lab: Lab, tmp_path: Path) -> None:
    old = lab.variant("gate.drift.past_days_min=1")
    noons = [datetime.combine(BEFORE, time(12)) + timedelta(days=n) for n in range(-12, len(DAYS))]
    fans = [(f"fan{n}", f"person{p:02}") for p in range(PEOPLE) for n in range(p + FIRST_FANS)]
    old.react(*[{"occurred_at": noon, "actor_id": fan, "target_id": person} for noon in noons for fan, person in fans])
    last = old.score(BEFORE)

    overnight = old.variant(f"model={new_model(tmp_path, days=None)}").run(DAYS[0])
    assert not overnight.verdict.passed
    assert "movers_share" in [finding.vital for finding in overnight.verdict.blocking]
    assert drift_of(overnight)["movers_share"] > 0.5

    phased = old.variant(f"model={new_model(tmp_path, days=len(DAYS))}")
    moved = []
    for as_of in DAYS:
        outcome = phased.run(as_of)
        assert outcome.verdict.passed, outcome.verdict.blocking
        assert outcome.manifest.fingerprint == phased.config.fingerprint, "one for all days of the phase"
        assert outcome.manifest.modes == {"twitter": "incremental"}, "tiles do not depend on it"
        assert drift_of(outcome)["movers_share"] == 0
        rows = phased.published(as_of)
        moved.append(max(abs(rows[p]["score"] - last[p]["score"]) for p in last))
        told = difference(last["twitter:person07"], rows["twitter:person07"])
        assert round(sum(part["change"] for part in told["parts"]), 2) == told["change"] > 0
        last = rows
    assert max(moved) < phased.config.gate.drift.mover_points
    assert sum(moved) > phased.config.gate.drift.mover_points, "in all they moved as far as the gate refuses in a day"
    assert phased.config.on(DAYS[-1]) is phased.config, "the last day is the new model's alone"
    day, evidence = published.evidence(phased.tables, as_of=None)
    assert (day, sorted(evidence)) == (DAYS[-1], sorted(row["evidence"] for row in last.values()))
    _, some = published.evidence(phased.tables, as_of=None, most=PEOPLE // 2)
    assert 0 < len(some) < PEOPLE
    assert set(some) <= set(evidence)
    assert phased.read(SCORES).select("as_of").distinct().count() == 1 + len(DAYS)
