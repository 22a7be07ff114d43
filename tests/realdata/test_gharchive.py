"""Two hours of GitHub: counted by DuckDB and by plain Python, row by row."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from kloutspark.domain.contracts import ACCOUNTS, INTERACTIONS
from tests.lab import Lab
from tests.realdata import data_file
from tests.realdata.adapters import ingested, table

pytestmark = [pytest.mark.realdata, pytest.mark.delta]
ADDRESS = "https://www.gharchive.org (https://data.gharchive.org/2015-01-01-0.json.gz and -1, without commit authors)"
KINDS = {
    "WatchEvent": "star",
    "ForkEvent": "fork",
    "IssueCommentEvent": "issue_comment",
    "PullRequestEvent": "pull_request",
    "PullRequestReviewCommentEvent": "review",
}


@pytest.fixture(scope="module")
def hours() -> list[Path]:
    return [data_file(f"gharchive/2015-01-01-{hour}.scrubbed.jsonl.gz", ADDRESS) for hour in (0, 1)]


@pytest.fixture(scope="module")
def root(spark: SparkSession, hours: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both hours ingested; every event is counted."""
    root = tmp_path_factory.mktemp("gharchive") / "root"
    reports = ingested(root, "gharchive", "github", *hours)
    for hour in hours:
        types = dict(duckdb.sql(f"SELECT type, count(*) FROM ({events(hour)}) GROUP BY ALL").fetchall())
        report = reports[f"{hour.name} interactions"]
        assert report["read"] == sum(types.values())
        assert report["not_used"] == {f"type {name}": n for name, n in types.items() if name not in KINDS}
        assert report["added"] == sum(n for name, n in types.items() if name in KINDS)
        assert (report["identical"], report["quarantined"]) == (0, {})
    assert sum(reports[f"{hour.name} interactions"]["read"] for hour in hours) == 15_129  # data/README.md
    return root


def events(hour: Path) -> str:
    """The columns of an hour that we speak of, as DuckDB reads them."""
    columns = "{id: 'TEXT', type: 'TEXT', created_at: 'TIMESTAMP', actor: 'STRUCT(login TEXT)', "
    columns += "repo: 'STRUCT(id BIGINT, name TEXT)'}"
    return f"FROM read_json('{hour}', format = 'newline_delimited', columns = {columns})"


def test_each_event_is_one_interaction_on_the_repository_owner(
    root: Path, hours: list[Path], spark: SparkSession
) -> None:
    columns = "interaction_id", "actor_id", "target_id", "kind", "post_id", "unix_seconds(occurred_at) AS seconds"
    kept = table(spark, root, INTERACTIONS, "github").selectExpr(*columns).toArrow()
    ours = duckdb.from_arrow(kept)
    both = " UNION ALL ".join(f"({events(hour)})" for hour in hours)
    kinds = " ".join(f"WHEN '{name}' THEN '{kind}'" for name, kind in KINDS.items())
    theirs = duckdb.sql(
        f"SELECT id, actor.login, regexp_extract(repo.name, '^[^/]+'), CASE type {kinds} END AS kind, repo.id::TEXT, "
        f"epoch(created_at)::BIGINT FROM ({both}) WHERE kind IS NOT NULL"
    )
    assert len(theirs) == len(ours)
    assert theirs.except_(ours).fetchall() == []
    assert ours.except_(theirs).fetchall() == []


def test_accounts_have_the_type_that_the_events_state(root: Path, hours: list[Path], spark: SparkSession) -> None:
    def stated(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
        payload = event["payload"]
        pull_request = payload.get("pull_request") or {}
        people = [
            payload.get("forkee", {}).get("owner"),
            *(payload.get(k, {}).get("user") for k in ("comment", "issue")),
        ]
        people += [pull_request.get("user"), *(pull_request.get(k, {}).get("user") for k in ("base", "head"))]
        yield from ((p["login"], "company" if p["type"] == "Organization" else "personal") for p in people if p)
        if "org" in event:
            yield event["org"]["login"], "company"

    lines = [line for hour in hours for line in gzip.decompress(hour.read_bytes()).splitlines()]
    expected = {account for line in lines for account in stated(json.loads(line))}
    rows = table(spark, root, ACCOUNTS, "github").select("account_id", "account_type").toArrow().to_pylist()
    assert sorted((r["account_id"], r["account_type"]) for r in rows) == sorted(expected)


def test_the_same_hour_again_adds_nothing(root: Path, hours: list[Path]) -> None:
    again = ingested(root, "gharchive", "github", hours[1])
    assert [report["added"] for report in again.values()] == [0, 0]
    assert all(r["read"] == r["identical"] + sum(r["not_used"].values()) for r in again.values())


def test_owners_of_repositories_get_scores(root: Path, hours: list[Path], spark: SparkSession) -> None:
    scored = Lab(spark, root).score(date(2015, 1, 2))
    both = " UNION ALL ".join(f"({events(hour)})" for hour in hours)
    owner, kinds = "regexp_extract(repo.name, '^[^/]+')", ", ".join(f"'{name}'" for name in KINDS)
    fans = dict(
        duckdb.sql(
            f"SELECT {owner} AS owner, count(DISTINCT actor.login) FROM ({both}) "
            f"WHERE type IN ({kinds}) AND actor.login <> {owner} GROUP BY ALL"
        ).fetchall()
    )
    found = {person.removeprefix("github:"): row for person, row in scored.items()}
    assert set(found) == set(fans), "who was reacted to has a row, nobody else has"
    most, least = max(fans, key=lambda o: fans[o]), min(fans, key=lambda o: fans[o])
    assert found[most]["score"] > found[least]["score"] > 1
