"""From frames of texts to rows of an input table: names mapped, values cast, what cannot be cast set apart."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from kloutspark.config import Network
from kloutspark.domain.contracts import (
    ACCOUNTS,
    DELIVERIES,
    GAUGES,
    INTERACTIONS,
    LINKS,
    PAGE_LINKS,
    POSTS,
    TableContract,
)
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.sources.reading import FILE, MALFORMED

REQUIRED = {
    INTERACTIONS.name: ("occurred_at", "actor_id", "target_id", "kind"),
    POSTS.name: ("post_id", "account_id", "posted_at"),
    ACCOUNTS.name: ("account_id", "account_type"),
    GAUGES.name: ("account_id", "day", "gauge", "value"),
    DELIVERIES.name: ("day", "delivered_at"),
    PAGE_LINKS.name: ("from_id", "to_id", "day"),
    LINKS.name: ("person_id", "network", "account_id"),
}
REASON = "_reason"
NOT_USED = "not used: "  # a REASON that begins so: nothing is wrong with the row, it is of no use to the table
RAW = "_raw"
ISO_DAY = r"^\s*\d{4}-\d{1,2}-\d{1,2}([T ].*)?\s*$"
EPOCH_SECONDS = r"^\s*\d{9,11}(\.\d+)?\s*$"


@dataclass(frozen=True)
class Delivery:
    """Rows of one input table as somebody delivered them: typed columns, REASON where they cannot be, RAW as JSON.

    Two rows are identical when they agree on `content`: all columns but an ingested_at that we gave ourselves.
    """

    contract: TableContract
    rows: DataFrame
    content: tuple[str, ...]
    unused_columns: tuple[str, ...]


def page_of(adapter: str, network: Network | None, table: str | None) -> Network:
    """The page of the network that a format's files belong to; the format knows its tables by itself.

    Raises:
        ConfigError: no network is named, or a table is.
    """
    if network is None or table is not None:
        remedy = "A file of this format belongs to one network, and the format says which tables it fills."
        raise ConfigError(adapter, expected="--network and no --table", found="another combination", remedy=remedy)
    return network


def bring(
    raw: DataFrame,
    contract: TableContract,
    *,
    where: str,
    theirs: Mapping[str, str],
    codes: Mapping[str, str],
    started_at: datetime,
    gauges: Collection[str] = (),
    reasons: Sequence[Column] = (),
) -> Delivery:
    """The rows of a file as rows of an input table.

    `theirs` maps our column names to the file's; `codes` maps a file's kinds to ours; `gauges` names those of the
    network: a row of another one, or of a value that is no finite number of 0 or more, is set apart. `reasons` are
    what else speaks against a row, null where nothing does. `started_at` becomes ingested_at where the file has none.
    Interactions without an id get one: a hash of their content and of their ordinal among equal rows of the file, so
    that true repeats survive and the same file twice adds nothing.

    Raises:
        InputError: a needed column is missing.
    """
    delivered = [c for c in raw.columns if c not in (FILE, MALFORMED)]
    for ours in REQUIRED[contract.name]:
        if theirs.get(ours, ours) not in delivered:
            expected = f"a column {theirs.get(ours, ours)} for {ours}"
            remedy = "Deliver it, or name the file's column under columns in the network's YAML."
            raise InputError(where, expected=expected, found=", ".join(delivered) or "no column", remedy=remedy)
    source = {c.name: theirs.get(c.name, c.name) for c in contract.written if theirs.get(c.name, c.name) in delivered}
    typed = {c.name: _cast(source.get(c.name), c.type) for c in contract.written}
    faults = [F.when(F.col(MALFORMED).isNotNull(), F.lit("malformed line")), *reasons]
    for ours, their in source.items():
        kind = next(c.type for c in contract.written if c.name == ours)
        lost = _text(their).isNotNull() & typed[ours].isNull()
        faults.append(F.when(lost, F.lit(f"{ours} cannot be read as {kind}")))
    if contract is not INTERACTIONS:  # of interactions the run judges what is null: they are counted by it
        faults += [F.when(_text(source[ours]).isNull(), F.lit(f"{ours} is null")) for ours in REQUIRED[contract.name]]
    if contract is GAUGES:
        faults += _gauge_faults(typed["gauge"], typed["value"], gauges)
    whole = F.coalesce(F.col(MALFORMED), F.to_json(F.struct(*[_name(c) for c in delivered])))
    rows = raw.select(
        *[value.alias(name) for name, value in typed.items()],
        F.coalesce(*faults).alias(REASON),
        whole.alias(RAW),
        F.col(FILE),
    )
    if contract is INTERACTIONS:
        rows = _complete_interactions(rows, source, codes=codes, started_at=started_at)
    unused = tuple(c for c in delivered if c not in source.values())
    content = tuple(c.name for c in contract.written if c.name != "ingested_at" or c.name in source)
    return Delivery(contract, rows.drop(FILE), content, unused)


def _gauge_faults(gauge: Column, value: Column, gauges: Collection[str]) -> list[Column]:
    is_finite = ~F.isnan(value) & (F.abs(value) != F.lit(float("inf")))
    return [
        F.when(~gauge.isin(*gauges), F.lit("gauge is not one of the network's")),
        F.when(~is_finite, F.lit("value is not a finite number")),
        F.when(value < 0, F.lit("value is negative")),
    ]


def _complete_interactions(
    rows: DataFrame, source: Mapping[str, str], *, codes: Mapping[str, str], started_at: datetime
) -> DataFrame:
    if codes:
        named = F.create_map(*[F.lit(text) for pair in codes.items() for text in pair])
        rows = rows.withColumn("kind", F.coalesce(F.try_element_at(named, F.col("kind")), "kind"))
    if "ingested_at" not in source:
        rows = rows.withColumn("ingested_at", F.lit(started_at).cast("timestamp"))
    if "interaction_id" not in source:
        content = F.to_json(F.struct("occurred_at", "actor_id", "target_id", "kind", "post_id"))
        rows = rows.withColumn("content", content)
        equal = Window.partitionBy(FILE, "content").orderBy("ingested_at", RAW)
        ordinal = F.row_number().over(equal).cast("string")
        rows = rows.withColumn("interaction_id", F.substring(F.sha2(F.concat("content", ordinal), 256), 1, 32))
        rows = rows.drop("content")
    return rows


def _name(column: str) -> Column:
    return F.col(f"`{column.replace('`', '``')}`")


def _text(column: str) -> Column:
    return _name(column).cast("string")


def _cast(column: str | None, kind: str) -> Column:
    if column is None:
        return F.lit(None).cast(kind)
    text = _text(column)
    match kind:
        case "string":
            return text
        case "timestamp":  # days and times as ISO 8601 (without a zone: UTC), or seconds since 1970
            seconds = text.try_cast("decimal(20,6)").try_cast("timestamp")
            iso = F.when(text.rlike(ISO_DAY), text.try_cast("timestamp"))
            return F.when(text.rlike(EPOCH_SECONDS), seconds).otherwise(iso)
        case "date":
            return F.when(text.rlike(ISO_DAY), text.try_cast("date"))
        case _:
            return text.try_cast(kind)
