"""Whose account it is on the as-of day, and what several accounts of one person on one network received together."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from kloutspark.domain.contracts import OWNERS
from kloutspark.transforms.conform import conform

UNLINKED = "concat(network, ':', account_id)"
ANY_KIND = "any"  # kinds are not told apart where accounts are merged


def hold(links: DataFrame, *, as_of: date, networks: Sequence[str]) -> DataFrame:
    """Links that hold on the as-of day, each with the reason why it does not count where it does not.

    A link holds when connected_on < as_of and disconnected_on is null or >= as_of. An account belongs to one person:
    on overlap the earlier connected_on (null: always), then the smaller person_id stays.
    """
    since = F.coalesce(F.col("connected_on") < F.lit(as_of), F.lit(True))
    until = F.coalesce(F.col("disconnected_on") >= F.lit(as_of), F.lit(True))
    has_ids = (F.col("person_id") != "") & F.col("network").isNotNull() & F.col("account_id").isNotNull()
    looks_unlinked = F.split("person_id", ":")[0].isin(*networks) & F.col("person_id").contains(":")
    fault = F.coalesce(
        F.when(~F.coalesce(has_ids, F.lit(False)), "person_id, network or account_id is null or empty"),
        F.when(~F.col("network").isin(*networks), "network is not configured as scored"),
        F.when(looks_unlinked, "person_id starts with a network's name and a colon"),
    )
    account = Window.partitionBy("network", "account_id", fault.isNull())
    first = F.first("person_id").over(account.orderBy(F.col("connected_on").asc_nulls_first(), "person_id"))
    held = links.where(since & until).withColumns({"fault": fault, "owner": first})
    taken = F.when(F.col("person_id") != F.col("owner"), "the account belongs to another person on these days")
    return held.select("*", F.coalesce("fault", taken).alias("reason")).drop("fault", "owner")


def own(held: DataFrame) -> DataFrame:
    """The owner of every linked account (OWNERS)."""
    return conform(held.where(F.col("reason").isNull()).select(*OWNERS.names).distinct(), OWNERS)


def has_several(owners: DataFrame) -> bool:
    """Whether anybody has several accounts on one network."""
    return not _with_accounts(owners).where("accounts > 1").isEmpty()


def population(owners: DataFrame, posting: Sequence[DataFrame]) -> DataFrame:
    """Who has a row whatever speaks for them: whose accounts are linked, and who only posted (network, account_id).

    person_id and account, a struct of network and account_id for each link, null for who only posted.
    """
    people = owners.select("person_id", F.struct("network", "account_id").alias("account"))
    nobody = F.lit(None).cast(dict(people.dtypes)["account"])
    for accounts in posting:
        owned = accounts.join(owners, ["network", "account_id"], how="left")
        person = F.coalesce("person_id", F.expr(UNLINKED)).alias("person_id")
        people = people.unionByName(owned.select(person, nobody.alias("account")))
    return people


def own_signals(features: DataFrame, owners: DataFrame) -> DataFrame:
    """Signals by person and network of all persons with one account there: person_id, network, signals."""
    mine = features.join(_with_accounts(owners), ["network", "account_id"], how="left")
    mine = mine.where(F.coalesce("accounts", F.lit(1)) == 1)
    return mine.select(F.coalesce("person_id", F.expr(UNLINKED)).alias("person_id"), "network", "signals")


def merge_accounts(pairs: DataFrame, owners: DataFrame) -> DataFrame:
    """Pairs towards persons with several accounts on one network, as if they were one account.

    The target is the person; reactions of the person's own accounts are set apart; an actor counts once however many
    of the accounts it reacted to, so that 300 fans spread over ten accounts are 300 fans.
    """
    several = _with_accounts(owners).where("accounts > 1")
    to_person = several.select("network", F.col("account_id").alias("target_id"), "person_id")
    own_actors = several.select("network", F.col("account_id").alias("actor_id"), "person_id")
    received = (
        pairs.join(to_person, ["network", "target_id"], how="inner")
        .join(own_actors, ["network", "actor_id", "person_id"], how="left_anti")
        .drop("target_id", "previous_day")
    )
    merged = received.groupBy("day", "network", "actor_id", F.col("person_id").alias("target_id")).agg(
        F.max("authenticity_micros").alias("authenticity_micros"),
        F.sum("weight_micros").alias("weight_micros"),
        F.max("actor_group").alias("actor_group"),
        F.flatten(F.collect_list(F.map_entries("reactions"))).alias("entries"),
    )
    total = F.aggregate("entries", F.lit(0).cast("bigint"), lambda n, entry: n + entry["value"])
    order = Window.partitionBy("network", "actor_id", "target_id").orderBy("day")
    return merged.select(
        "day",
        "network",
        "actor_id",
        "target_id",
        "authenticity_micros",
        "weight_micros",
        "actor_group",
        F.create_map(F.lit(ANY_KIND), total).alias("reactions"),
        F.lag("day").over(order).alias("previous_day"),
    )


def _with_accounts(owners: DataFrame) -> DataFrame:
    person = Window.partitionBy("network", "person_id")
    return owners.withColumn("accounts", F.count("*").over(person))
