"""The graphs that are ranked: who reacts to whom on each network, which page links to which."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.transforms.tiles import MICRO

NETWORK = "substring_index(graph, ':', 1)"  # of a graph
PAGES = ":pages"  # behind a network's name: the graph of its pages; no network's name holds a colon


def of_reactions(pairs: DataFrame) -> DataFrame:
    """Edges from actors to targets by the weight of the pair's days (PAIRS): graph, source_id, target_id, weight."""
    weight = (F.sum("weight_micros") / MICRO).cast("double").alias("weight")
    edges = pairs.groupBy("network", "actor_id", "target_id").agg(weight)
    return edges.select(
        F.col("network").alias("graph"),
        F.col("actor_id").alias("source_id"),
        F.col("target_id").alias("target_id"),
        "weight",
    )


def of_accounts(edges: DataFrame, standings: DataFrame) -> DataFrame:
    """Everybody at an end of an edge, the prior by their standing (STANDINGS): graph, account_id, prior_weight."""
    standing = standings.select(
        F.col("network").alias("graph"), F.col("actor_id").alias("account_id"), "standing_micros"
    )
    prior = (F.coalesce("standing_micros", F.lit(MICRO)) / MICRO).cast("double").alias("prior_weight")
    return _ends(edges).join(standing, ["graph", "account_id"], how="left").select("graph", "account_id", prior)


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
    return _ends(edges).withColumn("prior_weight", F.lit(1.0))


def _ends(edges: DataFrame) -> DataFrame:
    graph = F.col("graph").alias("graph")  # a column of its own: both frames are grouped by it side by side
    ends = [edges.select(graph, F.col(f"{end}_id").alias("account_id")) for end in ("source", "target")]
    return ends[0].unionByName(ends[1]).distinct()
