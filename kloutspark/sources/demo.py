"""Files of the invented world (world.py) for the adapter `files`, drawn from its seed, in two deliveries."""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import compress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from kloutspark.sources.world import Character, Place, Presence, SharesByAge, World

DAY_SECONDS = 86_400
RECENT_POSTS = 5  # a reaction goes to one of so many newest posts
COLUMNS = {
    "accounts": ("account_id", "account_type"),
    "posts": ("post_id", "account_id", "posted_at"),
    "interactions": ("interaction_id", "occurred_at", "actor_id", "target_id", "kind", "post_id", "ingested_at"),
    "gauges": ("account_id", "day", "gauge", "value"),
    "page_links": ("from_id", "to_id", "day"),
    "identity_links": ("person_id", "network", "account_id", "connected_on", "disconnected_on"),
}
Moments = npt.NDArray[np.datetime64]  # UTC, to the second
Row = tuple[str, ...]
Tables = Mapping[str, Iterable[Row]]
Files = dict[str | None, list[Path]]


@dataclass(frozen=True)
class Deliveries:
    """Files by network, identity links under None: those that are there from the start, and those that come late."""

    on_time: Files = field(default_factory=dict)
    late: Files = field(default_factory=dict)


def write_world(folder: Path, world: World) -> Deliveries:
    """Writes the world's files into `files/` and `late/`. Same world, same bytes."""
    draw = np.random.default_rng(world.seed)
    people = _draw_people(draw, world)
    everybody = {**world.characters, **people, **_draw_lurkers(draw, world)}
    found = Deliveries()
    for network, place in world.networks.items():
        cast = {name: character for name, character in everybody.items() if network in character.networks}
        crowd = [f"{'page' if place.links_a_page else 'reader'}_{n}" for n in range(place.crowd)]
        scene = _Scene(draw, world, network, cast, [name for name in cast if name in people], crowd)
        on_time, late = _tables(scene)
        found.on_time[network] = _write(folder / "files" / network, on_time)
        if files := _write(folder / "late" / network, late):
            found.late[network] = files
    links = [row for name, character in everybody.items() for row in _links(world, name, character)]
    found.on_time[None] = _write(folder / "files", {"identity_links": links})
    return found


def _draw_people(draw: Generator, world: World) -> dict[str, Character]:
    """The ordinary people with the networks that they are on."""
    found, people, skew = {}, world.people, world.people.skew
    for n in range(people.count):
        presences = {}
        for network, place in world.networks.items():
            if draw.random() < place.people_share:
                rate = min(people.most_a_day, place.reactions_a_day * (1 + draw.pareto(skew)) * (1 - 1 / skew))
                presences[network] = Presence(
                    audience=1 + round(rate * people.audience_days),
                    reactions_a_day=rate,
                    posts_a_day=place.posts_a_day,
                    gauges=_draw_gauges(draw, place),
                )
        is_connected = bool(draw.random() < people.connected_share)
        if presences:
            found[f"person_{n}"] = Character(meaning="ordinary", is_connected=is_connected, networks=presences)
    return found


def _draw_lurkers(draw: Generator, world: World) -> dict[str, Character]:
    """Persons whose accounts nobody reacts to, each on one network of those that ordinary people are on."""
    shares = np.array([place.people_share for place in world.networks.values()])
    found = {}
    for n, network in enumerate(draw.choice(list(world.networks), world.people.lurkers, p=shares / shares.sum())):
        gauges = _draw_gauges(draw, world.networks[str(network)])
        presence = Presence(given_a_day=world.people.lurkers_give_a_day, gauges=gauges)
        found[f"lurker_{n}"] = Character(meaning="lurker", is_connected=True, networks={str(network): presence})
    return found


def _draw_gauges(draw: Generator, place: Place) -> dict[str, float]:
    return {gauge: draw.exponential(mean) for gauge, mean in place.gauges.items()}


@dataclass(frozen=True)
class _Scene:
    """One network while it is drawn: the cast are all that may receive, the crowd only reacts."""

    draw: Generator
    world: World
    network: str
    cast: Mapping[str, Character]
    ordinary: Sequence[str]
    crowd: Sequence[str]

    @property
    def place(self) -> Place:
        return self.world.networks[self.network]

    def presences(self) -> Iterator[tuple[str, Presence]]:
        for name, character in self.cast.items():
            yield name, character.networks[self.network]

    def within(self, days: npt.NDArray[np.int64]) -> Moments:
        """Moments of the world's days that are given by number, one each, ascending."""
        first = np.datetime64(self.world.last_day - timedelta(days=self.world.days - 1), "s")
        seconds = np.sort(days * DAY_SECONDS + self.draw.integers(DAY_SECONDS, size=days.size))
        return np.asarray(first + seconds.astype("timedelta64[s]"))

    def happenings(self, character: Character, rate: float) -> Moments:
        """So many on a mean day, none before the network opened and on the character's silent days."""
        counts = self.draw.poisson(rate, self.world.days)
        if self.place.opened_age_days is not None:
            counts[: -1 - self.place.opened_age_days] = 0
        counts[self.world.days - character.silent_days :] = 0
        return self.within(np.repeat(np.arange(self.world.days), counts))

    def chosen(self, rows: Sequence[Row], shares: SharesByAge) -> list[bool]:
        """Which interactions belong to a share of those of their day."""
        ages = [(self.world.last_day - date.fromisoformat(row[1][:10])).days for row in rows]
        draws = self.draw.random(len(rows))
        return [bool(drawn < shares.get(age, 0)) for drawn, age in zip(draws, ages, strict=True)]

    def day(self, age: int) -> str:
        """That day, counted back from the world's last one."""
        return str(self.world.last_day - timedelta(days=age))


