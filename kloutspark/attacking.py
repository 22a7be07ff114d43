"""Attacks on what stands in a root: scored before and after in scratch roots of their own, which end with the attack.

A scratch root that is scored once has no past: everybody's standing is 1. Scores are those before the step limit.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark import pipeline
from kloutspark.config import Config
from kloutspark.domain.contracts import (
    ACCOUNTS,
    DELIVERIES,
    GAUGES,
    INTERACTIONS,
    LINKS,
    PAGE_LINKS,
    POSTS,
    REQUESTS,
)
from kloutspark.domain.errors import ConfigError, InputError, unknown_key
from kloutspark.learning.prices import Price, Target, auc, choose, under_counting
from kloutspark.sources.attacks import FAMILIES, Attacks, Fakes, Scene, fake
from kloutspark.storage import published
from kloutspark.storage.tables import Tables

Row = Mapping[str, object]
MOSTLY = 0.9  # of an account's points from the network: else other networks hide what an attack gains (P2's norm)
OF_NETWORK = (INTERACTIONS, POSTS, GAUGES, ACCOUNTS, DELIVERIES, PAGE_LINKS)


@dataclass(frozen=True)
class Ground:
    """A network before any attack.

    `people` has person_id, account_id and score of who has one account on the network and most of their points from it;
    `scene` holds the rows that counted.
    """

    tables: Tables
    config: Config
    attacks: Attacks
    network: str
    as_of: date
    scratch: str
    run_id: str
    started_at: datetime
    people: pd.DataFrame
    scene: Scene

    @property
    def ordinary(self) -> float:
        """The median score of the people who got a reaction."""
        return float(self.people.loc[self.people["account_id"].isin(self.scene.rows["target_id"]), "score"].median())


@dataclass(frozen=True)
class Struck:
    """What attacks of one budget came to, and what was left out.

    `without_target` are wanted scores near which nobody stands, `without_gauge` attacks whose gauge the network lacks.
    """

    prices: list[Price]
    without_target: tuple[float, ...]
    without_gauge: tuple[str, ...]


def chosen_of(names: Sequence[str]) -> list[str]:
    """The attacks of these names; without any, all.

    Raises:
        ConfigError: there is no such attack.
    """
    for name in names:
        if name not in FAMILIES:
            raise unknown_key("NAME", name, list(FAMILIES))
    return [family for family in FAMILIES if family in names or not names]


def network_of(tables: Tables, config: Config, network: str | None) -> str:
    """The network to attack: the given one, or the only scored one with interactions.

    Raises:
        ConfigError: there are several to choose from.
        InputError: it has no interactions.
    """
    there = [n for n in config.scored if tables.exists(INTERACTIONS, n)]
    if not there or (network is not None and network not in there):
        remedy = "Ingest files first: kloutspark ingest --help."
        raise InputError(INTERACTIONS.path(network or "*"), expected="a table", found="none", remedy=remedy)
    if network is None and len(there) > 1:
        raise ConfigError("--network", expected="one of several", found="none", remedy=f"Name one: {', '.join(there)}.")
    return network or there[0]


def day_after(tables: Tables, network: str) -> date:
    """The day after the network's last row that is not from the future.

    Raises:
        InputError: it has no rows.
    """
    rows = tables.read(INTERACTIONS, version=tables.version(INTERACTIONS, network), network=network)
    is_past = F.expr("occurred_at <= ingested_at + INTERVAL 1 DAY")
    last = rows.where(is_past).agg(F.max(F.to_date("occurred_at"))).collect()[0][0]
    if last is None:
        remedy = f"Ingest files: kloutspark ingest files --network {network} PATH."
        raise InputError(INTERACTIONS.path(network), expected="rows", found="an empty table", remedy=remedy)
    return date.fromisoformat(str(last)) + timedelta(days=1)


@contextmanager
def ground(
    tables: Tables,
    config: Config,
    attacks: Attacks,
    *,
    network: str,
    as_of: date,
    scratch: str,
    run_id: str,
    started_at: datetime,
) -> Iterator[Ground]:
    """The network of a root, scored without any attack; `scratch` is a folder that every node reaches.

    The root is read alone. What attacks leave in the scratch folder is removed at the end of the block.

    Raises:
        InputError: no network has rows in the window, or an input is missing or drifted.
    """
    folder = f"{scratch.rstrip('/')}/kloutspark-attack-{run_id}"
    try:
        before = _copy(tables, config, f"{folder}/before")
        _run(before, config, as_of=as_of, run_id=run_id, started_at=started_at)
        scores = _local(published.scores_of_accounts(before, as_of, network))
        people = scores[(scores["accounts"] == 1) & (scores["share"] >= MOSTLY)].drop(columns=["accounts", "share"])
        rows = _local(published.counted_interactions(before, as_of, network))
        rows = rows.assign(occurred_at=rows["occurred_at"].dt.tz_localize(None))
        scene = Scene(rows.sort_values(list(rows.columns), ignore_index=True), as_of - timedelta(days=1))
        yield Ground(tables, config, attacks, network, as_of, folder, run_id, started_at, people, scene)
    finally:
        tables.remove_folder(folder)


def strike(at: Ground, names: Sequence[str], *, budget: int, wanted: Sequence[float]) -> Struck:
    """Attacks of one budget on people of the wanted scores, several in one run, each on people of its own.

    Rows end on the day before as_of, where what they gain is highest: every window ends there, and later ones hold
    fewer of them. A real account that becomes devoted to one target is busier for others: that costs these a hundredth.

    Raises:
        ConfigError: there is no such attack.
    """
    targets, names = targets_of(at, wanted), chosen_of(names)
    has_gauge = at.attacks.bought_followers.gauge in at.config.networks[at.network].gauges
    without_gauge = [name for name in names if name == "bought_followers" and not has_gauge]
    chosen = [t for t in targets if t.attack in names and t.attack not in without_gauge]
    prices: dict[Target, Price] = {}
    for turn in sorted({t.turn for t in chosen}):
        fakes = fakes_of(at, [t for t in chosen if t.turn == turn], budget=budget)
        prices.update(prices_of(at, fakes, attacked(at, fakes), budget=budget))
    missing = tuple(score for score in wanted if score not in {t.wanted for t in targets})
    return Struck([prices[t] for t in chosen], missing, tuple(without_gauge))


def targets_of(at: Ground, wanted: Sequence[float]) -> list[Target]:
    """Whom each attack meets, whoever else attacks: people who got a reaction, so that somebody may be devoted."""
    is_received = at.people["account_id"].isin(at.scene.rows["target_id"])
    return choose(at.people[is_received], wanted, list(FAMILIES))


def fakes_of(at: Ground, targets: Sequence[Target], *, budget: int) -> dict[Target, Fakes]:
    """The rows of attacks of one run: who reacts to everybody leaves the others' targets alone."""
    found = {}
    for t in targets:
        others = [o.account_id for o in targets if o is not t]
        rows = at.scene.rows[~at.scene.rows["target_id"].isin(others)]
        scene = Scene(rows, at.scene.last_day)
        found[t] = fake(t.attack, at.attacks, scene, target=t.account_id, budget=budget)
    return found


