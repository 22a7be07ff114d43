"""Measures what fakes buy and writes docs/attacks.md and docs/attacks.svg: `make attacks`, hours; KEPT=... resumes.

.venv/bin/python -m tests.attacks KEPT                       everything that KEPT does not hold yet, then the page
.venv/bin/python -m tests.attacks KEPT --only demo-1000      one of them, no page
.venv/bin/python -m tests.attacks KEPT --page                the page alone, of what KEPT holds

A measurement is kept as JSON under the fingerprint of its configuration: a changed model is measured again.
"""

import argparse
import json
import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kloutspark import attacking
from kloutspark.attacking import Ground
from kloutspark.config import load
from kloutspark.learning.prices import Target
from kloutspark.reporting.texts import as_json
from kloutspark.sources.attacks import FAMILIES, Fakes, Scene, fake, load_attacks
from kloutspark.storage.session import build_session
from kloutspark.storage.tables import Tables
from tests.attacks.grounds import FARM_ENDS, FARM_SCORED, GROUNDS, NETWORK, PLACES, higgs_times, new_ring
from tests.attacks.page import BUDGETS, COURSE_OF_FARMS, DEVOTED, FAKES, FARM, MANY_FAKES, SCORES, STOLEN, write_page
from tests.lab import CHEAP_SMALL_PLANS

NEWCOMERS = "model.authenticity.newcomers.in_full"  # so many newcomers count on any target
GRID = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 20.0)
BARRED = (15.0, 50.0)  # the scores that the bars speak of
NEW_DAYS = 28  # a newcomer's first counted reaction is that young: as long as a farm's days
SHIFTS_DAYS = (-7, 0, 14)  # a farm that ended a week ago, one that ends now, one half of whose days are to come
ENV = "local"

log = logging.getLogger("kloutspark.attacks")


@contextmanager
def standing(place: str, folder: Path, *settings: str) -> Iterator[Ground]:
    """A place's root, filled, and scored without attacks."""
    config = load(env=ENV, overrides=settings)
    tables = Tables(build_session(config.spark), str(folder / place), config.tables)
    if not tables.folders("input"):
        GROUNDS[place].fill(tables, config, folder / f"{place} files")
    with attacking.ground(
        tables,
        config,
        load_attacks(),
        network=NETWORK,
        as_of=GROUNDS[place].as_of,
        scratch=str(folder),
        run_id=f"{datetime.now(UTC):%H%M%S%f}",
        started_at=datetime.now(UTC),
    ) as ground:
        yield ground


def prices(at: Ground, *, budget: int) -> dict[str, Any]:
    """The price list of a budget."""
    return attacking.price_list(at, [attacking.strike(at, list(FAMILIES), budget=budget, wanted=SCORES)])


def barred(at: Ground, attack: str) -> list[Target]:
    """Whom an attack meets of the scores that bars speak of."""
    return [t for t in attacking.targets_of(at, BARRED) if t.attack == attack]


def struck(at: Ground, fakes: Mapping[Target, Fakes], *, budget: int) -> list[dict[str, Any]]:
    """The prices of fakes in a run of their own, as rows."""
    return [p.as_row() for _, p in attacking.prices_of(at, fakes, attacking.attacked(at, fakes), budget=budget)]


def alone(at: Ground) -> dict[str, Any]:
    """What a farm gains where nobody else has one, a run each: what the bars speak of."""
    targets, found = barred(at, FARM), list[dict[str, Any]]()
    for budget in (FAKES, MANY_FAKES):
        for target in targets:
            found += struck(at, attacking.fakes_of(at, [target], budget=budget), budget=budget)
    return {"fingerprint": at.config.fingerprint, "prices": found}


def shifted(at: Ground) -> dict[str, Any]:
    """What the same farm gains as of a day while it goes on, as it ends, and a week after."""
    found = []
    targets = barred(at, FARM)
    for days in SHIFTS_DAYS:
        scene = Scene(at.scene.rows, at.scene.last_day + timedelta(days=days))
        fakes = {}
        for t in targets:
            made = fake(t.attack, at.attacks, scene, target=t.account_id, budget=FAKES)
            is_past = made.interactions["occurred_at"] < pd.Timestamp(at.as_of)
            fakes[t] = replace(made, interactions=made.interactions[is_past].reset_index(drop=True))
        found += [{"days": days, **row} for row in struck(at, fakes, budget=FAKES)]
    return {"fingerprint": at.config.fingerprint, "prices": found}


def course(at: Ground) -> dict[str, Any]:
    """What farms on 15 and 50 gain from their first day on for 90 days in a root with a past."""
    targets = barred(at, FARM)
    fakes = attacking.fakes_of(at, targets, budget=FAKES)
    days = [FARM_ENDS + timedelta(days=n) for n in FARM_SCORED]
    gained = []
    without = {day: after.scores for day, after in attacking.attacked_on(at, {}, days)}
    for day, after in attacking.attacked_on(at, fakes, days):
        before, now = (frame.set_index("account_id")["score"] for frame in (without[day], after.scores))
        points = {f"{t.wanted:g}": round(float(now[t.account_id] - before[t.account_id]), 2) for t in targets}
        gained.append({"days_after_end": (day - FARM_ENDS).days, "points": points})
        log.info("%s", gained[-1])
    return {
        "fingerprint": at.config.fingerprint,
        "targets": {f"{t.wanted:g}": t.score for t in targets},
        "days": gained,
    }


