"""Labels from history itself: of two people of a network, who drew more distinct actors in the days that followed."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.domain.contracts import LABELS
from kloutspark.transforms.conform import by_network, conform

LEAST_COMPARED, MOST_COMPARED = 9, 50  # people of a draw, each compared with each: many pairs of few teach little more


def count_ahead(judged: DataFrame) -> DataFrame:
    """Distinct actors of each account over the judged rows that count (JUDGED): network, account_id, actors."""
    counted = judged.where("reason IS NULL AND NOT is_outside AND actor_id <> target_id")
    account = F.col("target_id").alias("account_id")
    return counted.groupBy("network", account).agg(F.countDistinct("actor_id").alias("actors"))


def draw_pairs(people: DataFrame, *, sizes: Mapping[str, int], pairs: int) -> DataFrame:
    """About so many pairs of each network, of people whose actors differ, drawn by hashes of their ids (LABELS).

    `people` has network, person_id and actors, `sizes` of them a network. A network's people fall into draws of
    9 to 50, as many draws as give twice the pairs (ties say nothing), and within a draw everybody meets everybody.
    """
    draws, wanted = {}, {}
    for network, size in sizes.items():
        compared = min(max(LEAST_COMPARED, 4 * pairs // max(size, 1) + 1), MOST_COMPARED)
        draws[network] = str(max(1, size // compared))
        wanted[network] = str(-(-4 * pairs // (compared * (compared - 1))))
    draw = f"pmod(xxhash64('draw', network, person_id), {by_network(draws, none='int')})"
    met = people.select("network", "person_id", "actors", F.expr(draw).alias("draw"))
    met = met.where(f"draw < {by_network(wanted, none='int')}").withColumn("place", F.expr("xxhash64(person_id)"))
    left = met.selectExpr("network", "draw", "person_id AS left", "actors AS left_actors", "place AS left_place")
    right = met.selectExpr("network", "draw", "person_id AS right", "actors AS right_actors", "place AS right_place")
    met = left.join(right, ["network", "draw"]).where("left_place < right_place AND left_actors <> right_actors")
    found = met.selectExpr("left", "right", "CAST(left_actors > right_actors AS int) AS label", "1D AS weight")
    return conform(found, LABELS)
