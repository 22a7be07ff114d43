"""Whatever is wrong with the input or the command line: the right exit code, a sentence that helps, no stack trace."""

import gzip
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from kloutspark.cli import exit_code
from kloutspark.domain.contracts import ACCOUNTS, INTERACTIONS, QUARANTINE, SCORES_CANDIDATE
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
AS_OF = date(2026, 3, 1)
Told = Callable[..., tuple[int, str]]


@pytest.fixture
def told(lab: Lab, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command line on the lab's root; its exit code and everything that it said."""
    sets = set_options(*CHEAP_SMALL_PLANS)

    def run(*argv: str, rooted: bool = True) -> tuple[int, str]:
        caplog.clear()
        code = exit_code([*argv, *(("--root", str(lab.root), *sets) if rooted else ())])
        printed = capsys.readouterr()
        said = caplog.text + printed.out + printed.err
        assert "Traceback" not in said
        return code, said

    return run


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["scor"], 64, "No such command"),
        (["score"], 64, "Missing option '--as-of'"),
        (["score", "--as-of", "tomorrow"], 64, "expected an ISO date such as 2026-03-31, found tomorrow"),
        (["score", "--as-of", "2026-03-01", "--nope"], 64, "No such option"),
        (["score", "--as-of", "2026-03-01", "--env", "loca"], 64, "Do you mean local?"),
        (["score", "--as-of", "2026-03-01", "--conf", "/nowhere"], 64, "Give the folder of base.yaml."),
        (["score", "--as-of", "2026-03-01", "--set", "spark.shufle_partitions=2"], 64, "mean shuffle_partitions?"),
        (["backfill", "--from", "2026-03-02", "--to", "2026-03-01"], 64, "expected 2026-03-02 or later"),
    ],
)
def test_a_wrong_command_line_is_64(told: Told, argv: list[str], code: int, said: str) -> None:
    found, text = told(*argv, rooted=False)
    assert (found, said in text) == (code, True), text


