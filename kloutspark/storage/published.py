"""Published scores as a reader sees them: the newest day, or a given one."""

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.domain.contracts import (
    BEHAVIOUR,
    FEATURE_NAMES,
    FEATURES,
    GATE_RESULTS,
    INTERACTIONS,
    PAIRS,
    RUNS,
    SCORES,
    SCORES_CANDIDATE,
    TARGETS,
    TableContract,
)
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.domain.vitals import QUANTILES
from kloutspark.domain.windows import Span
from kloutspark.storage.manifest import Manifest, find, is_kept, last_finished, newest_score
from kloutspark.storage.tables import Tables

log = logging.getLogger(__name__)

SAMPLE = 1_000_000  # of so many the highest known share, .002, still is 2,000 people; 8 MB on the driver
NO_ROW = "An unlinked account is <network>:<account_id>; who only reacted or opted out has no row."


def day_of(tables: Tables, as_of: date | None) -> tuple[date, DataFrame]:
    """A published day, the newest where none is given, with its rows (SCORES).

    Raises:
        InputError: nothing is published under the root.
        ConfigError: the given day is not published.
    """
    if not tables.exists(SCORES):
        raise _nothing(tables.root)
    scores = tables.read(SCORES, version=tables.version(SCORES))
    days = sorted(row[0] for row in scores.select("as_of").distinct().collect())
    if not days:
        raise _nothing(tables.root)
    if as_of is not None and as_of not in days:
        expected = f"a published day ({days[0]} .. {days[-1]})"
        raise ConfigError("--as-of", expected=expected, found=str(as_of), remedy="Score that day, or name another.")
    chosen = as_of or days[-1]
    return chosen, scores.where(F.col("as_of") == F.lit(chosen))


def published_days(tables: Tables) -> list[date]:
    """The days that finished runs have published, ascending; what a killed run left is none of them."""
    last, _ = last_finished(tables)
    if last is None:
        return []
    if last.published is not None:
        return list(last.published)
    scores = tables.read(SCORES, version=last.kept[SCORES.name])
    return sorted(row[0] for row in scores.select("as_of").distinct().collect())


def named_features(tables: Tables, as_of: date | None) -> DataFrame:
    """The features of a published day, the newest where none is given, by name: network, account_id, signals, a map.

    Raises:
        InputError: nothing is published under the root.
        ConfigError: the given day is not published.
    """
    day, _ = day_of(tables, as_of)
    vectors = tables.read(FEATURES, version=tables.version(FEATURES)).where(F.col("as_of") == F.lit(day))
    return _named(tables, vectors)


def _named(tables: Tables, vectors: DataFrame) -> DataFrame:
    names = tables.read(FEATURE_NAMES, version=tables.version(FEATURE_NAMES)).distinct()
    by_name = F.map_from_arrays("names", "signals").alias("signals")
    return vectors.join(names, ["fingerprint", "network"]).select("network", "account_id", by_name)


def top(tables: Tables, *, as_of: date | None, count: int) -> list[dict[str, Any]]:
    """The highest scores of a day, ties by more evidence, then by id."""
    _, rows = day_of(tables, as_of)
    best = rows.orderBy(F.desc("score"), F.desc("evidence"), "person_id").limit(count)
    return [row.asDict(recursive=True) for row in best.collect()]


def distribution(tables: Tables, *, as_of: date | None, ranges: Iterable[tuple[int, int]]) -> dict[str, Any]:
    """How many scores of a day lie in each range of whole scores, first and last: 10 to 14 ends below 15."""
    day, rows = day_of(tables, as_of)
    inside = [F.count_if((F.col("score") >= low) & (F.col("score") < high + 1)) for low, high in ranges]
    people, *counts = rows.agg(F.count("*"), *inside).collect()[0]
    return {"as_of": day, "people": people, "in_ranges": counts}


def evidence(tables: Tables, *, as_of: date | None, most: int = SAMPLE) -> tuple[date, npt.NDArray[np.float64]]:
    """A published day and its people's evidence, in no order; of more than `most` people that of about so many.

    Which of them is decided by a hash of their ids: the same day gives the same sample.

    Raises:
        InputError: nothing is published under the root.
        ConfigError: the given day is not published.
    """
    day, rows = day_of(tables, as_of)
    if (people := rows.count()) > most:
        rows = rows.where(F.expr(f"pmod(xxhash64(person_id), {people}) < {most}"))
    return day, rows.select("evidence").toArrow()["evidence"].to_numpy()


