"""The page of an evaluation, and docs/truth.md: numbers as they are, hostile words as text, nothing hidden."""

import re
from typing import Any

import pytest

from kloutspark.reporting.evaluation import Dots, evaluation_page, headline, interval, number, remarks, signed
from tests import truth
from tests.truth import truth_page

GAIN = {"measured": 0.0389, "lowest": -0.0258, "highest": 0.0527}
WAYS = {"score": 0.6, "n": 0.5564, "u": 0.5611, "recency u": 0.5581, "PageRank": 0.4808, "TweepCred-like": None}
HOSTILE = "<script>$x$ & '"


def report(**other: Any) -> dict[str, Any]:
    """What evaluate says of one stretched cut."""
    ranges = ((1, 9), (10, 14), (15, 19), (1, 19), (20, 49), (50, 64), (65, 100))
    found = {
        "network": "letters",
        "protocol": "stretched",
        "model_why": "made up",
        "ahead_days": None,
        "rows": 100,
        "incomplete_rows": 3,
        "self_rows": 4,
        "accounts": 4_222,
        "unscored": 0,
        "spearman": WAYS,
        "ndcg_at_100": WAYS,
        "best_half_life": None,
        "best_baseline": "u",
        "over_best_baseline": GAIN,
        "over_u": GAIN,
        "r_squared": [],
        "distribution": [
            {"from": low, "to": high, "people": 10, "share": 0.25, "real_share": None if low == 15 else 0.4}
            for low, high in ranges
        ],
        "same_range": None,
        "bands": None,
        "cuts": [{"as_of": "2026-03-31", "accounts": 4_222, "spearman": WAYS}],
        "compared": None,
        "compared_settings": [],
        "daily": None,
        "outside": None,
    }
    return {**found, **other}


def bands() -> dict[str, Any]:
    rows = [
        {"from": low, "to": high, "people": n, "share": s} for low, high, n, s in ((1, 19, 9, 0.9), (20, 49, 0, None))
    ]
    return {"people": 9, "of_population": 0.9, "of_all": 0.91, "difference": 0.0, "by_range": rows}


def test_numbers_are_written_as_in_the_tables_of_the_field() -> None:
    assert [number(n) for n in (0.5611, -0.02, 1.0, None)] == [".5611", "-.0200", "1.0000", "–"]
    assert (signed(GAIN), interval(GAIN)) == ("+.0389", "-.0258 .. +.0527")
    assert interval({"measured": None, "lowest": None, "highest": None}) == "–"


def test_the_page_shows_data_as_text_and_is_equal_each_time() -> None:
    hostile = report(
        compared={"spearman": 0.5, "ndcg_at_100": 0.5, "difference": GAIN},
        compared_settings=[HOSTILE],
        bands=bands(),
        r_squared=[{"gauge": HOSTILE, "accounts": 2, "r_squared": 0.94}],
        outside={"accounts": 5, "spearman": {HOSTILE: 0.1}},
        daily={"runs": 61, "spearman": 0.58, "without_limit": 0.59, "difference": GAIN},
    )
    dots = Dots(([1.0, 50.0], [0.0, 100.0]), {HOSTILE: ([0.0, 1e6], [1.0, 40.0])})
    page = evaluation_page(hostile, dots)
    assert page == evaluation_page(hostile, dots)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "4,222 accounts" in page
    assert re.search(r"R2 against log .*: \.9400", page)


def test_what_could_not_be_measured_is_said() -> None:
    page = evaluation_page(report(), Dots(([1.0], [2.0]), {}))
    assert "no gauge with values before a cut" in page
    assert "could not be recomputed" in page
    assert "4 self rows" in headline(report())
    assert "How it was chosen: made up" in page
    assert not any("half-life" in line for line in remarks(report()))


def test_the_truth_says_which_bars_are_met_and_what_was_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    results = {
        ("higgs", "stretched"): report(),
        ("bitcoinotc", "stretched"): report(),
        ("radoslaw", "stretched"): report(),
        ("gharchive", "stretched"): {"error": "too few"},
    }
    page = truth_page(results)
    assert "| Higgs, stretched | at least .5800 | .6000 |  | meets |" in page
    assert "| bitcoinotc, stretched | at least .6000 | .6000 |  | meets |" in page
    assert "| radoslaw, stretched | at least .8800 | .6000 |  | **misses** |" in page
    assert "| Higgs, stretched, score minus u | interval above 0 | +.0389 | -.0258 .. +.0527 | **misses** |" in page
    assert "| quantumcomputing, real days | at least .6000 | not measured |  |  |" in page
    assert "- GH Archive, two hours, stretched: too few" in page
    assert "at most .005 lower" not in page
    monkeypatch.setattr(truth, "COMPARED", ("a.b=c",))
    compared = {"spearman": 0.61, "ndcg_at_100": 0.5, "difference": {**GAIN, "measured": -0.006}}
    page = truth_page({("higgs", "stretched"): report(compared=compared)})
    assert "| Higgs, stretched, against a.b=c | at most .005 lower | -.0060 | -.0258 .. +.0527 | **misses** |" in page
    assert "| score with a.b=c | difference |" in page
