"""The catalogue of signals, built from configuration alone (P13)."""

import json
from pathlib import Path

import pytest
import yaml

from kloutspark.cli import exit_code
from kloutspark.config import load
from kloutspark.domain.signals import MEASURES
from kloutspark.reporting.catalogue import catalogue_page, signal_rows

OF_THE_PROMISE = (  # P14: eight networks and the real-world data beside them
    "facebook",
    "twitter",
    "instagram",
    "google_plus",
    "linkedin",
    "foursquare",
    "wikipedia",
    "klout",
)


def test_more_than_400_signals_of_eight_networks_most_of_them_combinations() -> None:
    rows = signal_rows(load(), OF_THE_PROMISE)
    assert len(rows) > 400
    assert sum(len(row["attributes"]) >= 2 for row in rows) > len(rows) / 2
    assert len({(row["network"], row["name"]) for row in rows}) == len(rows)
    assert all(row["meaning"] and row["unit"] and "{" not in row["meaning"] for row in rows)


def test_a_network_that_is_announced_is_in_the_catalogue_and_in_no_score() -> None:
    config = load()
    announced = [name for name, page in config.networks.items() if page.status == "announced"]
    assert announced
    for name in announced:
        assert config.signals(name)
        assert not config.terms(name)
        assert name not in config.scored


def test_what_is_not_rising_never_carries_weight_and_what_rises_without_weight_has_a_reason() -> None:
    config = load()
    weighty = {(n, term.signal) for n in config.scored for term in config.terms(n)}
    signals = {(s.network, s.name): s for n in config.networks for s in config.signals(n)}
    assert all(signals[key].response == "rising" for key in weighty)
    carried = {signals[key].measure.title for key in weighty}
    idle = set(config.model.terms.idle)
    assert carried | idle == {m.title for m in MEASURES if m.response == "rising"}
    assert not carried & idle


def test_the_page_of_the_docs_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "signals.md"
    assert page.read_text() == catalogue_page(load()), "make docs writes it again"


def test_the_commands_list_networks_and_signals(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["networks", "--json"]) == 0
    networks = {row["network"]: row for row in json.loads(capsys.readouterr().out)}
    assert networks["linkedin"]["account_types"] == ["personal"]
    assert exit_code(["signals", "--json", "--network", "klout"]) == 0
    signals = json.loads(capsys.readouterr().out)
    assert len(signals) == networks["klout"]["signals"]
    assert set(signals[0]) >= {"name", "network", "measure", "window_days", "unit", "response", "meaning"}
    assert exit_code(["signals", "--network", "klouth"]) == 64


def test_a_page_is_all_that_a_network_needs(tmp_path: Path) -> None:
    page = yaml.safe_load((Path(__file__).parents[2] / "conf/networks/klout.yaml").read_text())
    page |= {
        "kinds": {"waggle": {"class": "light", "meaning": "a dance of one bee"}},
        "gauges": {"hives": {"meaning": "hives"}},
    }
    inline = yaml.safe_dump(page, default_flow_style=True, width=10_000).strip()
    config = load(overrides=[f"networks.apiary={inline}"])
    names = {s.name for s in config.signals("apiary")}
    assert {"actors_distinct_90d", "waggle_share_7d", "hives_growth_28d", "reactions_per_hives_1d"} <= names
    assert "hives_level" in {term.signal for term in config.terms("apiary")}
