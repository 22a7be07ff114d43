"""P18: The number stands on a profile.

A serving table, which any reader of Delta opens, and a profile page with the score, its history, its networks and why.
Who only reacted has neither.
"""

import html
import json
from collections.abc import Callable
from pathlib import Path

import deltalake
import pytest

from kloutspark.cli import exit_code
from tests.lab import CHEAP_SMALL_PLANS, set_options
from tests.promises.conftest import Scored, Shows
from tests.promises.world import CLUB, FIRST, SECOND

Explained = Callable[..., tuple[int, str]]
PERSON = "p2.both"


@pytest.fixture
def explained(scored: Scored, capsys: pytest.CaptureFixture[str]) -> Explained:
    """Explains somebody of the promises' world as a command line does; its code and what it printed."""

    def run(*argv: str) -> tuple[int, str]:
        sets = set_options(*CHEAP_SMALL_PLANS, CLUB)
        capsys.readouterr()
        code = exit_code(["explain", *argv, "--root", str(scored.root), *sets])
        return code, capsys.readouterr().out

    return run


def test_the_table_and_the_page_show_the_score_its_history_its_networks_and_why(
    scored: Scored, explained: Explained, tmp_path: Path
) -> None:
    table = deltalake.DeltaTable(str(scored.root / "scores")).to_pandas(filters=[("person_id", "=", PERSON)])
    served = dict(zip(table["as_of"], table["score"], strict=True))
    row = scored.second[PERSON]
    assert served == {FIRST: scored.first[PERSON]["score"], SECOND: row["score"]}

    file = tmp_path / "page.html"
    code, said = explained(PERSON, "--page", str(file))
    assert (code, f"Profile page: {file}" in said) == (0, True), said
    page = html.unescape(file.read_text(encoding="utf-8"))
    assert f'<p class="score">{row["score"]:.2f} ' in page
    for as_of, score in served.items():
        assert f"<tr><td>{as_of}</td><td>{score:.2f}</td>" in page
    assert [title for title in ("Twitter", "Club", "Facebook") if f"<h3>{title}</h3>" in page] == ["Twitter", "Club"]
    assert len(row["reasons"]) > 1
    assert all(reason in page for reason in row["reasons"])
    assert row["fingerprint"] in page
    assert "p2/both" in page, "their own account"
    assert "p2/both/twitter/fan" not in page, "nobody else"


def test_the_page_of_a_day_ends_with_that_day(scored: Scored, explained: Explained, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    code, said = explained(PERSON, "--page", str(file), "--as-of", str(FIRST), "--json")
    assert (code, json.loads(said)["as_of"]) == (0, str(FIRST))
    page = file.read_text(encoding="utf-8")
    assert f'<p class="score">{scored.first[PERSON]["score"]:.2f} ' in page
    assert str(SECOND) not in page


def test_who_only_reacted_has_no_profile(scored: Scored, explained: Explained, shows: Shows, tmp_path: Path) -> None:
    assert "twitter:p11/calm" not in scored.second
    file = tmp_path / "page.html"
    code, _ = explained("twitter:p11/calm", "--page", str(file))
    assert (code, file.exists()) == (64, False)
    shows(
        "score on the page of somebody reacted to on two networks",
        measured=scored.second[PERSON]["score"],
        by="nobody reacts to the account",
        weakened=f"no row, no page, exit code {code}",
    )