def test_ingest_names_what_is_wrong_with_a_delivery(told: Told, tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d 2 1341100972 MT\n" % n for n in range(20_000)))
    truncated, empty, no_kind = tmp_path / "a.txt.gz", tmp_path / "b.txt", tmp_path / "interactions.csv"
    truncated.write_bytes(whole[: len(whole) // 2])
    empty.write_text("")
    no_kind.write_text("occurred_at,actor_id,target_id\n2026-02-01,a,b\n")
    other = tmp_path / "reactions.csv"
    other.write_text("x\n1\n")
    for argv, code, said in (
        (["snap-activty", "--network", "twitter", str(empty)], 64, "Do you mean snap-activity?"),
        (["files", "--network", "twiter", str(no_kind)], 64, "Do you mean twitter?"),
        (["files", str(no_kind)], 64, "expected --network NAME, found none"),
        (["files", "--network", "twitter", str(other)], 64, "found reactions. Do you mean interactions?"),
        (["snap-activity", "--network", "twitter", str(tmp_path / "missing.gz")], 3, "expected a file or folder"),
        (["snap-activity", "--network", "twitter", str(empty)], 3, "expected rows, found none"),
        (["snap-activity", "--network", "twitter", str(truncated)], 3, "expected a whole, readable file"),
        (["files", "--network", "twitter", str(no_kind)], 3, "expected a column kind for kind"),
    ):
        found, text = told("ingest", *argv)
        assert (found, said in text) == (code, True), text
    found, text = told("score", "--as-of", "2012-07-03")
    assert found == 3, "nothing of the truncated file was written"


def test_score_names_what_is_wrong_with_the_inputs(told: Told, lab: Lab) -> None:
    code, said = told("score", "--as-of", "2026-03-01")
    assert (code, f"no interactions of {', '.join(lab.config.scored)}" in said) == (3, True), said
    lab.put(INTERACTIONS, [], "twitter")
    code, said = told("score", "--as-of", "2026-03-01")
    assert (code, "expected rows, found an empty table" in said) == (3, True), said
    lab.react({"occurred_at": datetime(2025, 1, 1)})
    code, said = told("score", "--as-of", "2026-03-01")
    assert (code, "none from 2025-12-01 to 2026-02-28" in said) == (3, True), said
    code, said = told("top")
    assert (code, "expected published scores, found none" in said) == (3, True), said


def test_check_says_what_a_run_would_say_and_leaves_the_root_alone(told: Told, lab: Lab) -> None:
    check = ("score", "--as-of", str(AS_OF), "--check")
    code, said = told(*check)
    assert (code, "expected a table of at least one scored network" in said) == (3, True), said
    assert told(*check, "--recompute")[0] == 64
    lab.react({"occurred_at": datetime(2026, 2, 27, 12)})
    before = sorted(lab.root.rglob("*"))
    code, said = told(*check)
    assert (code, "rebuilt: first run" in said) == (0, True), said
    assert sorted(lab.root.rglob("*")) == before
    lab.run(AS_OF)
    code, said = told("score", "--as-of", "2026-03-02", "--check", "--json")
    assert (code, '"twitter": "incremental"' in said) == (0, True), said


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("CAST(1 AS BIGINT) AS actor_id", "interactions.actor_id: expected string, found bigint"),
        ("'x' AS acter_id", "interactions.actor_id: expected string, found no such column"),
    ],
)
def test_a_drifted_table_is_refused_by_column_and_type(told: Told, lab: Lab, column: str, said: str) -> None:
    """Written by somebody else, without our contract."""
    columns = "'1' AS interaction_id, TIMESTAMP '2026-02-27 10:00:00' AS occurred_at, 'b' AS target_id, 'reply' AS kind"
    frame = lab.spark.sql(f"SELECT {columns}, {column}, 'p' AS post_id, current_timestamp() AS ingested_at")
    frame.write.format("delta").save(str(lab.root / INTERACTIONS.path("twitter")))
    code, text = told("score", "--as-of", "2026-03-01")
    assert (code, said in text) == (3, True), text


def test_refused_rows_are_kept_with_their_reason_and_every_row_is_accounted_for(lab: Lab) -> None:
    noon = datetime(2026, 2, 27, 12)
    good = {"occurred_at": noon, "ingested_at": noon}
    lab.react(
        {**good, "interaction_id": "once"},
        {**good, "interaction_id": "once"},
        {**good, "actor_id": None},
        {**good, "target_id": None},
        {**good, "interaction_id": None},
        {**good, "occurred_at": None},
        {**good, "kind": "poke"},
        {**good, "ingested_at": datetime(2026, 2, 26, 11, 59)},
        {**good, "actor_id": "tom"},
        {**good, "target_id": "robot"},
        {**good, "occurred_at": datetime(2026, 3, 1)},
        {**good, "occurred_at": datetime(2025, 11, 30)},
    )
    lab.put(ACCOUNTS, [{"account_id": "robot", "account_type": "bot"}], "twitter")
    outcome = lab.run(AS_OF)
    assert [finding.name for finding in outcome.verdict.blocking] == ["quarantined_share of twitter"], "7 of 10 rows"
    counts = outcome.manifest.counts["twitter"].model_dump()
    assert counts == {"read": 12, "counted": 1, "own": 1, "duplicate": 1, "quarantined": 7, "outside": 2}
    assert sorted(row.reason for row in lab.read(QUARANTINE).collect()) == [
        "account type does not count on the network",
        "actor_id is null",
        "interaction_id is null",
        "kind is not one of the network's",
        "occurred_at is more than a day after ingested_at",
        "occurred_at is null",
        "target_id is null",
    ]
    assert [row.person_id for row in lab.read(SCORES_CANDIDATE).collect()] == ["twitter:tom"]


def test_top_and_explain_show_hostile_names_as_data(told: Told, lab: Lab) -> None:
    hostile = "<script>[red]\x1b[31m'; DROP TABLE scores --\n../x:y"
    lab.react(*[{"occurred_at": datetime(2026, 2, 27, n), "actor_id": f"a{n}", "target_id": hostile} for n in range(5)])
    lab.score(AS_OF)
    code, said = told("top")
    assert code == 0
    assert "<script>[red]" in said
    assert "\x1b[31m" not in said
    code, said = told("explain", f"twitter:{hostile}", "--json")
    assert code == 0
    assert '"signal": "base"' in said
    code, said = told("explain", "twitter:nobody")
    assert (code, "who only reacted or opted out has no row" in said) == (64, True)