def _tables(scene: _Scene) -> tuple[Tables, Tables]:
    """The network's tables as they arrive on time, and what arrives late."""
    posts = {name: scene.happenings(scene.cast[name], presence.posts_a_day) for name, presence in scene.presences()}
    reactions = list(_interactions(scene, posts))
    late, repeated = (scene.chosen(reactions, shares) for shares in (scene.place.late, scene.place.repeated))
    arriving = [is_late or is_repeated for is_late, is_repeated in zip(late, repeated, strict=True)]
    on_time: Tables = {
        "accounts": [(name, p.account_type) for name, p in scene.presences() if p.account_type],
        "posts": [(f"{name}/{n}", name, str(at)) for name, moments in posts.items() for n, at in enumerate(moments)],
        "interactions": compress(reactions, (not is_late for is_late in late)),
        "gauges": _gauges(scene),
        "page_links": _page_links(scene),
    }
    return on_time, {
        "accounts": [(name, p.becomes) for name, p in scene.presences() if p.becomes],
        "interactions": [(*row[:-1], scene.day(-1)) for row in compress(reactions, arriving)],
    }


def _interactions(scene: _Scene, posts: Mapping[str, Moments]) -> Iterator[Row]:
    """Everybody's reactions in the order of time, each with its kind and, where that has one, a recent post."""
    place, draw = scene.place, scene.draw
    reactions = sorted(reaction for name in scene.cast for reaction in _reactions(scene, name))
    if not reactions:
        return
    shares = np.array(list(place.kinds.values()))
    kinds = draw.choice(list(place.kinds), len(reactions), p=shares / shares.sum())
    backs = draw.integers(RECENT_POSTS, size=len(reactions))
    for n, ((at, actor, target), kind, back) in enumerate(zip(reactions, kinds, backs, strict=True)):
        newest = np.searchsorted(posts[target], at, side="right") - 1
        post = "" if kind in place.without_post or newest < 0 else f"{target}/{max(0, newest - back)}"
        next_day = at.astype("datetime64[D]") + 1  # a day's rows reach us when it is over
        yield f"{scene.network}/{n}", str(at), actor, target, str(kind), post, str(next_day)


def _reactions(scene: _Scene, name: str) -> Iterator[tuple[np.datetime64, str, str]]:
    """What a person's audience, some of the crowd and of the ordinary people, did; what the person gave."""
    character, draw = scene.cast[name], scene.draw
    presence = character.networks[scene.network]
    others = [other for other in (*scene.crowd, *scene.ordinary) if other != name]
    audience = draw.choice(others, min(presence.audience, len(others)), replace=False)
    burst = scene.within(np.full(character.burst_reactions, scene.world.days - 1 - character.burst_age_days))
    received = np.append(scene.happenings(character, presence.reactions_a_day), burst)
    for at, actor in zip(received, draw.choice(audience, received.size), strict=True):
        yield at, str(actor), name
    given = scene.happenings(character, presence.given_a_day)
    for at, target in zip(given, draw.choice(scene.ordinary or [name], given.size), strict=True):
        yield at, name, str(target)
    if presence.gives_daily_to is not None:
        for at in scene.within(np.arange(scene.world.days)):
            yield at, name, presence.gives_daily_to


def _gauges(scene: _Scene) -> Iterator[Row]:
    for age in scene.place.measured_ages_days:
        for name, presence in scene.presences():
            for gauge, mean in presence.gauges.items():
                yield name, scene.day(age), gauge, str(scene.draw.poisson(mean))


def _page_links(scene: _Scene) -> Iterator[Row]:
    """Links between pages of nobody, and from some of these to the pages of the cast."""
    place, draw, crowd = scene.place, scene.draw, scene.crowd
    if not place.links_a_page:
        return
    for day in map(scene.day, place.measured_ages_days):
        for page in crowd:
            others = [other for other in crowd if other != page]
            for other in draw.choice(others, place.links_a_page, replace=False):
                yield page, str(other), day
        for name, presence in scene.presences():
            for page in draw.choice(crowd, min(presence.audience, len(crowd)), replace=False):
                yield str(page), name, day


def _links(world: World, name: str, character: Character) -> Iterator[Row]:
    """Each account of a connected person, one that was taken away and given back by two links."""
    if not character.is_connected:
        return
    for network, presence in character.networks.items():
        ages = (presence.disconnected_age_days, presence.reconnected_age_days)
        left, back = ("" if age is None else str(world.last_day - timedelta(days=age)) for age in ages)
        yield name, network, name, "", left
        if back:
            yield name, network, name, back, ""


def _write(folder: Path, tables: Tables) -> list[Path]:
    """One file a table that has rows: an empty one would be refused."""
    found = []
    for name, rows in tables.items():
        if lines := list(rows):
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([COLUMNS[name], *lines])
            found.append(folder / f"{name}.csv.gz")
            folder.mkdir(parents=True, exist_ok=True)
            found[-1].write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))  # no time of writing in the bytes
    return found
