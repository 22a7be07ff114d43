"""The catalogue of signals: network x kind or gauge x measure x window, each with a meaning, a unit and a response.

Names follow the rule `<measure>_<op>_<n>d`. A signal that is `rising` never falls when one more reaction arrives and
may carry weight; one that is `shown_only` (ratios, growth, own activity) may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Response = Literal["rising", "shown_only"]
Family = Literal["reactions", "rank", "kind", "gauge", "answers", "pages"]


@dataclass(frozen=True)
class Measure:
    """What is measured of an account, over windows or as it stands.

    `name` and texts may hold `{of}`, the kind or gauge. `attributes` are what it combines, its window apart. `phrase`
    completes "On Twitter, ..." in the reasons of a score, `phrase_of_one` where the value is 1.
    """

    family: Family
    name: str
    unit: str
    response: Response
    attributes: tuple[str, ...]
    meaning: str
    phrase: str = "{name} stands at {value}"
    phrase_of_one: str = "{name} stands at 1"
    is_windowed: bool = True

    @property
    def title(self) -> str:
        """The name, with the family where a kind or gauge would stand: `kind_sum`."""
        return self.name.format(of=self.family)


@dataclass(frozen=True)
class Subjects:
    """What a network has signals of: its kinds, its gauges with their responses, which are votes, a page graph."""

    kinds: tuple[str, ...] = ()
    gauges: tuple[tuple[str, Response], ...] = ()
    has_pages: bool = False
    votes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signal:
    """One measure of a network, or of one of its kinds or gauges, over a window of days or as it stands."""

    network: str
    measure: Measure
    of: str = ""
    window_days: int | None = None
    response: Response = "shown_only"

    @property
    def name(self) -> str:
        """`actors_distinct_28d`, `retweet_sum_7d`, `followers_level`."""
        name = self.measure.name.format(of=self.of)
        return name if self.window_days is None else f"{name}_{self.window_days}d"

    @property
    def meaning(self) -> str:
        """The measure's meaning with its window."""
        return self._said(self.measure.meaning)

    @property
    def phrases(self) -> tuple[str, str]:
        """What a reason says of many, with `{value}` for how many, and of one."""
        return self._said(self.measure.phrase), self._said(self.measure.phrase_of_one)

    def _said(self, text: str) -> str:
        days = "day" if self.window_days == 1 else f"{self.window_days} days"
        words = {"{days}": days, "{of}": self.of.replace("_", " "), "{name}": self.name.replace("_", " ")}
        for name, word in words.items():
            text = text.replace(name, word)
        return text


