"""The reading commands, a past day again, and rollback, as somebody types them."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from kloutspark.cli import exit_code
from kloutspark.storage import published
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
SETS = set_options(*CHEAP_SMALL_PLANS)


@pytest.fixture
def typed(lab: Lab, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command line on the lab's root and expects a code; what it printed."""

    def run(*argv: str, code: int = 0) -> str:
        capsys.readouterr()
        found = exit_code([*argv, "--root", str(lab.root), *SETS])
        printed = capsys.readouterr()
        assert found == code, printed.out + printed.err
        return printed.out

    return run


def test_two_days_read_in_every_way_then_one_again_then_rolled_back(
    typed: Callable[..., str], lab: Lab, tmp_path: Path
) -> None:
    before, between = datetime(2026, 2, 27, 12), datetime(2026, 3, 1, 12)
    lab.react(*[{"occurred_at": before, "actor_id": f"f{n}", "target_id": "ada"} for n in range(4)])
    lab.react({"occurred_at": before, "target_id": "bob"})
    lab.react(*[{"occurred_at": between, "actor_id": f"g{n}", "target_id": "ada"} for n in range(9)])
    first, second = lab.score(FIRST), lab.score(SECOND)
    scores = [day["twitter:ada"]["score"] for day in (first, second)]

    history = json.loads(typed("history", "twitter:ada", "--json"))
    assert [(row["as_of"], row["score"]) for row in history] == [(str(FIRST), scores[0]), (str(SECOND), scores[1])]
    assert f"{scores[1]:.2f}" in typed("history", "twitter:ada")

    changes = json.loads(typed("explain", "twitter:ada", "--against", str(FIRST), "--json"))
    assert changes["change"] == round(scores[1] - scores[0], 2)
    assert round(sum(part["change"] for part in changes["parts"]), 2) == changes["change"]
    assert "actors_distinct_1d" in typed("explain", "twitter:ada", "--against", str(FIRST))

    comparison = json.loads(typed("compare", str(FIRST), str(SECOND), "--json"))
    assert (comparison["people_before"], comparison["people_after"], comparison["rose"]) == (2, 2, 1)
    assert [row["person_id"] for row in comparison["risers"]] == ["twitter:ada"]
    assert f"1 rose and {comparison['fell']} fell" in typed("compare", str(FIRST), str(SECOND))

    whole = int(scores[1])
    found = published.distribution(lab.tables, as_of=SECOND, ranges=((1, 100), (whole, whole), (whole + 1, 100)))
    assert found == {"as_of": SECOND, "people": 2, "in_ranges": [2, 1, 0]}

    runs = json.loads(typed("runs", "--json"))
    assert [(run["as_of"], run["status"]) for run in runs] == [(str(SECOND), "published"), (str(FIRST), "published")]
    docs = tmp_path / "docs"
    said = typed("runs", "--gate", runs[0]["run_id"], "--docs", str(docs))
    assert "drift warns until 14 days are published, 1 are" in said
    assert "people_change" in "".join(page.read_text() for page in docs.rglob("*.html"))

    lab.react({"occurred_at": before, "actor_id": "late", "target_id": "bob"})
    typed("score", "--as-of", str(FIRST), code=64)
    typed("score", "--as-of", str(FIRST), "--with-later")
    again = json.loads(typed("history", "twitter:bob", "--json"))
    assert [row["as_of"] for row in again] == [str(FIRST), str(SECOND)]
    assert again[0]["score"] > first["twitter:bob"]["score"]
    assert again[1]["score"] > second["twitter:bob"]["score"]

    said = typed("rollback", "--to", runs[1]["run_id"])
    assert f"{FIRST} .. {FIRST} are published" in said
    assert lab.published(FIRST) == first
    assert not lab.published(SECOND)
    typed("rollback", "--to", "2026-02-01", code=64)
    assert lab.score(SECOND)["twitter:bob"]["score"] == again[1]["score"], "the late row counts from here on"