def person(tables: Tables, person_id: str, *, as_of: date | None) -> dict[str, Any]:
    """One person's row of a day.

    Raises:
        ConfigError: the person has no row on it.
    """
    day, rows = day_of(tables, as_of)
    found = rows.where(F.col("person_id") == F.lit(person_id)).collect()
    if not found:
        raise ConfigError("PERSON", expected=f"somebody with a score on {day}", found=person_id, remedy=NO_ROW)
    return dict(found[0].asDict(recursive=True))


def background(tables: Tables, row: Mapping[str, Any], *, window_days: int) -> dict[str, Any]:
    """What stands behind a person's row (SCORES): the score without the step limit, ranks, actors, held networks.

    `ranks` are in mean ranks of their graph, None where an account is not in it; `actors` tells of each account how
    many people reacted in the window, how many of them were new to the network and as how many these count, and how
    many daily reactors counted less for each doubt: numbers, never whose. `held` gives, of the person's networks that
    were waited for, the day through which each was delivered. All as of the run that made the row; of one whose files
    maintenance has removed neither ranks nor actors are told.
    """
    made = find(tables, row["run_id"])
    accounts = [(a["network"], a["account_id"]) for a in row["accounts"]]
    networks = {n for n, _ in accounts}
    held = {n: day for n, day in made.held.items() if n in networks}
    limit = sum(p["points"] for p in row["parts"] if (p["network"], p["signal"]) == ("", "step_limit"))
    found = {"without_step_limit": round(row["score"] - limit, 2), "ranks": [], "actors": [], "held": held}
    if not is_kept(tables, made, (FEATURES, TARGETS)):
        log.warning("ranks and actors of %s are not told: the files of its run are no longer kept", row["as_of"])
        return found
    vectors = tables.read(FEATURES, version=made.kept[FEATURES.name]).where(F.col("as_of") == F.lit(row["as_of"]))
    mine = _named(tables, vectors.where(F.col("account_id").isin([a for _, a in accounts])))
    signals = {(f["network"], f["account_id"]): f["signals"] for f in mine.collect()}
    names = ("engagement_rank", "page_rank")
    ranks = [
        {"network": n, "account_id": a, **{name: signals[n, a].get(name) for name in names}}
        for n, a in accounts
        if (n, a) in signals
    ]
    distinct = f"actors_distinct_{window_days}d"
    counted = {account: found[distinct] for account, found in signals.items() if distinct in found}
    return {**found, "ranks": ranks, "actors": _actors(tables, made, counted, window_days=window_days)}


def _actors(
    tables: Tables, made: Manifest, counted: Mapping[tuple[str, str], float], *, window_days: int
) -> list[dict[str, Any]]:
    """Who reacted to accounts in the window that a run looked at, in numbers; `counted` are their distinct actors."""
    found = []
    tiles = tables.read(TARGETS, version=made.kept[TARGETS.name])
    for (network, account), distinct in sorted(counted.items()):
        window = Span.before(made.windows_end(network), days=window_days)
        mine = tiles.where((F.col("network") == F.lit(network)) & (F.col("target_id") == F.lit(account)))
        mine = mine.where((F.col("day") >= F.lit(window.start)) & (F.col("day") < F.lit(window.end)))
        is_first = f"coalesce(previous_day < DATE '{window.start}', true)"
        doubts = [f"coalesce(sum(try_element_at(doubted, '{name}')), 0L) AS {name}" for name in BEHAVIOUR]
        sums = mine.selectExpr("*", f"{is_first} AS is_first").agg(
            F.expr("coalesce(sum(pairs) FILTER (WHERE is_first), 0L) AS people"),
            F.expr("coalesce(sum(pairs) FILTER (WHERE is_first AND is_newcomer), 0L) AS newcomers"),
            F.expr(
                "coalesce(sum(authenticity_micros) FILTER (WHERE is_first AND NOT is_newcomer), 0L) / 1e6D AS known"
            ),
            *[F.expr(text) for text in doubts],
        )
        people, newcomers, known, *doubted = sums.collect()[0]
        by_doubt = {name: n for name, n in zip(BEHAVIOUR, doubted, strict=True) if n}
        numbers = {"people": people, "newcomers": newcomers, "newcomers_count_as": round(max(distinct - known, 0.0), 2)}
        found.append({"network": network, "account_id": account, **numbers, "doubted": by_doubt})
    return found


