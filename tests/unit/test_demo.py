"""The demo's files: the same bytes for the same seed, in the words of the networks' pages, and nobody real in them."""

import csv
import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from kloutspark.config import conf_dir, load
from kloutspark.domain.errors import ConfigError
from kloutspark.sources.demo import load_world, write_world

SMALL = load_world()
SMALL = SMALL.model_copy(update={"days": 10, "people": SMALL.people.model_copy(update={"count": 30})})
INVENTED = re.compile(r"(person|reader)_\d+")
Files = Mapping[str | None, list[Path]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_world(tmp_path_factory.mktemp("world"), SMALL)


def lines(files: Files, table: str, network: str | None = None) -> list[dict[str, str]]:
    (path,) = (path for path in files[network] if path.name == f"{table}.csv.gz")
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(files: Files, tmp_path: Path) -> None:
    def written(found: Files) -> list[bytes]:
        return [path.read_bytes() for paths in found.values() for path in paths]

    assert written(write_world(tmp_path / "again", SMALL)) == written(files)
    assert written(write_world(tmp_path / "other", SMALL.model_copy(update={"seed": SMALL.seed + 1}))) != written(files)


def test_the_files_speak_the_words_of_the_networks_pages(files: Files) -> None:
    assert set(files) == {"twitter", "facebook", "instagram", None}
    for network in SMALL.networks:
        page = load().network(network)
        assert {row["kind"] for row in lines(files, "interactions", network)} == set(page.kinds)
        assert {row["account_type"] for row in lines(files, "accounts", network)} <= set(page.account_types)


def test_everybody_is_invented(files: Files) -> None:
    for network in SMALL.networks:
        accounts = {row["account_id"] for row in lines(files, "accounts", network)}
        assert [a for a in accounts if not INVENTED.fullmatch(a) and a not in SMALL.characters] == []
        acting = {row[end] for row in lines(files, "interactions", network) for end in ("actor_id", "target_id")}
        assert acting <= accounts


def test_a_reaction_goes_to_an_earlier_post_of_its_target_and_lies_within_the_days(files: Files) -> None:
    for network, place in SMALL.networks.items():
        posts = {row["post_id"]: row for row in lines(files, "posts", network)}
        rows = lines(files, "interactions", network)
        assert {row["occurred_at"][:10] for row in rows} == {f"2026-03-{day}" for day in range(22, 32)}
        for row in rows:
            assert not (row["post_id"] and row["kind"] in place.without_post)
            if row["post_id"]:
                post = posts[row["post_id"]]
                assert post["account_id"] == row["target_id"]
                assert post["posted_at"] <= row["occurred_at"]


def test_links_connect_whom_the_world_says(files: Files) -> None:
    links = {(row["person_id"], row["network"], row["account_id"]) for row in lines(files, "identity_links")}
    said = {(name, network, name) for name, c in SMALL.characters.items() if c.is_connected for network in c.networks}
    assert {link for link in links if not INVENTED.fullmatch(link[0])} == said
    assert {link[0] for link in said} >= {"parenting_writer", "facebook_person"}


def test_the_holiday_is_silent_and_the_burst_is_one_day(files: Files) -> None:
    days = [(row["target_id"], row["occurred_at"][:10]) for row in lines(files, "interactions", "twitter")]
    assert max(day for target, day in days if target == "holiday") <= "2026-03-24"
    assert days.count(("viral", "2026-03-29")) >= SMALL.characters["viral"].burst_reactions
    assert len([day for target, day in days if target == "viral" and day != "2026-03-29"]) < 20


def test_the_talker_gives_hundreds_of_reactions_and_gets_hardly_any(files: Files) -> None:
    rows = lines(files, "interactions", "twitter")
    assert sum(row["actor_id"] == "busy_talker" for row in rows) > 300
    assert sum(row["target_id"] == "busy_talker" for row in rows) < 10


@pytest.mark.parametrize(
    ("line", "wrong", "said"),
    [
        ("seed: 20", "sead: 20", "found sead. Do you mean seed?"),
        ("    is_connected: true", "    is_conected: true", "found is_conected. Do you mean is_connected?"),
        ("twitter: {audience: 40, reactions_a_day: 5", "twiter: {audience: 40, reactions_a_day: 5", "mean twitter?"),
        ("without_post: [mention]", "without_post: [mentoin]", "Do you mean mention?"),
        ("burst_age_days: 2", "burst_age_days: 100", "the world has 100 days alone"),
        ("skew: 1.3", "skew: 1.0", "greater than 1"),
    ],
)
def test_a_wrong_line_of_the_world_is_refused(tmp_path: Path, line: str, wrong: str, said: str) -> None:
    text = (conf_dir() / "demo.yaml").read_text()
    assert line in text
    (tmp_path / "demo.yaml").write_text(text.replace(line, wrong, 1))
    with pytest.raises(ConfigError) as refusal:
        load_world(tmp_path)
    assert said in str(refusal.value)
