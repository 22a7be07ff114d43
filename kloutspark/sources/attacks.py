"""Attacks on the score, conf/attacks.yaml: the rows that a fake audience of some target would leave in input tables.

Drawn from what really happened on the network (SCENE), so that a farm may steal times and a bot may react to everybody.
Same scene, same budget, same seed: same rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.random import Generator
from pydantic import Field

from kloutspark.config import Closed, Science, conf_dir, read_yaml, validated
from kloutspark.domain.errors import unknown_key

DAY_SECONDS = 86_400
Days = Annotated[int, Field(ge=1, le=90)]  # P4: what is older changes nothing
Moments = npt.NDArray[np.datetime64]


class Bought(Closed):
    """Followers that the target gains, evenly over so many days."""

    gauge: str
    over_days: Days


class Farm(Closed):
    """Accounts that nobody has seen before: each reacts to the target on some days of a span."""

    days: Days
    active_days: Days
    warm_up_days: Annotated[int, Field(ge=0, le=60)] = 0
    warm_up_a_day: Annotated[int, Field(ge=1)] = 1


class Ring(Closed):
    """Accounts that react to each other."""

    days: Days
    reactions_a_day: Annotated[int, Field(ge=1)]


class Lasting(Closed):
    """Something that goes on for so many days."""

    days: Days


class Spam(Lasting):
    """Replies of the target to those who receive most."""

    celebrities: Annotated[int, Field(ge=1)]


class Attacks(Science):
    """conf/attacks.yaml."""

    seed: int
    bought_followers: Bought
    click_farm: Farm
    warmed_farm: Farm
    stolen_times: Lasting
    ring: Ring
    hyperactive_bot: Lasting
    reply_spam: Spam
    own_accounts: Lasting
    devoted_account: Lasting
    own_posts: Lasting


@dataclass(frozen=True)
class Scene:
    """What happened on a network: rows of actor_id, target_id, occurred_at (UTC), none after `last_day`."""

    rows: pd.DataFrame
    last_day: date

    def days(self, moments: Moments) -> npt.NDArray[np.int64]:
        """Whole days before the last one."""
        return np.asarray((np.datetime64(self.last_day) - moments.astype("datetime64[D]")).astype(np.int64))


@dataclass(frozen=True)
class Fakes:
    """Rows by input table, without ids; `accounts` are invented, `links` of them the target's own person's."""

    interactions: pd.DataFrame  # actor_id, target_id, occurred_at
    accounts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    posts: tuple[np.datetime64, ...] = ()
    gauges: Mapping[str, Mapping[date, float]] = field(default_factory=dict)  # what is added to the target's, by gauge


def load_attacks(conf: Path | None = None) -> Attacks:
    """The attacks of a folder of configuration.

    Raises:
        ConfigError: the file is missing or malformed, a key is unknown, a value is out of its bounds.
    """
    return validated(Attacks, read_yaml((conf or conf_dir()) / "attacks.yaml"))


def fake(name: str, attacks: Attacks, scene: Scene, *, target: str, budget: int) -> Fakes:
    """The rows of one attack on one target.

    Raises:
        ConfigError: there is no such attack.
    """
    if name not in FAMILIES:
        raise unknown_key("NAME", name, list(FAMILIES))
    draw = np.random.default_rng([attacks.seed, *name.encode(), *target.encode(), budget])
    return FAMILIES[name](_Attack(draw, scene, name, target, budget), attacks)


@dataclass(frozen=True)
class _Attack:
    """One attack under way."""

    draw: Generator
    scene: Scene
    name: str
    target: str
    budget: int

    def accounts(self) -> npt.NDArray[np.object_]:
        """As many new accounts as were paid for."""
        return np.array([f"{self.name} of {self.target} {n}" for n in range(self.budget)], dtype=object)

    def moments(self, ages: npt.NDArray[np.int64]) -> Moments:
        """A random second of each of the days, which are counted back from the last one."""
        seconds = self.draw.integers(DAY_SECONDS, size=ages.size) - ages * DAY_SECONDS
        return np.asarray(np.datetime64(self.scene.last_day, "s") + seconds.astype("timedelta64[s]"))

    def some_days(self, of: int, each: int) -> npt.NDArray[np.int64]:
        """For every account paid for, `each` different days of the last `of`, one account after the other."""
        order = self.draw.random((self.budget, of)).argsort(axis=1)
        return np.asarray(order[:, : min(each, of)].ravel())

    def popular(self, count: int) -> npt.NDArray[np.object_]:
        """Targets of the network, drawn by what they receive."""
        return np.asarray(self.draw.choice(self.scene.rows["target_id"].to_numpy(dtype=object), count))


def _rows(actors: object, targets: object, at: Moments) -> pd.DataFrame:
    return pd.DataFrame({"actor_id": actors, "target_id": targets, "occurred_at": at})


def _nothing() -> pd.DataFrame:
    return _rows([], [], np.array([], dtype="datetime64[s]"))


def _bought_followers(attack: _Attack, attacks: Attacks) -> Fakes:
    bought = attacks.bought_followers
    grown = {
        attack.scene.last_day - timedelta(days=age): attack.budget * (bought.over_days - age) / bought.over_days
        for age in range(bought.over_days)
    }
    return Fakes(_nothing(), gauges={bought.gauge: grown})


def _farm(attack: _Attack, farm: Farm) -> Fakes:
    accounts, each = attack.accounts(), min(farm.active_days, farm.days)
    at = attack.moments(attack.some_days(farm.days, each))
    found = [_rows(np.repeat(accounts, each), attack.target, at)]
    if farm.warm_up_days:
        ages = np.tile(np.arange(farm.warm_up_days) + farm.days, attack.budget).repeat(farm.warm_up_a_day)
        actors = np.repeat(accounts, farm.warm_up_days * farm.warm_up_a_day)
        found.append(_rows(actors, attack.popular(ages.size), attack.moments(ages)))
    return Fakes(pd.concat(found, ignore_index=True), accounts=tuple(accounts))


def _stolen_times(attack: _Attack, attacks: Attacks) -> Fakes:
    """Each account repeats the moments of one account that really reacted in these days."""
    rows = attack.scene.rows
    recent = rows[attack.scene.days(rows["occurred_at"].to_numpy()) < attacks.stolen_times.days]
    of_actor = [group.to_numpy() for _, group in recent.groupby("actor_id", sort=True)["occurred_at"]]
    stolen = [of_actor[n] for n in attack.draw.integers(len(of_actor), size=attack.budget)]
    accounts = attack.accounts()
    actors = np.repeat(accounts, [moments.size for moments in stolen])
    return Fakes(_rows(actors, attack.target, np.concatenate(stolen)), accounts=tuple(accounts))


def _ring(attack: _Attack, attacks: Attacks) -> Fakes:
    ring, accounts = attacks.ring, attack.accounts()
    members = np.append(accounts, attack.target)
    times = ring.days * ring.reactions_a_day
    actors = np.repeat(np.arange(members.size), times)
    others = (actors + attack.draw.integers(1, members.size, size=actors.size)) % members.size  # anybody but oneself
    ages = np.tile(np.arange(ring.days).repeat(ring.reactions_a_day), members.size)
    return Fakes(_rows(members[actors], members[others], attack.moments(ages)), accounts=tuple(accounts))


def _hyperactive_bot(attack: _Attack, attacks: Attacks) -> Fakes:
    """One account; the budget is what it does a day."""
    days, bot = attacks.hyperactive_bot.days, f"{attack.name} of {attack.target}"
    everybody = np.unique(attack.scene.rows["target_id"].to_numpy(dtype=object))
    targets = attack.draw.choice(everybody, (days, attack.budget))
    targets[:, 0] = attack.target
    at = attack.moments(np.arange(days).repeat(attack.budget))
    return Fakes(_rows(bot, targets.ravel(), at), accounts=(bot,))


def _reply_spam(attack: _Attack, attacks: Attacks) -> Fakes:
    spam, received = attacks.reply_spam, attack.scene.rows["target_id"].value_counts()
    celebrities = received.drop(attack.target, errors="ignore").index[: spam.celebrities].to_numpy(dtype=object)
    at = attack.moments(attack.draw.integers(spam.days, size=attack.budget))
    return Fakes(_rows(attack.target, attack.draw.choice(celebrities, attack.budget), at))


def _own_accounts(attack: _Attack, attacks: Attacks) -> Fakes:
    accounts, days = attack.accounts(), attacks.own_accounts.days
    at = attack.moments(np.tile(np.arange(days), attack.budget))
    rows = _rows(np.repeat(accounts, days), attack.target, at)
    return Fakes(rows, accounts=tuple(accounts), links=tuple(accounts))


def _devoted_account(attack: _Attack, attacks: Attacks) -> Fakes:
    """Whoever reacted to the target last reacts so many times more."""
    rows = attack.scene.rows
    fans = rows[(rows["target_id"] == attack.target) & (rows["actor_id"] != attack.target)]
    newest = fans.sort_values(["occurred_at", "actor_id"])["actor_id"].iloc[-1]
    at = attack.moments(attack.draw.integers(attacks.devoted_account.days, size=attack.budget))
    return Fakes(_rows(newest, attack.target, at))


def _own_posts(attack: _Attack, attacks: Attacks) -> Fakes:
    at = attack.moments(attack.draw.integers(attacks.own_posts.days, size=attack.budget))
    return Fakes(_nothing(), posts=tuple(at))


FAMILIES: Mapping[str, Callable[[_Attack, Attacks], Fakes]] = {
    "bought_followers": _bought_followers,
    "click_farm": lambda attack, attacks: _farm(attack, attacks.click_farm),
    "warmed_farm": lambda attack, attacks: _farm(attack, attacks.warmed_farm),
    "stolen_times": _stolen_times,
    "ring": _ring,
    "hyperactive_bot": _hyperactive_bot,
    "reply_spam": _reply_spam,
    "own_accounts": _own_accounts,
    "devoted_account": _devoted_account,
    "own_posts": _own_posts,
}
