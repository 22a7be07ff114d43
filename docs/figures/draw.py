"""Draws the figures of docs/method.md from the model as it is configured: `make docs`, or

    .venv/bin/python docs/figures/draw.py [FOLDER]

Equal bytes each time: a fixed salt for the ids in the SVG, no date, texts as texts.
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from kloutspark.config import Config, load

HERE = Path(__file__).parent
BANDS = HERE.parent / "decisions" / "014-bands-from-the-signals.md"
NETWORK = "twitter"  # reactions and gauges; here nobody has a gauge
BLUE, ORANGE, GREEN, GREY = "#2166ac", "#d6604d", "#1b7837", "#777777"
LOOK: dict[Any, Any] = {
    "svg.hashsalt": "kloutspark",
    "svg.fonttype": "none",
    "figure.facecolor": "white",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
}
Days = Sequence[Iterable[int]]  # who reacted, day by day, each once


def evidence(signals: Mapping[str, float], config: Config) -> float:
    """E of somebody on one network: the sum of what its terms add; unknown signals are 0."""

    def value(of: str | float | None) -> float:
        return signals.get(of, 0.0) if isinstance(of, str) else math.inf if of is None else of

    terms = config.terms(NETWORK)
    return sum(t.evidence(min(value(t.signal), t.at_most_times * value(t.at_most))) for t in terms)


def signals_of(days: Days, *, windows: Sequence[int], posts: int = 1) -> dict[str, float]:
    """The signals of somebody to whom people reacted on these days, the last one yesterday; each reaction weighs 1."""
    found = {}
    for w in windows:
        seen = [set(day) for day in days[-w:]]
        reactions = sum(map(len, seen))
        found[f"actors_distinct_{w}d"] = float(len(set().union(*seen)))
        found[f"weight_sum_{w}d"] = float(reactions)
        found[f"active_days_count_{w}d"] = float(sum(map(bool, seen)))
        found[f"reactions_per_post_{w}d"] = reactions / posts
    return found


def once(fans: float, windows: Sequence[int]) -> dict[str, float]:
    """The signals of somebody to whom each fan reacted once, yesterday."""
    found = {f"{name}_{w}d": fans for w in windows for name in ("actors_distinct", "weight_sum", "reactions_per_post")}
    return {**found, **{f"active_days_count_{w}d": 1.0 for w in windows}}


def weekly(fans: float, windows: Sequence[int]) -> dict[str, float]:
    """The signals of somebody who posts once a day and to whom each fan reacts once a week."""
    found = {}
    for w in windows:
        found[f"actors_distinct_{w}d"] = fans * min(w, 7) / 7
        found[f"weight_sum_{w}d"] = fans * w / 7
        found[f"active_days_count_{w}d"] = min(w, fans * w / 7)
        found[f"reactions_per_post_{w}d"] = fans / 7
    return found


def calibrated(signals: Mapping[str, float], config: Config) -> float:
    """The score of the evidence, before the step limit."""
    xs, ys = zip(*config.model.calibration.anchors, strict=True)
    return float(np.interp(evidence(signals, config), xs, ys))


def held(scores: Sequence[float], config: Config) -> list[float]:
    """What is published, day by day, of scores before the step limit; the first day has no limit."""
    step = config.model.step_limit
    published = list(scores[:1])
    for score in scores[1:]:
        published.append(
            min(max(score, published[-1] - step.most_down_points, 1.0), published[-1] + step.most_up_points)
        )
    return published


def draw_weight(axes: Sequence[Axes], config: Config) -> None:
    """What repeats of one actor weigh, and what a busy day does."""
    beta, h = config.model.damping.exponent, config.model.selectivity.halving_reactions
    repeats = np.arange(1, 101)
    damped = repeats**beta
    axes[0].plot(repeats, damped, color=GREY, linestyle="--", label=f"damped, r ** {beta:g}")
    axes[0].plot(repeats, damped * h / (h + damped - 1), color=BLUE, label="weight, on a day for nobody else")
    axes[0].set(
        title="One person reacts r times in a day", xlabel="r", ylabel="ordinary reactions", xlim=(0, 100), ylim=(0, 12)
    )
    axes[0].legend(loc="upper left")
    others = np.arange(1, 101)
    axes[1].plot(others, h / (h + others - 1), color=BLUE)
    axes[1].plot([h + 1], [0.5], "o", color=ORANGE)
    axes[1].annotate(f"half at {h + 1:g}", (h + 1, 0.5), (h + 8, 0.58), color=ORANGE)
    axes[1].set(
        title="One person reacts to g people in a day",
        xlabel="g",
        ylabel="weight of each reaction",
        xlim=(0, 100),
        ylim=(0, 1.05),
    )


def draw_fans(axes: Sequence[Axes], config: Config) -> None:
    """Score against the number of fans, and how many more the next point takes (P17)."""
    counts = np.geomspace(1, 100_000, 121)

    windows = config.model.windows_days
    for label, signals, colour in (
        ("each fan reacts once a week", weekly, BLUE),
        ("each reacted once, yesterday", once, ORANGE),
    ):
        scores = np.array([calibrated(signals(n, windows), config) for n in counts])
        axes[0].plot(counts, scores, color=colour, label=label)
        rises = np.diff(scores) > 0  # nothing is beyond 100
        axes[1].plot(scores[:-1][rises], (np.diff(counts)[rises] / np.diff(scores)[rises]), color=colour)
    axes[0].set(title="Score against fans", xlabel="fans", ylabel="score", xscale="log", ylim=(0, 100))
    axes[0].legend(loc="lower right")
    axes[1].set(
        title="Further fans that one more point takes",
        xlabel="score",
        ylabel="fans",
        yscale="log",
        xlim=(0, 100),
        ylim=(0.1, 1e5),
    )
    for axis in (axes[0].xaxis, axes[1].yaxis):
        axis.set_major_formatter("{x:,g}")
        axis.set_minor_locator(NullLocator())


def draw_step_limit(axes: Sequence[Axes], config: Config) -> None:
    """A burst, and a silent week, before and after the step limit."""
    shown = range(-3, 15)
    quiet = [range(2)] * 100
    burst = [*quiet, range(3000), *[range(2)] * 20]
    steady = [range(20)] * 100
    holiday = [*steady, *[range(0)] * 7, *[range(20)] * 20]
    for axis, days, title in (
        (axes[0], burst, "3,000 people on day 0, else 2 a day"),
        (axes[1], holiday, "20 people a day, silence on days 0 to 6"),
    ):
        ends = [100 + n for n in range(shown.start - 60, shown.stop)]
        seen = [signals_of(days[:end], windows=config.model.windows_days, posts=90) for end in ends]
        scores = [calibrated(signals, config) for signals in seen]
        published = held(scores, config)
        axis.plot(shown, scores[60:], color=GREY, linestyle="--", label="calibrated evidence")
        axis.plot(shown, published[60:], color=BLUE, marker="o", markersize=3, label="published score")
        axis.set(title=title, xlabel="score as of the morning of day", ylabel="score", ylim=(0, 80))
        axis.set_xticks([0, 7, 14])
        axis.legend(loc="lower right")


def draw_bands(axes: Sequence[Axes], _: Config) -> None:
    """How often the score of a random half of the actors falls into the band, as decision 014 measured it."""
    rows = [
        [cell.strip(" *") for cell in line.strip("|").split("|")]
        for line in BANDS.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and line.count("(.") == 3
    ]
    names = [f"{name} ({accounts})" for name, accounts, *_ in rows]
    places = np.arange(len(rows))[::-1]
    axes[0].axvspan(0.85, 0.95, color="#edf3f8", zorder=0)
    axes[0].axvline(0.9, color=GREY, linewidth=1)
    for column, marker, colour, label in (
        (2, "s", GREY, "jackknife over ten groups of actors"),
        (3, "^", ORANGE, "signals, spread 1.2"),
        (4, "o", BLUE, "signals, spread 1.4: the model"),
    ):
        inside = [float(row[column].split()[0]) for row in rows]
        axes[0].plot(inside, places, marker, color=colour, label=label)
    axes[0].set(
        title="Share of scores of half of the actors inside the band",
        xlim=(0.8, 1),
        xticks=[0.8, 0.85, 0.9, 0.95, 1],
        yticks=places,
        yticklabels=names,
        ylim=(-0.6, len(rows) - 0.4),
    )
    axes[0].legend(loc="center left", bbox_to_anchor=(1, 0.5))


FIGURES: dict[str, tuple[int, tuple[float, float], Callable[[Sequence[Axes], Config], None]]] = {
    "weight": (2, (7.6, 2.7), draw_weight),
    "fans": (2, (7.6, 2.9), draw_fans),
    "step_limit": (2, (7.6, 2.7), draw_step_limit),
    "bands": (1, (7.6, 2.3), draw_bands),
}


def draw(folder: Path) -> None:
    """Writes every figure into the folder."""
    config = load()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(LOOK)
        for name, (panels, size, paint) in FIGURES.items():
            figure = Figure(figsize=size, layout="constrained")
            paint(figure.subplots(1, panels, squeeze=False)[0], config)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