def price_list(at: Ground, struck: Sequence[Struck]) -> dict[str, Any]:
    """What attacks came to, for machines and `show_prices`."""
    return {
        "network": at.network,
        "as_of": at.as_of,
        "fingerprint": at.config.fingerprint,
        "people": len(at.people),
        "median_of_ordinary": at.ordinary,
        "prices": [price.as_row() for each in struck for price in each.prices],
        "without_target": sorted({score for each in struck for score in each.without_target}),
        "without_gauge": sorted({name for each in struck for name in each.without_gauge}),
    }


@dataclass(frozen=True)
class Aftermath:
    """A network after attacks: `scores` has account_id and score of everybody, `weights` account_id and weight."""

    scores: pd.DataFrame
    weights: pd.DataFrame


def attacked(at: Ground, fakes: Mapping[Target, Fakes]) -> Aftermath:
    """The network scored again, with the rows of attacks among its own."""
    [(_, aftermath)] = attacked_on(at, fakes, [at.as_of])
    return aftermath


def attacked_on(at: Ground, fakes: Mapping[Target, Fakes], days: Sequence[date]) -> Iterator[tuple[date, Aftermath]]:
    """The network scored on some days, one after the other, each on what the ones before left; fakes may be none."""
    after = _copy(at.tables, at.config, f"{at.scratch}/after")
    try:
        if fakes:
            _put(after, at, fakes)
        for day in days:
            _run(after, at.config, as_of=day, run_id=f"{at.run_id}-{day}", started_at=at.started_at)
            scores = published.scores_of_accounts(after, day, at.network)
            window_days = at.config.model.history_days
            weights = published.weights_of_accounts(after, day, at.network, window_days=window_days)
            yield day, Aftermath(_local(scores), _local(weights))
    finally:
        after.remove_folder(after.root)


def prices_of(
    at: Ground, fakes: Mapping[Target, Fakes], aftermath: Aftermath, *, budget: int
) -> Iterator[tuple[Target, Price]]:
    """What each target gained, beside what counting would have paid."""
    scores = aftermath.scores.set_index("account_id")["score"]
    weights = aftermath.weights.set_index("account_id")["weight"]
    of_people = weights[weights.index.isin(at.scene.rows["actor_id"])].to_numpy()
    for attack in dict.fromkeys(t.attack for t in fakes):  # all targets of an attack at once: a walk takes seconds
        mine = {t: f for t, f in fakes.items() if t.attack == attack}
        rows = pd.concat([at.scene.rows, *(f.interactions for f in mine.values())], ignore_index=True)
        under = under_counting(at.people, at.scene.rows, rows)
        for t, made in mine.items():
            of_fakes = weights[weights.index.isin(made.accounts)].to_numpy()
            credited = scores[scores.index.isin(set(made.accounts) & set(made.interactions["target_id"]))]
            yield (
                t,
                Price(
                    attack=attack,
                    budget=budget,
                    wanted=t.wanted,
                    account_id=t.account_id,
                    before=t.score,
                    after=float(scores[t.account_id]),
                    under={
                        m: (float(s["before"][t.account_id]), float(s["after"][t.account_id])) for m, s in under.items()
                    },
                    highest_fake=float(credited.max()) if len(credited) else None,
                    auc=auc(of_fakes, of_people) if len(of_fakes) else None,
                ),
            )


