"""Tables of results for a terminal: plain text in a pipe, JSON for machines."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LONGEST = 300  # characters of an id or a name on a terminal; --json has it whole


def shown(value: object) -> Text:
    """A value as text and nothing else: markup, control and direction characters of hostile names have no effect."""
    text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", "" if value is None else str(value))
    return Text(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> Group:
    """A line and a table below it, whose cells hold data as it is."""
    made = Table()
    for i, heading in enumerate(headings):
        made.add_column(heading, justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*[shown(cell) for cell in row])
    return Group(shown(title), made)


def as_json(content: object) -> str:
    """JSON with days as ISO dates."""
    return json.dumps(content, default=_plain, ensure_ascii=False, indent=2)


def show_top(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """The highest scores with what changed and the strongest reason."""
    lines = [
        (n, f"{r['score']:.2f}", _signed(r["change"]), r["person_id"], (r["reasons"] or [""])[0])
        for n, r in enumerate(rows, start=1)
    ]
    day = rows[0]["as_of"] if rows else ""
    console.print(
        table(f"Highest scores of {day}", ("", "score", "change", "person", "strongest reason"), lines, right=(0, 1, 2))
    )


def show_person(console: Console, row: Mapping[str, Any]) -> None:
    """One score: its parts by network and signal that sum to it, and the reasons in words."""
    parts = sorted(row["parts"], key=lambda p: (p["network"] != "", p["network"], -p["points"]))
    lines = [(p["network"], p["signal"], f"{p['points']:.2f}") for p in parts]
    lines.append(("", "score", f"{row['score']:.2f}"))
    change = "" if row["change"] is None else f", {_signed(row['change'])} since the last published one"
    title = f"{row['person_id']} on {row['as_of']}: {row['score']:.2f}{change}"
    console.print(table(title, ("network", "signal", "points"), lines, right=(2,)))
    for reason in row["reasons"]:
        console.print(shown(f"- {reason}"))


def _signed(change: float | None) -> str:
    return "" if change is None else f"{change:+.2f}"


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not JSON: {type(value).__name__}")
