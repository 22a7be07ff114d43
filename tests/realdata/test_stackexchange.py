"""The dumps of two sites: worked out by plain Python, row by row; AccountId is the same person on both."""

import gzip
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pyspark.sql import SparkSession

from kloutspark.domain.contracts import ACCOUNTS, GAUGES, INTERACTIONS, LINKS, POSTS, TableContract
from tests.lab import Lab
from tests.realdata import data_file
from tests.realdata.adapters import ingested, table

pytestmark = [pytest.mark.realdata, pytest.mark.delta]
ADDRESS = "https://archive.org/details/stackexchange"
SITES = {"quantumcomputing": "quantumcomputing", "french_meta": "french.meta"}
Row = dict[str, str]


@dataclass(frozen=True)
class Site:
    """A dump as it stands in its files; `owner` by post."""

    posts: list[Row]
    comments: list[Row]
    votes: list[Row]
    users: list[Row]

    @property
    def owner(self) -> dict[str, str | None]:
        return {post["Id"]: post.get("OwnerUserId") for post in self.posts}


def folder(network: str) -> Path:
    return data_file(f"stackexchange/{SITES[network]}/Posts.xml.gz", ADDRESS).parent


def read(network: str) -> Site:
    def rows(name: str) -> list[Row]:
        with gzip.open(folder(network) / f"{name}.xml.gz") as file:
            return [dict(element.attrib) for _, element in ElementTree.iterparse(file) if element.tag == "row"]

    return Site(rows("Posts"), rows("Comments"), rows("Votes"), rows("Users"))


@pytest.fixture(scope="module")
def sites() -> dict[str, Site]:
    return {network: read(network) for network in SITES}


