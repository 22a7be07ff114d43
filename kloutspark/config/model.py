"""A scoring model: every number that moves a score, bounded as the promises demand."""

import itertools
import math
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from kloutspark.config.blocks import Closed, Positive, Science
from kloutspark.domain.contracts import BEHAVIOUR
from kloutspark.domain.curves import GAP, height, steepness
from kloutspark.domain.signals import Subjects

Hundredths = Annotated[float, Field(gt=0, le=99, multiple_of=0.01)]
Logarithm = Annotated[float, Field(ge=0, le=89)]  # ln(1 + the largest float that a signal is kept as) is 88.7
Height = Annotated[float, Field(ge=0, le=1e6)]  # with GAP no slope is so steep that a product overflows
Knots = Annotated[tuple[tuple[Logarithm, Height], ...], Field(min_length=2, max_length=21)]


class Damping(Science):
    """How repeats of one actor towards one target on one day count less than linearly (P12)."""

    exponent: Annotated[float, Field(gt=0, le=1)]


class Selectivity(Science):
    """How quickly a busy day makes each of its reactions cheaper (P11)."""

    halving_reactions: Annotated[float, Field(ge=1)]  # below 1, one more could hurt its target (P7)


class Standing(Science):
    """What a reaction of the highest-scored person is worth beside an unknown person's (P8)."""

    most: Annotated[float, Field(ge=1, le=2)]  # below 1 a low score would hurt; above 2 was measured to hurt
    strong_score: Annotated[float, Field(ge=1, le=100)]  # from this score on a reaction counts as one of the strong

    def of(self, score: float) -> int:
        """Millionths of an ordinary reaction's standing that a score gives."""
        return math.floor(1e6 * (1 + (score - 1) / 99 * (self.most - 1)) + 0.5)


COUNTING_NEWCOMERS = {
    "in_full", "times_usual", "known_prior", "usual_at_most", "beyond", "unknown_target", "known_share_min"
}  # fmt: skip


class Newcomers(Science):
    """How far those count whom the network does not know yet; the formula: `authenticity.count_newcomers`."""

    established_days: Annotated[int, Field(ge=1, le=89)]  # who was seen so long ago is known
    settling_days: Annotated[int, Field(ge=0, le=89)]  # whoever was there in the first days of a history is known too
    vouching_weight: Positive  # two known accounts that give so much make their target known
    vouching_steps: Annotated[int, Field(ge=1, le=10)]  # how far that goes on within one run; one step a day after it
    in_full: Positive  # so many count on any target
    times_usual: Annotated[float, Field(ge=0)]  # and so many times what is usual beside those who are known there
    known_prior: Annotated[float, Field(ge=0)]  # and beside so many more, for a target of few
    usual_at_most: Positive  # of one target so many for each known one enter what is usual
    beyond: Annotated[float, Field(ge=0, le=1)]  # what they can add beyond that, in parts of it
    unknown_target: Annotated[float, Field(ge=0)]  # and as if so many known ones were everywhere, to tell the share
    known_share_min: Annotated[float, Field(ge=0, lt=1)]  # where fewer of the others' actors are known, all count


class Doubt(Closed):
    """What is unusual of an actor's days: ln(value / usual) where that is above 0, times the weight."""

    usual: Positive
    weight: Annotated[float, Field(ge=0)]


class Doubts(Science):
    """What an actor did on earlier days, a mean day on which it acted, and what it follows."""

    reactions_a_day: Doubt
    targets_a_day: Doubt
    hours_a_day: Doubt
    followings_per_follower: Doubt
    least: Annotated[float, Field(gt=0, le=1)]  # nobody's reactions are worth less than this part

    @property
    def each(self) -> dict[str, Doubt]:
        """By name."""
        return {name: getattr(self, name) for name in BEHAVIOUR}


class Authenticity(Science):
    """What a reaction is worth by who gives it, from behaviour and no text (P15)."""

    is_applied: bool
    history_days: Annotated[int, Field(ge=1, le=89)]  # with less of a network's past nobody is judged
    newcomers: Newcomers
    doubts: Doubts


class Term(Closed):
    """One addend of a network's evidence: weight * shape(ln(1 + signal)), at most a number or some times another one.

    The shape is piecewise linear from (0, 0) through its knots and goes on as its last segment; without one it is x.
    """

    signal: str
    weight: Positive
    at_most: str | Positive | None = None
    at_most_times: Positive = 1.0
    shape: Knots | None = None

    @model_validator(mode="after")
    def _times_are_of_something(self) -> Self:
        if self.at_most is None and self.at_most_times != 1:
            raise ValueError("at_most_times multiplies an at_most, and there is none")
        return self

    @model_validator(mode="after")
    def _more_is_never_less(self) -> Self:
        if self.shape is None:
            return self
        if self.shape[0] != (0, 0):
            raise ValueError("a shape begins at (0, 0): of nothing comes no evidence")
        steps = list(itertools.pairwise(self.shape))
        if any(b[0] - a[0] < GAP for a, b in steps):
            raise ValueError(f"the knots of a shape rise in x, each by {GAP:g} or more")
        if any(b[1] < a[1] for a, b in steps):
            raise ValueError("a shape never falls: one more reaction never lowers evidence (P1, P7)")
        return self

    def evidence(self, value: float) -> float:
        """What a value of the signal, cut at `at_most` already, adds; in SQL: `transforms.evidence`."""
        x = math.log1p(value)
        return self.weight * (x if self.shape is None else height(self.shape, x))

    def slope(self, value: float) -> float:
        """The slope of the shape at ln(1 + value), 1 without one; in SQL: `transforms.bands`."""
        return 1.0 if self.shape is None else steepness(self.shape, math.log1p(value))


