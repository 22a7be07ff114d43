"""Rows are brought to their contract, or set apart with a reason."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.domain.contracts import JUDGED, TableContract
from kloutspark.domain.errors import ContractError
from kloutspark.domain.windows import Span

NEEDED = ("interaction_id", "occurred_at", "actor_id", "target_id", "kind")


def conform(frame: DataFrame, contract: TableContract) -> DataFrame:
    """The contract's columns in its order; one that is missing or of another type is refused.

    Raises:
        ContractError: names the column, the expected and the found type.
    """
    types = dict(frame.dtypes)
    for column in contract.columns:
        if (found := types.get(column.name, "no such column")) != column.type:
            where = f"{contract.name}.{column.name}"
            remedy = "Convert it where it is computed, or change the contract and its readers."
            raise ContractError(where, expected=column.type, found=found, remedy=remedy)
    return frame.select(*contract.names)


def judge(
    rows: DataFrame, refused: DataFrame | None, *, network: str, kinds: Mapping[str, float], window: Span
) -> DataFrame:
    """Every input row of a network with its day, and why it does not count where it does not (JUDGED).

    A row on or after the window's end or before its start is outside and is not judged further. `refused`
    (account_id) names accounts whose type does not count on this network, as actor or target. "Future" is judged
    against the row's own ingested_at, never against a clock: more than a day later.
    """
    day = F.to_date("occurred_at")
    is_outside = F.coalesce((day < F.lit(window.start)) | (day >= F.lit(window.end)), F.lit(False))
    is_refused: Column = F.lit(False)
    if refused is not None:
        for role in ("actor", "target"):
            marked = refused.select(F.col("account_id").alias(f"{role}_id"), F.lit(True).alias(f"is_{role}_refused"))
            rows = rows.join(marked, f"{role}_id", how="left")
        is_refused = F.coalesce(F.col("is_actor_refused"), F.col("is_target_refused"), F.lit(False))
    is_future = F.col("occurred_at") > F.col("ingested_at") + F.expr("INTERVAL 1 DAY")
    reason = F.coalesce(
        *[F.when(F.col(name).isNull(), F.lit(f"{name} is null")) for name in NEEDED],
        F.when(~F.col("kind").isin(*kinds), F.lit("kind is not one of the network's")),
        F.when(is_future, F.lit("occurred_at is more than a day after ingested_at")),
        F.when(is_refused, F.lit("account type does not count on the network")),
    )
    judged = rows.select(
        "*",
        day.alias("day"),
        F.lit(network).alias("network"),
        by_kind(kinds).alias("kind_value"),
        is_outside.alias("is_outside"),
        F.when(~is_outside, reason).alias("reason"),
    )
    return conform(judged, JUDGED)


def by_network(values: Mapping[str, Column], *, none: str) -> Column:
    """The value of the row's network; null, of the type `none`, for another one."""
    cases = [F.when(F.col("network") == network, value) for network, value in values.items()]
    return F.coalesce(*cases, F.lit(None).cast(none))


def by_kind(values: Mapping[str, float]) -> Column:
    """The value of the row's kind, null for an unknown one."""
    cases = [F.when(F.col("kind") == kind, F.lit(float(value))) for kind, value in values.items()]
    return F.coalesce(*cases) if cases else F.lit(None).cast("double")


def micros(value: Column) -> Column:
    """Whole millionths, rounded half up: sums of them are the same in any order.

    >>> evaluate(micros(F.lit(0.0000005)), micros(F.lit(1.25)))
    [1, 1250000]
    """
    return F.floor(value * 1_000_000 + 0.5).cast("bigint")
