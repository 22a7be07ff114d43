"""The demo's files: the same bytes for the same seed, in the words of the networks' pages, and nobody real in them."""

import csv
import gzip
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kloutspark.config import conf_dir, load
from kloutspark.domain.errors import ConfigError
from kloutspark.reporting.days import RANGES
from kloutspark.sources.demo import Deliveries, Files, write_world
from kloutspark.sources.world import load_world

WORLD = load_world()
SMALL = WORLD.model_copy(update={"days": 10, "people": WORLD.people.model_copy(update={"count": 30})})
REACTED = [network for network, place in SMALL.networks.items() if place.kinds]
INVENTED = re.compile(r"(person|lurker|reader|page)_\d+")
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Deliveries:
    return write_world(tmp_path_factory.mktemp("world"), SMALL)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Deliveries:
    return write_world(tmp_path_factory.mktemp("whole"), WORLD)


def lines(delivery: Files, table: str, network: str | None = None) -> Rows:
    """The rows of a file; none where the delivery has no such file."""
    paths = [path for path in delivery.get(network, []) if path.name == f"{table}.csv.gz"]
    rows: Rows = []
    for path in paths:
        with gzip.open(path, "rt", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def interactions(files: Deliveries, network: str) -> Rows:
    """Both deliveries, each interaction once."""
    rows = [row for delivery in (files.late, files.on_time) for row in lines(delivery, "interactions", network)]
    return list({row["interaction_id"]: row for row in rows}.values())


def written(files: Deliveries) -> list[bytes]:
    return [path.read_bytes() for of in (files.on_time, files.late) for paths in of.values() for path in paths]


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(files: Deliveries, tmp_path: Path) -> None:
    assert written(write_world(tmp_path / "again", SMALL)) == written(files)
    assert written(write_world(tmp_path / "other", SMALL.model_copy(update={"seed": SMALL.seed + 1}))) != written(files)


def test_another_process_writes_the_same_bytes(whole: Deliveries, tmp_path: Path) -> None:
    code = """if True:
        import pathlib, sys
        from kloutspark.sources import demo, world
        demo.write_world(pathlib.Path(sys.argv[1]), world.load_world())
    """
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert sorted(path.read_bytes() for path in tmp_path.rglob("*.gz")) == sorted(written(whole))


def test_the_world_has_the_products_networks_in_the_words_of_their_pages(files: Deliveries) -> None:
    not_there = {"github", "quantumcomputing", "french_meta"}
    assert set(SMALL.networks) == set(load().scored) - not_there
    for network, place in SMALL.networks.items():
        page = load().network(network)
        assert place.kinds.keys() == page.kinds.keys()
        assert {row["kind"] for row in interactions(files, network)} <= set(page.kinds)
        assert (
            {row["gauge"] for row in lines(files.on_time, "gauges", network)} == set(place.gauges) <= set(page.gauges)
        )
        assert bool(lines(files.on_time, "page_links", network)) == page.has_pages
        assert {row["account_type"] for row in lines(files.on_time, "accounts", network)} <= set(page.account_types)


def test_everybody_is_invented(files: Deliveries) -> None:
    named = {row["account_id"] for row in lines(files.on_time, "identity_links")}
    for network in SMALL.networks:
        rows = interactions(files, network) + lines(files.on_time, "page_links", network)
        rows += lines(files.on_time, "gauges", network) + lines(files.on_time, "posts", network)
        named |= {
            row[c] for row in rows for c in ("actor_id", "target_id", "from_id", "to_id", "account_id") if c in row
        }
    assert [name for name in named if not INVENTED.fullmatch(name) and name not in SMALL.characters] == []


def test_a_reaction_goes_to_an_earlier_post_of_its_target_and_lies_within_the_days(files: Deliveries) -> None:
    for network in REACTED:
        posts = {row["post_id"]: row for row in lines(files.on_time, "posts", network)}
        for row in interactions(files, network):
            assert "2026-03-22" <= row["occurred_at"][:10] <= "2026-03-31"
            assert not (row["post_id"] and row["kind"] in SMALL.networks[network].without_post)
            if row["post_id"]:
                post = posts[row["post_id"]]
                assert post["account_id"] == row["target_id"]
                assert post["posted_at"] <= row["occurred_at"]


def test_links_connect_whom_the_world_says(files: Deliveries) -> None:
    rows = lines(files.on_time, "identity_links")
    links = {(row["person_id"], row["network"], row["account_id"]) for row in rows}
    said = {(name, network, name) for name, c in SMALL.characters.items() if c.is_connected for network in c.networks}
    assert {link for link in links if not INVENTED.fullmatch(link[0])} == said
    assert {network for name, network, _ in said if name == "parenting_writer"} == set(REACTED)


def test_the_most_important_page_is_the_head_of_states(files: Deliveries) -> None:
    links = Counter(row["to_id"] for row in lines(files.on_time, "page_links", "wikipedia"))
    nobodys = max(n for page, n in links.items() if INVENTED.fullmatch(page))
    assert links["head_of_state"] > links["pop_star"] > links["actress"] >= nobodys


def test_millions_follow_a_silent_celebrity(files: Deliveries) -> None:
    rows = [row for row in lines(files.on_time, "gauges", "twitter") if row["gauge"] == "followers"]
    followers = {row["account_id"]: int(row["value"]) for row in rows}
    assert max(followers, key=followers.__getitem__) == "silent_celebrity"
    assert followers["silent_celebrity"] > 10_000 * followers["small_engaged"]


def test_the_holiday_is_silent_and_the_burst_is_one_day(files: Deliveries) -> None:
    days = [(row["target_id"], row["occurred_at"][:10]) for row in interactions(files, "twitter")]
    assert max(day for target, day in days if target == "holiday") <= "2026-03-24"
    assert days.count(("viral", "2026-03-29")) >= SMALL.characters["viral"].burst_reactions
    assert len([day for target, day in days if target == "viral" and day != "2026-03-29"]) < 20


def test_the_talker_gives_dozens_of_reactions_and_gets_hardly_any(files: Deliveries) -> None:
    rows = interactions(files, "twitter")
    assert sum(row["actor_id"] == "busy_talker" for row in rows) > 100
    assert sum(row["target_id"] == "busy_talker" for row in rows) < 10


def test_lurkers_are_connected_and_react_now_and_then_and_nobody_reacts_to_them(files: Deliveries) -> None:
    linked = {row["person_id"] for row in lines(files.on_time, "identity_links")}
    assert {f"lurker_{n}" for n in range(SMALL.people.lurkers)} <= linked
    rows = [row for network in REACTED for row in interactions(files, network)]
    assert 0 < sum(row["actor_id"].startswith("lurker") for row in rows) < 2 * SMALL.people.lurkers
    assert not any(row["target_id"].startswith("lurker") for row in rows)


def test_a_selective_and_an_indiscriminate_liker_give_the_same_to_one_of_their_own(files: Deliveries) -> None:
    rows = interactions(files, "facebook")
    for how, others_a_day in (("selective", 0), ("indiscriminate", 12)):
        received = [row for row in rows if row["target_id"] == f"liked_by_{how}"]
        assert {row["actor_id"] for row in received} == {f"{how}_liker"}
        assert len({row["occurred_at"][:10] for row in received}) == len(received) == SMALL.days
        given = [row for row in rows if row["actor_id"] == f"{how}_liker"]
        assert len(given) - len(received) >= others_a_day * SMALL.days
        assert others_a_day or given == received


def test_one_network_is_silent_for_two_days_whose_rows_arrive_late(whole: Deliveries) -> None:
    on_time = {row["occurred_at"][:10] for row in lines(whole.on_time, "interactions", "linkedin")}
    assert "2026-03-31" in on_time
    assert not on_time & {"2026-03-29", "2026-03-30"}
    late = lines(whole.late, "interactions", "linkedin")
    assert {row["occurred_at"][:10] for row in late} == {"2026-03-29", "2026-03-30"}


def test_rows_arrive_days_late_or_twice_under_one_id_at_another_time(whole: Deliveries) -> None:
    on_time, late = ({row["interaction_id"]: row for row in rows} for rows in both(whole, "twitter"))
    assert len(late) > 100
    assert not late.keys() & on_time.keys()
    assert {row["occurred_at"][:10] for row in late.values()} == {"2026-03-25", "2026-03-26", "2026-03-27"}
    on_time, late = ({row["interaction_id"]: row for row in rows} for rows in both(whole, "facebook"))
    assert len(late) > 100
    for key, row in late.items():
        assert {**row, "ingested_at": on_time[key]["ingested_at"]} == on_time[key]
        assert row["ingested_at"] == "2026-04-01" > on_time[key]["ingested_at"] > row["occurred_at"]


def both(files: Deliveries, network: str) -> list[Rows]:
    return [lines(delivery, "interactions", network) for delivery in (files.on_time, files.late)]


def test_a_personal_profile_turns_out_to_be_a_companys_where_only_personal_ones_count(files: Deliveries) -> None:
    types = [
        [row["account_type"] for row in lines(delivery, "accounts", "google_plus") if row["account_id"] == "shop"]
        for delivery in (files.on_time, files.late)
    ]
    assert types == [["personal"], ["company"]]
    assert load().network("google_plus").account_types == ("personal",)


def test_what_the_company_loses_is_less_than_the_gate_allows_to_be_quarantined(whole: Deliveries) -> None:
    targets = [row["target_id"] for row in interactions(whole, "google_plus")]
    assert 0 < targets.count("shop") / len(targets) < (load().gate.expectations["quarantined_share"].max or 0)


def test_an_account_is_taken_away_and_given_back_by_a_second_link(files: Deliveries) -> None:
    rows = [row for row in lines(files.on_time, "identity_links") if row["person_id"] == "comes_and_goes"]
    days = {(row["network"], row["connected_on"], row["disconnected_on"]) for row in rows}
    assert days == {("twitter", "", ""), ("facebook", "", "2026-03-29"), ("facebook", "2026-03-31", "")}


def test_who_opts_out_is_named_as_a_person_or_by_each_account() -> None:
    assert SMALL.opting_out == ["private_person"]
    alone = SMALL.characters["private_person"].model_copy(update={"is_connected": False})
    world = SMALL.model_copy(update={"characters": {"private_person": alone}})
    assert world.opting_out == ["twitter:private_person", "facebook:private_person"]


def test_the_real_distribution_says_no_more_than_is_known() -> None:
    under_20 = (1, 19)
    alone = {span: share for span, share in RANGES.items() if span != under_20}
    assert [score for low, high in alone for score in range(low, high + 1)] == list(range(1, 101))
    assert [span for span, share in alone.items() if share is None] == [(1, 9), (15, 19)]
    above = [share or 0 for (low, _), share in alone.items() if low >= 20]
    assert sum(above) + (RANGES[under_20] or 0) == pytest.approx(1)


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        ("seed: 20", "sead: 20", "found sead. Do you mean seed?"),
        ("    is_connected: true", "    is_conected: true", "found is_conected. Do you mean is_connected?"),
        ("      twitter: {audience: 25", "      twiter: {audience: 25", "mean twitter?"),
        ("without_post: [mention]", "without_post: [mentoin]", "Do you mean mention?"),
        ("burst_age_days: 2", "burst_age_days: 100", "the world has 100 days alone"),
        ("disconnected_age_days: 2", "disconnected_age_days: 100", "the world has 100 days alone"),
        ("late: {2: 1.0, 1: 1.0}", "late: {200: 1.0}", "the world has 100 days alone"),
        ("late: {2: 1.0, 1: 1.0}", "late: {2: 1.1}", "less than or equal to 1"),
        ("gauges: {followers: 60}", "gauges: {folowers: 60}", "Do you mean followers?"),
        ("gives_daily_to: liked_by_selective", "gives_daily_to: liked_by_selectiv", "Do you mean liked_by_selective?"),
        ("wikipedia: {audience: 7}", "wikipedia: {audience: 7, reactions_a_day: 1}", "kinds of the network"),
        ("reconnected_age_days: 0", "reconnected_age_days: 3", "not after it was disconnected"),
        ("links_a_page: 2", "links_a_page: 25", "other pages of the crowd"),
        ("becomes: company", "becomes: firm", "'personal', 'page', 'company'"),
        ("skew: 1.1 ", "skew: 1.0 ", "greater than 1"),
    ],
)
def test_a_wrong_line_of_the_world_is_refused(tmp_path: Path, line: str, wrong: str, said: str) -> None:
    text = (conf_dir() / "demo.yaml").read_text()
    assert line in text
    (tmp_path / "demo.yaml").write_text(text.replace(line, wrong, 1))
    with pytest.raises(ConfigError) as refusal:
        load_world(tmp_path)
    assert said in str(refusal.value)
