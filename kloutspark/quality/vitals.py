"""What is measured of a candidate, in one pass, before it is judged."""

from collections.abc import Mapping, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.config import EqualScores


def measure_vitals(
    candidate: DataFrame, *, as_of: date, run_id: str, networks: Sequence[str], equal_scores: EqualScores
) -> DataFrame:
    """One row of numbers about a candidate (SCORES): each is a count, and most should be zero.

    `all_equal` is 1 where two people or more have one score although their evidence differs, or where that many
    people have one score at all that it can be no honest tie.
    """
    score, whole = F.col("score"), F.round(F.col("score") * 100)
    parts = F.aggregate("parts", F.lit(0.0), lambda sum_, part: sum_ + F.round(part["points"] * 100))
    named = F.transform("parts", lambda p: p["network"])
    named = F.concat(named, F.transform("accounts", lambda a: a["network"]))
    is_unknown = F.exists(named, lambda n: n.isNull() | ~n.isin("", *networks))
    valid = F.col("evidence").isNotNull() & ~F.isnan("evidence") & (F.col("evidence") >= 0)
    in_range = score.isNotNull() & ~F.isnan(score) & score.between(1, 100)
    is_ours = (F.col("as_of") == F.lit(as_of)) & (F.col("run_id") == F.lit(run_id))
    people, scores = F.count("*"), F.count_distinct("score")
    is_tie = F.count_distinct("evidence") <= 1
    return (
        candidate.groupBy("person_id")
        .agg(
            F.count("*").alias("rows"),
            *[
                value.alias(name)
                for name, value in {
                    "score": F.first("score"),
                    "evidence": F.first("evidence"),
                    "null": _some(F.col("person_id").isNull() | (F.col("person_id") == "")),
                    "range": _some(~in_range),
                    "cents": _some(F.abs(whole - score * 100) > 1e-6),
                    "parts": _some(~F.coalesce(parts == whole, F.lit(False))),
                    "network": _some(F.coalesce(is_unknown, F.lit(True))),
                    "invalid": _some(~valid),
                    "wrong": _some(~F.coalesce(is_ours, F.lit(False))),
                }.items()
            ],
        )
        .agg(
            people.alias("people"),
            _total("null").alias("null_ids"),
            F.coalesce(F.sum(F.col("rows") - 1), F.lit(0)).alias("duplicate_keys"),
            _total("range").alias("scores_out_of_range"),
            _total("cents").alias("scores_not_hundredths"),
            _total("parts").alias("parts_not_summing"),
            _total("network").alias("unknown_networks"),
            _total("invalid").alias("evidence_invalid"),
            _total("wrong").alias("wrong_day_or_run"),
            F.when((people >= 2) & (scores <= 1) & (~is_tie | (people >= equal_scores.people_min)), 1)
            .otherwise(0)
            .alias("all_equal"),
        )
    )


def collect_vitals(vitals: DataFrame, *, unaccounted_rows: int) -> dict[str, float]:
    """The numbers, with those that the run itself knows."""
    row: Mapping[str, int] = vitals.collect()[0].asDict()
    return {**{name: float(value) for name, value in row.items()}, "unaccounted_rows": float(unaccounted_rows)}


def _some(condition: Column) -> Column:
    return F.count_if(condition)


def _total(name: str) -> Column:
    return F.coalesce(F.sum(name), F.lit(0))
