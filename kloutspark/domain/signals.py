"""The catalogue of signals: name by rule `<measure>_<op>_<n>d`, a meaning in a sentence, a unit, a response."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Response = Literal["rising", "shown_only"]


@dataclass(frozen=True)
class Measure:
    """What is measured of an account over a window.

    `phrase` completes "On Twitter, ..." in the reasons of a score, `phrase_of_one` where the value
    is 1; `is_micros` marks stored millionths.
    """

    name: str
    unit: str
    response: Response
    meaning: str
    phrase: str
    phrase_of_one: str
    is_micros: bool = False


@dataclass(frozen=True)
class Signal:
    """One measure over one window of days."""

    measure: Measure
    window_days: int

    @property
    def name(self) -> str:
        """`actors_distinct_28d`."""
        return f"{self.measure.name}_{self.window_days}d"

    @property
    def meaning(self) -> str:
        """The measure's meaning with its window."""
        return self.measure.meaning.format(days=self.window_days)


MEASURES = (
    Measure(
        "actors_distinct",
        "people",
        "rising",
        "different people who reacted in the last {days} days, each counted with"
        " the authenticity of their first day in the window",
        "{value} different people reacted in the last {days}",
        "one person reacted in the last {days}",
        is_micros=True,
    ),
    Measure(
        "weight_sum",
        "ordinary reactions",
        "rising",
        "weights of all reactions of the last {days} days",
        "reactions weighed as much as {value} ordinary ones in the last {days}",
        "reactions weighed as much as one ordinary one in the last {days}",
        is_micros=True,
    ),
    Measure(
        "reactions_sum",
        "reactions",
        "rising",
        "all reactions of the last {days} days",
        "{value} reactions arrived in the last {days}",
        "one reaction arrived in the last {days}",
    ),
    Measure(
        "active_days_count",
        "days",
        "rising",
        "days of the last {days} on which at least one reaction arrived",
        "reactions arrived on {value} of the last {days}",
        "reactions arrived on one of the last {days}",
    ),
)


def catalogue(windows_days: Sequence[int]) -> tuple[Signal, ...]:
    """Every signal, measures in their order and windows ascending within each.

    >>> [s.name for s in catalogue((1, 90))][:3]
    ['actors_distinct_1d', 'actors_distinct_90d', 'weight_sum_1d']
    """
    return tuple(Signal(m, w) for m in MEASURES for w in sorted(windows_days))
