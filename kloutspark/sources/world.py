"""The demo's invented world, conf/demo.yaml: who is in it, where, and what arrives late. No real person is in it."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from kloutspark.config import AccountType, Closed, conf_dir, read_yaml, validated
from kloutspark.domain.errors import unknown_key

Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
SharesByAge = dict[Count, Share]  # of a day's reactions; the day is counted back from the world's last one


class Presence(Closed):
    """One person on one network: how many accounts may react, what a mean day brings and what the person does."""

    audience: Count = 0  # of a page: how many others link to it
    reactions_a_day: Rate = 0
    posts_a_day: Rate = 0
    given_a_day: Rate = 0
    gives_daily_to: str | None = None  # a character: one reaction on every day
    gauges: dict[str, Rate] = Field(default_factory=dict)  # the mean of what is measured
    account_type: AccountType | None = None  # None: no file says
    becomes: AccountType | None = None  # by the late delivery
    disconnected_age_days: Count | None = None  # that day is the last as-of day that counts the account
    reconnected_age_days: Count | None = None  # from the day after it on it counts again


class Character(Closed):
    """A person by what they are; the accounts are one person in the score where they are connected."""

    meaning: str
    is_connected: bool = False
    opts_out: bool = False
    networks: Annotated[dict[str, Presence], Field(min_length=1)]
    silent_days: Count = 0
    burst_reactions: Count = 0  # more than usual, all on one day
    burst_age_days: Count = 0  # that day, counted back from the last one

    @property
    def ages_days(self) -> Iterator[int]:
        """The days that are spoken of, counted back from the last one."""
        yield from (self.silent_days, self.burst_age_days)
        for presence in self.networks.values():
            yield from (presence.disconnected_age_days or 0, presence.reconnected_age_days or 0)


class Place(Closed):
    """A network of the world: accounts that only react, what is usual on it, what of it arrives late or twice."""

    crowd: Count = 0  # of a page graph: pages of nobody, each with `links_a_page` to others
    opened_age_days: Count | None = None  # nobody did anything there before; None: as old as the world
    people_share: Share = 0
    reactions_a_day: Rate = 0  # the mean of the ordinary people, as of posts and gauges
    posts_a_day: Rate = 0
    kinds: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    without_post: tuple[str, ...] = ()
    gauges: dict[str, Rate] = Field(default_factory=dict)
    links_a_page: Count = 0
    measured_ages_days: tuple[Count, ...] = ()  # when gauges were measured and the page graph was taken
    late: SharesByAge = Field(default_factory=dict)  # arrives with the late delivery alone
    repeated: SharesByAge = Field(default_factory=dict)  # arrives on time and with the late delivery again


class People(Closed):
    """The ordinary people: a heavy tail of reactions around each network's mean; lurkers get none."""

    count: Annotated[int, Field(ge=1)]
    connected_share: Share
    skew: Annotated[float, Field(gt=1)]  # at 1 and below the mean is infinite
    most_a_day: Rate
    audience_days: Rate
    lurkers: Count
    lurkers_give_a_day: Rate


class World(Closed):
    """conf/demo.yaml."""

    seed: Count
    last_day: date
    days: Annotated[int, Field(ge=1)]
    networks: Annotated[dict[str, Place], Field(min_length=1)]
    people: People
    characters: dict[str, Character]

    @property
    def opting_out(self) -> list[str]:
        """Ids of the persons who opt out before the last scored day."""
        found = []
        for name, character in self.characters.items():
            if character.opts_out:
                found += [name] if character.is_connected else [f"{n}:{name}" for n in character.networks]
        return found

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for network, place in self.networks.items():
            for kind in set(place.without_post) - place.kinds.keys():
                raise unknown_key(f"networks.{network}.without_post", kind, list(place.kinds))
            if place.links_a_page and place.links_a_page >= place.crowd:
                raise ValueError(f"networks.{network}: a page links to other pages of the crowd")
            self._check_days(f"networks.{network}", (*place.late, *place.repeated))
        if not any(place.people_share for place in self.networks.values()):
            raise ValueError("networks: some need a people_share")
        for name, character in self.characters.items():
            for network, presence in character.networks.items():
                if network not in self.networks:
                    raise unknown_key(f"characters.{name}.networks", network, list(self.networks))
                self._check_presence(f"characters.{name}.networks.{network}", network, presence)
            self._check_days(f"characters.{name}", character.ages_days)
        return self

    def _check_presence(self, where: str, network: str, presence: Presence) -> None:
        place = self.networks[network]
        for gauge in presence.gauges.keys() - place.gauges.keys():
            raise unknown_key(f"{where}.gauges", gauge, list(place.gauges))
        if (target := presence.gives_daily_to) is not None:
            others = [name for name, other in self.characters.items() if network in other.networks]
            if target not in others:
                raise unknown_key(f"{where}.gives_daily_to", target, others)
        if presence.reactions_a_day and not (presence.audience and place.kinds):
            raise ValueError(f"{where}: reactions need an audience, and kinds of the network")
        left, back = presence.disconnected_age_days, presence.reconnected_age_days
        if back is not None and (left is None or back >= left):
            raise ValueError(f"{where}: reconnected, but not after it was disconnected")

    def _check_days(self, where: str, ages_days: Iterable[int]) -> None:
        if max(ages_days, default=0) >= self.days:
            raise ValueError(f"{where}: the world has {self.days} days alone")


def load_world(conf: Path | None = None) -> World:
    """The world of a folder of configuration.

    Raises:
        ConfigError: the file is missing or malformed, a key is unknown, a value is out of its bounds.
    """
    return validated(World, read_yaml((conf or conf_dir()) / "demo.yaml"))