def stolen_from_higgs(at: Ground) -> dict[str, Any]:
    """What accounts gain, and how they are told, that have the times and counts of real accounts of Higgs."""
    scene, fakes = higgs_times(at.scene.last_day), {}
    for t in barred(at, STOLEN):
        fakes[t] = fake(STOLEN, at.attacks, scene, target=t.account_id, budget=FAKES)
    return {"fingerprint": at.config.fingerprint, "prices": struck(at, fakes, budget=FAKES)}


def once(at: Ground) -> dict[str, Any]:
    """What the last reaction of a devoted account brings by itself, and all of them: the first is a fan's due (P7)."""
    targets = barred(at, DEVOTED)
    all_of_them, found = attacking.fakes_of(at, targets, budget=FAKES), []
    for reactions in (1, FAKES):
        fakes = {
            t: replace(made, interactions=made.interactions.nlargest(reactions, "occurred_at").reset_index(drop=True))
            for t, made in all_of_them.items()
        }
        found += struck(at, fakes, budget=reactions)
    return {"fingerprint": at.config.fingerprint, "prices": found}


def ring_alone(at: Ground) -> dict[str, Any]:
    """The best member of a ring of new accounts beside nobody else's fakes: what the bar speaks of."""
    first, members = new_ring(at)
    scores = attacking.attacked(at, {first: members}).scores.set_index("account_id")["score"]
    best = float(scores[[first.account_id, *members.accounts]].max())
    return {"fingerprint": at.config.fingerprint, "median_of_ordinary": at.ordinary, "highest": best}


def weighed(at: Ground) -> dict[str, Any]:
    """What a farm gains, and what newcomers and all who are real are left with, at one setting of NEWCOMERS."""
    targets = barred(at, FARM)
    fakes = attacking.fakes_of(at, targets, budget=FAKES)
    after = attacking.attacked(at, fakes)
    first = at.scene.rows.groupby("actor_id")["occurred_at"].min()
    newcomers = first.index[first >= pd.Timestamp(at.as_of - timedelta(days=NEW_DAYS))]
    weights = after.weights.set_index("account_id")["weight"]
    real = np.asarray(weights.reindex(newcomers).dropna(), dtype=np.float64)
    farms = attacking.prices_of(at, fakes, after, budget=FAKES)
    return {
        "fingerprint": at.config.fingerprint,
        "newcomers": len(real),
        "mean_weight": float(real.mean()),
        "lose_half": float((weights[weights.index.isin(at.scene.rows["actor_id"])] < 0.5).mean()),
        "prices": [price.as_row() for _, price in farms],
    }


@dataclass(frozen=True)
class Measurement:
    """Something to measure on a place's ground, kept under its name; `settings` are other numbers of the model."""

    name: str
    place: str
    measure: Callable[[Ground], dict[str, Any]]
    settings: tuple[str, ...] = ()


def measurements(places: Sequence[str], budgets: Sequence[int]) -> Iterator[Measurement]:
    """Everything that the page tells, those of one ground side by side."""
    for place in places:
        for budget in budgets:
            yield Measurement(f"{place}-{budget}", place, partial(prices, budget=budget))
        yield Measurement(f"{place}-alone", place, alone)
        yield Measurement(f"{place}-shifted", place, shifted)
        yield Measurement(f"{place}-once", place, once)
        yield Measurement(f"{place}-ring", place, ring_alone)
        yield Measurement(f"{place}-times", place, stolen_from_higgs)
        for weight in GRID:
            yield Measurement(f"{place}-newcomers-{weight:g}", place, weighed, (f"{NEWCOMERS}={weight:g}",))
    if "demo" in places:
        yield Measurement(COURSE_OF_FARMS, "demo_with_past", course, CHEAP_SMALL_PLANS)


def is_kept(file: Path, settings: tuple[str, ...]) -> bool:
    """Whether a file holds what the configuration of today would measure."""
    fingerprint = load(env=ENV, overrides=settings).fingerprint
    return file.is_file() and json.loads(file.read_text(encoding="utf-8"))["fingerprint"] == fingerprint


def main() -> None:
    """Measures what is asked for and not kept yet; the page is written where everything is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kept", type=Path)
    parser.add_argument("--only", action="append", metavar="NAME", help="Of one measurement, e.g. demo-1000; no page.")
    parser.add_argument("--place", action="append", choices=list(PLACES))
    parser.add_argument("--page", action="store_true", help="The page alone.")
    asked = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s")
    log.setLevel(logging.INFO)
    asked.kept.mkdir(parents=True, exist_ok=True)
    wanted = [] if asked.page else list(measurements(asked.place or list(PLACES), BUDGETS))
    if asked.only:
        wanted = [m for m in wanted if m.name in asked.only]
    with tempfile.TemporaryDirectory() as folder:
        for (place, settings), of_ground in groupby(wanted, key=lambda m: (m.place, m.settings)):
            todo = [m for m in of_ground if not is_kept(asked.kept / f"{m.name}.json", settings)]
            if not todo:
                continue
            with standing(place, Path(folder), *settings) as ground:
                for m in todo:
                    log.info("%s", m.name)
                    (asked.kept / f"{m.name}.json").write_text(as_json(m.measure(ground)), encoding="utf-8")
    if not asked.only:
        found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(asked.kept.glob("*.json"))}
        write_page(found)


if __name__ == "__main__":
    main()
