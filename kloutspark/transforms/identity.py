"""Whose account it is on the as-of day, and what several accounts of one person on one network received together."""

from collections.abc import Mapping, Sequence
from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from kloutspark.domain.contracts import HIDDEN, OWNERS
from kloutspark.transforms.conform import conform
from kloutspark.transforms.tiles import ACTOR, ALL_POSTS, PAIR, sum_by_kind

UNLINKED = "concat(network, ':', account_id)"


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
    owned = held.where(F.col("reason").isNull()).select("network", "account_id", "person_id").distinct()
    person = Window.partitionBy("network", "person_id")
    return conform(owned.withColumn("accounts", F.count("*").over(person)), OWNERS)


def hide(requests: DataFrame, links: DataFrame, owners: DataFrame, *, networks: Sequence[str]) -> DataFrame:
    """The accounts of those who opted out (REQUESTS), whoever else they may be linked to by now (HIDDEN).

    Of a person all accounts that `links` (LINKS) ever said were theirs, but those that somebody else owns on the day
    (OWNERS) who did not opt out. A person without any account has a row without one.
    """
    asked = requests.select("person_id").distinct()
    network = F.substring_index("person_id", ":", 1)
    own = F.expr("substr(person_id, instr(person_id, ':') + 1)").alias("account_id")
    is_account = F.col("person_id").contains(":") & network.isin(*networks)
    alone = asked.where(is_account).select(network.alias("network"), own, "person_id")
    linked = asked.join(links.select("person_id", "network", "account_id"), "person_id", how="left")
    others = owners.join(asked, "person_id", how="left_anti").select("network", "account_id")
    theirs = linked.join(others, ["network", "account_id"], how="left_anti").unionByName(alone)
    return conform(theirs.distinct(), HIDDEN)


def without(
    frame: DataFrame, hidden: DataFrame | None, *, account: str = "account_id", network: str = "network"
) -> DataFrame:
    """The rows of everybody who is not hidden (HIDDEN; None: nobody is); `network` is SQL."""
    if hidden is None:
        return frame
    gone = hidden.select(F.col("network").alias("hidden_network"), F.col("account_id").alias("hidden_account"))
    is_hidden = (F.expr(network) == F.col("hidden_network")) & (F.col(account) == F.col("hidden_account"))
    return frame.join(gone, is_hidden, how="left_anti")


def hidden_persons(hidden: DataFrame, linked: DataFrame) -> DataFrame:
    """By what ids those who are hidden (HIDDEN) may have been published: person_id.

    Also of who has no other account (OWNERS) than hidden ones.
    """
    accounts = hidden.where("account_id is not null").select(F.expr(UNLINKED).alias("person_id"))
    theirs = linked.select("network", "account_id", F.col("person_id").alias("owner"))
    hidden_owners = theirs.join(hidden.select("network", "account_id"), ["network", "account_id"], how="left_semi")
    others = without(theirs, hidden).select("owner")
    alone = hidden_owners.select("owner").join(others, "owner", how="left_anti").toDF("person_id")
    return hidden.select("person_id").unionByName(accounts).unionByName(alone).distinct()


def has_several(owners: DataFrame) -> bool:
    """Whether anybody has several accounts on one network."""
    return not owners.where("accounts > 1").isEmpty()


def merge_accounts(
    pairs: DataFrame, owners: DataFrame, linked: DataFrame, *, kinds: Mapping[str, Sequence[str]]
) -> DataFrame:
    """Pairs towards persons with several accounts on one network, as if they were one account.

    The target is the person; reactions of the person's own accounts are set apart, also of those that are hidden and
    so no owner's (`linked` and `owners`, OWNERS); an actor counts once however many of the accounts it reacted to, so
    that 300 fans spread over ten accounts are 300 fans.
    """
    to_person = owners.where("accounts > 1").select("network", F.col("account_id").alias("target_id"), "person_id")
    own_actors = linked.select("network", F.col("account_id").alias("actor_id"), "person_id")
    received = (
        pairs.join(to_person, ["network", "target_id"], how="inner")
        .join(own_actors, ["network", "actor_id", "person_id"], how="left_anti")
        .drop("target_id", "previous_day")
    )
    merged = received.groupBy(*ACTOR, F.col("person_id").alias("target_id")).agg(
        F.max("authenticity_micros").alias("authenticity_micros"),
        F.max("is_newcomer").alias("is_newcomer"),
        F.max("doubt").alias("doubt"),
        F.sum("weight_micros").alias("weight_micros"),
        F.sum("damped_micros").alias("damped_micros"),
        F.max("standing_micros").alias("standing_micros"),
        F.expr(f"{ALL_POSTS} AS posts"),
        F.expr(f"{sum_by_kind(kinds)} AS reactions"),
    )
    order = Window.partitionBy(*PAIR).orderBy("day")
    return merged.select(
        "day",
        "network",
        "actor_id",
        "target_id",
        "authenticity_micros",
        "is_newcomer",
        "doubt",
        "weight_micros",
        "damped_micros",
        "standing_micros",
        "posts",
        "reactions",
        F.lag("day").over(order).alias("previous_day"),
    )
