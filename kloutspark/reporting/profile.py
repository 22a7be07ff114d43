"""The profile page of a person (P18): score, band, history, networks and why, one HTML file that loads nothing.

The chart is a hand-made SVG line in the colours of the reader's screen (docs/decisions/017).
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from kloutspark.config import Config
from kloutspark.reporting.explanation import band
from kloutspark.reporting.texts import plain, signed

HISTORY_DAYS = 90
LEAST_SPAN = 20  # points between bottom and top of a chart: a quiet history looks quiet
DOTTED = 31  # up to so many days each has its dot
ALONE = 0.6  # half the width of the band of a day without neighbours, percent of the chart
Row = Mapping[str, Any]
Point = tuple[float, float]  # percent of the chart from its left and from its top

# Whatever is data passes `plain` and is escaped: the template has no way around either.
PAGES = Environment(
    loader=PackageLoader("kloutspark.reporting", "."),
    autoescape=True,
    finalize=plain,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Chart:
    """A history in percent of the chart's width and height: what the template draws."""

    runs: Sequence[Sequence[Point]]  # of consecutive days
    gaps: Sequence[tuple[Point, Point]]  # between them: days without a row
    bands: Sequence[Sequence[Point]]  # outlines, of consecutive days that have a band
    dots: Sequence[Point]
    ticks: Sequence[tuple[int, float]]  # a score and its place from the top


def profile_page(config: Config, row: Row, history: Sequence[Row]) -> str:
    """The page of one row of SCORES with the person's days until then, oldest first (at least the row's own)."""
    return PAGES.get_template("profile.html.j2").render(
        row=row,
        score=_points(row["score"]),
        band=band(row),
        change=None if row["change"] is None else _signed(row["change"]),
        networks=_networks(config, row["parts"]),
        others=[(_in_words(p), _signed(p["points"])) for p in row["parts"] if not p["network"]],
        accounts=[(_title(config, a["network"]), a["account_id"]) for a in row["accounts"]],
        history=[
            (r["as_of"], _points(r["score"]), band(r), _signed(r["change"]) if r["change"] is not None else "")
            for r in reversed(history)
        ],
        has_bands=any(r["band_low"] is not None for r in history),
        chart=chart(history),
    )


def chart(history: Sequence[Row]) -> Chart:
    """Scores by day: a line through consecutive days, the band around it where there is one, gaps told from days.

    >>> bandless = {"band_low": None, "band_high": None}
    >>> days = [{"as_of": date(2026, 3, n), "score": s, **bandless} for n, s in ((1, 25.0), (2, 30.0), (5, 40.0))]
    >>> drawn = chart(days)
    >>> drawn.runs, drawn.gaps, drawn.bands
    ([[(0.0, 75.0), (25.0, 50.0)], [(100.0, 0.0)]], [((25.0, 50.0), (100.0, 0.0))], [])
    >>> drawn.ticks
    [(20, 100.0), (30, 50.0), (40, 0.0)]
    """
    ends = [r[c] for r in history for c in ("score", "band_low", "band_high") if r[c] is not None]
    low, high, step = _scale(min(ends), max(ends))
    first, days = history[0]["as_of"], (history[-1]["as_of"] - history[0]["as_of"]).days

    def x(row: Row) -> float:
        return round(100 * (row["as_of"] - first).days / days, 2) if days else 50.0

    def y(score: float) -> float:
        return round(100 * (high - score) / (high - low), 2)

    runs = [[(x(r), y(r["score"])) for r in run] for run in _consecutive(history)]
    banded = _consecutive([r for r in history if r["band_low"] is not None and r["band_high"] is not None])
    bands = []
    for run in banded:
        wide = ALONE if len(run) == 1 else 0.0
        sides = [(x(r) + d, y(r["band_low"]), y(r["band_high"])) for r in run for d in sorted({-wide, wide})]
        bands.append([(a, top) for a, _, top in sides] + [(a, bottom) for a, bottom, _ in reversed(sides)])
    return Chart(
        runs=runs,
        gaps=[(before[-1], after[0]) for before, after in pairwise(runs)],
        bands=bands,
        dots=[p for run in runs for p in run if len(history) <= DOTTED or len(run) == 1],
        ticks=[(tick, y(tick)) for tick in range(low, high + 1, step)],
    )


def _scale(least: float, most: float) -> tuple[int, int, int]:
    """Bottom, top and step of the axis: whole steps around what is shown, within 0 to 100."""
    step = 10 if most - least <= 30 else 20  # three to six lines
    low, high = step * math.floor(least / step), step * math.ceil(most / step)
    while high - low < LEAST_SPAN:
        low, high = (low - step, high) if high == 100 else (low, high + step)
    return low, high, step


def _consecutive(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows in runs of days that follow each other."""
    runs: list[list[Row]] = []
    for row in rows:
        if runs and row["as_of"] - runs[-1][-1]["as_of"] == timedelta(days=1):
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _networks(config: Config, parts: Sequence[Row]) -> list[dict[str, Any]]:
    """Each network with its points, a bar (percent of the strongest one's) and its signals; the strongest first."""
    names = {p["network"] for p in parts if p["network"]}
    sums = {n: round(sum(p["points"] for p in parts if p["network"] == n), 2) for n in names}
    most = max(sums.values(), default=0.0)
    return [
        {
            "title": _title(config, name),
            "points": _points(sums[name]),
            "bar": round(100 * sums[name] / most, 1) if most > 0 else 0,
            "signals": _signals(config, name, parts),
        }
        for name in sorted(names, key=lambda n: (-sums[n], n))
    ]


def _signals(config: Config, network: str, parts: Sequence[Row]) -> list[tuple[str, str, str]]:
    """What each signal of a network means, its name and its points; of one that is no longer known, the name alone.

    A meaning goes as far as its first comma: how things are counted exactly stands in docs/signals.md.
    """
    known = config.signals(network) if network in config.networks else ()
    meanings = {s.name: re.split("[,;]", s.meaning)[0] for s in known}
    own = sorted((p for p in parts if p["network"] == network), key=lambda p: (-p["points"], p["signal"]))
    return [(meanings.get(p["signal"], ""), p["signal"], _points(p["points"])) for p in own]


def _in_words(part: Row) -> str:
    """A part that is of no network."""
    if part["signal"] == "base":
        return "Base: where everybody starts"
    if part["signal"] == "step_limit":
        if part["points"] < 0:
            return "Step limit: a score rises in steps, and this much is held back for the days to come"
        return "Step limit: a score sinks in steps, and this much has not gone yet"
    return str(part["signal"])


def _title(config: Config, network: str) -> str:
    return config.networks[network].title if network in config.networks else network


def _points(value: float) -> str:
    return f"{value:.2f}"


def _signed(value: float) -> str:
    return signed(value).replace("-", "\N{MINUS SIGN}")
