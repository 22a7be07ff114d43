"""A model fitted by command from labels or from history, and the next day scored with it."""

import csv
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from pyspark.sql import functions as F

from kloutspark.cli import exit_code
from kloutspark.config import Term, load
from kloutspark.domain.contracts import LINKS, SCORES
from kloutspark.storage.published import named_features
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
FIRST = date(2026, 3, 1)
SETS = set_options(*CHEAP_SMALL_PLANS)
PEOPLE = [f"t{n}" for n in range(60)]


@pytest.fixture
def typed(lab: Lab, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Callable[..., str]:
    """Runs a command line on the lab's root and expects a code; what it printed, of a fault too."""

    def run(*argv: str, code: int = 0) -> str:
        capsys.readouterr()
        found = exit_code([*argv, "--root", str(lab.root), *SETS])
        printed = capsys.readouterr()
        assert found == code, printed.out + printed.err
        return printed.out if code == 0 else caplog.messages[-1]

    return run


def a_world(lab: Lab) -> dict[str, int]:
    """Sixty people: half of the actors come on one day, half on days of their own; the active days of each.

    Who is fitted to is told by active days alone; reactions go on for two days from the first published one on.
    """
    random, rows, days = np.random.default_rng(11), [], {}
    for person in PEOPLE:
        burst, spread = random.integers(1, 30), random.integers(1, 30)
        ages = [5] * burst + random.integers(1, 80, spread).tolist() + (-random.integers(1, 3, spread)).tolist()
        noon = datetime(2026, 2, 28, 12)
        rows += [
            {"occurred_at": noon - timedelta(days=int(age)), "actor_id": f"a{n}", "target_id": person}
            for n, age in enumerate(ages, start=int(random.integers(0, 200)))
        ]
        days[person] = len({age for age in ages if age > 0})
    rows += [
        {"occurred_at": datetime(2026, 2, 20 + n % 3, 12), "actor_id": f"bot{n}", "target_id": f"victim {n} {target}"}
        for n in range(30)
        for target in range(60)
    ]
    lab.react(*rows)
    return days


def test_a_model_is_fitted_to_labels_and_scores_the_next_day(
    typed: Callable[..., str], lab: Lab, tmp_path: Path
) -> None:
    out, labels = tmp_path / "a model.yaml", tmp_path / "labels.csv"
    assert "expected published scores, found none" in typed("fit", "nowhere.csv", "--out", str(out), code=3)
    days = a_world(lab)
    lab.put(LINKS, [{"person_id": "twin", "network": "twitter", "account_id": a} for a in PEOPLE[:2]])
    lab.score(FIRST)
    random = np.random.default_rng(5)
    drawn = [random.choice(PEOPLE, 2, replace=False).tolist() for _ in range(600)]
    rows = [(f"twitter:{a}", f"twitter:{b}", int(days[a] > days[b]), 1) for a, b in drawn if days[a] != days[b]]
    rows = [row for row in rows if not {"twitter:t0", "twitter:t1"} & {*row[:2]}]
    strangers = [("twin", "twitter:t7", 1, 1), ("twitter:nobody", "twitter:t7", 0, 2.5)]
    with labels.open("w", newline="") as file:
        csv.writer(file).writerows([("left", "right", "label", "weight"), *rows, *strangers])

    done = json.loads(typed("fit", str(labels), "--out", str(out), "--json"))
    assert (done["pairs"], done["pairs_left_out"]) == (len(rows), 2)
    assert (done["unknown_people"], done["people_with_several_accounts"]) == (1, 1)
    quality = {q["name"]: q for q in done["quality"]}
    assert quality["fitted model"]["auc_by_people"] > 0.95 > quality["actors_distinct_90d"]["auc_by_people"]
    fitted = load(overrides=[f"model={out}"])
    assert f"# data fingerprint: {done['fingerprint']}" in out.read_text()
    said = typed("fit", str(labels), "--out", str(out))
    assert done["fingerprint"] in said
    assert load(overrides=[f"model={out}"]) == fitted, "the same labels, the same model"

    second = FIRST + timedelta(days=1)
    typed("score", "--as-of", str(second), "--set", f"model={out}")
    published = {r["person_id"]: r["evidence"] for r in lab.read(SCORES).where(F.col("as_of") == second).collect()}
    signals = {f"twitter:{r['account_id']}": r["signals"] for r in named_features(lab.tables, second).collect()}
    for person in (f"twitter:{name}" for name in PEOPLE[2:]):
        terms = [term.evidence(_value(term, signals[person])) for term in fitted.terms("twitter")]
        assert published[person] == pytest.approx(sum(terms), abs=1e-6)

    kept = tmp_path / "labels of history"
    history = ["fit", "--labels-from-future", "--ahead-days", "2", "--as-of", str(FIRST), "--out", str(out), "--json"]
    told = json.loads(typed(*history, "--labels-out", str(kept)))
    again = json.loads(typed("fit", str(kept), "--as-of", str(FIRST), "--out", str(out), "--json"))
    assert told["pairs"] == again["pairs"] > 500
    assert again["quality"] == told["quality"]
    assert "twin" not in out.read_text()

    refusals = {
        ("fit", "--out", str(out)): (64, "expected one of LABELS, --labels-from-future"),
        ("fit", str(labels), "--labels-from-future", "--out", str(out)): (64, "found LABELS and --labels-from-future"),
        ("fit", str(labels), "--out", "/nowhere/model.yaml"): (64, "expected a file in a folder that exists"),
        ("fit", str(tmp_path / "none.csv"), "--out", str(out)): (3, "expected a file or folder, found nothing"),
        ("fit", str(tmp_path), "--out", str(out)): (3, "expected a Delta table"),
        ("fit", "--labels-from-future", "--out", str(out)): (3, "expected 28 days, found rows until 2026-03-02"),
        ("fit", str(labels), "--as-of", "2026-01-01", "--out", str(out)): (64, "expected a published day"),
    }
    for argv, (code, text) in refusals.items():
        assert text in typed(*argv, code=code)

    bots = tmp_path / "bots.csv"
    known = [("twitter", f"bot{n}", 1) for n in range(30)] + [("twitter", f"a{n}", 0) for n in range(60)]
    with bots.open("w", newline="") as file:
        csv.writer(file).writerows([("network", "account_id", "is_automated"), *known, ("twitter", "nobody", 0)])
    told = json.loads(typed("fit", "--authenticity", str(bots), "--as-of", str(FIRST), "--out", str(out), "--json"))
    doubts = told["authenticity"]["doubts"]
    assert told["accounts"] + told["unknown"] == 91, "some acted after the day alone"
    assert told["accounts"] > 75
    assert told["auc_by_folds"] > 0.95
    assert doubts["targets_a_day"]["weight"] > 0
    assert doubts["hours_a_day"]["weight"] == 0, "all of them act within an hour of the day"
    assert yaml.safe_load(out.read_text()) == {"authenticity": {"doubts": doubts}}
    load(overrides=[f"model.authenticity.doubts={json.dumps(doubts)}"])
    assert "labelled accounts" in typed("fit", "--authenticity", str(bots), "--as-of", str(FIRST))
    assert "expected a column" in typed("fit", "--authenticity", str(labels), code=3)

    proposed = json.loads(typed("fit", "--anchors", "--as-of", str(FIRST), "--out", str(out), "--json"))
    assert yaml.safe_load(out.read_text()) == {"calibration": proposed["calibration"]}
    load(overrides=[f"model.calibration={json.dumps(proposed['calibration'])}"])
    assert 0 < proposed["movers"] <= proposed["people"]
    assert "would move by more than 5 points" in typed("fit", "--anchors", "--as-of", str(FIRST))


def _value(term: Term, signals: dict[str, float]) -> float:
    most = signals[term.at_most] if isinstance(term.at_most, str) else term.at_most
    value = signals[term.signal]
    return value if most is None else min(value, most * term.at_most_times)
