"""Files of others: mapped, cast, idempotent, quarantined with a reason; read as a user would deliver them."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from kloutspark import ingestion
from kloutspark.domain.contracts import (
    ACCOUNTS,
    DELIVERIES,
    GAUGES,
    INTERACTIONS,
    LINKS,
    PAGE_LINKS,
    POSTS,
    QUARANTINE,
)
from kloutspark.domain.errors import ConfigError
from kloutspark.ingestion import Ingested
from tests.lab import Lab

pytestmark = pytest.mark.delta
MAPPED = "networks.twitter.columns={interactions: {occurred_at: ts, actor_id: who, target_id: whom, kind: what}}"
STARTED = datetime(2026, 3, 1, 8, tzinfo=UTC)


def ingest(lab: Lab, *paths: Path, adapter: str = "files", network: str | None = "twitter") -> list[Ingested]:
    return ingestion.ingest(
        lab.tables,
        lab.config,
        adapter=adapter,
        network=network,
        table=None,
        paths=[str(p) for p in paths],
        run_id="ingest-1",
        started_at=STARTED,
    )


def test_csv_json_lines_and_parquet_of_the_same_events_are_the_same_rows(
    new_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    events = [
        {"ts": "2026-02-27T10:00:00Z", "who": "ann", "whom": 'o"n, x', "what": "RT"},
        {"ts": "2026-02-27 12:00:00+02:00", "who": "l\nf", "whom": "tom", "what": "reply"},
        {"ts": "1772186400", "who": "ann", "whom": "tom", "what": "MT"},
        {"ts": "1772186400", "who": "ann", "whom": "tom", "what": "MT"},
    ]
    as_csv = "ts,who,whom,what,mood\n" + "".join(
        ",".join('"' + e[k].replace('"', '""') + '"' for k in ("ts", "who", "whom", "what")) + ",fine\n" for e in events
    )
    (tmp_path / "csv").mkdir()
    csv_file = tmp_path / "csv" / "interactions.csv.gz"
    csv_file.write_bytes(gzip.compress(as_csv.encode()))
    json_file = tmp_path / "interactions.jsonl"
    json_file.write_text("".join(json.dumps(e) + "\n" for e in events))
    parquet_file = tmp_path / "interactions.parquet"
    pd.DataFrame(events).to_parquet(parquet_file)
    lab = new_lab(MAPPED)
    (first,) = ingest(lab, csv_file)
    assert (first.read, first.added, first.identical, first.unused_columns) == (4, 4, 0, ("mood",))
    again = ingest(lab, csv_file, json_file, parquet_file)
    assert [(r.added, r.identical) for r in again] == [(0, 4)] * 3
    rows = lab.read(INTERACTIONS, "twitter").collect()
    assert len({row.interaction_id for row in rows}) == 4, "true repeats survive"
    assert sorted((row.occurred_at.isoformat(), row.actor_id, row.target_id, row.kind) for row in rows) == [
        ("2026-02-27T10:00:00", "ann", 'o"n, x', "retweet"),
        ("2026-02-27T10:00:00", "ann", "tom", "mention"),
        ("2026-02-27T10:00:00", "ann", "tom", "mention"),
        ("2026-02-27T10:00:00", "l\nf", "tom", "reply"),
    ]
    assert {row.ingested_at for row in rows} == {STARTED.replace(tzinfo=None)}


def test_what_cannot_be_cast_is_kept_in_quarantine_with_its_reason(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "interactions.jsonl"
    good = {
        "interaction_id": "1",
        "occurred_at": "2026-02-27T10:00:00",
        "actor_id": "a",
        "target_id": "b",
        "kind": "RT",
    }
    file.write_text(json.dumps(good) + "\n" + json.dumps({**good, "occurred_at": "T12:00"}) + "\n{broken\n")
    (found,) = ingest(lab, file)
    assert (found.read, found.added) == (3, 1)
    assert found.quarantined == {"malformed line": 1, "occurred_at cannot be read as timestamp": 1}
    kept = lab.read(QUARANTINE).collect()
    assert {row.run_id for row in kept} == {"ingest-1"}
    assert {row.row for row in kept} >= {"{broken"}


def test_posts_accounts_and_links_upsert_by_key(lab: Lab, tmp_path: Path) -> None:
    posts, accounts, links = (tmp_path / f"{n}.csv" for n in ("posts", "accounts", "identity_links"))
    posts.write_text("post_id,account_id,posted_at\np1,ada,2026-02-01\n")
    accounts.write_text("account_id,account_type\nada,personal\nbot9,bot\n")
    links.write_text("person_id,network,account_id,connected_on,disconnected_on\np,twitter,ada,,\n")
    assert [r.added for r in ingest(lab, posts, accounts)] == [1, 2]
    assert [r.added for r in ingest(lab, posts, accounts)] == [0, 0]
    accounts.write_text("account_id,account_type\nada,company\n")
    assert [(r.added, r.identical) for r in ingest(lab, accounts)] == [(1, 0)]
    assert [r.added for r in ingest(lab, links, network=None)] == [1]
    assert [r.added for r in ingest(lab, links, network=None)] == [0]
    links.write_text("person_id,network,account_id,connected_on,disconnected_on\np,twitter,ada,,2026-03-01\n")
    assert [r.added for r in ingest(lab, links, network=None)] == [1]
    assert lab.read(LINKS).count() == 1
    assert {(r.account_id, r.account_type) for r in lab.read(ACCOUNTS, "twitter").collect()} == {
        ("ada", "company"),
        ("bot9", "bot"),
    }
    assert lab.read(POSTS, "twitter").count() == 1


PIGEONS = (
    "networks.pigeon={title: Pigeon post, status: scored, account_types: [personal, page], has_pages: true, "
    "gauges: {roosts: {meaning: roosts that know the bird}}}"
)


def test_gauges_upsert_by_account_day_and_gauge_and_impossible_ones_are_set_apart(
    new_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    lab, file = new_lab(PIGEONS), tmp_path / "gauges.csv"
    good = "ada,2026-02-01,roosts,3\nada,2026-02-02,roosts,4.5\nbob,2026-02-01,roosts,0\n"
    file.write_text(
        "account_id,day,gauge,value\n"
        + good
        + "ada,2026-02-01,lofts,3\nada,2026-02-03,roosts,\nada,2026-02-03,roosts,NaN\nada,2026-02-03,roosts,Infinity\n"
        + "ada,2026-02-03,roosts,-1\nada,2026-02-03,roosts,many\nada,soon,roosts,1\n,2026-02-03,roosts,1\n"
    )
    (found,) = ingest(lab, file, network="pigeon")
    assert (found.read, found.added) == (11, 3)
    assert found.quarantined == {
        "gauge is not one of the network's": 1,
        "value is null": 1,
        "value is not a finite number": 2,
        "value is negative": 1,
        "value cannot be read as double": 1,
        "day cannot be read as date": 1,
        "account_id is null": 1,
    }
    file.write_text("account_id,day,gauge,value\n" + good.replace("4.5", "5"))
    (again,) = ingest(lab, file, network="pigeon")
    assert (again.added, again.identical) == (1, 2)
    rows = lab.read(GAUGES, "pigeon").collect()
    assert sorted((r.account_id, f"{r.day}", r.value) for r in rows) == [
        ("ada", "2026-02-01", 3.0),
        ("ada", "2026-02-02", 5.0),
        ("bob", "2026-02-01", 0.0),
    ]


def test_deliveries_and_page_links_come_in_once_by_key(new_lab: Callable[..., Lab], tmp_path: Path) -> None:
    lab, deliveries, pages = new_lab(PIGEONS), tmp_path / "deliveries.csv", tmp_path / "page_links.csv"
    deliveries.write_text("day,delivered_at\n2026-02-01,2026-02-02T03:00:00Z\n2026-02-02,\n")
    pages.write_text("from_id,to_id,day\na,b,2026-02-01\na,b,2026-02-01\nb,a,2026-02-01\nb,,2026-02-01\n")
    found = ingest(lab, deliveries, pages, network="pigeon")
    assert [(r.read, r.added, r.quarantined) for r in found] == [
        (2, 1, {"delivered_at is null": 1}),
        (4, 2, {"to_id is null": 1}),
    ]
    assert [r.added for r in ingest(lab, deliveries, pages, network="pigeon")] == [0, 0]
    assert [f"{r.day}" for r in lab.read(DELIVERIES, "pigeon").collect()] == ["2026-02-01"]
    assert {(r.from_id, r.to_id) for r in lab.read(PAGE_LINKS, "pigeon").collect()} == {("a", "b"), ("b", "a")}
    with pytest.raises(ConfigError, match="expected has_pages: true in the network's page, found false"):
        ingest(lab, pages, network="twitter")


def test_snap_activity_reads_codes_of_the_network_and_sets_malformed_lines_apart(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "activity.txt.gz"
    file.write_bytes(gzip.compress(b"1 2 1341100972 MT\n1 2 1341100972 RE\n3 4 1341100973 RT\n5 6\n7 8 soon RT\n"))
    (found,) = ingest(lab, file, adapter="snap-activity")
    assert (found.read, found.added) == (5, 3)
    assert found.quarantined == {"malformed line": 1, "occurred_at cannot be read as timestamp": 1}
    rows = lab.read(INTERACTIONS, "twitter").collect()
    assert {(r.actor_id, r.target_id, r.kind) for r in rows} == {
        ("1", "2", "mention"),
        ("1", "2", "reply"),
        ("3", "4", "retweet"),
    }
