"""P14: The networks and their signals.

One YAML file a network (conf/networks); company pages are refused where only personal profiles count. Klout's +K is a
network with one kind, Wikipedia a graph of pages, Bing two gauges.
"""

import pytest
from pyspark.sql import functions as F

from kloutspark.domain.contracts import QUARANTINE
from tests.promises.conftest import Shows
from tests.promises.networks import OF_THE_PROMISE, PERSONAL_ONLY, Networks
from tests.promises.world import PAGES


@pytest.mark.parametrize("network", OF_THE_PROMISE)
def test_more_on_a_network_is_a_higher_score_by_parts_of_that_network(networks: Networks, network: str) -> None:
    more, less = (networks.rows[f"{network}:p14/{who}"] for who in ("more", "less"))
    assert more["score"] > less["score"] > 1
    assert {p["network"] for p in more["parts"]} == {"", network}


@pytest.mark.parametrize("network", OF_THE_PROMISE)
def test_every_gauge_of_a_network_is_a_signal_of_it(networks: Networks, network: str) -> None:
    found = networks.features[network, "p14/more"]
    assert {gauge: found[f"{gauge}_level"] for gauge in PAGES[network].gauges} == dict.fromkeys(
        PAGES[network].gauges, 100.0
    )


def test_of_wikipedia_count_the_rank_the_inlinks_and_the_ratio(networks: Networks) -> None:
    more, less = (networks.features["wikipedia", f"p14/{who}"] for who in ("more", "less"))
    assert (more["inlinks_count"], more["outlinks_count"], more["inlinks_per_outlink"]) == (4, 0, 4)
    assert (less["inlinks_count"], less["outlinks_count"], less["inlinks_per_outlink"]) == (1, 1, 1)
    assert more["page_rank"] > less["page_rank"] > 0
    parts = {p["signal"] for p in networks.rows["wikipedia:p14/more"]["parts"]}
    assert parts == {"base", "page_rank", "inlinks_count", "inlinks_per_outlink"}


def test_a_company_counts_only_where_companies_do(networks: Networks, lenient_networks: Networks, shows: Shows) -> None:
    def rows(found: Networks) -> list[str]:
        return sorted(person.partition(":")[0] for person in found.rows if person.endswith(":p14/company"))

    assert "facebook" in rows(networks)
    assert not set(rows(networks)) & set(PERSONAL_ONLY)
    assert set(rows(lenient_networks)) == {*rows(networks), *PERSONAL_ONLY}
    refused = networks.lab.read(QUARANTINE).where("reason = 'account type does not count on the network'")
    for network in PERSONAL_ONLY:
        assert refused.where(F.col("network") == network).select("row").distinct().count() == 5
    shows(
        "networks on which a company has a score",
        measured=", ".join(rows(networks)),
        by="account_types [personal, company] of google_plus and linkedin",
        weakened=", ".join(rows(lenient_networks)),
    )
