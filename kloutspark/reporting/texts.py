"""Values, tables and JSON as a person or a machine reads them; hostile text has no effect."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from rich.bar import Bar
from rich.console import Group
from rich.table import Table
from rich.text import Text

from kloutspark.domain.errors import ConfigError

CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
LONGEST = 300  # characters of an id or a name for people; --json has it whole


def plain(value: object) -> str:
    """A value in characters that have no effect: control and direction characters replaced, long ones cut."""
    text = "" if value is None else str(value)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def shown(value: object) -> Text:
    """A value as text and nothing else: markup, control and direction characters of hostile names have no effect."""
    return Text(plain(value))


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> Group:
    """A line and a table below it, whose cells hold data as it is, or bars."""
    made = Table()
    for i, heading in enumerate(headings):
        made.add_column(heading, justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*[cell if isinstance(cell, Bar) else shown(cell) for cell in row])
    return Group(shown(title), made)


def signed(change: float | None) -> str:
    """+1.20; nothing where there is no change to speak of."""
    return "" if change is None else f"{change:+.2f}"


def write_file(path: Path, text: str, *, option: str) -> None:
    """Writes what an option of a command names, as UTF-8.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        expected, found = "a file that can be written", f"{path} ({error.strerror})"
        raise ConfigError(option, expected=expected, found=found, remedy="Name another.") from None


def as_json(content: object) -> str:
    """JSON with days as ISO dates."""
    return json.dumps(content, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"not JSON: {type(value).__name__}")
