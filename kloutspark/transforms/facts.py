"""What is known of accounts, brought to one shape, so that one aggregation makes all their signals (FACTS)."""

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.domain.contracts import FACTS
from kloutspark.transforms.conform import conform, kinds_by_network
from kloutspark.transforms.edges import NETWORK, PAGES


def of_reactions(targets: DataFrame, *, kinds: Mapping[str, Sequence[str]], are_persons: bool = False) -> DataFrame:
    """What accounts received, one fact a tile (TARGETS), or what persons did, whose tiles name them as targets.

    Reactions by kind stand in the order of the network's kinds, zeros behind them where another one has more.
    """
    slots = range(1, max((len(ks) for ks in kinds.values()), default=0) + 1)
    by_kind = [f"coalesce(try_element_at(reactions, try_element_at(kinds, {slot})), 0L)" for slot in slots]
    tiles = targets.withColumn("kinds", F.expr(kinds_by_network(kinds)))
    whose = {"account_id": "CAST(NULL AS string)", "person_id": "target_id"}
    return _facts(
        tiles,
        **(whose if are_persons else {"account_id": "target_id"}),
        **{
            name: name
            for name in ("day", "previous_day", "is_newcomer", "pairs", "authenticity_micros", "weight_micros")
        },
        **{name: name for name in ("damped_micros", "strong_reactions")},
        reactions=" + ".join(by_kind) or "0L",
        by_kind=f"CAST(array({', '.join(by_kind)}) AS array<bigint>)",
    )


def of_posts(posts: DataFrame, targets: DataFrame) -> DataFrame:
    """What accounts published (network, account_id, post_id, day), and whether it drew any reaction (TARGETS)."""
    answered = targets.selectExpr("network", "explode(posts) AS post_id").distinct().withColumn("answered", F.lit(1))
    known = posts.join(answered, ["network", "post_id"], how="left")
    return _facts(
        known, account_id="account_id", day="day", posts="1L", posts_answered="CAST(coalesce(answered, 0) AS bigint)"
    )


def of_gauges(gauges: DataFrame) -> DataFrame:
    """What was measured of accounts (network, account_id, day, gauge, value)."""
    return _facts(gauges, account_id="account_id", day="day", gauge="gauge", value="value")


def of_pages(links: DataFrame) -> DataFrame:
    """Links of a page graph (network, from_id, to_id), counted at both of their ends."""
    incoming = _facts(links, account_id="to_id", inlinks="1L", outlinks="0L")
    return incoming.unionByName(_facts(links, account_id="from_id", inlinks="0L", outlinks="1L"))


def of_ranks(ranks: DataFrame, *, sizes: Mapping[str, int]) -> DataFrame:
    """Ranks (RANKS) in mean ranks of their graph, which has so many accounts."""
    size = F.coalesce(*[F.when(F.col("graph") == graph, F.lit(n)) for graph, n in sizes.items()], F.lit(0))
    known = ranks.withColumns({"network": F.expr(NETWORK), "mean_ranks": F.col("rank") * size})
    is_page = f"endswith(graph, '{PAGES}')"
    return _facts(
        known,
        account_id="account_id",
        engagement_rank=f"if({is_page}, NULL, mean_ranks)",
        page_rank=f"if({is_page}, mean_ranks, NULL)",
    )


def of_persons(facts: DataFrame, owners: DataFrame) -> DataFrame:
    """Facts of accounts (FACTS) of persons with several accounts on a network, as the person's."""
    several = owners.where("accounts > 1").withColumnRenamed("person_id", "owner")
    owned = facts.join(several, ["network", "account_id"], how="inner")
    return conform(owned.withColumns({"account_id": F.lit(None).cast("string"), "person_id": F.col("owner")}), FACTS)


def _facts(frame: DataFrame, **expressions: str) -> DataFrame:
    """Facts of which the frame gives some columns, as SQL; the others are null."""
    given = {"network": "network", **expressions}
    texts = [f"{given.get(c.name, f'CAST(NULL AS {c.type})')} AS {c.name}" for c in FACTS.columns]
    return conform(frame.selectExpr(*texts), FACTS)