class Terms(Science):
    """The addends of E_n, by what a network has; or the whole list of a network that needs another.

    In `gauges`, `{of}` stands for each rising gauge of the network, in `votes` for each that counts votes. `idle` gives
    the reason of every rising measure of the catalogue that carries no weight.
    """

    reactions: Annotated[tuple[Term, ...], Field(min_length=1)]
    gauges: tuple[Term, ...] = ()
    votes: tuple[Term, ...] = ()
    pages: tuple[Term, ...] = ()
    networks: dict[str, tuple[Term, ...]] = Field(default_factory=dict)
    idle: dict[str, Annotated[str, Field(min_length=20)]] = Field(default_factory=dict)

    def of(self, network: str, subjects: Subjects) -> tuple[Term, ...]:
        """The terms of a network."""
        if network in self.networks:
            return self.networks[network]
        rising = [gauge for gauge, response in subjects.gauges if response == "rising"]
        of_gauges = [
            t.model_copy(update={"signal": t.signal.format(of=gauge)})
            for gauge in rising
            for t in (self.votes if gauge in subjects.votes else self.gauges)
        ]
        reactions, pages = self.reactions if subjects.kinds else (), self.pages if subjects.has_pages else ()
        return (*reactions, *of_gauges, *pages)


class Combine(Science):
    """How the evidence of networks becomes one: the p of a p-norm, and the scale of each network's, 1 of most (P2)."""

    exponent: Annotated[float, Field(ge=1, le=20)]
    scale: dict[str, Positive] = Field(default_factory=dict)


class Calibration(Science):
    """A rising, concave map from evidence to 1..100 through anchors, linear between (P1, P17)."""

    anchors: Annotated[tuple[tuple[float, float], ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _rises_ever_more_slowly(self) -> Self:
        (x0, y0), (_, y_last) = self.anchors[0], self.anchors[-1]
        if (x0, y0) != (0, 1) or y_last != 100:
            raise ValueError("the first anchor is (0, 1) and the last one ends at 100 (P1)")
        steps = list(zip(self.anchors, self.anchors[1:], strict=False))
        if any(b[0] <= a[0] or b[1] <= a[1] for a, b in steps):
            raise ValueError("anchors rise in both numbers (P1)")
        slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in steps]
        if any(later > earlier for earlier, later in itertools.pairwise(slopes)):
            raise ValueError("the slope never grows: the higher the score, the harder the next point (P17)")
        return self


class Bands(Science):
    """How wide the band of a score is; the formula: `transforms.bands`."""

    normal_quantile: Positive  # half of a band in standard deviations, were all actors alike
    spread: Annotated[float, Field(ge=1)]  # how much wider, since they are not


class StepLimit(Science):
    """How far a published score may move in a day, in points with two decimals (P5, P6)."""

    most_up_points: Hundredths
    most_down_points: Hundredths

    @property
    def up_hundredths(self) -> int:
        """Whole hundredths up a day."""
        return round(self.most_up_points * 100)

    @property
    def down_hundredths(self) -> int:
        """Whole hundredths down a day."""
        return round(self.most_down_points * 100)


class Walk(Science):
    """How ranks are iterated, and in blocks of how many accounts; the formula: `iterate_ranks`."""

    damping: Annotated[float, Field(gt=0, lt=1)]
    tolerance_l1: Positive  # most that the ranks of a graph may still move, of the 1 that they sum to
    max_iterations: Annotated[int, Field(ge=1)]
    block_accounts: Annotated[int, Field(ge=1, le=2**30)]  # sums are taken by block, so it decides the last bits
    exact_iterations: Annotated[int, Field(ge=1)] | None = None  # for published references: from the prior, so many

    @property
    def limit(self) -> int:
        """After so many iterations a walk ends."""
        return self.exact_iterations or self.max_iterations

    @property
    def stops_at(self) -> float | None:
        """The residual that ends a walk before its limit; None: nothing does."""
        return None if self.exact_iterations else self.tolerance_l1

    def blocks(self, accounts: int) -> int:
        """How many blocks a graph of so many accounts has."""
        return -(-accounts // self.block_accounts)

    @model_validator(mode="after")
    def _exact_iterations_keep_the_bound(self) -> Self:
        if self.exact_iterations and self.exact_iterations > self.max_iterations:
            raise ValueError("exact_iterations are at most max_iterations")
        return self


class Ranks(Science):
    """The walks of the two sorts of graphs: who reacts to whom on a network, which page links to which."""

    engagement: Walk
    pages: Walk


class PhaseIn(Science):
    """How a model takes the place of another: day by day a larger share of it; the formula: `config.blend`."""

    from_model: "Model"  # a file says its name or path; `load` reads it
    first_day: date
    days: Annotated[int, Field(ge=1)]

    def share(self, as_of: date) -> float:
        """The new model's share of a day: 1 / days on the first one, 1 from the last one on."""
        return min(max(((as_of - self.first_day).days + 1) / self.days, 0.0), 1.0)


class Model(Science):
    """A scoring model: conf/models/*.yaml."""

    windows_days: Annotated[tuple[Annotated[int, Field(ge=1, le=90)], ...], Field(min_length=1)]
    damping: Damping
    selectivity: Selectivity
    standing: Standing
    authenticity: Authenticity
    terms: Terms
    ranks: Ranks
    combine: Combine
    calibration: Calibration
    bands: Bands
    step_limit: StepLimit
    phase_in: PhaseIn | None = None

    @property
    def history_days(self) -> int:
        """The longest window: how far back a day looks."""
        return max(self.windows_days)
