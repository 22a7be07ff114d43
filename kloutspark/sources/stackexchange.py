"""Stack Exchange's data dump: a folder of one site, to interactions, posts, gauges, accounts and identity links."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from kloutspark.config import Network
from kloutspark.domain.contracts import ACCOUNTS, GAUGES, INTERACTIONS, LINKS, POSTS, TableContract
from kloutspark.domain.errors import InputError, unknown_key
from kloutspark.sources.delivery import NOT_USED, Delivery, bring, page_of
from kloutspark.sources.reading import COMPRESSION, existing, without_faults

FILES = {  # what is read of each; the dump has more
    "Posts": ("Id", "PostTypeId", "ParentId", "OwnerUserId", "CreationDate"),
    "Comments": ("Id", "PostId", "UserId", "CreationDate"),
    "Votes": ("Id", "PostId", "VoteTypeId", "CreationDate"),
    "Users": ("Id", "AccountId", "DisplayName", "CreationDate"),
}
QUESTION, ANSWER = "1", "2"  # PostTypeId; others are the texts of tags and the like
ACCEPTED, UP_VOTE = "1", "2"  # VoteTypeId; the asker alone can accept, who votes up is secret
COMMUNITY = "-1"  # Users.Id of the software itself, on every site
COMMENT, ANSWERED, ANSWER_ACCEPTED, UP_VOTES = "comment", "answer", "answer_accepted", "up_votes"


@dataclass(frozen=True)
class Dump:
    """The files of a site, a column an attribute, all texts."""

    posts: DataFrame
    comments: DataFrame
    votes: DataFrame
    users: DataFrame


def read_stackexchange(
    spark: SparkSession,
    paths: Sequence[str],
    *,
    name: str | None,
    network: Network | None,
    table: str | None,
    started_at: datetime,
) -> list[Delivery]:
    """Each path is the folder of one site's dump: Posts, Comments, Votes and Users as .xml, compressed or not.

    A comment is its writer reacting to the post's owner, an answer its writer reacting to the asker, an acceptance
    (a vote of type 1, which has a day and no time) the asker reacting to the answerer. Up-votes have no voter: they
    are the gauge up_votes, on each day that brought one the account's total until then, since a gauge is a standing;
    a vote on a deleted or ownerless post is set apart. AccountId is the same person on every site: identity links.
    What lacks an actor or target, as of deleted accounts, is judged by the run.

    Source: archive.org/details/stackexchange; meta.stackexchange.com/questions/2677 for the columns.

    Raises:
        ConfigError: the network's page lacks one of the kinds or the gauge.
        InputError: the folder lacks a file.
    """
    page = page_of("stackexchange", network, table)
    for block, needed, there in (
        ("kinds", (COMMENT, ANSWERED, ANSWER_ACCEPTED), page.kinds),
        ("gauges", (UP_VOTES,), page.gauges),
    ):
        for key in needed:
            if key not in there:
                raise unknown_key(f"networks/{name}.yaml, {block}", key, list(there))
    found = []
    for path in paths:
        dump = Dump(**{file.lower(): _read_rows(spark, path, file) for file in FILES})
        brought = partial(_brought, where=path, started_at=started_at, gauges=tuple(page.gauges))
        found += [
            brought(_accounts(dump), ACCOUNTS),
            brought(_links(dump, network=str(name)), LINKS, _not_a_person()),
            brought(_posts(dump), POSTS, *_other("PostTypeId", QUESTION, ANSWER)),
            brought(_interactions(dump), INTERACTIONS),
            brought(_up_votes(dump), GAUGES, *_other("VoteTypeId", UP_VOTE), *_ownerless()),
        ]
    return found


def _brought(
    rows: DataFrame,
    contract: TableContract,
    *reasons: Column,
    where: str,
    started_at: datetime,
    gauges: tuple[str, ...],
) -> Delivery:
    raw = without_faults(rows, where)
    delivery = bring(
        raw, contract, where=where, theirs={}, codes={}, started_at=started_at, gauges=gauges, reasons=reasons
    )
    return replace(delivery, unused_columns=())  # they decide what becomes of a row, or show it in quarantine


def _read_rows(spark: SparkSession, folder: str, file: str) -> DataFrame:
    names = [f"{file}.xml{ending}" for ending in ("", *COMPRESSION)]
    found = next((n for n in names if (Path(folder) / n).is_file()), None)
    if "://" not in folder and found is None:
        remedy = "Give the folder of one site, with Posts, Comments, Votes and Users."
        raise InputError(folder, expected=f"{names[0]}, compressed or not", found="none", remedy=remedy)
    # FAILFAST: behind a fault nothing of the file can be told apart, so it is refused as a whole
    reader = spark.read.format("xml").options(
        rowTag="row", attributePrefix="", ignoreSurroundingSpaces="false", mode="FAILFAST"
    )
    reader = reader.schema(", ".join(f"{column} string" for column in FILES[file]))
    return reader.load(existing(f"{folder.rstrip('/')}/{found or names[1]}"))


def _interactions(dump: Dump) -> DataFrame:
    posts = dump.posts.select(
        F.col("Id").alias("post_id"), F.col("OwnerUserId").alias("owner"), F.col("ParentId").alias("parent")
    )
    askers = posts.select(F.col("post_id").alias("parent"), F.col("owner").alias("asker"))
    comments = dump.comments.withColumnsRenamed({"PostId": "post_id", "UserId": "actor_id"})
    comments = comments.join(posts, "post_id", how="left").withColumnRenamed("owner", "target_id")
    answers = dump.posts.where(F.col("PostTypeId") == ANSWER)
    answers = answers.withColumnsRenamed({"ParentId": "post_id", "OwnerUserId": "actor_id"})
    answers = answers.join(posts, "post_id", how="left").withColumnRenamed("owner", "target_id")
    accepted = dump.votes.where(F.col("VoteTypeId") == ACCEPTED).withColumnRenamed("PostId", "post_id")
    accepted = accepted.join(posts, "post_id", how="left").join(askers, "parent", how="left")
    accepted = accepted.withColumnsRenamed({"owner": "target_id", "asker": "actor_id"})
    kinds = {COMMENT: comments, ANSWERED: answers, ANSWER_ACCEPTED: accepted}
    first, *others = [
        rows.select(
            F.concat(F.lit(f"{kind}/"), "Id").alias("interaction_id"),  # numbers of posts and comments overlap
            F.col("CreationDate").alias("occurred_at"),
            "actor_id",
            "target_id",
            F.lit(kind).alias("kind"),
            "post_id",
        )
        for kind, rows in kinds.items()
    ]
    for rows in others:
        first = first.unionByName(rows)
    return first


def _posts(dump: Dump) -> DataFrame:
    named = {"Id": "post_id", "OwnerUserId": "account_id", "CreationDate": "posted_at"}
    return dump.posts.withColumnsRenamed(named)


def _up_votes(dump: Dump) -> DataFrame:
    """A row for each account and day with an up-vote, and the votes that give none, without a value."""
    owners = dump.posts.select(
        F.col("Id").alias("PostId"), F.col("OwnerUserId").alias("account_id"), F.lit(True).alias("has_post")
    )
    votes = dump.votes.where(~F.col("VoteTypeId").eqNullSafe(ACCEPTED)).join(owners, "PostId", how="left")
    is_summed = F.col("VoteTypeId").eqNullSafe(UP_VOTE) & F.col("account_id").isNotNull()
    by_day = votes.where(is_summed).groupBy("account_id", F.substring("CreationDate", 1, 10).alias("day")).count()
    until_then = Window.partitionBy("account_id").orderBy("day").rowsBetween(Window.unboundedPreceding, 0)
    totals = by_day.withColumn("value", F.sum("count").over(until_then)).drop("count")
    totals = totals.withColumns({"gauge": F.lit(UP_VOTES), "VoteTypeId": F.lit(UP_VOTE)})
    return totals.unionByName(votes.where(~is_summed).drop("account_id"), allowMissingColumns=True)


def _ownerless() -> tuple[Column, Column]:
    is_vote = F.col("value").isNull()
    return (
        F.when(is_vote & F.col("has_post").isNull(), F.lit("the post that was voted for is not in the dump")),
        F.when(is_vote, F.lit("the post that was voted for has no owner")),
    )


def _accounts(dump: Dump) -> DataFrame:
    account_type = F.when(F.col("Id") == COMMUNITY, "bot").otherwise("personal").alias("account_type")
    display_name, created_at = F.col("DisplayName").alias("display_name"), F.col("CreationDate").alias("created_at")
    return dump.users.select(F.col("Id").alias("account_id"), account_type, display_name, created_at)


def _links(dump: Dump, *, network: str) -> DataFrame:
    person_id = F.concat(F.lit("stackexchange/"), "AccountId").alias("person_id")  # DESIGN.md, section 8
    return dump.users.select(person_id, F.lit(network).alias("network"), F.col("Id").alias("account_id"), "Id")


def _not_a_person() -> Column:
    return F.when(F.col("Id") == COMMUNITY, F.lit(f"{NOT_USED}the account of the site itself"))


def _other(column: str, *used: str) -> tuple[Column, Column]:
    kind = F.col(column)
    other = F.concat(F.lit(f"{NOT_USED}{column} "), kind)
    return F.when(kind.isNull(), F.lit(f"{column} is null")), F.when(~kind.isin(*used), other)
