"""One scored world for all promises (world.py), and what else they share.

The same rows are scored again by a model whose mechanisms are weakened, by numbers that it has anyway: what a promise
asserts must then turn. Numbers that the configuration refuses, because a promise would break, are put in behind its
back. Beside this world: a week of daily runs (P5, P6), all networks (P13, P14), the demo's world, smaller (P3, P20).
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from kloutspark import ingestion
from kloutspark.config import Calibration, Selectivity, Term, conf_dir
from kloutspark.pipeline import Outcome
from kloutspark.sources.demo import write_world
from kloutspark.sources.world import load_world
from tests.lab import Lab
from tests.promises import networks as all_networks
from tests.promises import week as a_week
from tests.promises.networks import Networks
from tests.promises.page import shown_on_the_page
from tests.promises.week import Week
from tests.promises.world import (
    CLUB,
    COUNTING,
    FIRST,
    LOUD_GAUGES,
    ONE_NETWORK_WINS,
    SECOND,
    STEEP,
    People,
    put,
    tell,
)

Shows = Callable[..., None]
DEMO_DAY = load_world().last_day + timedelta(days=1)


@dataclass(frozen=True)
class Scored:
    """The published rows of the two days by person, and where they lie."""

    lab: Lab
    first: People
    second: People
    second_run: Outcome
    root_after_first: Path

    @property
    def root(self) -> Path:
        return self.lab.root


@pytest.fixture(scope="session")
def scored(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Rows in the input tables, two daily runs, rows of the published table."""
    folder = tmp_path_factory.mktemp("promises")
    lab = Lab(spark, folder / "root", (CLUB, STEEP))
    put(lab, tell())
    first = lab.score(FIRST)
    copied = shutil.copytree(lab.root, folder / "root after the first day")
    second_run = lab.run(SECOND)
    return Scored(lab, first, lab.published(SECOND), second_run, copied)


@pytest.fixture(scope="session")
def counting(scored: Scored) -> Outcome:
    """The second day by a model that counts reactions, whoever gave them; the first one stands as it was."""
    return scored.lab.variant(*COUNTING, root=scored.root_after_first).run(SECOND)


@pytest.fixture(scope="session")
def counted(scored: Scored, counting: Outcome) -> People:
    """Its rows by account."""
    assert counting.verdict.passed
    return by_account(scored.lab.variant(root=scored.root_after_first).published(SECOND))


