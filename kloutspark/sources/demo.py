"""Files of an invented world for the adapter `files`, from conf/demo.yaml: no real person is in it."""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from numpy.random import Generator
from pydantic import Field, model_validator

from kloutspark.config import AccountType, Closed, conf_dir, read_yaml, validated
from kloutspark.domain.errors import unknown_key

DAY_SECONDS = 86_400
RECENT_POSTS = 5  # a reaction goes to one of so many newest posts
Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Moments = npt.NDArray[np.datetime64]  # UTC, to the second
Row = tuple[str, ...]


class Presence(Closed):
    """One person on one network: how many accounts may react, what a mean day brings and what the person does."""

    audience: Annotated[int, Field(ge=1)]
    reactions_a_day: Rate
    posts_a_day: Rate = 0
    given_a_day: Rate = 0


class Character(Closed):
    """A person by what they are; the accounts are one person in the score where they are connected."""

    meaning: str
    account_type: AccountType = "personal"
    is_connected: bool = False
    networks: Annotated[dict[str, Presence], Field(min_length=1)]
    silent_days: Count = 0
    burst_reactions: Count = 0  # more than usual, all on one day
    burst_age_days: Count = 0  # that day, counted back from the last one


class Place(Closed):
    """A network of the world: accounts that only react, the share of people on it, shares of its kinds."""

    crowd: Annotated[int, Field(ge=1)]
    people_share: Share
    kinds: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]
    without_post: tuple[str, ...] = ()


class People(Closed):
    """The ordinary people: a heavy tail of reactions around a mean."""

    count: Annotated[int, Field(ge=1)]
    connected_share: Share
    reactions_a_day: Rate
    skew: Annotated[float, Field(gt=1)]  # at 1 and below the mean is infinite
    audience_days: Rate
    posts_a_day: Rate


class World(Closed):
    """conf/demo.yaml."""

    seed: Count
    last_day: date
    days: Annotated[int, Field(ge=1)]
    networks: Annotated[dict[str, Place], Field(min_length=1)]
    people: People
    characters: dict[str, Character]

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for name, character in self.characters.items():
            for network in character.networks.keys() - self.networks.keys():
                raise unknown_key(f"characters.{name}.networks", network, list(self.networks))
            if max(character.silent_days, character.burst_age_days) >= self.days:
                raise ValueError(f"characters.{name}: the world has {self.days} days alone")
        for network, place in self.networks.items():
            for kind in set(place.without_post) - place.kinds.keys():
                raise unknown_key(f"networks.{network}.without_post", kind, list(place.kinds))
        return self


def load_world(conf: Path | None = None) -> World:
    """The world of a folder of configuration.

    Raises:
        ConfigError: the file is missing or malformed, a key is unknown, a value is out of its bounds.
    """
    return validated(World, read_yaml((conf or conf_dir()) / "demo.yaml"))


def write_world(folder: Path, world: World) -> dict[str | None, list[Path]]:
    """Writes the world's files; returned by network, identity links under None. Same world, same bytes."""
    draw = np.random.default_rng(world.seed)
    everybody = {**world.characters, **_draw_people(draw, world)}
    files: dict[str | None, list[Path]] = {}
    for network, place in world.networks.items():
        cast = {name: character for name, character in everybody.items() if network in character.networks}
        ordinary = [name for name in cast if name not in world.characters]
        tables = _tables(_Scene(draw, world, network, cast, ordinary, [f"reader_{n}" for n in range(place.crowd)]))
        files[network] = [_write(folder / network / f"{name}.csv.gz", rows) for name, rows in tables.items()]
    links = [(name, network, name) for name, c in everybody.items() if c.is_connected for network in c.networks]
    files[None] = [_write(folder / "identity_links.csv.gz", [("person_id", "network", "account_id"), *links])]
    return files


def _draw_people(draw: Generator, world: World) -> dict[str, Character]:
    people, found = world.people, {}
    for n in range(people.count):
        presences = {}
        for network in [name for name, place in world.networks.items() if draw.random() < place.people_share]:
            rate = people.reactions_a_day * (1 + draw.pareto(people.skew)) * (1 - 1 / people.skew)
            audience = 1 + round(rate * people.audience_days)
            presences[network] = Presence(audience=audience, reactions_a_day=rate, posts_a_day=people.posts_a_day)
        is_connected = bool(draw.random() < people.connected_share)
        if presences:
            found[f"person_{n}"] = Character(meaning="ordinary", is_connected=is_connected, networks=presences)
    return found


@dataclass(frozen=True)
class _Scene:
    """One network while it is drawn: the cast are all that may receive, the crowd only reacts."""

    draw: Generator
    world: World
    network: str
    cast: Mapping[str, Character]
    ordinary: Sequence[str]
    crowd: Sequence[str]

    def within(self, days: npt.NDArray[np.int64]) -> Moments:
        """Moments of the world's days that are given by number, one each, ascending."""
        first = np.datetime64(self.world.last_day - timedelta(days=self.world.days - 1), "s")
        seconds = np.sort(days * DAY_SECONDS + self.draw.integers(DAY_SECONDS, size=days.size))
        return np.asarray(first + seconds.astype("timedelta64[s]"))

    def happenings(self, character: Character, rate: float) -> Moments:
        """So many on a mean day, none on the character's silent days."""
        counts = self.draw.poisson(rate, self.world.days)
        counts[self.world.days - character.silent_days :] = 0
        return self.within(np.repeat(np.arange(self.world.days), counts))


def _tables(scene: _Scene) -> dict[str, list[Row]]:
    posts = {name: scene.happenings(c, c.networks[scene.network].posts_a_day) for name, c in scene.cast.items()}
    types = [(name, c.account_type) for name, c in scene.cast.items()] + [(name, "personal") for name in scene.crowd]
    post_rows = [(f"{name}/{n}", name, str(at)) for name, moments in posts.items() for n, at in enumerate(moments)]
    return {
        "accounts": [("account_id", "account_type"), *types],
        "posts": [("post_id", "account_id", "posted_at"), *post_rows],
        "interactions": [("occurred_at", "actor_id", "target_id", "kind", "post_id"), *_interactions(scene, posts)],
    }


def _interactions(scene: _Scene, posts: Mapping[str, Moments]) -> Iterator[Row]:
    """Everybody's reactions in the order of time, each with its kind and, where that has one, a recent post."""
    place, draw = scene.world.networks[scene.network], scene.draw
    reactions = sorted(reaction for name in scene.cast for reaction in _reactions(scene, name))
    shares = np.array(list(place.kinds.values()))
    kinds = draw.choice(list(place.kinds), len(reactions), p=shares / shares.sum())
    backs = draw.integers(RECENT_POSTS, size=len(reactions))
    for (at, actor, target), kind, back in zip(reactions, kinds, backs, strict=True):
        newest = np.searchsorted(posts[target], at, side="right") - 1
        post = "" if kind in place.without_post or newest < 0 else f"{target}/{max(0, newest - back)}"
        yield str(at), actor, target, str(kind), post


def _reactions(scene: _Scene, name: str) -> Iterator[tuple[np.datetime64, str, str]]:
    """What a person's audience, some of the crowd and of the ordinary people, did; what the person gave to these."""
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


def _write(path: Path, rows: Iterable[Row]) -> Path:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))  # the time of writing is no part of the bytes
    return path
