"""The graphs that are ranked: who reacts to whom on each network, which page links to which."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.transforms.tiles import IS_SELF, MICRO

NETWORK = "substring_index(graph, ':', 1)"  # of a graph
PAGES = ":pages"  # behind a network's name: the graph of its pages; no network's name holds a colon


def of_reactions(pairs: DataFrame) -> DataFrame:
    """Edges from actors to targets (PAIRS): day, network, source_id, target_id, weight; who reacts to oneself has none.

    One a pair and day, in millionths: parallel edges add up, and whole numbers do so in any order.
    """
    return pairs.where(f"NOT ({IS_SELF})").select(
        "day",
        "network",
        F.col("actor_id").alias("source_id"),
        F.col("target_id").alias("target_id"),
        F.col("weight_micros").cast("double").alias("weight"),
    )


def of_accounts(actor_days: DataFrame, targets: DataFrame, standings: DataFrame) -> DataFrame:
    """Everybody at an end of a reaction, the prior by their standing: graph, account_id, prior_weight.

    ACTOR_DAYS and TARGETS hold all of them in fewer rows than the edges do; `standings` (STANDINGS).
    """
    ends = [
        actor_days.where("targets > 0").selectExpr("actor_id AS account_id", "network AS graph"),
        targets.selectExpr("target_id AS account_id", "network AS graph"),
    ]
    standing = standings.selectExpr("actor_id AS account_id", "network AS graph", "standing_micros")
    prior = (F.coalesce("standing_micros", F.lit(MICRO)) / MICRO).cast("double").alias("prior_weight")
    known = ends[0].unionByName(ends[1]).distinct().join(standing, ["account_id", "graph"], how="left")
    return known.select("graph", "account_id", prior)


def of_pages(links: DataFrame) -> DataFrame:
    """Edges from page to page, all alike (network, from_id, to_id): graph, source_id, target_id, weight."""
    return links.select(
        F.concat("network", F.lit(PAGES)).alias("graph"),
        F.col("from_id").alias("source_id"),
        F.col("to_id").alias("target_id"),
        F.lit(1.0).alias("weight"),
    )


def of_linked_pages(edges: DataFrame) -> DataFrame:
    """Every page at an end of a link, all alike in the prior: graph, account_id, prior_weight."""
    graph = F.col("graph").alias("graph")  # a column of its own: both frames are grouped by it side by side
    ends = [edges.select(graph, F.col(f"{end}_id").alias("account_id")) for end in ("source", "target")]
    return ends[0].unionByName(ends[1]).distinct().withColumn("prior_weight", F.lit(1.0))
