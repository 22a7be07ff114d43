"""Files of others: mapped, cast, idempotent, quarantined with a reason; read as a user would deliver them."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from kloutspark import ingestion
from kloutspark.domain.contracts import ACCOUNTS, INTERACTIONS, LINKS, POSTS, QUARANTINE
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
