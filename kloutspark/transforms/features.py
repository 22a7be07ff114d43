"""From tiles to one vector an account: every signal of the catalogue from one pass over the window's tiles."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.domain.signals import Signal
from kloutspark.domain.windows import Span

MICRO = 1_000_000
BITS = 62  # ages of a day held by one bigint; two reach 124 days, more than the longest window


def measure(targets: DataFrame, *, as_of: date, signals: Sequence[Signal]) -> DataFrame:
    """Signals of every account that received a reaction in the longest window: network, account_id, signals.

        actors_distinct(w) = authenticity of the pairs on day >= as_of - w whose previous day lies before as_of - w
        weight_sum(w)      = sum of weights on day >= as_of - w
        active_days(w)     = days >= as_of - w with at least one reaction

    The vector is `array<float>` in the order of `signals`. `targets` are TARGETS of the longest window, or rows of
    their shape.
    """
    age = F.date_diff(F.lit(as_of), F.col("day")) - 1
    bits = [F.when((age >= low) & (age < low + BITS), F.expr("1L")) for low in (0, BITS)]
    rows = targets.select(
        "network",
        "target_id",
        "day",
        "previous_day",
        "authenticity_micros",
        "weight_micros",
        F.aggregate(F.map_values("reactions"), F.lit(0).cast("bigint"), lambda n, r: n + r).alias("reactions"),
        *[
            F.call_function("shiftleft", bit, (age - low).cast("int")).alias(f"days_{low}")
            for low, bit in zip((0, BITS), bits, strict=True)
        ],
    )
    values = {s.name: _measured(s, as_of) for s in signals}
    sums = rows.groupBy("network", F.col("target_id").alias("account_id")).agg(
        *[value.alias(name) for name, value in values.items()]
    )
    vector = [(F.col(s.name) / MICRO if s.measure.is_micros else F.col(s.name)).cast("float") for s in signals]
    return sums.select("network", "account_id", F.array(*vector).alias("signals"))


def _measured(signal: Signal, as_of: date) -> Column:
    start = Span.before(as_of, days=signal.window_days).start
    inside = F.col("day") >= F.lit(start)
    is_new = inside & F.coalesce(F.col("previous_day") < F.lit(start), F.lit(True))
    nothing = F.lit(0).cast("bigint")
    match signal.measure.name:
        case "actors_distinct":
            return F.sum(F.when(is_new, F.col("authenticity_micros")).otherwise(nothing))
        case "weight_sum":
            return F.sum(F.when(inside, F.col("weight_micros")).otherwise(nothing))
        case "reactions_sum":
            return F.sum(F.when(inside, F.col("reactions")).otherwise(nothing))
        case "active_days_count":
            halves = [
                F.bit_count(F.coalesce(F.bit_or(F.when(inside, F.col(f"days_{low}"))), nothing)) for low in (0, BITS)
            ]
            return halves[0] + halves[1]
        case other:
            raise ValueError(f"no measure is called {other}")
