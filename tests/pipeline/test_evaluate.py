"""`kloutspark evaluate` on small invented networks: what it reads, what each cut is told, what it refuses."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from kloutspark import evaluation
from kloutspark.cli import exit_code
from kloutspark.config import load
from kloutspark.domain.contracts import ACCOUNTS, GAUGES, POSTS, SCORES
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.evaluation import Evaluation, Plan
from tests.lab import CHEAP_SMALL_PLANS, Lab, Row, set_options

pytestmark = pytest.mark.delta
START = date(2026, 1, 1)
PEOPLE = range(44)
CUTS = [START + timedelta(days=n) for n in (28, 56)]
SETS = set_options(*CHEAP_SMALL_PLANS)


def at(day: date, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, 12) + timedelta(minutes=minute)


def reactions(*days: int) -> list[Row]:
    """On each of these days 5 + t people react to target number t: who is reacted to by many stays so."""
    return [
        {"actor_id": f"a{a}", "target_id": f"t{t}", "occurred_at": at(START + timedelta(days=day), minute=t)}
        for day in days
        for t in PEOPLE
        for a in range(5 + t)
    ]


@pytest.fixture(scope="module")
def told(new_lab_of_module: Lab) -> Lab:
    """A network of 58 days with followers, posts and a bot; rows without a target, and self rows."""
    lab = new_lab_of_module
    own = [{"actor_id": "t1", "target_id": "t1", "occurred_at": at(START)}] * 3
    nobody = [{"target_id": None, "occurred_at": at(START)}] * 2
    lab.react(*reactions(0, 20, 40, 50, 57), *own, *nobody)
    followers = [
        {"account_id": f"t{t}", "day": START + timedelta(days=day), "gauge": "followers", "value": value * 10.0**t}
        for t in range(5)
        for day, value in ((10, 1.0), (55, 2.0), (56, 7.0))
    ]
    lab.put(GAUGES, followers, "twitter")
    lab.put(POSTS, [{"post_id": "p", "account_id": "t1", "posted_at": at(START)}], "twitter")
    lab.put(ACCOUNTS, [{"account_id": "a0", "account_type": "bot", "created_at": None}], "twitter")
    return lab


@pytest.fixture(scope="module")
def new_lab_of_module(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(spark, tmp_path_factory.mktemp("evaluated") / "root")  # type: ignore[arg-type]


def evaluate(lab: Lab, plan: Plan, *, other: tuple[str, ...] = ()) -> Evaluation:
    beside = load(overrides=(*CHEAP_SMALL_PLANS, *other)) if other else None
    return evaluation.evaluate(lab.tables, lab.config, plan, other=beside, run_id="e", started_at=at(CUTS[0]))


def test_real_days_are_cut_by_cut_told_what_was_known(told: Lab, tmp_path: Path) -> None:
    ranking = tmp_path / "ranking.csv"
    ranking.write_text("account_id,value\n" + "".join(f"t{t},{t * t}\n" for t in PEOPLE) + "stranger,5\n")
    found = evaluate(told, Plan("twitter", "days", outside=ranking))
    report = found.report
    assert (report["rows"], report["incomplete_rows"], report["self_rows"]) == (5 * sum(5 + t for t in PEOPLE), 2, 3)
    assert [c["as_of"] for c in report["cuts"]] == [str(day) for day in CUTS]
    assert [c["past_rows"] for c in report["cuts"]] == [report["rows"] * n // 5 for n in (2, 4)]
    assert (report["accounts"], report["unscored"]) == (2 * 44, 0)
    assert report["spearman"]["score"] == pytest.approx(1, abs=0.01)
    assert report["spearman"]["u"] == pytest.approx(1)
    assert report["best_half_life"]["spearman"] == pytest.approx(1)
    assert [row["gauge"] for row in report["r_squared"]] == ["followers"]
    first, second = found.tried
    assert first.gauges["followers"].to_dict() == {f"t{t}": 10.0**t for t in range(5)}
    assert second.gauges["followers"].to_dict() == {f"t{t}": 2 * 10.0**t for t in range(5)}, "day 56 is not known yet"
    assert first.scored.inside.difference < 1e-4
    assert first.scored.inside.people.loc["twitter:t43", "actors"] == 47, "a0 is a known bot: 48 less one"
    assert report["same_range"]["people"] == 44
    assert sum(row["people"] for row in report["distribution"] if row["to"] - row["from"] > 8) == 2 * 44
    assert report["outside"]["accounts"] == 44
    assert report["outside"]["as_of"] == str(START + timedelta(days=58))
    assert report["outside"]["spearman"]["n"] == report["outside"]["spearman"]["u"] == pytest.approx(1)
    assert report["outside"]["spearman"]["gauge followers"] < 1
    assert "NaN" not in json.dumps(report)


def test_stretched_days_are_beside_other_settings_and_daily_runs(told: Lab) -> None:
    held = ("model.step_limit.most_up_points=0.1", "model.selectivity.halving_reactions=1")
    report = evaluate(told, Plan("twitter", "stretched", daily=2), other=held).report
    assert report["spearman"]["u"] == pytest.approx(1)
    difference = report["compared"]["difference"]
    assert report["compared"]["spearman"] == pytest.approx(report["spearman"]["score"] - difference["measured"])
    assert difference["lowest"] <= difference["measured"] <= difference["highest"]
    assert report["daily"]["without_limit"] == report["spearman"]["score"]
    assert report["daily"]["runs"] == 2
    assert report["cuts"][0]["past_rows"] < report["rows"]


def test_an_evaluation_leaves_nothing_behind(told: Lab) -> None:
    assert told.tables.folders("scratch") == set()
    assert not told.tables.exists(SCORES)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan("twitte", "days"), "mean twitter"),
        (Plan("twitter", "days", daily=3), "expected --protocol stretched"),
    ],
)
def test_what_nobody_can_evaluate_is_a_wrong_command_line(told: Lab, plan: Plan, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        evaluate(told, plan)


def test_what_is_missing_is_said(told: Lab, lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected interactions, found none"):
        evaluate(told, Plan("github", "days"))
    lab.react(*reactions(3)[:30])
    for protocol in ("days", "stretched"):
        with pytest.raises(
            InputError, match="40 accounts of 5 distinct actors before it, and a future, found none in 30"
        ):
            evaluate(lab, Plan("twitter", protocol))
    for text, complaint in (
        ("a,b\n", "KeyError"),
        ("account_id,value\nx,high\n", "high"),
        ("account_id,value\nx,1\nx,2\n", "twice"),
    ):
        path = tmp_path / "ranking.csv"
        path.write_text(text)
        with pytest.raises(InputError, match=complaint):
            evaluate(told, Plan("twitter", "stretched", outside=path))


def test_codes_of_the_command(told: Lab, caplog: pytest.LogCaptureFixture) -> None:
    def code(*argv: str) -> int:
        return exit_code(["evaluate", *argv, "--root", str(told.root), *SETS])

    assert code("--network", "twitte") == 64
    assert code("--network", "twitter", "--protocol", "weeks") == 64
    assert "expected stretched or days, found weeks" in caplog.text
    assert code("--network", "twitter", "--compare", "model.dampin.exponent=1") == 64
    assert code("--network", "github") == 3
    assert "expected interactions" in caplog.text
