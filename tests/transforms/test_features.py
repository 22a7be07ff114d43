"""Every measure of the catalogue on facts that can be added up by hand."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import reduce

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import load
from kloutspark.domain.contracts import FACTS, JUDGED, OWNERS, POSTS, TARGETS
from kloutspark.domain.signals import Subjects, catalogue
from kloutspark.transforms import facts
from kloutspark.transforms.features import measure, sum_facts
from kloutspark.transforms.tiles import MICRO, count_pairs

Rows = Callable[..., DataFrame]
AS_OF = date(2026, 3, 31)
WINDOWS = (1, 7, 28)
NETWORKS = {
    "club": Subjects(kinds=("clap", "boo"), gauges=(("members", "rising"),)),
    "press": Subjects(gauges=(("mentions", "rising"), ("searches", "rising"))),
    "wiki": Subjects(has_pages=True),
}


def back(days: int) -> date:
    return AS_OF - timedelta(days=days)


def measured(tiles: DataFrame, others: DataFrame, owners: DataFrame) -> dict[tuple[str, str], dict[str, float]]:
    ends, carried = dict.fromkeys(NETWORKS, AS_OF), dict.fromkeys(NETWORKS, 10)
    sums = sum_facts(tiles, others, ends=ends, networks=NETWORKS, windows_days=WINDOWS, carry_days=carried)
    vectors = measure(sums, owners, networks=NETWORKS, windows_days=WINDOWS).collect()
    names = {n: [s.name for s in catalogue(n, subjects, WINDOWS)] for n, subjects in NETWORKS.items()}
    return {
        (v["network"], v["account_id"] or v["person_id"]): dict(zip(names[v["network"]], v["signals"], strict=True))
        for v in vectors
    }


@pytest.fixture
def signals(rows: Rows) -> dict[tuple[str, str], dict[str, float]]:
    """Of `club:ann`: 3 pairs yesterday, one of them new; 2 ten days ago; two posts, one answered; gauges; a rank."""
    tile = {"network": "club", "target_id": "ann", "weight_micros": MICRO, "damped_micros": 2 * MICRO}
    tiles = rows(
        TARGETS,
        {**tile, "day": back(1), "previous_day": back(10), "pairs": 2, "authenticity_micros": 2 * MICRO}
        | {"reactions": {"clap": 3}, "strong_reactions": 1, "posts": ["p1"]},
        {**tile, "day": back(1), "pairs": 1, "authenticity_micros": MICRO, "reactions": {"clap": 1, "boo": 2}},
        {**tile, "day": back(10), "pairs": 2, "authenticity_micros": 2 * MICRO, "reactions": {"boo": 2}},
    )
    posts = rows(POSTS, {"post_id": "p1", "account_id": "ann"}, {"post_id": "p2", "account_id": "ann"})
    posted = posts.select(F.lit("club").alias("network"), "account_id", "post_id", F.lit(back(3)).alias("day"))
    standing = {"network": "club", "account_id": "ann", "gauge": "members"}
    of_press = {"network": "press", "account_id": "ann"}
    gauges = rows(
        FACTS,
        {**standing, "day": back(2), "value": 50.0},
        {**standing, "day": back(9), "value": 40.0},
        {**standing, "day": back(40), "value": 5.0},  # too old to be carried to 28 days before
        {**of_press, "gauge": "searches", "day": back(10), "value": 7.0},
        {**of_press, "gauge": "mentions", "day": back(11), "value": 9.0},  # carried for ten days
    )
    ranks = rows(FACTS, {"network": "club", "account_id": "ann", "engagement_rank": 1.5})
    only_acts = rows(FACTS, {"network": "club", "account_id": "fan", "engagement_rank": 0.5})
    pages = tiles.sparkSession.sql(
        "SELECT 'wiki' AS network, col1 AS from_id, col2 AS to_id FROM VALUES ('x','ann'), ('y','ann'), ('ann','x')"
    )
    reactions = facts.of_reactions(tiles, kinds={n: s.kinds for n, s in NETWORKS.items()})
    others = [
        facts.of_posts(posted, tiles),
        gauges,
        ranks,
        only_acts,
        facts.of_pages(pages),
    ]
    return measured(reactions, reduce(DataFrame.unionByName, others), rows(OWNERS))


def test_reactions_of_nested_windows(signals: dict[tuple[str, str], dict[str, float]]) -> None:
    ann = signals["club", "ann"]
    expected = {
        "actors_distinct": (3, 3, 3),  # the pairs of yesterday are two of ten days ago and one new one
        "weight_sum": (2, 2, 3),
        "damped_sum": (4, 4, 6),
        "reactions_sum": (6, 6, 8),
        "strong_reactions_sum": (2, 2, 3),
        "active_days_count": (1, 1, 2),
        "reactions_per_post": (6, 3, 4),  # no post yesterday counts as one
        "networks_count": (1, 1, 1),
        "reactions_per_actor": (2, 2, 8 / 3),
        "actors_new_count": (1, 1, 3),
        "actors_new_share": (1 / 3, 1 / 3, 1),
        "posts_sum": (0, 2, 2),
        "posts_answered_share": (0, 0.5, 0.5),
        "reactions_momentum_ratio": (6 / (8 / 28), (6 / 7) / (8 / 28), 1),
        "clap_sum": (4, 4, 4),
        "boo_sum": (2, 2, 4),
        "boo_share": (1 / 3, 1 / 3, 0.5),
        "boo_per_post": (2, 1, 2),
        "clap_per_actor": (4 / 3, 4 / 3, 4 / 3),
        "members_growth": (0, 10, 0),
        "reactions_per_members": (6 / 50, 6 / 50, 8 / 50),
    }
    found = {name: tuple(ann[f"{name}_{w}d"] for w in WINDOWS) for name in expected}
    assert found == {name: pytest.approx(values, rel=1e-6) for name, values in expected.items()}
    assert (ann["members_level"], ann["engagement_rank"]) == (50, 1.5)


def test_a_gauge_is_carried_for_so_many_days_and_no_longer(signals: dict[tuple[str, str], dict[str, float]]) -> None:
    press = signals["press", "ann"]
    assert (press["searches_level"], press["mentions_level"]) == (7, 0)


def test_pages_and_who_only_acts(signals: dict[tuple[str, str], dict[str, float]]) -> None:
    wiki = signals["wiki", "ann"]
    assert (wiki["inlinks_count"], wiki["outlinks_count"], wiki["inlinks_per_outlink"]) == (2, 1, 2)
    assert ("club", "fan") not in signals


@pytest.mark.parametrize("network", ["network", "'club'"], ids=["several networks", "one network, a constant"])
def test_raw_rows_are_shuffled_once_and_put_in_order_twice(spark: SparkSession, network: str) -> None:
    """Dedupe, counts by kind, pairs and busy all work on the layout by actor (docs/performance.md)."""
    judged = spark.createDataFrame([], JUDGED.schema).withColumn("network", F.expr(network))
    counted = count_pairs(judged, values={"club": {"like": 1.0}, "press": {}}, damping=load().model.damping)
    plan = counted._jdf.queryExecution().executedPlan().toString()
    assert (plan.count("Exchange"), plan.count("Sort [")) == (1, 2), plan
    assert "ObjectHashAggregate" not in plan  # which would sort once more, unseen (docs/decisions/025)
