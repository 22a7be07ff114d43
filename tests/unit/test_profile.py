"""The profile page from rows alone: what stands on it, and that data stays data."""

import doctest
from collections.abc import Sequence
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kloutspark.config import load
from kloutspark.domain.errors import ConfigError
from kloutspark.reporting import profile
from kloutspark.reporting.profile import chart, profile_page
from kloutspark.reporting.texts import CONTROL, LONGEST, write_file

CONFIG = load()
DAY = date(2026, 3, 31)
PARTS = [
    ("", "base", 1.0),
    ("twitter", "actors_distinct_90d", 20.25),
    ("twitter", "weight_sum_7d", 10.5),
    ("facebook", "active_days_count_90d", 12.03),
    ("", "step_limit", -3.58),
]
REASONS = ["On Twitter, 400 different people reacted in the last 90 days: 20.25 of 40.20 points", "held back: 3.58"]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style><style>*{display:none}</style>",
    "<!-- & &lt; {{ 7 * 7 }} {% raw %}",
    "\x00\x1b[31m\u202ereversed\u2066\u200f\ud800\r\n",
    "javascript:alert(1)//https://example.org/x.png",
    "x" * 1_000_000,
)


class Seen(HTMLParser):
    """Tags with their attributes, and the texts with the classes around them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Sequence[tuple[str, str | None]]]] = []
        self.others: list[str] = []  # comments, declarations, instructions
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert not self._open, "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))
        if tag != "meta":
            self._open.append((tag, dict(attrs).get("class") or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        around = tuple(part for tag, classes in self._open for part in (tag, *classes.split()))
        self.texts.append((around, data))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def within(self, *names: str) -> list[str]:
        """Texts inside all of these tags or classes."""
        return [text.strip() for around, text in self.texts if set(names) <= set(around) and text.strip()]


def day(n: int, score: float, band: tuple[float, float] | None = None, change: float | None = None) -> dict[str, Any]:
    low, high = band or (None, None)
    as_of = DAY - timedelta(days=n)
    return {"as_of": as_of, "score": score, "band_low": low, "band_high": high, "change": change}


def row(newest: dict[str, Any], **said: Any) -> dict[str, Any]:
    parts = [{"network": n, "signal": s, "points": p} for n, s, p in PARTS]
    rest = {"reasons": REASONS, "run_id": "20260331T101500-1f2e3d4c", "fingerprint": "9f" * 32, "evidence": 17.25}
    accounts = [{"network": "twitter", "account_id": "ann_t"}, {"network": "facebook", "account_id": "ann.f"}]
    return {**newest, "person_id": "ann", "parts": parts, "accounts": accounts, **rest, **said}


BANDED = [day(2, 38.0), day(1, 39.0, (37.5, 41.0), 1.0), day(0, 40.2, (38.7, 42.1), 1.2)]


def test_what_the_row_says_stands_on_the_page() -> None:
    seen = Seen(page := profile_page(CONFIG, row(BANDED[-1]), BANDED))
    assert seen.within("h1") == ["ann"]
    assert seen.within("title") == ["ann: 40.20"]
    assert seen.within("score") == ["40.20", "of 100"]
    assert seen.within("header", "number") == ["38.70 to 42.10", "+1.20"]
    assert seen.within("reasons") == REASONS
    assert seen.within("network", "h3") == ["Twitter", "Facebook"]
    assert seen.within("network", "strong") == ["30.75", "12.03"]
    assert seen.within("signals", "code") == ["actors_distinct_90d", "weight_sum_7d", "active_days_count_90d"]
    assert "different people who reacted in the last 90 days" in seen.within("signals", "span")
    assert [text.split(":")[0] for text in seen.within("others", "span") if ":" in text] == ["Base", "Step limit"]
    assert seen.within("section", "bdi") == ["ann_t", "ann.f"]
    assert seen.within("dd") == ["2026-03-31", "20260331T101500-1f2e3d4c", "9f" * 32]
    assert "No score is a judgement of a person." in seen.within("footer", "strong")
    assert ("div", [("style", "width: 100.0%")]) in seen.tags
    assert ("div", [("style", "width: 39.1%")]) in seen.tags
    newest, *_, oldest = (seen.within("tbody", "td")[n : n + 4] for n in (0, 4, 8))
    assert newest == ["2026-03-31", "40.20", "38.70 to 42.10", "+1.20"]
    assert oldest[:2] == ["2026-03-29", "38.00"]
    assert "http:" not in page
    assert "https:" not in page


def test_the_points_shown_sum_to_the_score() -> None:
    seen = Seen(profile_page(CONFIG, row(BANDED[-1]), BANDED))
    *others, total = seen.within("others", "number")
    shown = [*seen.within("signals", "number"), *others]
    assert sum(round(100 * float(p.replace("\N{MINUS SIGN}", "-"))) for p in shown) == 4020
    assert total == "40.20"


def test_what_is_not_there_is_not_said() -> None:
    only = [day(0, 1.0)]
    base = [{"network": "", "signal": "base", "points": 1.0}]
    seen = Seen(page := profile_page(CONFIG, row(only[0], parts=base, reasons=[], accounts=[]), only))
    said = " ".join(seen.within("body"))
    assert "band" not in said
    assert "None" not in said
    assert "Dotted" not in said
    assert "No earlier score to compare with." in said
    assert "Nothing that counts was seen" in said
    assert "polygon" not in page
    assert [dict(attrs)["d"] for tag, attrs in seen.tags if ("class", "dot") in attrs] == ["M50.0 95.0h0"]
    assert seen.within("tbody", "td") == ["2026-03-31", "1.00"]


def test_a_score_that_falls_is_held_up_in_words() -> None:
    history = [day(0, 40.2, change=-0.7)]
    held = [{"network": "", "signal": "base", "points": 1.0}, {"network": "", "signal": "step_limit", "points": 39.2}]
    seen = Seen(profile_page(CONFIG, row(history[0], parts=held), history))
    assert seen.within("header", "number") == ["\N{MINUS SIGN}0.70"]
    assert "Step limit: a score sinks in steps, and this much has not gone yet" in seen.within("others")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_make_no_tag_and_no_attribute(text: str) -> None:
    seen, page = _page_of(text)
    assert not CONTROL.search(page.replace("\n", ""))
    assert all(len(said) <= LONGEST for said in seen.within("h1") + seen.within("reasons") + seen.within("code"))
    assert len(page) < 50_000
    page.encode()


@settings(deadline=None)
@given(text=st.text())
def test_no_text_at_all_makes_a_tag_or_an_attribute(text: str) -> None:
    _page_of(text)


def _page_of(text: str) -> tuple[Seen, str]:
    """The page of a row that says the text wherever it can; its tags are those of a harmless one."""
    seen, page = Seen(""), ""
    tags = []
    for said in ("harmless", text):
        parts = [*row(BANDED[0])["parts"], {"network": f"n{said}", "signal": said, "points": 0.5}]
        accounts = [{"network": said, "account_id": said}]
        told = {"parts": parts, "accounts": accounts, "reasons": [said], "run_id": said, "fingerprint": said}
        page = profile_page(CONFIG, row(BANDED[-1], person_id=said, **told), BANDED)
        seen = Seen(page)
        tags.append((seen.tags, seen.others))
    assert tags[0] == tags[1]
    return seen, page


def test_doctests() -> None:
    failed, attempted = doctest.testmod(profile, extraglobs={"date": date})
    assert (failed, attempted > 0) == (0, True)


def test_bands_and_gaps_are_drawn_where_they_are() -> None:
    drawn = chart([day(5, 50.0, (45.0, 55.0)), day(1, 50.0), day(0, 60.0, (55.0, 60.0))])
    assert drawn.ticks == [(40, 100.0), (50, 50.0), (60, 0.0)]
    assert drawn.runs == [[(0.0, 50.0)], [(80.0, 50.0), (100.0, 0.0)]]
    assert drawn.gaps == [((0.0, 50.0), (80.0, 50.0))]
    assert drawn.bands[0] == [(-0.6, 25.0), (0.6, 25.0), (0.6, 75.0), (-0.6, 75.0)]
    assert len(drawn.bands) == 2


@settings(deadline=None)
@given(scores=st.lists(st.integers(100, 10_000), min_size=1, max_size=90))
def test_every_score_lies_within_the_chart(scores: list[int]) -> None:
    drawn = chart([day(n, s / 100) for n, s in reversed(list(enumerate(scores)))])
    assert all(0 <= x <= 100 and 0 <= y <= 100 for run in drawn.runs for x, y in run)
    assert 3 <= len(drawn.ticks) <= 6
    assert all(0 <= tick <= 100 for tick, _ in drawn.ticks)


def test_a_page_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    write_file(tmp_path / "ann.html", "Zoë", option="--page")
    assert (tmp_path / "ann.html").read_bytes() == "Zoë".encode()
    with pytest.raises(ConfigError, match="expected a file that can be written"):
        write_file(tmp_path, "x", option="--page")