@pytest.fixture(scope="session")
def weakened(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> People:
    """The first day with windows of 89 days, loud gauges, and networks of which the strongest one counts alone."""
    model = tmp_path_factory.mktemp("models") / "weakened.yaml"
    text = (conf_dir() / "models" / "default.yaml").read_text()
    model.write_text(text.replace("_90d", "_89d").replace("[1, 7, 28, 90]", "[1, 7, 28, 89]"))
    lab = scored.lab.unscored(f"model={model}", STEEP, LOUD_GAUGES, ONE_NETWORK_WINS)
    return by_account(lab.score(FIRST))


@pytest.fixture(scope="session")
def unchecked(scored: Scored) -> People:
    """The first day with numbers that the configuration refuses: h below 1, weight for posts, a map that bends up."""
    lab = scored.lab.unscored()
    model = lab.config.model
    terms = model.terms.model_copy(
        update={"reactions": (*model.terms.reactions, Term(signal="posts_sum_90d", weight=2.0))}
    )
    numbers = {
        "selectivity": Selectivity.model_construct(halving_reactions=0.05, why="refused: below 1"),
        "calibration": Calibration.model_construct(
            anchors=((0.0, 1.0), (15.0, 1.0), (34.2, 90.0), (60.0, 100.0)), why="refused: the slope grows"
        ),
        "terms": terms,
    }
    bent = lab.config.model_copy(update={"model": model.model_copy(update=numbers)})
    object.__setattr__(lab, "config", bent)
    return by_account(lab.score(FIRST))


@pytest.fixture(scope="session")
def first_of_week(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Week]:
    """The first of the daily runs, which no step limit can hold, and where it was made."""
    lab = Lab(spark, tmp_path_factory.mktemp("week") / "root", (CLUB,))
    a_week.tell(lab)
    return lab, a_week.run(lab, a_week.DAYS[0])


@pytest.fixture(scope="session")
def week(first_of_week: tuple[Lab, Week], tmp_path_factory: pytest.TempPathFactory) -> Week:
    """Eight daily runs."""
    lab, begun = first_of_week
    copied = shutil.copytree(lab.root, tmp_path_factory.mktemp("limited") / "root")
    return a_week.run(lab.variant(root=copied), *a_week.DAYS[1:], begun=begun)


@pytest.fixture(scope="session")
def unlimited_week(first_of_week: tuple[Lab, Week], tmp_path_factory: pytest.TempPathFactory) -> Week:
    """The days of it that P5 and P6 look at, without a step limit."""
    lab, begun = first_of_week
    copied = shutil.copytree(lab.root, tmp_path_factory.mktemp("unlimited") / "root")
    days = (a_week.DAYS[n] for n in (2, 3, 7))
    return a_week.run(lab.variant(*a_week.UNLIMITED, root=copied), *days, begun=begun)


@pytest.fixture(scope="session")
def networks(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Networks:
    """All networks in one root; on two of them half of the rows are a company's."""
    lab = Lab(spark, tmp_path_factory.mktemp("networks") / "root", ("gate.expectations.quarantined_share.max=0.5",))
    put(lab, all_networks.tell())
    return all_networks.score(lab)


@pytest.fixture(scope="session")
def lenient_networks(networks: Networks) -> Networks:
    """The same rows where companies count on all networks, with one window alone."""
    return all_networks.score(networks.lab.unscored(*all_networks.LENIENT))


def by_account(rows: People) -> People:
    """Rows by the account's name on Twitter; of other networks and of linked persons by the whole id."""
    return {person.removeprefix("twitter:"): row for person, row in rows.items()}


@pytest.fixture
def shows(request: pytest.FixtureRequest) -> Shows:
    """Says what a promise's test measured, and what it measures with a weakened mechanism: docs/promises.md has it."""

    def show(what: str, *, measured: object, by: str, weakened: object) -> None:
        module = Path(request.node.path).stem
        shown_on_the_page(module, what=what, measured=f"{measured}", by=by, weakened=f"{weakened}")

    return show


@pytest.fixture(scope="session")
def people(scored: Scored) -> People:
    """The first day's rows by the account's name; linked persons by their own."""
    return by_account(scored.first)


@pytest.fixture(scope="session")
def next_day(scored: Scored) -> People:
    """The second day's rows in the same way."""
    return by_account(scored.second)


@pytest.fixture(scope="session")
def demo_lab(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The demo's world as it stands on its last day: its characters as they are, fewer days and ordinary people.

    Only what decides an order is ingested, a third of the time. So who has no point has no row.
    """
    lab = Lab(spark, tmp_path_factory.mktemp("demo") / "root")
    world = load_world()
    world = world.model_copy(update={"days": 10, "people": world.people.model_copy(update={"count": 40})})
    files = write_world(lab.root, world).on_time
    for network in ("twitter", "facebook", "instagram", "wikipedia", None):
        tables = ("interactions", "page_links", "gauges", "identity")
        ingestion.ingest(
            lab.tables,
            lab.config,
            adapter="files",
            network=network,
            table=None,
            paths=[str(path) for path in files[network] if path.name.startswith(tables)],
            run_id=f"files of {network}",
            started_at=datetime(2026, 4, 1, tzinfo=UTC),
        )
    return lab


@pytest.fixture(scope="session")
def demo(demo_lab: Lab) -> People:
    """Its rows by person."""
    return demo_lab.score(DEMO_DAY)


@pytest.fixture(scope="session")
def demo_by_strongest_network(demo: People, demo_lab: Lab) -> People:
    """The same where the strongest network of a person counts alone."""
    assert demo
    return demo_lab.unscored(ONE_NETWORK_WINS).score(DEMO_DAY)
