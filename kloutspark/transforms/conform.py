"""Rows are brought to their contract, or set apart with a reason."""

from collections.abc import Mapping, Sequence

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
    return frame if tuple(types) == contract.names else frame.select(*contract.names)


def judge(rows: DataFrame, refused: DataFrame | None, *, network: str, kinds: Sequence[str], window: Span) -> DataFrame:
    """Every input row of a network with its day, and why it does not count where it does not (JUDGED).

    A row on or after the window's end or before its start is outside and is not judged further. `refused`
    (account_id) names accounts whose type does not count on this network, as actor or target. "Future" is judged
    against the row's own ingested_at, never against a clock: more than a day later.
    """
    is_refused = "false"
    if refused is not None:
        for role in ("actor", "target"):
            marked = refused.selectExpr(f"account_id AS {role}_id", f"true AS is_{role}_refused")
            rows = rows.join(marked, f"{role}_id", how="left")
        is_refused = "coalesce(is_actor_refused, is_target_refused, false)"
    day, known = "to_date(occurred_at)", ", ".join(map(repr, kinds))
    is_outside = f"coalesce({day} < DATE '{window.start}' OR {day} >= DATE '{window.end}', false)"
    faults = {
        **{f"{name} IS NULL": f"{name} is null" for name in NEEDED},
        f"kind NOT IN ({known})" if known else "true": "kind is not one of the network\\'s",
        "occurred_at > ingested_at + INTERVAL 1 DAY": "occurred_at is more than a day after ingested_at",
        is_refused: "account type does not count on the network",
    }
    cases = " ".join(f"WHEN {is_faulty} THEN '{reason}'" for is_faulty, reason in faults.items())
    judged = rows.selectExpr(
        "*",
        f"{day} AS day",
        f"'{network}' AS network",
        f"{is_outside} AS is_outside",
        f"CASE WHEN {is_outside} THEN NULL {cases} END AS reason",
    )
    return conform(judged, JUDGED)


def by_network(texts: Mapping[str, str], *, none: str) -> str:
    """SQL for what stands for the row's network; null, of the type `none`, for another one.

    Names of networks are checked in config: they hold no quote.
    """
    cases = "".join(f" WHEN network = '{network}' THEN {text}" for network, text in texts.items())
    nothing = f"CAST(NULL AS {none})"
    return f"CASE{cases} ELSE {nothing} END" if cases else nothing


def kinds_by_network(kinds: Mapping[str, Sequence[str]]) -> str:
    """SQL for the kinds of the row's network, in their order."""
    return by_network({n: f"array({', '.join(map(repr, ks))})" for n, ks in kinds.items() if ks}, none="array<string>")


def micros(value: Column) -> Column:
    """Whole millionths, rounded half up: sums of them are the same in any order.

    >>> evaluate(micros(F.lit(0.0000005)), micros(F.lit(1.25)))
    [1, 1250000]
    """
    return F.floor(value * 1_000_000 + 0.5).cast("bigint")
