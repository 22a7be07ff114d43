"""P16: New networks and new signals come in without new code.

A network that nobody thought of is added with one YAML file and its tables, and its scores come out, with parts and
reasons.
"""

import json
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from kloutspark.cli import exit_code
from kloutspark.config import conf_dir
from tests.lab import CHEAP_SMALL_PLANS, set_options
from tests.promises.conftest import Shows

PAGE = """
title: Apiary Register
status: scored
account_types: [personal]
kinds:
  waggle: {class: light, codes: [W], meaning: a bee danced for the keeper's hives}
  swarm:  {class: spreading, codes: [S], meaning: a swarm moved into the keeper's hives}
gauges:
  hives: {meaning: hives that the keeper has on that day}
columns:
  interactions: {occurred_at: seen, actor_id: bee, target_id: keeper, kind: what}
"""
INTERACTIONS = "seen,bee,keeper,what\n2026-03-29T10:00:00,b1,ada,W\n2026-03-29T11:00:00,b2,ada,S\n2026-03-28,b1,bob,W\n"
GAUGES = "account_id,day,gauge,value\nada,2026-03-20,hives,12\ncyd,2026-03-29,hives,3\n"


@pytest.mark.delta
def test_a_network_nobody_thought_of_is_one_file_and_its_tables(
    spark: SparkSession,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    shows: Shows,
) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(str(conf_dir()), conf)
    (conf / "networks" / "apiary.yaml").write_text(PAGE)
    (tmp_path / "interactions.csv").write_text(INTERACTIONS)
    (tmp_path / "gauges.csv").write_text(GAUGES)
    sets = set_options(*CHEAP_SMALL_PLANS)
    monkeypatch.chdir(tmp_path)  # a root as people write it, relative to where they are
    place = ["--root", "./root", "--conf", str(conf), *sets]

    def run(*argv: str, code: int = 0) -> str:
        assert exit_code([*argv, *place]) == code
        return capsys.readouterr().out

    signals = {row["name"]: row for row in json.loads(run("signals", "--network", "apiary", "--json"))}
    assert signals["waggle_share_28d"]["response"] == "shown_only"
    assert signals["hives_level"]["response"] == "rising"
    run("ingest", "files", "--network", "apiary", *(str(tmp_path / f) for f in ("interactions.csv", "gauges.csv")))
    run("score", "--as-of", "2026-03-30")
    rows = {row["person_id"]: row for row in json.loads(run("top", "--json"))}
    assert set(rows) == {"apiary:ada", "apiary:bob", "apiary:cyd"}
    assert rows["apiary:ada"]["score"] > rows["apiary:bob"]["score"] > rows["apiary:cyd"]["score"] > 1
    explained = json.loads(run("explain", "apiary:ada", "--json"))
    assert {"actors_distinct_90d", "hives_level"} <= {part["signal"] for part in explained["parts"]}
    assert any("On Apiary Register" in reason for reason in explained["reasons"])

    (conf / "networks" / "apiary.yaml").write_text(PAGE.replace("scored", "announced"))
    run("score", "--as-of", "2026-03-31", code=3)
    shows(
        "scores on a network of one YAML file",
        measured=[row["score"] for row in rows.values()],
        by="status: announced",
        weakened="no day is scored, exit code 3",
    )