def weights_of_accounts(tables: Tables, as_of: date, network: str, *, window_days: int) -> DataFrame:
    """What is left of the reactions of each account that acted in the window by authenticity: account_id, weight.

    The mean over the account's pairs and days of its authenticity, times, where it was a newcomer, the part of its
    target's newcomers that counts in the longest window. As of the root's newest run, which speaks for the day.
    """
    start = as_of - timedelta(days=window_days)
    pairs = _tiles(tables, PAIRS, as_of, network).where(
        (F.col("day") >= F.lit(start)) & F.expr("actor_id <> target_id")
    )
    firsts = pairs.where(f"coalesce(previous_day < DATE '{start}', true)").groupBy("target_id")
    brought = {"known": "NOT is_newcomer", "newcomers": "is_newcomer"}
    sums = firsts.agg(
        *[F.expr(f"sum(if({who}, authenticity_micros, 0)) / 1e6D AS {name}") for name, who in brought.items()]
    )
    vectors = tables.read(FEATURES, version=tables.version(FEATURES))
    named = _named(tables, vectors.where((F.col("as_of") == F.lit(as_of)) & (F.col("network") == F.lit(network))))
    distinct = named.selectExpr("account_id AS target_id", f"signals['actors_distinct_{window_days}d'] AS distinct")
    part = "CASE WHEN newcomers > 0 THEN greatest(least((distinct - known) / newcomers, 1), 0) ELSE 1D END AS part"
    parts = sums.join(distinct, "target_id", how="inner").selectExpr("target_id", part)
    weight = "avg(authenticity_micros / 1e6D * if(is_newcomer, coalesce(part, 1D), 1D)) AS weight"
    return pairs.join(parts, "target_id", how="left").groupBy(F.col("actor_id").alias("account_id")).agg(F.expr(weight))


def history(tables: Tables, person_id: str, *, days: int, until: date | None = None) -> list[dict[str, Any]]:
    """A person's rows of the days until a published one, the newest where none is given; oldest first.

    Raises:
        InputError: nothing is published under the root.
        ConfigError: the last day is not published, or the person has no row in those days.
    """
    newest, _ = day_of(tables, until)
    rows = tables.read(SCORES, version=tables.version(SCORES)).where(F.col("person_id") == F.lit(person_id))
    rows = rows.where(F.col("as_of").between(newest - timedelta(days=days - 1), newest))
    found = rows.select("as_of", "score", "band_low", "band_high", "change").orderBy("as_of").collect()
    if not found:
        expected = f"somebody with a score in the {days} days until {newest}"
        raise ConfigError("PERSON", expected=expected, found=person_id, remedy=NO_ROW)
    return [dict(row.asDict()) for row in found]


def compare(tables: Tables, first: date, second: date, *, count: int) -> dict[str, Any]:
    """How two published days differ: people, quantiles of their scores, and who moved most.

    Raises:
        ConfigError: one of the days is not published.
    """
    (_, before), (_, after) = day_of(tables, first), day_of(tables, second)
    both = before.select("person_id", F.col("score").alias("before")).join(
        after.select("person_id", F.col("score").alias("after")), "person_id", how="full"
    )
    quantiles = [F.percentile(c, list(QUANTILES)).alias(f"{c}_quantiles") for c in ("before", "after")]
    moved = F.col("after") - F.col("before")
    stays = F.col("before").isNotNull() & F.col("after").isNotNull()
    whole = both.agg(
        F.count("before").alias("people_before"),
        F.count("after").alias("people_after"),
        F.count_if(stays & (moved > 0)).alias("rose"),
        F.count_if(stays & (moved < 0)).alias("fell"),
        F.round(F.avg(moved), 4).alias("mean_change"),
        *quantiles,
    ).collect()[0]
    moves = both.where(stays).select("person_id", "before", "after", F.round(moved, 2).alias("change"))
    up = moves.where("change > 0").orderBy(F.desc("change"), "person_id").limit(count).collect()
    down = moves.where("change < 0").orderBy("change", "person_id").limit(count).collect()
    summary = {"first": first, "second": second, **whole.asDict()}
    steps = zip(QUANTILES, summary.pop("before_quantiles"), summary.pop("after_quantiles"), strict=True)
    summary["quantiles"] = [{"share": q, "before": round(a, 2), "after": round(b, 2)} for q, a, b in steps]
    return {**summary, "risers": [r.asDict() for r in up], "fallers": [r.asDict() for r in down]}


