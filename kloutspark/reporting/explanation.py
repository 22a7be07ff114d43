"""One person: why the score is what it is, how it came about, what changed between two days."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.bar import Bar
from rich.console import Console

from kloutspark.reporting.texts import shown, signed, table

GRAPHS = {"engagement_rank": "account among who reacts to whom", "page_rank": "page among who links to whom"}
DOUBTS = {
    "reactions_a_day": "more reactions a day than usual",
    "targets_a_day": "reactions to more people a day than usual",
    "hours_a_day": "reactions at more hours of the day than people are awake",
    "followings_per_follower": "far more accounts followed than followers",
}
BAR_WIDTH = 50  # characters for a score of 100


def band(row: Mapping[str, Any]) -> str:
    """The 90 % band of a row in words; nothing of a row of before there were bands."""
    return "" if row["band_low"] is None else f"{row['band_low']:.2f} to {row['band_high']:.2f}"


def show_person(console: Console, row: Mapping[str, Any], behind: Mapping[str, Any]) -> None:
    """One score: its parts by network and signal that sum to it, the reasons in words, and what stands behind them."""
    parts = sorted(row["parts"], key=lambda p: (p["network"] != "", p["network"], -p["points"]))
    lines = [(p["network"], p["signal"], f"{p['points']:.2f}") for p in parts]
    lines.append(("", "score", f"{row['score']:.2f}"))
    change = "" if row["change"] is None else f", {signed(row['change'])} since the last published one"
    sure = f" (90 % band: {band(row)})" if band(row) else ""
    title = f"{row['person_id']} on {row['as_of']}: {row['score']:.2f}{sure}{change}"
    console.print(table(title, ("network", "signal", "points"), lines, right=(2,)))
    for reason in row["reasons"]:
        console.print(shown(f"- {reason}"))
    if behind["without_step_limit"] != row["score"]:
        console.print(shown(f"Without the step limit it would be {behind['without_step_limit']:.2f}."))
    for found in behind["actors"]:
        for line in _less(found):
            console.print(shown(line))
    for rank in behind["ranks"]:
        for name, graph in GRAPHS.items():
            if rank[name]:
                whose = f"{rank['network']}:{rank['account_id']}"
                console.print(shown(f"{whose} ranks {rank[name]:.1f} times as high as the mean {graph}."))


def _less(found: Mapping[str, Any]) -> list[str]:
    """How many of those who reacted to an account count less, and why: numbers, never whose."""
    whose, lines = f"{found['network']}:{found['account_id']}", []
    if found["newcomers"]:
        said = f"{found['newcomers']} of the {found['people']} people who reacted are new to the network"
        lines.append(f"{whose}: {said}; together they count as {found['newcomers_count_as']:.1f}.")
    for doubt, times in found["doubted"].items():
        lines.append(f"{whose}: {times} times somebody who reacted counts less for {DOUBTS[doubt]}.")
    return lines


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What changed from one row of a person to another, by part; the changes sum to the change of the score."""
    was, now = ({(p["network"], p["signal"]): p["points"] for p in row["parts"]} for row in (before, after))
    parts = [
        {
            "network": network,
            "signal": signal,
            "before": was.get((network, signal), 0.0),
            "after": now.get((network, signal), 0.0),
            "change": round(now.get((network, signal), 0.0) - was.get((network, signal), 0.0), 2),
        }
        for network, signal in sorted({*was, *now})
    ]
    parts.sort(key=lambda p: -abs(p["change"]))
    change = round(after["score"] - before["score"], 2)
    days = {"first": before["as_of"], "second": after["as_of"]}
    scores = {"before": before["score"], "after": after["score"], "change": change}
    return {"person_id": after["person_id"], **days, **scores, "parts": parts}


def show_difference(console: Console, found: Mapping[str, Any]) -> None:
    """The same as a table."""
    lines = [
        (p["network"], p["signal"], f"{p['before']:.2f}", f"{p['after']:.2f}", signed(p["change"]))
        for p in found["parts"]
    ]
    lines.append(("", "score", f"{found['before']:.2f}", f"{found['after']:.2f}", signed(found["change"])))
    title = f"{found['person_id']} from {found['first']} to {found['second']}"
    headings = ("network", "signal", str(found["first"]), str(found["second"]), "change")
    console.print(table(title, headings, lines, right=(2, 3, 4)))


def show_history(console: Console, person_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Scores by day, each with a bar."""
    lines = [
        (r["as_of"], f"{r['score']:.2f}", band(r), signed(r["change"]), Bar(100, 0, r["score"], width=BAR_WIDTH))
        for r in rows
    ]
    headings = ("day", "score", "90 % band", "change", "1 to 100")
    console.print(table(f"{person_id}, by day", headings, lines, right=(1, 2, 3)))
