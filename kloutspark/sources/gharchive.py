"""GH Archive: hours of GitHub's public events as nested JSON lines, to interactions and accounts."""

from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Network
from kloutspark.domain.contracts import ACCOUNTS, INTERACTIONS
from kloutspark.domain.errors import ConfigError
from kloutspark.sources.delivery import NOT_USED, Delivery, bring, page_of
from kloutspark.sources.reading import FILE, MALFORMED, existing, without_faults

PERSON = "struct<login: string, type: string>"
SCHEMA = f"""
    id string, type string, created_at string, actor struct<login: string>, repo struct<id: string, name: string>,
    org struct<login: string>,
    payload struct<
        forkee: struct<owner: {PERSON}>, comment: struct<user: {PERSON}>, issue: struct<user: {PERSON}>,
        pull_request: struct<user: {PERSON}, base: struct<user: {PERSON}>, head: struct<user: {PERSON}>>
    >,
    {MALFORMED} string
"""
PEOPLE = (  # where a payload says of somebody what they are
    "payload.forkee.owner",
    "payload.comment.user",
    "payload.issue.user",
    "payload.pull_request.user",
    "payload.pull_request.base.user",
    "payload.pull_request.head.user",
)
ACCOUNT_TYPES = {"Bot": "bot", "Organization": "company"}  # anything else is somebody
LONGEST_TYPE = 40  # characters of a type that are repeated in a report


def read_gharchive(
    spark: SparkSession,
    paths: Sequence[str],
    *,
    name: str | None,
    network: Network | None,
    table: str | None,
    started_at: datetime,
) -> list[Delivery]:
    """Events of the types that the network's page names as codes, credited to the repository's owner; and accounts.

    An account is its login: of an owner the feed has nothing else, the part of repo.name before the slash; numbers
    stand there for actors and organizations alone. The repository is the post. Events of other types are of no
    use. An account has a type where a payload states one, or as the event's organization; others get no row.

    Source: gharchive.org, events since 2015; docs.github.com, "GitHub event types".

    Raises:
        ConfigError: no kind of the page has a code.
    """
    page = page_of("gharchive", network, table)
    if not (types := page.kind_by_code):
        where, remedy = f"networks/{name}.yaml, kinds", "Name the types of events under codes, such as WatchEvent."
        raise ConfigError(where, expected="a kind with codes", found="none", remedy=remedy)
    found = []
    for path in paths:
        reader = spark.read.schema(SCHEMA).option("columnNameOfCorruptRecord", MALFORMED)
        events = reader.json(existing(path)).withColumn(FILE, F.col("_metadata.file_path"))
        kind = F.col("kind")
        other = F.concat(F.lit(f"{NOT_USED}type "), F.substring(kind, 1, LONGEST_TYPE))
        reasons = (F.when(kind.isNull(), F.lit("type is null")), F.when(~kind.isin(*types), other))
        interactions = bring(
            _acts(events), INTERACTIONS, where=path, theirs={}, codes=types, started_at=started_at, reasons=reasons
        )
        accounts = without_faults(_accounts(events), path)
        found += [
            interactions,
            bring(accounts, ACCOUNTS, where=path, theirs={}, codes={}, started_at=started_at),
        ]
    return found


def _acts(events: DataFrame) -> DataFrame:
    return events.select(
        F.col("id").alias("interaction_id"),
        F.col("created_at").alias("occurred_at"),
        F.col("actor.login").alias("actor_id"),
        F.nullif(F.split_part("repo.name", F.lit("/"), F.lit(1)), F.lit("")).alias("target_id"),
        F.col("type").alias("kind"),
        F.col("repo.id").alias("post_id"),
        MALFORMED,
        FILE,
    )


def _accounts(events: DataFrame) -> DataFrame:
    people = [F.struct(F.col(f"{where}.login"), F.col(f"{where}.type")) for where in PEOPLE]
    owner = F.struct(F.col("org.login"), F.lit("Organization").alias("type"))
    stated = events.select(F.explode(F.array(*people, owner)).alias("stated")).select("stated.*")
    known = F.create_map(*[F.lit(text) for pair in ACCOUNT_TYPES.items() for text in pair])
    account_type = F.coalesce(F.try_element_at(known, F.col("type")), F.lit("personal"))
    rows = stated.where("login IS NOT NULL AND type IS NOT NULL")
    return rows.select(F.col("login").alias("account_id"), account_type.alias("account_type")).distinct()
