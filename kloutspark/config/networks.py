"""Networks: one page each, and what a reaction of a class is worth."""

from typing import Annotated, Literal

from pydantic import Field

from kloutspark.config.blocks import Closed, Name, Positive, Science

AccountType = Literal["personal", "page", "company", "bot"]


class Kind(Closed):
    """A kind of interaction of a network: its weight class, codes of files that mean it, its meaning."""

    reaction_class: Annotated[str, Field(alias="class")]
    meaning: Annotated[str, Field(min_length=3)]
    codes: tuple[str, ...] = ()


class Gauge(Closed):
    """A gauge of a network: its meaning, and whether more of it may ever raise evidence or is only shown.

    `are_votes`: it counts what people gave whose names are secret, and no connections.
    """

    meaning: Annotated[str, Field(min_length=3)]
    response: Literal["rising", "shown_only"] = "rising"
    are_votes: bool = False


class Network(Closed):
    """One network, one page: conf/networks/<name>.yaml.

    A gauge's last known value holds for `carry_days` days. `follow_gauges` names two of them, how many an account
    follows and how many follow it. `has_pages`: a page graph is delivered as page_links. When nothing was delivered for
    up to `hold_days` days, the network's windows end where its deliveries do.
    """

    title: str
    status: Literal["scored", "announced"]
    account_types: Annotated[tuple[AccountType, ...], Field(min_length=1)]
    kinds: dict[Name, Kind] = Field(default_factory=dict)
    gauges: dict[Name, Gauge] = Field(default_factory=dict)
    carry_days: Annotated[int, Field(ge=1)] = 28
    follow_gauges: tuple[Name, Name] | None = None  # whom it follows, who follows it
    hold_days: Annotated[int, Field(ge=0, le=28)] = 0  # longer than four weeks is no delay but an end
    has_pages: bool = False
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def kind_by_code(self) -> dict[str, str]:
        """What a file's code means."""
        return {code: name for name, kind in self.kinds.items() for code in kind.codes}


class Classes(Science):
    """What one reaction of each class is worth before damping."""

    values: Annotated[dict[str, Positive], Field(min_length=1)]