@pytest.fixture(scope="module")
def reports(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    """Both sites ingested into one root: the root, and the reports by network and table."""
    root = tmp_path_factory.mktemp("stackexchange") / "root"
    return root, {network: by_table(root, network) for network in SITES}


def by_table(root: Path, network: str) -> dict[str, Any]:
    return {key.split()[1]: r for key, r in ingested(root, "stackexchange", network, folder(network)).items()}


@pytest.fixture
def rows(reports: tuple[Path, dict[str, Any]], spark: SparkSession) -> Callable[..., list[tuple[Any, ...]]]:
    def of(contract: TableContract, network: str | None, *columns: str) -> list[tuple[Any, ...]]:
        kept = table(spark, reports[0], contract, network).selectExpr(*columns).toArrow().to_pylist()
        return [tuple(row.values()) for row in kept]

    return of


Rows = Callable[..., list[tuple[Any, ...]]]
Reports = tuple[Path, dict[str, dict[str, Any]]]


@pytest.mark.parametrize("network", SITES)
def test_comments_answers_and_acceptances_are_reactions_of_who_wrote_or_asked(
    network: str, reports: Reports, rows: Rows, sites: dict[str, Site]
) -> None:
    site = sites[network]
    owner = site.owner
    parent = {post["Id"]: post.get("ParentId") for post in site.posts}
    expected = [
        ("comment", c["Id"], c.get("UserId"), owner[c["PostId"]], c["PostId"], micros(c)) for c in site.comments
    ]
    answers = [post for post in site.posts if post["PostTypeId"] == "2"]
    expected += [
        ("answer", a["Id"], a.get("OwnerUserId"), owner[a["ParentId"]], a["ParentId"], micros(a)) for a in answers
    ]
    accepted = [vote for vote in site.votes if vote["VoteTypeId"] == "1"]
    for vote in accepted:
        answer = vote["PostId"]
        asker = owner.get(parent.get(answer) or "")
        expected.append(("answer_accepted", vote["Id"], asker, owner.get(answer), answer, micros(vote)))
    columns = "interaction_id", "kind", "actor_id", "target_id", "post_id", "unix_micros(occurred_at)"
    found = rows(INTERACTIONS, network, *columns)
    assert Counter(found) == Counter((f"{e[0]}/{e[1]}", e[0], *e[2:]) for e in expected)
    report = reports[1][network]["interactions"]
    assert (report["read"], report["added"], report["quarantined"]) == (len(expected), len(expected), {})
    by_question = {(q["AcceptedAnswerId"], q.get("OwnerUserId")) for q in site.posts if "AcceptedAnswerId" in q}
    told_by_votes = {(f[4], f[2]) for f in found if f[1] == "answer_accepted" and f[3] is not None}
    assert {pair for pair in by_question if owner[pair[0]]} == told_by_votes, "votes and questions tell the same"


@pytest.mark.parametrize("network", SITES)
def test_up_votes_are_a_running_total_of_the_account_and_never_an_actor(
    network: str, reports: Reports, rows: Rows, sites: dict[str, Site]
) -> None:
    site = sites[network]
    owner = site.owner
    up_votes = [vote for vote in site.votes if vote["VoteTypeId"] == "2"]
    gone = sum(vote["PostId"] not in owner for vote in up_votes)
    ownerless = sum(vote["PostId"] in owner and owner[vote["PostId"]] is None for vote in up_votes)
    summed = [(owner[v["PostId"]], v["CreationDate"][:10]) for v in up_votes if owner.get(v["PostId"])]
    days = {account: sorted(day for a, day in summed if a == account) for account in {a for a, _ in summed}}
    expected = {(a, day, "up_votes", float(bisect_right(days[a], day))) for a, day in set(summed)}
    found = rows(GAUGES, network, "account_id", "CAST(day AS STRING)", "gauge", "value")
    assert len(found) == len(expected)
    assert set(found) == expected
    report = reports[1][network]["gauges"]
    assert report["quarantined"] == {
        "the post that was voted for is not in the dump": gone,
        "the post that was voted for has no owner": ownerless,
    }
    others = Counter(vote["VoteTypeId"] for vote in site.votes if vote["VoteTypeId"] not in ("1", "2"))
    assert report["not_used"] == {f"VoteTypeId {kind}": n for kind, n in others.items()}
    assert report["read"] == len(expected) + gone + ownerless + sum(others.values())


@pytest.mark.parametrize("network", SITES)
def test_posts_and_accounts_are_those_of_the_site(
    network: str, reports: Reports, rows: Rows, sites: dict[str, Site]
) -> None:
    site = sites[network]
    posts = [post for post in site.posts if post["PostTypeId"] in ("1", "2")]
    owned = [(p["Id"], p["OwnerUserId"], micros(p)) for p in posts if "OwnerUserId" in p]
    assert Counter(rows(POSTS, network, "post_id", "account_id", "unix_micros(posted_at)")) == Counter(owned)
    report = reports[1][network]["posts"]
    assert (report["read"], report["added"]) == (len(site.posts), len(owned))
    assert report["quarantined"] == {"account_id is null": len(posts) - len(owned)}
    assert sum(report["not_used"].values()) == len(site.posts) - len(posts)
    accounts = [(u["Id"], "bot" if u["Id"] == "-1" else "personal", u["DisplayName"], micros(u)) for u in site.users]
    columns = "account_id", "account_type", "display_name", "unix_micros(created_at)"
    assert Counter(rows(ACCOUNTS, network, *columns)) == Counter(accounts)


def test_accounts_of_both_sites_are_linked_to_one_person(rows: Rows, sites: dict[str, Site]) -> None:
    people = {n: {u["AccountId"]: u["Id"] for u in site.users if u["Id"] != "-1"} for n, site in sites.items()}
    expected = {
        (f"stackexchange/{person}", network, account, None, None)
        for network, accounts in people.items()
        for person, account in accounts.items()
    }
    found = rows(LINKS, None, "person_id", "network", "account_id", "connected_on", "disconnected_on")
    assert len(found) == len(expected)
    assert set(found) == expected
    both = Counter(row[0] for row in found).most_common()
    shared = set.intersection(*(set(accounts) for accounts in people.values()))
    assert sum(n == 2 for _, n in both) == len(shared) > 0


def test_the_same_dump_again_adds_nothing(reports: Reports) -> None:
    again = by_table(reports[0], "quantumcomputing")
    assert {name: report["added"] for name, report in again.items()} == dict.fromkeys(again, 0)
    before = reports[1]["quantumcomputing"]
    assert {name: r["identical"] for name, r in again.items()} == {name: r["added"] for name, r in before.items()}


def micros(row: Row) -> int:
    """Microseconds since 1970 of a row's CreationDate, which is UTC."""
    return round(datetime.fromisoformat(row["CreationDate"] + "+00:00").timestamp() * 1_000_000)


def test_who_is_on_both_sites_has_one_score_of_both(
    reports: Reports, sites: dict[str, Site], spark: SparkSession
) -> None:
    lab, as_of = Lab(spark, reports[0]), date(2018, 9, 1)
    linked = lab.score(as_of)
    both = {(n, u["Id"]): f"stackexchange/{u['AccountId']}" for n, site in sites.items() for u in site.users}
    people = Counter(person for (_, user), person in both.items() if user != "-1")
    assert sum(n == 2 for n in people.values()) == 98
    assert all(len(linked[person]["accounts"]) == n for person, n in people.items())
    assert not [person for person in linked if person.partition(":")[0] in SITES and not person.endswith(":-1")]

    spark.sql(f"DELETE FROM delta.`{lab.tables.path(LINKS)}`")  # the same day as if nobody had connected anything
    alone = lab.score(as_of)
    for person in (p for p, n in people.items() if n == 2):
        accounts = [f"{a['network']}:{a['account_id']}" for a in linked[person]["accounts"]]
        evidence = [alone[a]["evidence"] for a in accounts if a in alone]
        assert linked[person]["evidence"] >= max(evidence, default=0.0) - 1e-9, "one more network never lowers (P2)"
    assert sum(linked[person]["evidence"] > 0 for person, n in people.items() if n == 2) > 0
