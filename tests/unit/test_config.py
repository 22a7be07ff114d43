"""Configuration: closed, with the nearest valid key; its fingerprint holds what is scientific and nothing else."""

import shutil
from datetime import date
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
        ("model.terms.reactions=[{signal: weight_sum_7d, weight: 1, shape: [[0, 0], [1, 2], [2, 1]]}]", "never falls"),
        ("model.terms.reactions=[{signal: weight_sum_7d, weight: 1, shape: [[0, 1], [1, 2]]}]", "begins at (0, 0)"),
        ("model.terms.reactions=[{signal: weight_sum_7d, weight: 1, shape: [[0, 0], [0, 2]]}]", "rise in x"),
        ("model.terms.reactions=[{signal: weight_sum_7d, weight: 1, shape: [[0, 0]]}]", "at least 2 items"),
        ("model.terms.pages=[{signal: page_rank, weight: 1}, {signal: page_rank, weight: 2}]", "stands there once"),
        ("model.combine.scale={twiter: 2}", "Do you mean twitter?"),
        ("model.combine.scale={twitter: 0}", "greater than 0"),
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


def followed_by(folder: Path, text: str) -> list[str]:
    """Overrides for a model of its own file that is phased in from the default one and says `text`."""
    path = folder / "next.yaml"
    default = (conf_dir() / "models" / "default.yaml").read_text()
    why = "a reason for a phase that is long enough"
    phase = f"phase_in: {{from_model: default, first_day: 2026-03-02, days: 4, why: {why}}}\n"
    path.write_text(default + phase)
    return [f"model={path}", *([text] if text else [])]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "model.damping.exponent=0.6",
            "the model's damping: expected the damping of phase_in.from_model",
        ),
        ("model.windows_days=[1, 7, 28, 30, 90]", "the model's windows_days"),
        ("model.step_limit.most_up_points=10", "the model's step_limit"),
        ("model.phase_in.from_model=defalt", "Do you mean default?"),
        ("model.phase_in.days=0", "greater than or equal to 1"),
        ("model.phase_in.day=2026-03-02", "Do you mean days?"),
        (
            "model.terms.gauges=[{signal: '{of}_level', weight: 1, at_most: 9}]",
            "expected at_most: None",
        ),
    ],
)
def test_a_phase_between_models_that_have_no_half_way_is_refused(tmp_path: Path, override: str, said: str) -> None:
    assert load(overrides=followed_by(tmp_path, "")).model.phase_in is not None
    with pytest.raises(ConfigError) as refusal:
        load(overrides=followed_by(tmp_path, override))
    assert said in str(refusal.value)


def test_a_model_that_follows_itself_is_refused(tmp_path: Path) -> None:
    sets = followed_by(tmp_path, f"model.phase_in.from_model={tmp_path / 'next.yaml'}")
    with pytest.raises(ConfigError, match="expected another model"):
        load(overrides=sets)


def test_a_phase_begins_with_the_old_model_and_ends_with_the_new_one(tmp_path: Path) -> None:
    config, old = load(overrides=followed_by(tmp_path, "model.combine.exponent=5")), load()
    exponents = [config.on(date(2026, 3, day)).model.combine.exponent for day in range(1, 7)]
    assert exponents == [3, 3.5, 4, 4.5, 5, 5]
    assert config.on(date(2026, 3, 1)).model == old.model
    assert config.on(date(2026, 3, 5)) is config
    assert len({config.on(date(2026, 3, day)).fingerprint for day in range(1, 7)} | {config.fingerprint}) == 1
    shorter = load(overrides=followed_by(tmp_path, "model.phase_in.days=3"))
    assert len({config.fingerprint, shorter.fingerprint, old.fingerprint}) == 3
    assert config.tile_fingerprint == old.tile_fingerprint, "no tile is built again"
    assert {t.signal: t.weight for t in config.on(date(2026, 3, 3)).terms("twitter")} == {
        t.signal: t.weight for t in old.terms("twitter")
    }, "what is equal in both stays what it is"


def test_a_model_that_follows_one_on_its_way_starts_where_that_one_is(tmp_path: Path) -> None:
    second = tmp_path / "second.yaml"
    second.write_text(Path(followed_by(tmp_path, "")[0].removeprefix("model=")).read_text())
    second.write_text(second.read_text().replace("exponent: 3.0", "exponent: 5.0"))
    sets = followed_by(tmp_path, f"model.phase_in.from_model={second}")
    config = load(overrides=[*sets, "model.phase_in.first_day=2026-03-04", "model.phase_in.days=2"])
    exponents = [config.on(date(2026, 3, day)).model.combine.exponent for day in range(1, 7)]
    assert exponents == [3, 3.5, 4, (4.5 + 3) / 2, 3, 3]


def test_the_same_model_in_other_units_moves_nobody(tmp_path: Path) -> None:
    tree = load().model.model_dump()
    terms = ("model.terms.reactions", "model.terms.gauges", "model.terms.pages")
    sets = [f"{key}={[{**t, 'weight': t['weight'] * 4} for t in tree['terms'][key[12:]]]}" for key in terms]
    sets = [text.replace("None", "null") for text in sets]
    sets += [f"model.terms.votes=[{{signal: '{{of}}_level', weight: {tree['terms']['votes'][0]['weight'] * 4}}}]"]
    wider = [[x * 4, y] for x, y in tree["calibration"]["anchors"]]
    sets += ["model.terms.networks={}", f"model.calibration.anchors={wider}"]
    sets += ["model.combine.scale={twitter: 0.5, facebook: 0.5}"]
    quadruple = load(overrides=[*followed_by(tmp_path, ""), *sets])
    day = quadruple.on(date(2026, 3, 3))
    unit = 4**0.5  # half way, in the units of neither
    anchors = [(x * unit, y) for x, y in load().model.calibration.anchors]
    assert [value for point in day.model.calibration.anchors for value in point] == pytest.approx(
        [value for point in anchors for value in point]
    )
    for network, factor in (("github", 1.0), ("twitter", 0.75)):  # Twitter's scale is new: half way to a half
        was, now = ([t.weight for t in c.terms(network)] for c in (load(), day))
        assert now == pytest.approx([weight * unit * factor for weight in was]), network


def test_malformed_yaml_is_named_by_file_and_line(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(str(conf_dir()), conf)
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
    newcomers = "model.authenticity.newcomers"
    assert load(overrides=[f"{newcomers}.settling_days=9"]).tile_fingerprint != default.tile_fingerprint
    for later in ("model.step_limit.most_up_points=5", f"{newcomers}.in_full=1", f"{newcomers}.beyond=0"):
        changed = load(overrides=[later])
        assert changed.fingerprint != default.fingerprint
        assert changed.tile_fingerprint == default.tile_fingerprint, "tiles do not depend on it: no rebuild"


def test_a_network_that_nobody_thought_of_comes_in_by_one_page(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(str(conf_dir()), conf)
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
