"""Public formats with what is odd in them: every row is kept, set apart with a reason, or counted as not used."""

import gzip
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kloutspark.domain.contracts import ACCOUNTS, GAUGES, INTERACTIONS, LINKS, POSTS, QUARANTINE
from tests.lab import Lab
from tests.pipeline.test_bad_input import Told, told
from tests.pipeline.test_ingest import ingest

__all__ = ["told"]

pytestmark = pytest.mark.delta
LETTERS = (
    "networks.letters={title: Letters, status: scored, account_types: [personal], "
    "kinds: {letter: {class: naming, meaning: a letter}}}"
)


def test_a_konect_line_is_a_reaction_whatever_parts_and_ends_it(new_lab: Callable[..., Lab], tmp_path: Path) -> None:
    lab, file = new_lab(LETTERS), tmp_path / "out.letters.gz"
    lines = [b"% asym signed", b"% 9 9 9", b"1 2 1 1082008561", b"1 2 1 1082008561", b"", b"3\t4\t-10\t1289241911.5\r"]
    file.write_bytes(gzip.compress(b"\n".join([*lines, b"5 6 1", b"5 6 1 1 1", b"7 8 1 soon", b"% 1 2 1 1082008561"])))
    (found,) = ingest(lab, file, adapter="konect", network="letters")
    assert (found.read, found.added, found.unused_columns) == (6, 3, ("weight",))
    assert found.quarantined == {"malformed line": 2, "occurred_at cannot be read as timestamp": 1}
    rows = lab.read(INTERACTIONS, "letters").collect()
    assert sorted((r.actor_id, r.target_id, r.kind, f"{r.occurred_at}") for r in rows) == [
        ("1", "2", "letter", "2004-04-15 05:56:01"),
        ("1", "2", "letter", "2004-04-15 05:56:01"),
        ("3", "4", "letter", "2010-11-08 18:45:11.500000"),
    ]
    assert {"5 6 1", "5 6 1 1 1"} < {r.row for r in lab.read(QUARANTINE).collect()}
    (again,) = ingest(lab, file, adapter="konect", network="letters")
    assert (again.added, again.identical) == (0, 3)


def event(number: int, kind: str | None, actor: str = "ann", repo: str = "Tom/x", **payload: Any) -> dict[str, Any]:
    found = {"id": f"{number}", "type": kind, "created_at": "2026-02-27T10:00:00Z", "payload": payload}
    return {**found, "actor": {"id": 7, "login": actor}, "repo": {"id": 5, "name": repo}}


