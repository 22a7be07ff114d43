"""P14: the networks and their signals, one YAML file a network; companies only where companies count."""

from collections.abc import Mapping
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from kloutspark.domain.contracts import QUARANTINE
from kloutspark.storage import published
from tests.lab import Lab
from tests.promises.conftest import FIRST, KINDS, PAGES, YESTERDAY, Told, put

Rows = Mapping[str, Mapping[str, Any]]
OF_THE_PROMISE = (
    *("facebook", "twitter", "instagram", "google_plus", "linkedin", "foursquare", "wikipedia", "klout"),
    "bing",
)


def _tell() -> Told:
    """On each network somebody who has all that it measures, and somebody who has a little less."""
    told = Told()
    for network in OF_THE_PROMISE:
        if network in KINDS:
            told.fans("p14/more", 3, network=network)
            told.fans("p14/less", 2, network=network)
            told.fans("p14/company", 5, network=network)
        for gauge in PAGES[network].gauges:
            told.measure("p14/more", network, **{gauge: 100})
            told.measure("p14/less", network, **{gauge: 10})
    for network in ("google_plus", "linkedin"):
        told.accounts[network] = [{"account_id": "p14/company", "account_type": "company"}]
    pages = [(f"p14/page {n}", "p14/more") for n in range(4)] + [("p14/page 0", "p14/less"), ("p14/less", "p14/page 1")]
    told.page_links += [{"from_id": a, "to_id": b, "day": YESTERDAY.date()} for a, b in pages]
    return told


@pytest.fixture(scope="module")
def lab(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """All networks in one root; on two of them half of the rows are a company's."""
    lab = Lab(spark, tmp_path_factory.mktemp("networks"), ("gate.expectations.quarantined_share.max=0.5",))
    put(lab, _tell())
    return lab


@pytest.fixture(scope="module")
def first(lab: Lab) -> Rows:
    return lab.score(FIRST)


@pytest.fixture(scope="module")
def features(lab: Lab, first: Rows) -> dict[tuple[str, str], dict[str, float]]:
    """Signals by name, by network and account, as the day's run stored them."""
    assert first
    tables = lab.tables
    rows = published.named_features(tables, FIRST).where(F.col("account_id").startswith("p14/")).collect()
    return {(row["network"], row["account_id"]): row["signals"] for row in rows}


@pytest.mark.parametrize("network", OF_THE_PROMISE)
def test_more_on_a_network_is_a_higher_score_by_parts_of_that_network(first: Rows, network: str) -> None:
    more, less = (first[f"{network}:p14/{who}"] for who in ("more", "less"))
    assert more["score"] > less["score"] > 1
    assert {p["network"] for p in more["parts"]} == {"", network}


@pytest.mark.parametrize("network", OF_THE_PROMISE)
def test_every_gauge_of_a_network_is_a_signal_of_it(
    features: Mapping[tuple[str, str], Mapping[str, float]], network: str
) -> None:
    found = features[network, "p14/more"]
    assert {gauge: found[f"{gauge}_level"] for gauge in PAGES[network].gauges} == dict.fromkeys(
        PAGES[network].gauges, 100.0
    )


def test_of_wikipedia_count_the_rank_the_inlinks_and_the_ratio(
    first: Rows, features: Mapping[tuple[str, str], Mapping[str, float]]
) -> None:
    more, less = (features["wikipedia", f"p14/{who}"] for who in ("more", "less"))
    assert (more["inlinks_count"], more["outlinks_count"], more["inlinks_per_outlink"]) == (4, 0, 4)
    assert (less["inlinks_count"], less["outlinks_count"], less["inlinks_per_outlink"]) == (1, 1, 1)
    assert more["page_rank"] > less["page_rank"] > 0
    parts = {p["signal"] for p in first["wikipedia:p14/more"]["parts"]}
    assert parts == {"base", "page_rank", "inlinks_count", "inlinks_per_outlink"}


def test_a_company_counts_only_where_companies_do(lab: Lab, first: Rows) -> None:
    assert "facebook:p14/company" in first
    refused = lab.read(QUARANTINE).where("reason = 'account type does not count on the network'")
    for network in ("google_plus", "linkedin"):
        assert f"{network}:p14/company" not in first
        assert refused.where(F.col("network") == network).select("row").distinct().count() == 5
