"""What a refused day leaves, which days are refused, and what a reader sees."""

from datetime import date, datetime, timedelta

import deltalake
import duckdb
import pytest

from kloutspark.domain.contracts import GATE_RESULTS, INTERACTIONS, LINKS, PAIRS, RUNS, SCORES, SCORES_CANDIDATE
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.storage.lock import run_lock
from tests.lab import Lab

pytestmark = pytest.mark.delta
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
ROWS = [
    {"occurred_at": datetime(2026, 2, 27, hour), "actor_id": f"fan{hour}", "target_id": target}
    for target, fans in {"ada": 9, "bob": 4, "<b>cy</b>,\n'\"": 2}.items()
    for hour in range(fans)
]


def test_a_refused_day_leaves_the_scores_and_the_next_run_publishes(lab: Lab) -> None:
    lab.react(*ROWS)
    impossible = "gate.expectations.people.min=1000"
    lab.score(FIRST)
    before = lab.published(FIRST)
    refused = lab.variant(impossible).run(SECOND)
    assert not refused.verdict.passed
    assert refused.manifest.status == "refused"
    assert lab.published(FIRST) == before
    assert not lab.published(SECOND)
    run = f"run_id = '{refused.manifest.run_id}'"
    assert lab.read(SCORES_CANDIDATE).where(run).count() == 3, "the candidate can be looked at"
    found = lab.read(GATE_RESULTS).where(run).where("severity = 'block' AND NOT passed").collect()
    assert [(row.vital, row.network, row.least, row.observed) for row in found] == [("people", "", 1000.0, 3.0)]
    assert lab.read(RUNS).where(run).collect()[0].status == "refused"

    after = lab.score(SECOND)
    assert {row["change"] for row in after.values()} == {
        round(r["score"] - before[p]["score"], 2) for p, r in after.items()
    }

    with pytest.raises(ConfigError, match=r"no day before the newest published one, 2026-03-02, found 2026-03-01"):
        lab.run(FIRST)
    with run_lock(str(lab.root)), pytest.raises(InputError, match="expected no other run"):
        lab.run(SECOND)

    table = deltalake.DeltaTable(str(lab.root / SCORES.path()))
    scores = table.to_pyarrow_dataset()
    total = "list_sum([p.points FOR p IN parts])"
    rows = duckdb.sql(f"SELECT person_id, score, {total} FROM scores WHERE as_of = DATE '{SECOND}'").fetchall()
    assert {person: score for person, score, _ in rows} == {person: row["score"] for person, row in after.items()}
    assert all(total == pytest.approx(score, abs=1e-9) for _, score, total in rows)
    assert scores.count_rows() == 6


def test_tables_are_created_from_their_contracts(lab: Lab) -> None:
    lab.react(*ROWS)
    lab.tables.ensure(PAIRS)
    detail = lab.spark.sql(f"DESCRIBE DETAIL delta.`{lab.root / INTERACTIONS.path('twitter')}`").collect()[0]
    assert detail.partitionColumns == ["day"]
    assert detail.properties["delta.enableChangeDataFeed"] == "true"
    assert detail.properties["delta.dataSkippingStatsColumns"] == "occurred_at,ingested_at", "no ids in the log"
    assert detail.properties["delta.deletedFileRetentionDuration"] == "interval 30 days"
    pairs = lab.spark.sql(f"DESCRIBE DETAIL delta.`{lab.root / PAIRS.path()}`").collect()[0]
    assert pairs.partitionColumns == ["day"]
    assert "_id" not in pairs.properties["delta.dataSkippingStatsColumns"]
    logs = "".join(path.read_text() for path in lab.root.glob("input/twitter/interactions/_delta_log/*.json"))
    assert "fan3" not in logs
    assert "minValues" in logs


def test_the_step_limit_holds_the_second_day_and_what_is_gone_decays(lab: Lab) -> None:
    """A first day, the next one, a gap of three days: at most 20 points up and 0.7 down a day (P5)."""
    lab.react(
        *ROWS, *[{"occurred_at": datetime(2026, 3, 1, 5), "actor_id": f"f{n}", "target_id": "ivy"} for n in range(900)]
    )
    first = lab.score(FIRST)
    second = lab.score(SECOND)
    assert "twitter:ivy" not in first
    assert second["twitter:ivy"]["score"] == 21
    assert {"step_limit"} < {part["signal"] for part in second["twitter:ivy"]["parts"]}
    fourth = lab.score(date(2026, 3, 5))
    assert second["twitter:ivy"]["score"] < fourth["twitter:ivy"]["score"] <= 81
    for person, row in fourth.items():
        assert row["score"] >= second[person]["score"] - 2.1 - 1e-9


def test_a_day_before_a_refused_later_one_is_what_it_would_have_been(lab: Lab) -> None:
    """The refused run looked back less far: its tiles must not serve the earlier day."""
    lab.react(
        *[
            {"occurred_at": datetime(2026, 3, 1, 3) - timedelta(days=age), "actor_id": actor, "target_id": "ada"}
            for age, actor in ((1, "ann"), (88, "ann"), (2, "bob"), (0, "cy"))
        ]
    )
    impossible = "gate.expectations.people.min=1000"
    lab.score(FIRST)
    assert not lab.variant(impossible).run(date(2026, 3, 6)).verdict.passed
    lab.react({"occurred_at": datetime(2025, 12, 4, 1), "actor_id": "late", "target_id": "ada"})
    between = date(2026, 3, 4)
    found = lab.score(between)
    assert lab.run(between, recompute=True).verdict.passed
    expected = lab.published(between)
    assert {p: (r["score"], r["evidence"], r["parts"]) for p, r in found.items()} == {
        p: (r["score"], r["evidence"], r["parts"]) for p, r in expected.items()
    }


def test_a_fan_named_like_the_person_counts_for_a_person_with_several_accounts(lab: Lab) -> None:
    noon = datetime(2026, 2, 27, 12)
    lab.put(LINKS, [{"person_id": "ada", "network": "twitter", "account_id": a} for a in ("a1", "a2")])
    lab.react(
        {"occurred_at": noon, "actor_id": "ada", "target_id": "a1"},
        {"occurred_at": noon, "actor_id": "bob", "target_id": "a2"},
        {"occurred_at": noon, "actor_id": "a2", "target_id": "a1"},
    )
    reasons = lab.score(FIRST)["ada"]["reasons"]
    assert any("2 different people reacted" in reason for reason in reasons), reasons
