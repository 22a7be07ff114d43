"""A network that is waited for, and people who want no score: what the next runs publish of them."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from kloutspark import publish
from kloutspark.cli import exit_code
from kloutspark.domain.contracts import ACTOR_DAYS, DELIVERIES, FEATURES, LINKS, RANKS, REQUESTS, SCORES_CANDIDATE
from kloutspark.domain.errors import InputError
from kloutspark.pipeline import Outcome
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
CLUB = (
    "networks.club={title: Club, status: scored, account_types: [personal], hold_days: 2, "
    "kinds: {applause: {class: light, meaning: clapping for a speech}}}"
)
FIRST, SECOND, THIRD, FOURTH = (date(2026, 3, day) for day in (1, 2, 3, 4))
BEFORE = datetime(2026, 2, 27, 12)
EVE = datetime(2026, 2, 28, 12)  # the last day that the club delivers before it goes silent
OPTED_OUT = ("ada", "twitter:solo", "twitter:star", "twitter:paul", "twitter:second")
Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Days:
    """The root and what its runs said and published, in the order in which they were run."""

    lab: Lab
    outcomes: Mapping[str, Outcome]
    rows: Mapping[str, Rows]


@pytest.fixture(scope="module")
def days(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Days:
    lab = Lab(spark, tmp_path_factory.mktemp("held"), (CLUB,))
    fans = [
        {"actor_id": f"fan{n}", "target_id": t}
        for n in range(5)
        for t in ("ada", "solo", "bob", "twin", "paul", "uno", "duo")
    ]
    fans += [{"actor_id": "second", "target_id": "duo"}]  # their own other account
    fans += [{"actor_id": f"reader{n}", "target_id": "star"} for n in range(400)]
    lab.react(*[{**row, "occurred_at": BEFORE} for row in fans])
    members = [
        {"actor_id": f"m{n}", "target_id": t, "occurred_at": at}
        for n in range(3)
        for t in ("bob", "cyd")
        for at in (BEFORE, EVE)
    ]
    lab.react(*members, network="club")
    links = [("ada", "twitter", "ada"), ("ada", "club", "ada"), ("bob", "twitter", "bob"), ("bob", "club", "bob")]
    links += [("paul", "twitter", "paul"), ("duo", "twitter", "duo"), ("duo", "twitter", "second")]
    past = {
        "person_id": "ada",
        "network": "twitter",
        "account_id": "twin",
        "disconnected_on": FIRST - timedelta(days=9),
    }
    lab.put(LINKS, [*[dict(zip(("person_id", "network", "account_id"), link, strict=True)) for link in links], past])
    on_the_first = datetime(2026, 3, 1, 12)  # counted from the second day on
    lab.react(*[{"occurred_at": on_the_first, "actor_id": a, "target_id": f"liked by {a}"} for a in ("star", "nobody")])
    outcomes, rows = {}, {}

    def run(name: str, lab: Lab, as_of: date, **options: Any) -> None:
        outcomes[name] = lab.run(as_of, **options)
        assert outcomes[name].verdict.passed, outcomes[name].verdict.blocking
        rows[name] = lab.published(as_of)

    run("first", lab, FIRST)
    for person in OPTED_OUT:
        sets = set_options(*CHEAP_SMALL_PLANS, CLUB)
        assert exit_code(["opt-out", person, "--root", str(lab.root), *sets]) == 0
    run("held", lab, SECOND)
    run("held again", lab, THIRD)
    run("too long", lab, FOURTH)
    lab.put(DELIVERIES, [{"day": THIRD, "delivered_at": datetime(2026, 3, 4)}], "club")
    run("complete", lab, FOURTH)
    late = [{"actor_id": "late", "target_id": "bob", "occurred_at": EVE + timedelta(days=n)} for n in (1, 2)]
    lab.react(*late, network="club")
    run("arrived", lab, FOURTH)
    fresh = lab.unscored()
    outcomes["never held"] = fresh.run(FOURTH)
    rows["never held"] = fresh.published(FOURTH)
    return Days(lab, outcomes, rows)


def freshness(days: Days, name: str) -> float | None:
    found = [f for f in days.outcomes[name].verdict.findings if (f.vital, f.network) == ("freshness_days", "club")]
    return found[0].observed


def test_a_held_network_counts_as_of_its_delivered_day_and_says_so(days: Days) -> None:
    manifest = days.outcomes["held"].manifest
    assert manifest.held == {"club": EVE.date()}
    before, held = (days.rows[name]["club:cyd"] for name in ("first", "held"))
    assert held["evidence"] == before["evidence"]
    assert held["score"] == before["score"]
    said = f"Club is held: it is counted as of {EVE.date()}, the last day that it delivered"
    assert said in held["reasons"]
    assert said in days.rows["held"]["bob"]["reasons"]
    assert said not in days.rows["held"]["twitter:liked by star"]["reasons"]
    assert freshness(days, "held") == 0
    again = days.outcomes["held again"].manifest
    assert again.held == manifest.held
    assert set(again.modes.values()) == {"incremental"}
    assert days.rows["held again"]["club:cyd"]["evidence"] == before["evidence"]


def test_longer_than_hold_days_it_ages_and_freshness_says_so(days: Days) -> None:
    assert days.outcomes["too long"].manifest.held == {}
    assert days.rows["too long"]["club:cyd"]["evidence"] < days.rows["held"]["club:cyd"]["evidence"]
    assert freshness(days, "too long") == 3


def test_a_complete_day_without_rows_is_delivered(days: Days) -> None:
    assert days.outcomes["complete"].manifest.held == {}
    assert days.rows["complete"]["club:cyd"]["evidence"] == days.rows["too long"]["club:cyd"]["evidence"]
    assert freshness(days, "complete") == 0


def test_what_arrives_late_counts_as_if_nothing_had_been_held(days: Days) -> None:
    arrived = days.rows["arrived"]
    assert arrived["bob"]["evidence"] > days.rows["complete"]["bob"]["evidence"]
    never = {person: row["evidence"] for person, row in days.rows["never held"].items()}
    assert never.items() <= {person: row["evidence"] for person, row in arrived.items()}.items()


def test_who_opted_out_has_no_row_from_the_next_run_on(days: Days) -> None:
    names = {"ada", "paul", "twitter:solo", "twitter:star", "twitter:ada", "twitter:twin", "twitter:paul"}
    assert set(days.rows["first"]) & names == {"ada", "paul", "twitter:solo", "twitter:star", "twitter:twin"}
    for name in ("held", "too long", "arrived", "never held"):
        assert not set(days.rows[name]) & names, name
    accounts = ["ada", "solo", "star", "twin", "paul", "second"]
    for contract, column in ((FEATURES, "account_id"), (RANKS, "account_id"), (SCORES_CANDIDATE, "person_id")):
        rows = days.lab.read(contract).where(F.col("as_of") > F.lit(FIRST))
        ids = [*accounts, *names] if column == "person_id" else accounts
        assert rows.where(F.col(column).isin(ids)).isEmpty(), contract.name
        assert not rows.isEmpty()
    assert days.lab.published(FIRST) == days.rows["first"], "what was published before stays until it is erased"


def test_who_opted_out_reacts_as_somebody_without_a_score(days: Days) -> None:
    liked = [days.rows["held"][f"twitter:liked by {actor}"]["evidence"] for actor in ("star", "nobody")]
    assert days.rows["first"]["twitter:star"]["score"] > 40
    assert liked[0] == liked[1]
    standings = days.lab.read(ACTOR_DAYS).where("day = '2026-03-01' and actor_id = 'star'")
    assert [row["standing_micros"] for row in standings.collect()] == [1_000_000]


def test_an_own_account_that_opted_out_is_no_stranger(days: Days) -> None:
    """Two accounts, one of which reacts to the other: who opts the one out gains nothing by it."""
    held = days.rows["held"]
    assert [a["account_id"] for a in held["duo"]["accounts"]] == ["duo"]
    assert held["duo"]["evidence"] == held["twitter:uno"]["evidence"]


def test_the_same_request_again_changes_nothing(days: Days, capsys: pytest.CaptureFixture[str]) -> None:
    sets = set_options(*CHEAP_SMALL_PLANS)
    assert exit_code(["opt-out", "ada", "--root", str(days.lab.root), "--json", *sets]) == 0
    assert '"is_new": false' in capsys.readouterr().out
    assert exit_code(["opt-out", "", "--root", str(days.lab.root), *sets]) == 64


def test_without_its_requests_a_root_is_not_scored(days: Days, capsys: pytest.CaptureFixture[str]) -> None:
    lab, sets = days.lab, set_options(*CHEAP_SMALL_PLANS)
    requests, away = lab.root / "privacy", lab.root / "away"
    requests.rename(away)
    try:
        with pytest.raises(InputError, match="found none"):
            lab.run(FOURTH)
        assert exit_code(["opt-out", "bob", "--root", str(lab.root), *sets]) == 3
        lab.put(REQUESTS, [])
        with pytest.raises(InputError, match="found another one"):
            lab.run(FOURTH)
    finally:
        shutil.rmtree(requests, ignore_errors=True)
        away.rename(requests)


def test_a_rollback_to_before_says_who_is_back_and_keeps_the_requests(
    days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    first = days.outcomes["first"].manifest
    done = publish.rollback(days.lab.tables, to=first.run_id, run_id="back", started_at=datetime(2026, 3, 5))
    assert days.lab.published(FIRST) == days.rows["first"]
    assert "people opted out after that run and have rows again: score 2026-03-01 again" in caplog.text
    assert done.inputs[REQUESTS.path()] == days.lab.tables.pin(REQUESTS), "the next run hides them again"