def test_a_gharchive_event_credits_the_repository_owner(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "2026-02-27-10.json.gz"
    robot, club = {"login": "robot[bot]", "type": "Bot"}, {"login": "club", "type": "Organization"}
    lines = [
        event(1, "WatchEvent", action="started"),
        event(2, "PushEvent", size=1),
        event(3, "IssueCommentEvent", "robot[bot]", comment={"user": robot}, issue={"user": {"login": "joe"}}),
        {**event(4, "PullRequestReviewEvent", repo="club/y", pull_request={"base": {"user": club}}), "org": club},
        event(5, None),
        event(6, "WatchEvent", repo="/"),
        {"id": "7", "type": "WatchEvent", "actor": "ann", "created_at": "2012-02-27T10:00:00Z"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"id": "8", "type": "Wat'
    file.write_bytes(gzip.compress(text.encode()))
    found, accounts = ingest(lab, file, adapter="gharchive", network="github")
    assert (found.read, found.added, found.not_used) == (8, 4, {"type PushEvent": 1})
    assert found.quarantined == {"type is null": 1, "malformed line": 2}, "the feed before 2015 is another one"
    rows = lab.read(INTERACTIONS, "github").collect()
    assert sorted((r.interaction_id, r.actor_id, r.target_id, r.kind, r.post_id) for r in rows if r.target_id) == [
        ("1", "ann", "Tom", "star", "5"),
        ("3", "robot[bot]", "Tom", "issue_comment", "5"),
        ("4", "ann", "club", "review", "5"),
    ]
    assert [r.interaction_id for r in rows if r.target_id is None] == ["6"], "for the run to judge"
    kept = lab.read(ACCOUNTS, "github").collect()
    assert {(r.account_id, r.account_type) for r in kept} == {("robot[bot]", "bot"), ("club", "company")}
    assert (accounts.read, accounts.added) == (2, 2)


def dump(folder: Path, **rows: list[str]) -> Path:
    folder.mkdir(parents=True)
    for name in ("Posts", "Comments", "Votes", "Users"):
        lines = "".join(f'  <row {attributes} CreationDate="2021-08-01T10:00:00.123" />\n' for attributes in rows[name])
        (folder / f"{name}.xml").write_text(f'\ufeff<?xml version="1.0"?>\n<{name}>\n{lines}</{name}>\n', "utf-8")
    return folder


def test_a_stackexchange_dump_keeps_what_lacks_an_owner_for_judgement(lab: Lab, tmp_path: Path) -> None:
    site = dump(
        tmp_path / "a site [1]",
        Posts=[
            'Id="1" PostTypeId="1" OwnerUserId="10" Title="&lt;b&gt; a &quot;b&quot;&#xA;c" Body=""',
            'Id="2" PostTypeId="2" ParentId="1" OwnerUserId="11"',
            'Id="3" PostTypeId="2" ParentId="1" OwnerDisplayName="gone"',
            'Id="4" PostTypeId="5" OwnerUserId="-1"',
            'Id="5"',
        ],
        Comments=['Id="1" PostId="2" UserId="10"', 'Id="2" PostId="1"', 'Id="3" PostId="99" UserId="10"'],
        Votes=[
            *('Id="1" PostId="2" VoteTypeId="1"', 'Id="2" PostId="2" VoteTypeId="2"'),
            *('Id="3" PostId="2" VoteTypeId="2"', 'Id="4" PostId="3" VoteTypeId="2"'),
            *('Id="5" PostId="99" VoteTypeId="2"', 'Id="6" PostId="2" VoteTypeId="3"', 'Id="7" PostId="2"'),
        ],
        Users=[
            'Id="-1" AccountId="-1" DisplayName="Community"',
            'Id="10" AccountId="77" DisplayName="Ann"',
            'Id="11" DisplayName="&lt;i&gt;"',
        ],
    )
    accounts, links, posts, interactions, gauges = ingest(lab, site, adapter="stackexchange", network="french_meta")
    assert (accounts.read, accounts.added) == (3, 3)
    assert (links.added, links.quarantined) == (1, {"person_id is null": 1})
    assert links.not_used == {"the account of the site itself": 1}
    assert posts.quarantined == {"account_id is null": 1, "PostTypeId is null": 1}
    assert (posts.added, posts.not_used) == (2, {"PostTypeId 5": 1})
    assert (interactions.added, interactions.quarantined) == (6, {})
    assert (gauges.added, gauges.not_used) == (1, {"VoteTypeId 3": 1})
    assert gauges.quarantined == {
        "VoteTypeId is null": 1,
        "the post that was voted for is not in the dump": 1,
        "the post that was voted for has no owner": 1,
    }
    found = lab.read(INTERACTIONS, "french_meta").collect()
    assert {(r.interaction_id, r.actor_id, r.target_id, r.post_id) for r in found} == {
        ("comment/1", "10", "11", "2"),
        ("comment/2", None, "10", "1"),
        ("comment/3", "10", None, "99"),
        ("answer/2", "11", "10", "1"),
        ("answer/3", None, "10", "1"),
        ("answer_accepted/1", "10", "11", "2"),
    }
    (total,) = lab.read(GAUGES, "french_meta").collect()
    assert (total.account_id, total.day, total.gauge, total.value) == ("11", date(2021, 8, 1), "up_votes", 2.0)
    (link,) = lab.read(LINKS).collect()
    assert (link.person_id, link.network, link.account_id) == ("stackexchange/77", "french_meta", "10")
    moments = {r.posted_at for r in lab.read(POSTS, "french_meta").collect()}
    assert moments == {datetime(2021, 8, 1, 10, 0, 0, 123_000)}


def test_what_is_not_of_the_format_is_refused_before_anything_is_written(told: Told, lab: Lab, tmp_path: Path) -> None:
    rows = 'Id="1" PostTypeId="1" OwnerUserId="10"', 'Id="1" PostId="1" VoteTypeId="2"', 'Id="10" AccountId="7"'
    whole, bad = ({"Posts": [rows[0]], "Comments": [], "Votes": [rows[1]], "Users": [rows[2]]} for _ in range(2))
    truncated, malformed, lacking = (tmp_path / name for name in ("truncated", "malformed", "lacking"))
    for folder in (truncated, lacking):
        dump(folder, **whole)
    dump(malformed, **{**bad, "Comments": ['Id="1" PostId=1']})
    (lacking / "Posts.xml").unlink()
    votes = (truncated / "Votes.xml").read_text("utf-8").replace("</Votes>", f"<row {rows[1]} />\n" * 5_000)
    (truncated / "Votes.xml").unlink()
    (truncated / "Votes.xml.gz").write_bytes(gzip.compress(votes.encode())[:-30])
    hour, letters = tmp_path / "hour.json.gz", tmp_path / "out.letters.gz"
    hour.write_bytes(gzip.compress((json.dumps(event(1, "WatchEvent")) + "\n").encode() * 5_000)[:-30])
    letters.write_bytes(gzip.compress(b"".join(b"%d 2 1 1082008561\n" % n for n in range(1, 5_000)))[:-30])
    for argv, code, said in (
        (["konect", "--network", "twitter", str(letters)], 64, "expected exactly one kind, found retweet, mention"),
        (["konect", "--network", "letters", "--set", LETTERS, str(letters)], 3, "expected a whole, readable file"),
        (["konect", str(letters)], 64, "expected --network and no --table"),
        (["gharchive", "--network", "linkedin", str(hour)], 64, "expected a kind with codes, found none"),
        (["gharchive", "--network", "github", str(hour)], 3, "expected a whole, readable file"),
        (["gharchive", "--network", "github", "--table", "posts", str(hour)], 64, "expected --network and no --table"),
        (["stackexchange", "--network", "github", str(truncated)], 64, "found comment"),
        (
            ["stackexchange", "--network", "french_meta", str(lacking)],
            3,
            "expected Posts.xml, compressed or not, found",
        ),
        (["stackexchange", "--network", "french_meta", str(lacking / "Users.xml")], 3, "Give the folder of one site"),
        (["stackexchange", "--network", "french_meta", str(truncated)], 3, "expected a whole, readable file"),
        (["stackexchange", "--network", "french_meta", str(malformed)], 3, "expected a whole, readable file"),
    ):
        found, text = told("ingest", *argv)
        assert (found, said in text) == (code, True), text
    for network in ("letters", "github", "french_meta"):
        assert not any(lab.tables.exists(contract, network) for contract in (INTERACTIONS, ACCOUNTS, POSTS, GAUGES))
