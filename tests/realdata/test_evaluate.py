"""`kloutspark evaluate` as a user runs it: a file ingested, held against its future, the page read back."""

import json
import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from kloutspark.cli import exit_code
from tests.lab import set_options
from tests.realdata.activity import LETTERS, konect_file
from tests.realdata.adapters import SETS, ingested

pytestmark = [pytest.mark.realdata, pytest.mark.delta]
TABLED = {"n": 0.4583, "u": 0.4579, "recency u": 0.6461, "PageRank": 0.4570, "TweepCred-like": 0.4489}


def test_ucsocial_is_held_against_its_future(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spark
    page, letters = tmp_path / "truth.html", LETTERS.format(name="ucsocial")
    ingested(tmp_path / "root", "konect", "ucsocial", konect_file("ucsocial"), settings=(letters,))
    capsys.readouterr()
    asked = ["evaluate", "--network", "ucsocial", "--page", str(page), "--json", "--root", str(tmp_path / "root")]
    assert exit_code([*asked, *SETS, *set_options(letters)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["accounts"], report["unscored"], report["rows"]) == (555, 0, 59_835)
    assert {name: report["spearman"][name] for name in TABLED} == pytest.approx(TABLED, abs=0.0001)
    assert report["spearman"]["score"] >= 0.64
    assert report["best_baseline"] == "recency u"
    over_best, over_u = report["over_best_baseline"], report["over_u"]
    assert over_best["lowest"] < over_best["measured"] < over_best["highest"]
    assert over_best["measured"] == pytest.approx(report["spearman"]["score"] - report["spearman"]["recency u"])
    assert over_u["lowest"] > 0.1
    assert 0.85 <= report["bands"]["of_population"] <= 0.95
    assert sum(row["people"] for row in report["bands"]["by_range"]) == 555
    assert report["r_squared"] == []
    html = page.read_text()
    assert html.count("<svg") == 1
    assert "the network has no gauge" in html
    shown = re.findall(r"<td>(\.\d{4})</td>", html)
    assert shown[0] == f"{report['spearman']['score']:.4f}".removeprefix("0")
    assert not re.search(r"(src|href)=\"(?!data:|#)", html), "it loads nothing"
