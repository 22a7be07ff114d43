"""Configuration: closed, with the nearest valid key; its fingerprint holds what is scientific and nothing else."""

import shutil
from pathlib import Path

import pytest

from kloutspark.config import conf_dir, load
from kloutspark.domain.errors import ConfigError


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.damping.exponnt=1", "model.damping: expected why or exponent, found exponnt. Do you mean exponent?"),
        ("networks.twitter.kinds.reply.clas=x", "found clas. Do you mean class?"),
        ("networks.twitter.kinds.reply.class=namin", "found namin. Do you mean naming?"),
        ("model=defalt", "found defalt. Do you mean default?"),
        ("model.selectivity.halving_reactions=0.5", "greater than or equal to 1"),
        ("model.standing.most=4", "less than or equal to 2"),
        ("model.step_limit.most_up_points=20.005", "multiple of 0.01"),
        ("model.calibration.anchors=[[0, 1], [45, 50], [50, 100]]", "the harder the next point"),
        ("model.terms.reactions=[{signal: actors_distinct_8d, weight: 1}]", "Do you mean actors_distinct_28d?"),
        ("model.terms.networks={twiter: []}", "Do you mean twitter?"),
        ("model.terms.pages=[{signal: outlinks_count, weight: 1}]", "only rising signals may carry weight"),
        (
            "model.terms.idle={page_rank: a reason that is long enough}",
            "either carries weight or is idle with a reason",
        ),
        ("networks.twitter.kinds={reactions: {class: light, meaning: for tests}}", "has the name of something else"),
        ("networks.twitter.carry_days=0", "greater than or equal to 1"),
        ("networks.twitter.gauges={followers: {meaning: so many, respons: rising}}", "Do you mean response?"),
        ("networks.twitter.gauges={followers: {meaning: so many, response: falling}}", "'rising' or 'shown_only'"),
        ("nonsense", "expected a.b=c, found nonsense"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(override: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(overrides=[override])
    assert said in str(refusal.value)


def test_malformed_yaml_is_named_by_file_and_line(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(conf_dir(), conf)
    (conf / "networks" / "twitter.yaml").write_text("title: [Twitter\nstatus: scored\n")
    with pytest.raises(ConfigError, match=r"twitter.yaml: expected valid YAML, found .* line 2"):
        load(conf=conf)
    (conf / "networks" / "twitter.yaml").unlink()
    (conf / "networks" / "Face Book.yaml").write_text("title: x\nstatus: scored\naccount_types: [personal]\n")
    with pytest.raises(ConfigError, match="Rename the file"):
        load(conf=conf)


@pytest.mark.parametrize(
    "page",
    [
        "{it's: {title: x, status: scored, account_types: [personal]}}",
        """{x: {title: x, status: scored, account_types: [personal], kinds: {"it's": {class: light, meaning: odd}}}}""",
        """{x: {title: x, status: scored, account_types: [personal], gauges: {"it's": {meaning: odd}}}}""",
    ],
)
def test_names_hold_nothing_that_means_something_in_a_query(page: str) -> None:
    with pytest.raises(ConfigError, match=r"it's.*a-z"):
        load(overrides=[f"networks={page}"])


def test_the_fingerprint_is_of_science_alone() -> None:
    default = load()
    assert load(overrides=["spark.shuffle_partitions=99"]).fingerprint == default.fingerprint
    assert load(overrides=["model.damping.why=another sentence that says why"]).fingerprint == default.fingerprint
    assert load(overrides=["networks.twitter.kinds.reply.codes=[X]"]).fingerprint == default.fingerprint
    for science in ("model.damping.exponent=1", "classes.values.naming=2", "networks.twitter.account_types=[personal]"):
        changed = load(overrides=[science])
        assert changed.fingerprint != default.fingerprint
        assert changed.tile_fingerprint != default.tile_fingerprint
    limits = load(overrides=["model.step_limit.most_up_points=5"])
    assert limits.fingerprint != default.fingerprint
    assert limits.tile_fingerprint == default.tile_fingerprint, "tiles do not depend on it: no rebuild"


def test_a_network_that_nobody_thought_of_comes_in_by_one_page(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(conf_dir(), conf)
    page = (
        "title: Pigeon post\nstatus: scored\naccount_types: [personal]\nkinds: {coo: {class: light, meaning: a coo}}\n"
    )
    (conf / "networks" / "pigeon.yaml").write_text(page)
    assert set(load(conf=conf).scored) - set(load().scored) == {"pigeon"}


def test_a_page_that_says_nothing_of_gauges_and_pages_has_none(tmp_path: Path) -> None:
    said = "{title: Pigeon post, status: scored, account_types: [personal], gauges: {roosts: {meaning: known roosts}}}"
    page = load(overrides=[f"networks.pigeon={said}"]).network("pigeon")
    assert (page.kinds, page.has_pages, page.carry_days) == ({}, False, 28)
    assert page.gauges["roosts"].response == "rising"


# SCORE.md, P14: what each network brings, kinds and gauges; Twitter's replies and more stand beside them
PROMISED = {
    "facebook": {"like", "comment", "wall_post", "friends"},
    "twitter": {"followers", "followings", "retweet", "mention", "list_memberships", "reply"},
    "instagram": {"followers", "like", "comment"},
    "google_plus": {"comment", "plus_one", "reshare"},
    "linkedin": {"connections", "recommendation", "comment"},
    "foursquare": {"tip_saved", "tip_liked", "friends", "check_ins", "like", "mayorships"},
    "klout": {"plus_k"},
    "bing": {"searches", "news_mentions"},
}
PERSONAL_ONLY = {"google_plus", "linkedin"}


def test_every_promised_network_has_its_page_with_what_was_promised() -> None:  # P14
    config = load()
    for network, promised in PROMISED.items():
        page = config.network(network)
        assert {*page.kinds, *page.gauges} == promised, network
        assert network in config.scored
        assert (page.account_types == ("personal",)) == (network in PERSONAL_ONLY), network
    wikipedia = config.network("wikipedia")
    assert (wikipedia.account_types, wikipedia.kinds, wikipedia.has_pages) == (("page",), {}, True)
    assert [name for name, page in config.networks.items() if page.status == "announced"] == ["youtube"]
    assert not any("bot" in page.account_types for page in config.networks.values())


def test_no_code_names_a_network() -> None:
    package = Path(__file__).parents[2] / "kloutspark"
    naming = {p.name for p in package.rglob("*.py") for n in load().networks if f'"{n}"' in p.read_text()}
    assert naming == set()
