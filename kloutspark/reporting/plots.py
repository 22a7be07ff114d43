"""Plots of an evaluation by matplotlib, as one inline SVG (docs/decisions/017): equal bytes for equal numbers."""

import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kloutspark.reporting.evaluation import Dots, number

BLUE, ORANGE, GREY = "#2166ac", "#d6604d", "#777777"
ACCEPTED = (0.85, 0.95)  # of bands of 90 % (docs/decisions/014)
LOOK: dict[Any, Any] = {
    "svg.hashsalt": "kloutspark",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "text.parse_math": False,  # a gauge's name is data
}


def evaluation_plots(report: Mapping[str, Any], dots: Dots) -> str:
    """Score against future actors, coverage of the bands, the distribution, and the score against each gauge."""
    gauges = list(dots.gauges.items())
    panels = 3 + max(1, len(gauges))
    rows = (panels + 1) // 2
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(LOOK)
        figure = Figure(figsize=(8.4, 3.2 * rows), layout="constrained")
        places = list(figure.subplots(rows, 2, squeeze=False).flat)
        _draw_future(places[0], dots)
        _draw_bands(places[1], report["bands"])
        _draw_distribution(places[2], report["distribution"])
        for place, (name, (values, scores)) in zip(places[3:], gauges, strict=False):
            r_squared = next(r["r_squared"] for r in report["r_squared"] if r["gauge"] == name)
            _dots(place, np.asarray(values), np.asarray(scores))
            place.set(title=f"R2 against log {name}: {number(r_squared)}", xlabel=name, ylabel="score")
            place.set_xscale("symlog", linthresh=1)
            place.xaxis.set_major_formatter("{x:,g}")
        if not gauges:
            _say(places[3], "Score against log followers", "no gauge with values before a cut")
        for place in places[panels:]:
            place.set_axis_off()
        written = StringIO()
        figure.savefig(written, format="svg", dpi=144, metadata={"Date": None, "Creator": None})
    return re.sub(r"^.*?(?=<svg)", "", written.getvalue(), count=1, flags=re.DOTALL)


def _draw_future(place: Axes, dots: Dots) -> None:
    score, truth = (np.asarray(side) for side in dots.future)
    _dots(place, score, truth)
    place.set(title="Score against the distinct actors of the future", xlabel="score", ylabel="distinct actors")
    place.set_yscale("symlog", linthresh=1)
    place.yaxis.set_major_formatter("{x:,g}")
    place.set_ylim(bottom=-0.3)


def _draw_bands(place: Axes, bands: Mapping[str, Any] | None) -> None:
    title = "Scores of half the actors inside the bands"
    if bands is None:
        _say(place, title, "not known: the evidence could not be recomputed")
        return
    shown = [row for row in bands["by_range"] if row["people"]]
    names = [f"{row['from']}-{row['to']}\n({row['people']:,})" for row in shown]
    place.axhspan(*ACCEPTED, color=ORANGE, alpha=0.15, linewidth=0)
    place.bar(names, [row["share"] for row in shown], width=0.5, color=BLUE)
    place.set_xlim(-0.6, len(bands["by_range"]) - 0.4)
    place.set(title=title, xlabel="score (accounts); accepted range shaded", ylabel="share inside", ylim=(0, 1.05))


def _draw_distribution(place: Axes, rows: list[Mapping[str, Any]]) -> None:
    known = [row for row in rows if row["real_share"] is not None]
    at = np.arange(len(known))
    place.bar(at - 0.2, [row["share"] for row in known], width=0.38, color=BLUE, label="here")
    place.bar(at + 0.2, [row["real_share"] for row in known], width=0.38, color=GREY, label="Belgium 2014")
    place.set_xticks(at, [f"{row['from']}-{row['to']}" for row in known])
    place.set(title="Scores beside a real distribution", xlabel="score", ylabel="share of people")
    place.legend(loc="upper right")


def _dots(place: Axes, x: "np.ndarray[Any, Any]", y: "np.ndarray[Any, Any]") -> None:
    place.plot(x, y, ".", color=BLUE, alpha=0.35, markersize=4, markeredgewidth=0, rasterized=True)


def _say(place: Axes, title: str, words: str) -> None:
    place.set(title=title, xticks=[], yticks=[])
    place.grid(visible=False)
    place.text(0.5, 0.5, words, ha="center", va="center", color=GREY, transform=place.transAxes)