def scores_of_accounts(tables: Tables, as_of: date, network: str) -> DataFrame:
    """The scores of a day, published or refused, by account: person_id, account_id, score, accounts, share.

    Accounts of one network; `score` is the one before the step limit, `accounts` how many the person has there, `share`
    the part of their points from there.
    """
    rows = tables.read(SCORES_CANDIDATE, version=tables.version(SCORES_CANDIDATE))
    rows = rows.where(F.col("as_of") == F.lit(as_of)).withColumns(
        {
            "mine": F.filter("accounts", lambda a: a["network"] == F.lit(network)),
            "here": F.expr("filter(parts, p -> p.network != '')"),
        }
    )
    points = "aggregate({}, 0D, (total, p) -> total + p.points)"
    of_network = F.filter("here", lambda p: p["network"] == F.lit(network))
    rows = rows.withColumns({"of_network": of_network, "count": F.size("mine")})
    share = F.expr(f"try_divide({points.format('of_network')}, {points.format('here')})")
    held = points.format("filter(parts, p -> p.signal = 'step_limit')")
    return rows.select(
        "person_id",
        F.explode("mine.account_id").alias("account_id"),
        F.expr(f"round(score - {held}, 2)").alias("score"),
        F.col("count").alias("accounts"),
        share.alias("share"),
    )


def counted_interactions(tables: Tables, as_of: date, network: str) -> DataFrame:
    """The rows of a network before a day that credit somebody: actor_id, target_id, occurred_at.

    As far back as the tiles reach.
    """
    rows = tables.read(INTERACTIONS, version=tables.version(INTERACTIONS, network), network=network)
    pairs = _tiles(tables, PAIRS, as_of, network).where("actor_id != target_id").select("day", "actor_id", "target_id")
    dated = rows.select("actor_id", "target_id", "occurred_at", F.to_date("occurred_at").alias("day"))
    return dated.join(pairs, ["day", "actor_id", "target_id"], how="left_semi").drop("day")


def _tiles(tables: Tables, contract: TableContract, as_of: date, network: str) -> DataFrame:
    rows = tables.read(contract, version=tables.version(contract))
    return rows.where((F.col("network") == F.lit(network)) & (F.col("day") < F.lit(as_of)))


def runs(tables: Tables, *, count: int) -> list[dict[str, Any]]:
    """The newest runs of the root, newest first."""
    if not tables.exists(RUNS):
        raise _nothing(tables.root)
    rows = tables.read(RUNS, version=tables.version(RUNS)).orderBy(F.desc("number")).limit(count).collect()
    return [{**row.asDict(), "manifest": json.loads(row["manifest"])} for row in rows]


def cost(tables: Tables, *, as_of: date | None) -> dict[str, Any]:
    """What each stage (Stage) of the newest scoring run of a day cost; of the newest run of all where no day is given.

    `rows` are the input rows that the run read, of all networks.

    Raises:
        InputError: nothing was scored under the root.
        ConfigError: the given day was not.
    """
    made = newest_score(tables, as_of)
    run = made.model_dump(include={"as_of", "run_id", "status", "started_at"})
    rows = sum(counts.read for counts in made.counts.values())
    return {**run, "rows": rows, "stages": [stage.model_dump() for stage in made.stages]}


def findings(tables: Tables, run_id: str) -> list[dict[str, Any]]:
    """What the gate found in a run, in the order of the suite's names.

    Raises:
        ConfigError: no run of that id was judged.
    """
    if not tables.exists(GATE_RESULTS):
        raise _nothing(tables.root)
    results = tables.read(GATE_RESULTS, version=tables.version(GATE_RESULTS))
    found = results.where(F.col("run_id") == F.lit(run_id)).orderBy("passed", "severity", "vital", "network").collect()
    if not found:
        raise ConfigError("--gate", expected="a judged run's id", found=run_id, remedy="kloutspark runs lists them.")
    return [dict(row.asDict()) for row in found]


def _nothing(root: str) -> InputError:
    remedy = "Run kloutspark score --as-of DAY first."
    return InputError(root, expected="published scores", found="none", remedy=remedy)