MEASURES = (
    Measure(
        "reactions",
        "actors_distinct",
        "people",
        "rising",
        ("actors", "authenticity"),
        "different people who reacted in the last {days}, each counted with the authenticity of their first day there",
        "{value} different people reacted in the last {days}",
        "one person reacted in the last {days}",
    ),
    Measure(
        "reactions",
        "weight_sum",
        "ordinary reactions",
        "rising",
        ("reactions", "busy actors", "authenticity", "standing"),
        "weights of all reactions of the last {days}",
        "reactions weighed as much as {value} ordinary ones in the last {days}",
        "reactions weighed as much as one ordinary one in the last {days}",
    ),
    Measure(
        "reactions",
        "damped_sum",
        "ordinary reactions",
        "rising",
        ("reactions", "repeats"),
        "reactions of the last {days}, repeats of one actor on one day damped",
    ),
    Measure(
        "reactions",
        "reactions_sum",
        "reactions",
        "rising",
        ("reactions",),
        "all reactions of the last {days}",
        "{value} reactions arrived in the last {days}",
        "one reaction arrived in the last {days}",
    ),
    Measure(
        "reactions",
        "strong_reactions_sum",
        "reactions",
        "rising",
        ("reactions", "standing"),
        "reactions of the last {days} by accounts above the standing that the model names",
    ),
    Measure(
        "reactions",
        "active_days_count",
        "days",
        "rising",
        ("days",),
        "days of the last {days} on which at least one reaction arrived",
        "reactions arrived on {value} of the last {days}",
        "reactions arrived on one of the last {days}",
    ),
    Measure(
        "reactions",
        "reactions_per_post",
        "reactions a post",
        "rising",
        ("reactions", "posts"),
        "reactions of the last {days} for each own post of these days; without a post, as if there were one",
        "each post of the last {days} drew {value} reactions",
        "each post of the last {days} drew one reaction",
    ),
    Measure(
        "reactions",
        "networks_count",
        "networks",
        "rising",
        ("networks",),
        "networks on which the account's person was reacted to in the last {days}",
    ),
    Measure(
        "reactions",
        "reactions_per_actor",
        "reactions a person",
        "shown_only",
        ("reactions", "actors"),
        "reactions of the last {days} for each different person who reacted",
    ),
    Measure(
        "reactions",
        "actors_new_count",
        "people",
        "shown_only",
        ("actors", "first seen"),
        "people who reacted in the last {days} and never before in the history that is looked at",
    ),
    Measure(
        "reactions",
        "actors_new_share",
        "share",
        "shown_only",
        ("actors", "first seen"),
        "share of new people among the different people who reacted in the last {days}",
    ),
    Measure(
        "reactions",
        "posts_sum",
        "posts",
        "shown_only",
        ("posts",),
        "own posts of the last {days}",
    ),
    Measure(
        "reactions",
        "posts_answered_share",
        "share",
        "shown_only",
        ("posts", "reactions"),
        "share of the own posts of the last {days} that drew any reaction",
    ),
    Measure(
        "reactions",
        "reactions_momentum_ratio",
        "ratio",
        "shown_only",
        ("reactions", "growth"),
        "reactions a day of the last {days} to reactions a day of the longest window",
    ),
    Measure(
        "rank",
        "engagement_rank",
        "mean ranks",
        "rising",
        ("reactions", "graph", "standing"),
        "rank in the network's graph of who reacts to whom, 1 being the mean account",
        is_windowed=False,
    ),
    Measure(
        "kind",
        "{of}_sum",
        "reactions",
        "rising",
        ("reactions",),
        "reactions of the kind {of} in the last {days}",
    ),
    Measure(
        "kind",
        "{of}_share",
        "share",
        "shown_only",
        ("kind", "reactions"),
        "share of the kind {of} among the reactions of the last {days}",
    ),
    Measure(
        "kind",
        "{of}_per_post",
        "reactions a post",
        "shown_only",
        ("kind", "posts"),
        "reactions of the kind {of} in the last {days} for each own post of these days",
    ),
    Measure(
        "kind",
        "{of}_per_actor",
        "reactions a person",
        "shown_only",
        ("kind", "actors"),
        "reactions of the kind {of} in the last {days} for each different person who reacted",
    ),
    Measure(
        "gauge",
        "{of}_level",
        "as measured",
        "rising",
        ("gauge",),
        "the last known {of} before the day, carried forward for the days that the network names",
        "{of} stood at {value}",
        "{of} stood at 1",
        is_windowed=False,
    ),
    Measure(
        "gauge",
        "{of}_growth",
        "as measured",
        "shown_only",
        ("gauge", "growth"),
        "what {of} gained in the last {days}; 0 where it was not known then",
    ),
    Measure(
        "answers",
        "reactions_per_{of}",
        "ratio",
        "shown_only",
        ("reactions", "gauge"),
        "reactions of the last {days} for each of the last known {of}",
    ),
    Measure(
        "pages",
        "inlinks_count",
        "links",
        "rising",
        ("inlinks",),
        "pages that link to the page",
        "{value} pages link to it",
        "one page links to it",
        is_windowed=False,
    ),
    Measure(
        "pages",
        "outlinks_count",
        "links",
        "shown_only",
        ("outlinks",),
        "pages that the page links to",
        is_windowed=False,
    ),
    Measure(
        "pages",
        "inlinks_per_outlink",
        "ratio",
        "rising",
        ("inlinks", "outlinks"),
        "links to the page for each of its own; without one, as if there were one",
        "{value} pages link to it for each that it links to",
        "as many pages link to it as it links to",
        is_windowed=False,
    ),
    Measure(
        "pages",
        "page_rank",
        "mean ranks",
        "rising",
        ("inlinks", "graph"),
        "rank in the graph of pages, 1 being the mean page",
        "its page ranks {value} times as high as the mean page",
        "its page ranks as high as the mean page",
        is_windowed=False,
    ),
)


def measures_of(*families: Family) -> tuple[Measure, ...]:
    """The measures of families, in the order of the stored vectors."""
    return tuple(m for m in MEASURES if m.family in families)


def catalogue(network: str, subjects: Subjects, windows_days: Sequence[int]) -> tuple[Signal, ...]:
    """Every signal of a network in the order of its stored vectors: of reactions, kinds, gauges, pages.

    Within each, measures in their order and windows ascending within a measure.

    >>> [s.name for s in catalogue("club", Subjects(kinds=("clap",), gauges=(("members", "rising"),)), (1, 90))][-7:-2]
    ['clap_per_actor_1d', 'clap_per_actor_90d', 'members_level', 'members_growth_1d', 'members_growth_90d']
    """

    def signals(family: Family, of: str = "", response: Response | None = None) -> list[Signal]:
        return [
            Signal(network, m, of, w, response if response and m.response == "rising" else m.response)
            for m in measures_of(family)
            for w in (sorted(windows_days) if m.is_windowed else [None])
        ]

    found: list[Signal] = []
    if subjects.kinds:
        found += signals("reactions") + signals("rank")
    for kind in subjects.kinds:
        found += signals("kind", kind)
    for gauge, response in subjects.gauges:
        found += signals("gauge", gauge, response)
        found += signals("answers", gauge) if subjects.kinds else []
    if subjects.has_pages:
        found += signals("pages")
    return tuple(found)
