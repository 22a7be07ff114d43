"""All networks of P13 and P14 in one root: on each somebody who has all that it measures, and somebody with less."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import functions as F

from kloutspark.storage import published
from tests.lab import Lab
from tests.promises.world import FIRST, KINDS, PAGES, YESTERDAY, People, Told

OF_THE_PROMISE = (
    *("facebook", "twitter", "instagram", "google_plus", "linkedin", "foursquare", "wikipedia", "klout"),
    "bing",
)
PERSONAL_ONLY = ("google_plus", "linkedin")
LENIENT = (
    *(f"networks.{network}.account_types=[personal, company]" for network in PERSONAL_ONLY),
    "model.windows_days=[90]",
    "model.terms.reactions=[{signal: actors_distinct_90d, weight: 2}, {signal: weight_sum_90d, weight: 2}]",
    "model.terms.idle.active_days_count=Two terms do for one window of ninety days.",
    "model.terms.idle.reactions_per_post=Two terms do for one window of ninety days.",
)


@dataclass(frozen=True)
class Networks:
    """A scored root: rows by person, signals by name, by network and account."""

    lab: Lab
    rows: People
    features: Mapping[tuple[str, str], Mapping[str, float]]


def tell() -> Told:
    """Companies react and are reacted to everywhere; on two networks their rows are refused."""
    told = Told()
    for network in OF_THE_PROMISE:
        if network in KINDS:
            told.fans("p14/more", 3, network=network)
            told.fans("p14/less", 2, network=network)
            told.fans("p14/company", 5, network=network)
        for gauge in PAGES[network].gauges:
            told.measure("p14/more", network, **{gauge: 100})
            told.measure("p14/less", network, **{gauge: 10})
    for network in PERSONAL_ONLY:
        told.accounts[network] = [{"account_id": "p14/company", "account_type": "company"}]
    pages = [(f"p14/page {n}", "p14/more") for n in range(4)] + [("p14/page 0", "p14/less"), ("p14/less", "p14/page 1")]
    told.page_links += [{"from_id": a, "to_id": b, "day": YESTERDAY.date()} for a, b in pages]
    return told


def score(lab: Lab) -> Networks:
    """One run."""
    rows = lab.score(FIRST)
    found = published.named_features(lab.tables, FIRST).where(F.col("account_id").startswith("p14/")).collect()
    return Networks(lab, rows, {(row["network"], row["account_id"]): row["signals"] for row in found})
