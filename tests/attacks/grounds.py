"""Roots to attack: the demo's Twitter, Higgs as it was and stretched onto 90 days, and bitcoinotc stretched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from kloutspark import ingestion
from kloutspark.attacking import Ground
from kloutspark.config import Config
from kloutspark.learning.prices import Target
from kloutspark.learning.protocol import STRETCHED_DAY, counted, stretched_cut
from kloutspark.sources.attacks import Fakes, Scene, fake
from kloutspark.sources.demo import write_world
from kloutspark.sources.world import Character, Presence, World, load_world
from kloutspark.storage.tables import Tables
from tests.attacks.bars import RING
from tests.realdata import data_file
from tests.realdata.activity import HIGGS, HIGGS_ADDRESS, read_higgs, read_konect

NETWORK = "twitter"
RUNGS, LEAST_A_DAY, MOST_A_DAY = 150, 0.01, 8.0  # of the ladder; eight a day is the demo's busiest ordinary person


def _with_ladder(world: World) -> World:
    """The world with people from nobody to somebody busy, so that every attack meets somebody of its own at 15 and 50.

    The demo's own stand close together. Each rung is a person like its ordinary ones, 5 % busier than the one below.
    """
    place, rates = world.networks[NETWORK], np.geomspace(LEAST_A_DAY, MOST_A_DAY, RUNGS)
    rungs = {}
    for n, rate in enumerate(rates):
        audience = 1 + round(rate * world.people.audience_days)
        presence = Presence(audience=audience, reactions_a_day=rate, posts_a_day=place.posts_a_day)
        rungs[f"rung_{n}"] = Character(meaning="on the way up", networks={NETWORK: presence})
    return world.model_copy(update={"characters": {**world.characters, **rungs}})


WORLD = _with_ladder(load_world())
DEMO_AS_OF = WORLD.last_day + timedelta(days=1)
WINDOW_DAYS, FARM_DAYS = 90, 28  # P4; conf/attacks.yaml
LONG_WORLD = WORLD.model_copy(update={"days": 180})  # a whole window lies before the farm's first day
FARM_ENDS = DEMO_AS_OF - timedelta(days=WINDOW_DAYS - FARM_DAYS)  # so that the 90 days since it began are all there
FARM_SCORED = (-28, -21, -14, -7, -3, 0, 3, 7, 14, 21, 28, 42, 62)  # days after the farm's end


class Fill(Protocol):
    """Brings rows into the input tables of an empty root, by way of a folder for files."""

    def __call__(self, tables: Tables, config: Config, folder: Path) -> None: ...


@dataclass(frozen=True)
class Place:
    """Something to attack."""

    title: str
    as_of: date
    fill: Fill


def demo(tables: Tables, config: Config, folder: Path, *, world: World = WORLD) -> None:
    """The demo's Twitter with its ladder, and who owns which account; what arrives late is left out."""
    files = write_world(folder, world).on_time
    for network in (NETWORK, None):
        _ingest(tables, config, files[network], network=network)


def higgs_days(tables: Tables, config: Config, folder: Path) -> None:
    """The seven days of Higgs."""
    _ingest(tables, config, [data_file(HIGGS, HIGGS_ADDRESS)], adapter="snap-activity")


def higgs_stretched(tables: Tables, config: Config, folder: Path) -> None:
    """The first half of Higgs' rows as 90 days (EVALUATION.md): a day is 57 minutes."""
    _ingest_stretched(tables, config, read_higgs(), folder)


def higgs_times(last_day: date) -> Scene:
    """What accounts of Higgs really did and when, moved so that their last day is this one."""
    rows = counted(read_higgs()).rows
    ends = np.datetime64(last_day + timedelta(days=1), "s")
    ago = (rows["occurred_at_seconds"].max() // 86_400 + 1) * 86_400 - rows["occurred_at_seconds"].to_numpy()
    moments = ends - ago.astype("timedelta64[s]")
    return Scene(rows[["actor_id", "target_id"]].assign(occurred_at=moments), last_day)


def bitcoinotc(tables: Tables, config: Config, folder: Path) -> None:
    """The first half of bitcoinotc's rows as 90 days: it knows its people, so that newcomers are judged there.

    Its ratings are taken for reactions of one kind of the network.
    """
    rows = read_konect("bitcoinotc")
    _ingest_stretched(tables, config, rows.assign(kind=next(iter(config.networks[NETWORK].kinds))), folder)


def _ingest_stretched(tables: Tables, config: Config, found: pd.DataFrame, folder: Path) -> None:
    rows = stretched_cut(counted(found).rows).past
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "interactions.parquet"
    rows[["occurred_at", "actor_id", "target_id", "kind"]].to_parquet(file, index=False)
    _ingest(tables, config, [file])


PLACES: Mapping[str, Place] = {
    "demo": Place("Demo world, Twitter with a ladder of people", DEMO_AS_OF, demo),
    "higgs_days": Place("Higgs, real days", date(2012, 7, 8), higgs_days),
    "higgs_stretched": Place("Higgs, stretched onto 90 days", STRETCHED_DAY, higgs_stretched),
    "bitcoinotc": Place("bitcoinotc, stretched onto 90 days", STRETCHED_DAY, bitcoinotc),
}

GROUNDS: Mapping[str, Place] = {
    **PLACES,
    "demo_with_past": Place("Demo world of 180 days, as of its farms' end", FARM_ENDS, partial(demo, world=LONG_WORLD)),
}


def new_ring(at: Ground) -> tuple[Target, Fakes]:
    """The issue's ring of new accounts alone: the first of them, as its target, and the others."""
    first = Target("ring", 1, 0, "first of a ring", f"{NETWORK}:first of a ring", 1)
    return first, fake("ring", at.attacks, at.scene, target=first.account_id, budget=RING - 1)


def _ingest(
    tables: Tables, config: Config, paths: list[Path], *, network: str | None = NETWORK, adapter: str = "files"
) -> None:
    ingestion.ingest(
        tables,
        config,
        adapter=adapter,
        network=network,
        table=None,
        paths=[str(path) for path in paths],
        run_id="to be attacked",
        started_at=datetime(2026, 3, 31, tzinfo=UTC),
    )
