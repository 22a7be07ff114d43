"""What is measured of a candidate, in one pass, before it is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Gate
from kloutspark.domain.counts import Counts
from kloutspark.domain.vitals import QUANTILES

WHOLE_DAY = ""  # the network of a vital that is measured of all networks together


@dataclass(frozen=True)
class Volume:
    """What a network's tiles hold: pairs by day of the window."""

    pairs_by_day: Mapping[date, int]

    def freshness_days(self, end: date, *, window_days: int, complete: date | None) -> int:
        """Whole undelivered days before the windows' end, at most the window; `complete` is delivered without a row."""
        newest = max(self.pairs_by_day, default=end - timedelta(days=window_days + 1))
        return (end - max(newest, complete or newest)).days - 1

    def ratio(self, end: date, *, days: int) -> float:
        """Pairs of the windows' last day to the median of the days before; 1 where nothing came before."""
        yesterday = end - timedelta(days=1)
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
    cents, known = "round(score * 100)", ", ".join(map(repr, ("", *networks)))
    parts = "aggregate(parts, 0D, (sum, part) -> sum + round(part.points * 100))"
    named = "concat(transform(parts, p -> p.network), transform(accounts, a -> a.network))"
    faults = {
        "null_ids": "person_id IS NULL OR person_id = ''",
        "scores_out_of_range": "NOT (score IS NOT NULL AND NOT isnan(score) AND score BETWEEN 1 AND 100)",
        "scores_not_hundredths": f"abs({cents} - score * 100) > 1e-6",
        "parts_not_summing": f"NOT coalesce({parts} = {cents}, false)",
        "unknown_networks": f"coalesce(exists({named}, n -> n IS NULL OR n NOT IN ({known})), true)",
        "bands_invalid": "NOT coalesce(band_low BETWEEN 1 AND score AND band_high BETWEEN score AND 100, false)",
        "evidence_invalid": "NOT (evidence IS NOT NULL AND NOT isnan(evidence) AND evidence >= 0)",
    }
    is_ours = (F.col("as_of") == F.lit(as_of)) & (F.col("run_id") == F.lit(run_id))
    people = candidate.groupBy("person_id").agg(
        F.expr("count(*) AS rows"),
        F.expr("first(score) AS score"),
        F.expr("first(evidence) AS evidence"),
        *[F.expr(f"count_if({is_faulty}) AS {name}") for name, is_faulty in faults.items()],
        F.count_if(~F.coalesce(is_ours, F.lit(False))).alias("wrong_day_or_run"),
    )
    both = people.join(before.select("person_id", F.col("score").alias("score_before")), "person_id", how="full")
    stay = "rows IS NOT NULL AND score_before IS NOT NULL"
    moved = f"abs(round((score - score_before) * 100)) > {gate.drift.mover_points * 100!r}D"
    is_tie = f"count(DISTINCT evidence) <= 1 AND count(rows) < {gate.equal_scores.people_min}"
    is_equal = f"count(rows) >= 2 AND count(DISTINCT score) <= 1 AND NOT ({is_tie})"
    quantiles = f"array({', '.join(f'{q!r}D' for q in QUANTILES)})"
    totals = {
        "people": "count(rows)",
        "people_before": "count(score_before)",
        "stayed": f"count_if({stay})",
        "moved": f"count_if({stay} AND {moved})",
        **{f"quantiles_{c}": f"percentile({c}, {quantiles})" for c in ("score", "score_before")},
        "duplicate_keys": "coalesce(sum(rows - 1), 0)",
        **{name: f"coalesce(sum({name}), 0)" for name in (*faults, "wrong_day_or_run")},
        "all_equal": f"if({is_equal}, 1, 0)",
    }
    return both.agg(*[F.expr(f"{text} AS {name}") for name, text in totals.items()])


def collect_vitals(
    measured: DataFrame,
    volumes: Mapping[str, Volume],
    counts: Mapping[str, Counts],
    *,
    unsettled_graphs: int,
    ends: Mapping[str, date],
    complete: Mapping[str, date | None],
    window_days: int,
    gate: Gate,
) -> dict[tuple[str, str], float]:
    """All vitals by name and network, with those that the run itself knows.

    `ends` gives the day before which a network's windows end, which is earlier for one that is held; `complete` the
    newest day that was delivered as complete.
    """
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
        days = volume.freshness_days(ends[network], window_days=window_days, complete=complete[network])
        vitals["freshness_days", network] = float(days)
        vitals["volume_ratio", network] = volume.ratio(ends[network], days=gate.drift.volume_days)
        vitals["quarantined_share", network] = c.quarantined / inside
        vitals["duplicate_share", network] = c.duplicate / inside
    return vitals


def count_volumes(targets: DataFrame) -> dict[str, Volume]:
    """Pairs by network and day of tiles (TARGETS)."""
    days: dict[str, dict[date, int]] = {}
    for row in targets.groupBy("network", "day").agg(F.sum("pairs").alias("pairs")).collect():
        days.setdefault(row["network"], {})[row["day"]] = row["pairs"]
    return {network: Volume(pairs) for network, pairs in days.items()}
