"""A thousand fakes on people of score 15 and 50 in the demo's Twitter, before the step limit: what each attack buys.

Four runs in all: before, after the attacks that have a bar, after rings, and after the others, each attack on people of
its own. Rings are the issue's, of a hundred: one of new accounts alone, and around people of 15 and 50. 10,000 fakes,
other scores and Higgs: `make attacks`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from kloutspark import attacking
from kloutspark.learning.prices import Price
from kloutspark.sources.attacks import FAMILIES, fake, load_attacks
from kloutspark.storage.session import build_session
from tests.attacks.bars import AUC, MISSED, POINTS, RING
from tests.attacks.grounds import DEMO_AS_OF, NETWORK, demo, higgs_times, new_ring
from tests.lab import Lab
from tests.realdata import data_path
from tests.realdata.activity import HIGGS

pytestmark = pytest.mark.delta
BUDGET = 1_000
WANTED = (15.0, 50.0)
AROUND_SOMEBODY_KNOWN = {15.0: 8, 50.0: 5}  # points, as measured; the issue has no bar for it


@dataclass(frozen=True)
class Attacked:
    """Everything that was attacked in one run."""

    prices: Mapping[tuple[str, float], Price]
    ring: list[float]
    around: Mapping[float, list[float]]  # members of rings around people of so many points
    median_of_ordinary: float


def digests(folder: Path) -> dict[str, str]:
    """Every file with a hash of its bytes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def struck(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """All attacks in three runs; the root that they are about stays as it is, to the byte, and nothing else stays.

    Farms make newcomers more usual for each other, so the click farms and the rings, of which bars speak, share their
    runs with no other kind: beside farms of 1,000 a ring of 100 brings more than twice as much (decision 019).
    """
    folder = tmp_path_factory.mktemp("attacked")
    lab = Lab(spark, folder / "a root")
    build_session(lab.config.spark)
    demo(lab.tables, lab.config, folder / "files")
    before, scratch = digests(lab.root), folder / "scratch"
    scratch.mkdir()
    with attacking.ground(
        lab.tables,
        lab.config,
        load_attacks(),
        network=NETWORK,
        as_of=DEMO_AS_OF,
        scratch=str(scratch),
        run_id="struck",
        started_at=datetime(2026, 4, 1, tzinfo=UTC),
    ) as at:
        targets = attacking.targets_of(at, WANTED)
        assert {(t.wanted, t.turn) for t in targets} == {(w, 0) for w in WANTED}, "too few people near 15 or 50"
        barred = {name for name, _ in POINTS}
        with_bars = attacking.fakes_of(at, [t for t in targets if t.attack in barred], budget=BUDGET)
        prices = dict(attacking.prices_of(at, with_bars, attacking.attacked(at, with_bars), budget=BUDGET))
        others = attacking.fakes_of(at, [t for t in targets if t.attack not in {*barred, "ring"}], budget=BUDGET)
        if data_path(HIGGS).is_file():  # the issue's farm has the times and counts of real accounts of Higgs
            real = higgs_times(at.scene.last_day)
            stolen = [t for t in others if t.attack == "stolen_times"]
            others |= {t: fake(t.attack, at.attacks, real, target=t.account_id, budget=BUDGET) for t in stolen}
        around = attacking.fakes_of(at, [t for t in targets if t.attack == "ring"], budget=RING - 1)
        ring, members = new_ring(at)
        prices |= dict(attacking.prices_of(at, others, attacking.attacked(at, others), budget=BUDGET))
        after = attacking.attacked(at, {**around, ring: members})
        prices |= dict(attacking.prices_of(at, around, after, budget=RING - 1))
        scores = after.scores.set_index("account_id")["score"]
        found = Attacked(
            prices={(t.attack, t.wanted): price for t, price in prices.items()},
            ring=scores[[ring.account_id, *members.accounts]].tolist(),
            around={t.wanted: scores[list(fakes.accounts)].tolist() for t, fakes in around.items()},
            median_of_ordinary=at.ordinary,
        )
    assert digests(lab.root) == before
    assert not list(scratch.iterdir())
    return found


@pytest.mark.parametrize(
    ("attack", "wanted", "points"),
    [
        (name, wanted, most)
        for (name, n), by_score in POINTS.items()
        if n == BUDGET
        for wanted, most in by_score.items()
    ],
)
def test_an_attack_brings_at_most_what_the_issue_allows(
    struck: Attacked, attack: str, wanted: float, points: float
) -> None:
    """What misses its bar is held where it stands (bars.py says why); docs/attacks.md tells the miss."""
    assert struck.prices[attack, wanted].points <= MISSED.get((attack, wanted), points)


@pytest.mark.parametrize("attack", sorted(set(FAMILIES) - {"ring"} - {name for name, _ in POINTS}))
@pytest.mark.parametrize("wanted", WANTED)
def test_another_attack_brings_at_most_what_counting_actors_would(struck: Attacked, attack: str, wanted: float) -> None:
    price = struck.prices[attack, wanted]
    assert price.points <= max(price.points_under("u"), 1), "or a point: a daily reaction is a steady one too"


def test_no_member_of_a_ring_stands_above_the_median_of_ordinary_people(struck: Attacked) -> None:
    assert len(struck.ring) == RING
    assert max(struck.ring) <= struck.median_of_ordinary


@pytest.mark.parametrize("wanted", WANTED)
def test_a_ring_around_somebody_known_brings_little(struck: Attacked, wanted: float) -> None:
    """It takes two who are known to vouch for a member; with one it brought 40 points (decision 019)."""
    assert struck.prices["ring", wanted].points <= AROUND_SOMEBODY_KNOWN[wanted]
    above = [score for score in struck.around[wanted] if score > struck.median_of_ordinary]
    assert len(above) <= RING / 10


@pytest.mark.parametrize("attack", AUC)
def test_fake_accounts_are_told_from_people(struck: Attacked, attack: str) -> None:
    for wanted in WANTED:
        told = struck.prices[attack, wanted].auc
        assert told is not None
        assert told >= AUC[attack]
