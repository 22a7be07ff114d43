"""From rows to the published score: new accounts count as far as is usual, unusual ones less, and explain says so."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from kloutspark.cli import exit_code
from kloutspark.storage.published import background, weights_of_accounts
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
FIRST, SECOND = date(2026, 3, 31), date(2026, 4, 1)
FANS, FARM = 20, 60
Rows = Mapping[str, Mapping[str, Any]]


def noon(age: int) -> datetime:
    """Of so many days before the first as-of day."""
    return datetime(2026, 3, 31, 12) - timedelta(days=age)


def tell() -> Iterator[tuple[str, str, int]]:
    """Actor, target and age: fans of old for a star and a nobody, then new accounts for both."""
    for n in range(FANS):
        yield from ((f"fan {n}", "star", age) for age in range(1 + n % 7, 90, 7))
    yield from (("fan 0", "nobody", 40), ("fan 1", "nobody", 20), ("fan 2", "nobody", 2))
    yield from ((f"new {n}", "star", 1) for n in range(4))  # a star's newcomers
    yield from ((f"farm {n}", "nobody", 1) for n in range(FARM))
    yield from (("vouched", "nobody", 1), ("fan 3", "vouched", 5), ("fan 4", "vouched", 3))
    for age in (70, 69, 68, 2):  # somebody who reacts to a hundred people a day
        yield from (("bot", f"victim {n}", age) for n in range(100))
    yield "bot", "star", 1


@dataclass(frozen=True)
class Days:
    """The rows of both days, the first day's with everybody counted alike, and the root."""

    lab: Lab
    first: Rows
    second: Rows
    alike: Rows


@pytest.fixture(scope="module")
def days(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Days:
    lab = Lab(spark, tmp_path_factory.mktemp("authenticity") / "root")
    lab.react(*[{"actor_id": a, "target_id": t, "occurred_at": noon(age)} for a, t, age in tell()])
    alike = lab.unscored("model.authenticity.is_applied=false")
    first = lab.score(FIRST)
    lab.react({"actor_id": "farm 0", "target_id": "star", "occurred_at": noon(0)})
    return Days(lab, first, lab.score(SECOND), alike.score(FIRST))


def counted(days: Days, rows: Rows, account: str) -> dict[str, Any]:
    found = background(days.lab.tables, rows[f"twitter:{account}"], window_days=90)["actors"]
    return dict(found[0])


def test_a_farm_hardly_counts_and_a_stars_newcomers_do(days: Days) -> None:
    lost = {a: days.alike[f"twitter:{a}"]["score"] - days.first[f"twitter:{a}"]["score"] for a in ("star", "nobody")}
    assert lost["nobody"] > 15
    assert 0 <= lost["star"] < 1
    nobody = counted(days, days.first, "nobody")
    assert (nobody["people"], nobody["newcomers"]) == (3 + FARM + 1, FARM)  # whom two fans reacted to is known
    assert 0.5 <= nobody["newcomers_count_as"] < 5


def test_who_reacts_to_a_hundred_people_a_day_counts_half(days: Days) -> None:
    star = counted(days, days.first, "star")
    assert star["doubted"] == {"targets_a_day": 1}
    weights = weights_of_accounts(days.lab.tables, FIRST, "twitter", window_days=90).collect()
    weight = {row["account_id"]: row["weight"] for row in weights}
    # its first day says nothing yet, nor do the first 60 of the history; then (100 / 50) and (100 / 25), each to the .5
    assert weight["bot"] == pytest.approx((300 * 1 + 101 / 8**0.5) / 401, abs=1e-6)
    assert weight["fan 0"] == 1
    assert weight["farm 0"] < 0.1


def test_a_newcomer_of_yesterday_to_whom_nobody_reacted_is_one_today(days: Days) -> None:
    star = counted(days, days.second, "star")
    assert star["newcomers"] == counted(days, days.first, "star")["newcomers"] + 1


def test_a_recomputation_says_the_same_to_the_bit(days: Days) -> None:
    days.lab.run(SECOND, recompute=True)
    again = days.lab.published(SECOND)
    assert {p: {**row, "run_id": ""} for p, row in again.items()} == {
        p: {**row, "run_id": ""} for p, row in days.second.items()
    }


def test_explain_says_how_many_and_why_and_never_whose(days: Days, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["explain", "twitter:nobody", "--as-of", str(FIRST), "--root", str(days.lab.root)]
    assert exit_code([*argv, *set_options(*CHEAP_SMALL_PLANS)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"{FARM} of the {FARM + 4} people who reacted are new to the network" in said
    assert "farm 0" not in said
    assert exit_code([*argv, "--json", *set_options(*CHEAP_SMALL_PLANS)]) == 0
    assert json.loads(capsys.readouterr().out)["actors"][0]["newcomers"] == FARM
