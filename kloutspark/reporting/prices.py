"""What fakes buy, as a table: points that attacks bring people, beside what simple counting would pay for them."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from kloutspark.reporting.texts import shown, signed, table


def show_prices(console: Console, found: Mapping[str, Any]) -> None:
    """A line an attack, budget and target: scores before and after, points, and the same under simple measures."""
    prices = found["prices"]
    measures = list(prices[0]["under"]) if prices else []
    lines = [
        (
            p["attack"],
            p["budget"],
            f"{p['wanted']:g}",
            f"{p['before']:.2f}",
            f"{p['after']:.2f}",
            signed(p["points"]),
            *[signed(p["under"][m]["points"]) for m in measures],
            "" if p["auc"] is None else f"{p['auc']:.3f}",
        )
        for p in prices
    ]
    headings = ("attack", "fakes", "wanted", "before", "after", "points", *[f"under {m}" for m in measures], "AUC")
    title = f"What fakes buy on {found['network']} as of {found['as_of']}, without a step limit and standing"
    console.print(table(title, headings, lines, right=range(1, len(headings))))
    if members := [p["highest_fake"] for p in prices if p["attack"] == "ring" and p["highest_fake"] is not None]:
        median = found["median_of_ordinary"]
        console.print(shown(f"Best member of a ring: {max(members):.2f}; the median of ordinary people: {median:.2f}."))
    for score in found["without_target"]:
        console.print(shown(f"Left out: nobody stands near a score of {score:g}."))
    for name in found["without_gauge"]:
        console.print(shown(f"Left out: {name}, for {found['network']} has no such gauge."))
    console.print(shown("AUC: the chance that a reaction of somebody real counts more than one of a fake account."))
