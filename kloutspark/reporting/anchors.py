"""Proposed anchors: how scores would lie beside a real population, and whom they would move."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from rich.console import Console

from kloutspark.reporting.texts import shown, signed, table


def show_anchors(console: Console, as_of: date, found: Mapping[str, Any]) -> None:
    """The anchors, the shares below the known scores before and after, the quantiles of what each person moves."""
    anchors = ", ".join(f"({x:g}, {y:g})" for x, y in found["calibration"]["anchors"])
    console.print(shown(f"Anchors proposed from {found['people']} people of {as_of}: {anchors}"))
    lines = [
        (f"{r['score']:g}", f"{r['evidence']:.4g}", *(f"{r[name]:.1%}" for name in ("real", "before", "after")))
        for r in found["shares_below"]
    ]
    headings = ("below", "evidence", "real share", "by the model", "by the proposal")
    console.print(table("Shares of people below a score, beside a real population", headings, lines, right=range(5)))
    moves = [(f"{r['share']:g}", signed(r["points"])) for r in found["change_quantiles"]]
    console.print(table("Quantiles of the change, before the step limit", ("share", "points"), moves, right=(0, 1)))
    movers = f"{found['movers']} of {found['people']} ({found['movers_share']:.1%})"
    console.print(shown(f"{movers} would move by more than {found['mover_points']:g} points."))
