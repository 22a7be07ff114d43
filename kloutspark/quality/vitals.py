"""What is measured of a candidate, in one pass, before it is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Gate
from kloutspark.domain.counts import Counts
from kloutspark.domain.vitals import QUANTILES

WHOLE_DAY = ""  # the network of a vital that is measured of all networks together


@dataclass(frozen=True)
class Volume:
    """What a network's tiles hold: pairs by day of the window."""

    pairs_by_day: Mapping[date, int]

    def freshness_days(self, as_of: date, *, window_days: int) -> int:
        """Whole days without a row before as_of, at most the window."""
        newest = max(self.pairs_by_day, default=as_of - timedelta(days=window_days + 1))
        return (as_of - newest).days - 1

    def ratio(self, as_of: date, *, days: int) -> float:
        """Yesterday's pairs to the median of the days before; 1 where nothing came before."""
        yesterday = as_of - timedelta(days=1)
        first = min(self.pairs_by_day, default=yesterday)
        past = [yesterday - timedelta(days=n) for n in range(1, days + 1)]
        usual = median([self.pairs_by_day.get(d, 0) for d in past if d >= first] or [0])
        return self.pairs_by_day.get(yesterday, 0) / usual if usual else 1.0


def measure_vitals(
    candidate: DataFrame, before: DataFrame, *, as_of: date, run_id: str, networks: Sequence[str], gate: Gate
) -> DataFrame:
    """One row of numbers about a candidate (SCORES), beside the last published day (SCORES, empty on a first day).

    Counts, most of which should be zero, and what moved. `all_equal` is 1 where two people or more have one score
    although their evidence differs, or where that many people have one score at all that it can be no honest tie.
    """
    score, whole = F.col("score"), F.round(F.col("score") * 100)
    parts = F.aggregate("parts", F.lit(0.0), lambda sum_, part: sum_ + F.round(part["points"] * 100))
    named = F.transform("parts", lambda p: p["network"])
    named = F.concat(named, F.transform("accounts", lambda a: a["network"]))
    is_unknown = F.exists(named, lambda n: n.isNull() | ~n.isin("", *networks))
    valid = F.col("evidence").isNotNull() & ~F.isnan("evidence") & (F.col("evidence") >= 0)
    in_range = score.isNotNull() & ~F.isnan(score) & score.between(1, 100)
    is_ours = (F.col("as_of") == F.lit(as_of)) & (F.col("run_id") == F.lit(run_id))
    people = candidate.groupBy("person_id").agg(
        F.count("*").alias("rows"),
        F.first("score").alias("score"),
        F.first("evidence").alias("evidence"),
        F.count_if(F.col("person_id").isNull() | (F.col("person_id") == "")).alias("null"),
        F.count_if(~in_range).alias("range"),
        F.count_if(F.abs(whole - score * 100) > 1e-6).alias("cents"),
        F.count_if(~F.coalesce(parts == whole, F.lit(False))).alias("parts"),
        F.count_if(F.coalesce(is_unknown, F.lit(True))).alias("network"),
        F.count_if(~valid).alias("invalid"),
        F.count_if(~F.coalesce(is_ours, F.lit(False))).alias("wrong"),
    )
    both = people.join(before.select("person_id", F.col("score").alias("score_before")), "person_id", how="full")
    moved = F.abs(F.round((F.col("score") - F.col("score_before")) * 100)) > gate.drift.mover_points * 100
    stay = F.col("rows").isNotNull() & F.col("score_before").isNotNull()
    is_tie = F.count_distinct("evidence") <= 1
    count, one_score = F.count("rows"), F.count_distinct("score") <= 1
    is_equal = (count >= 2) & one_score & (~is_tie | (count >= gate.equal_scores.people_min))
    quantiles = [F.percentile(c, list(QUANTILES)).alias(f"quantiles_{c}") for c in ("score", "score_before")]
    return both.agg(
        count.alias("people"),
        F.count("score_before").alias("people_before"),
        F.count_if(stay).alias("stayed"),
        F.count_if(stay & moved).alias("moved"),
        *quantiles,
        _total("null").alias("null_ids"),
        F.coalesce(F.sum(F.col("rows") - 1), F.lit(0)).alias("duplicate_keys"),
        _total("range").alias("scores_out_of_range"),
        _total("cents").alias("scores_not_hundredths"),
        _total("parts").alias("parts_not_summing"),
        _total("network").alias("unknown_networks"),
        _total("invalid").alias("evidence_invalid"),
        _total("wrong").alias("wrong_day_or_run"),
        F.when(is_equal, 1).otherwise(0).alias("all_equal"),
    )


def collect_vitals(
    measured: DataFrame,
    volumes: Mapping[str, Volume],
    counts: Mapping[str, Counts],
    *,
    unsettled_graphs: int,
    as_of: date,
    window_days: int,
    gate: Gate,
) -> dict[tuple[str, str], float]:
    """All vitals by name and network, with those that the run itself knows."""
    row = dict(measured.collect()[0].asDict())
    stayed, moved, people, before = (row.pop(n) for n in ("stayed", "moved", "people", "people_before"))
    now, then = (row.pop(f"quantiles_{c}") or [] for c in ("score", "score_before"))
    whole = {
        **row,
        "people": people,
        "people_change": people / before if before else 1.0,
        "quantile_drift_points": max((abs(a - b) for a, b in zip(now, then, strict=False)), default=0.0),
        "movers_share": moved / stayed if stayed else 0.0,
        "unsettled_graphs": unsettled_graphs,
        "unaccounted_rows": sum(abs(c.unaccounted) for c in counts.values()),
    }
    vitals = {(name, WHOLE_DAY): float(value) for name, value in whole.items()}
    for network, c in counts.items():
        volume, inside = volumes.get(network, Volume({})), max(1, c.read - c.outside)
        vitals["freshness_days", network] = float(volume.freshness_days(as_of, window_days=window_days))
        vitals["volume_ratio", network] = volume.ratio(as_of, days=gate.drift.volume_days)
        vitals["quarantined_share", network] = c.quarantined / inside
        vitals["duplicate_share", network] = c.duplicate / inside
    return vitals


def count_volumes(targets: DataFrame) -> dict[str, Volume]:
    """Pairs by network and day of tiles (TARGETS)."""
    days: dict[str, dict[date, int]] = {}
    for row in targets.groupBy("network", "day").agg(F.sum("pairs").alias("pairs")).collect():
        days.setdefault(row["network"], {})[row["day"]] = row["pairs"]
    return {network: Volume(pairs) for network, pairs in days.items()}


def _total(name: str) -> Column:
    return F.coalesce(F.sum(name), F.lit(0))