def _copy(tables: Tables, config: Config, root: str) -> Tables:
    """The input tables of a root, and nothing else of it, in another one."""
    copy = Tables(tables.spark, root, tables.settings)
    copy.remove_folder(root)
    for contract in (LINKS, REQUESTS):
        copy.borrow(tables, contract)
    for network in sorted(tables.folders("input") & set(config.scored)):
        for contract in OF_NETWORK:
            copy.borrow(tables, contract, network)
    return copy


def _run(tables: Tables, config: Config, *, as_of: date, run_id: str, started_at: datetime) -> None:
    """Scores the day; whether a gate would publish it is not asked: an attack may look like a bad day."""
    pipeline.run(tables, config, as_of=as_of, run_id=run_id, started_at=started_at)


def _put(tables: Tables, at: Ground, fakes: Mapping[Target, Fakes]) -> None:
    """Writes the rows of attacks into a copy."""
    tables.ensure(INTERACTIONS, at.network)
    tables.append(tables.frame(INTERACTIONS, _interactions(at, fakes)), INTERACTIONS, at.network)
    for contract, rows, network in (
        (POSTS, list(_posts(fakes)), at.network),
        (GAUGES, list(_gauges(tables, at, fakes)), at.network),
        (LINKS, list(_links(at, fakes)), None),
    ):
        if rows:
            tables.ensure(contract, network)
            tables.upsert(tables.rows(contract, rows), contract, network)


def _interactions(at: Ground, fakes: Mapping[Target, Fakes]) -> pd.DataFrame:
    found = [
        made.interactions.assign(
            interaction_id=[f"{t.attack} of {t.account_id} {n}" for n in range(len(made.interactions))]
        )
        for t, made in fakes.items()
    ]
    rows = pd.concat(found, ignore_index=True)
    moments = rows["occurred_at"].astype("datetime64[us]").dt.tz_localize("UTC")
    kind = next(iter(at.config.networks[at.network].kinds))
    return rows.assign(occurred_at=moments, ingested_at=moments, kind=kind, post_id=None)


def _posts(fakes: Mapping[Target, Fakes]) -> Iterator[Row]:
    for t, made in fakes.items():
        for n, moment in enumerate(made.posts):
            posted_at = moment.astype("datetime64[us]").item().replace(tzinfo=UTC)
            yield {"post_id": f"{t.attack} of {t.account_id} {n}", "account_id": t.account_id, "posted_at": posted_at}


def _gauges(tables: Tables, at: Ground, fakes: Mapping[Target, Fakes]) -> Iterator[Row]:
    """What is added comes on top of the newest value that still holds on its day."""
    grown = {t: made.gauges for t, made in fakes.items() if made.gauges}
    if not grown:
        return
    known = pd.DataFrame(columns=["account_id", "day", "gauge", "value"])
    if tables.exists(GAUGES, at.network):
        rows = tables.read(GAUGES, version=tables.version(GAUGES, at.network), network=at.network)
        known = _local(rows.where(F.col("account_id").isin([t.account_id for t in grown]))).sort_values("day")
    holds = timedelta(days=at.config.networks[at.network].carry_days)
    for t, gauges in grown.items():
        for gauge, days in gauges.items():
            mine = known[(known["account_id"] == t.account_id) & (known["gauge"] == gauge)]
            for day, added in days.items():
                level = mine.loc[(mine["day"] <= day) & (mine["day"] > day - holds), "value"]
                value = added + (float(level.iloc[-1]) if len(level) else 0.0)
                yield {"account_id": t.account_id, "day": day, "gauge": gauge, "value": value}


def _links(at: Ground, fakes: Mapping[Target, Fakes]) -> Iterator[Row]:
    """Accounts of the target's own; who has no link yet connects the account that is attacked, too."""
    for t, made in fakes.items():
        if made.links:
            is_linked = t.person_id != f"{at.network}:{t.account_id}"
            person = t.person_id if is_linked else f"{t.attack} of {t.account_id}"
            for account in (*made.links, *([] if is_linked else [t.account_id])):
                yield {"person_id": person, "network": at.network, "account_id": account}


def _local(frame: DataFrame) -> pd.DataFrame:
    """The rows on the driver."""
    return pd.DataFrame(frame.toArrow().to_pandas())
