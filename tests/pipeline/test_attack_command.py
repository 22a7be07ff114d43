"""`kloutspark attack` as somebody types it, on a root that nobody scored yet."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest

from kloutspark.cli import exit_code
from tests.lab import CHEAP_SMALL_PLANS, Lab, set_options

pytestmark = pytest.mark.delta
SETS = set_options(*CHEAP_SMALL_PLANS, "model.calibration.anchors=[[0, 1], [45, 90], [100, 100]]")
YESTERDAY = datetime(2026, 2, 27, 12)
ATTACKS = ("bought_followers", "click_farm", "own_accounts", "devoted_account", "own_posts")


def test_a_root_without_rows_is_no_input(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    assert exit_code(["attack", "ring", "--root", str(lab.root), *SETS]) == 3
    assert "Ingest files first" in caplog.text


def test_what_attacks_gain_is_told_and_the_root_holds_its_input_alone(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [f"person {n}" for n in range(10)]  # one for each attack there is
    lab.react(
        *[{"occurred_at": YESTERDAY, "actor_id": f"fan {n} of {p}", "target_id": p} for p in people for n in range(3)],
        {"occurred_at": datetime(2031, 1, 1), "ingested_at": YESTERDAY, "target_id": "who is in the future"},
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    argv = ["attack", *ATTACKS, "--budget", "20", "--scores", "13,90", "--scratch", str(scratch)]
    assert exit_code([*argv, "--json", "--root", str(lab.root), *SETS]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["network"], found["as_of"]) == ("twitter", str(date(2026, 2, 28)))
    assert found["without_target"] == [90]
    assert [p["attack"] for p in found["prices"]] == list(ATTACKS)
    assert len({p["account_id"] for p in found["prices"]}) == len(ATTACKS)
    assert len({p["before"] for p in found["prices"]}) == 1
    points = {p["attack"]: p["points"] for p in found["prices"]}
    assert points["click_farm"] > points["devoted_account"] > 0
    assert points["bought_followers"] > 0
    assert points["own_accounts"] == 0 >= points["own_posts"]
    assert {p["attack"]: p["under"]["n"]["points"] for p in found["prices"]}["bought_followers"] == 0
    assert {p["attack"] for p in found["prices"] if p["auc"] is not None} == {"click_farm", "own_accounts"}
    assert {path.name for path in lab.root.iterdir()} == {"input"}
    assert not list(scratch.iterdir())
