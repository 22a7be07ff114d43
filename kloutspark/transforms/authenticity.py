"""What a reaction is worth by who gives it: from what the actor did on earlier days, and who reacted to it (P15).

Two answers. A doubt about an actor's own days makes all its reactions cheaper. A newcomer's reactions count in full as
long as newcomers are as many beside those who are known on the target as is usual on the network, and hardly beyond.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from kloutspark.config import Authenticity, Doubts, Newcomers, Selectivity
from kloutspark.domain.contracts import ACTORS, DATED_ACTORS, JUDGEMENTS
from kloutspark.transforms.conform import by_network, conform
from kloutspark.transforms.tiles import ACTIVITY, ACTOR, IS_SELF, MICRO, selective, two_vouchers

DATED = "transform({}, v -> struct(day, v AS voucher))"  # vouchers of a day
NO_VOUCHERS = "CAST(array() AS array<struct<day:date,voucher:bigint>>)"
Usual = tuple[int, int]  # what newcomers, and what known ones bring to a network's targets, in millionths


def date_actors(
    counted: DataFrame,
    frozen: DataFrame,
    past: DataFrame,
    past_targets: DataFrame,
    created: DataFrame | None,
    follows: DataFrame | None,
    *,
    first_days: Mapping[str, date],
    built_from: Mapping[str, date],
    authenticity: Authenticity,
) -> DataFrame:
    """Everybody who acted on the days of `counted` (pairs with hours), as known from days before (DATED_ACTORS).

    Known by age: made `established_days` before the day; where nobody says when it was made, first seen so long ago,
    as actor or target, or in the first `settling_days` of the network's history, of which `first_days` gives the first
    day. `built_from` gives the first day of `counted`: an actor's days before it are added up before they are put in
    order. On days with less than `history_days` of it everybody is known and nothing is held against anybody.

    `past` (ACTOR_DAYS) and `past_targets` (TARGETS) are other days, `frozen` (ACTOR_DAYS) the days of `counted` as they
    were judged before; `created` (network, account_id, created_on) tells when accounts were made; `follows` is what
    `compare_follows` found.
    """
    others = counted.where(f"NOT ({IS_SELF})")
    acted = others.groupBy(*ACTOR).agg(*[F.expr(f"{text} AS {name}") for name, text in ACTIVITY.items()])
    eve = by_network({n: f"DATE '{day - timedelta(days=1)}'" for n, day in built_from.items()}, none="date")
    totals = {"days": "count(*)", "hours": "sum(bit_count(hours))", "acted_on": "min(day)"}
    totals |= {name: f"sum({name})" for name in ("reactions", "targets")}
    earlier = (  # of everybody: a semi join would be pushed below the sums, and move every row of the past
        past.where("reactions > 0")
        .groupBy("actor_id", "network", F.expr(f"greatest(day, {eve}) AS at"))
        .agg(*[F.expr(f"{text} AS {name}") for name, text in totals.items()])
        .withColumnRenamed("at", "day")
    )
    now = acted.selectExpr(*ACTOR, "1L AS days", "bit_count(hours) AS hours", "day AS acted_on", "reactions", "targets")
    timeline = now.withColumn("is_now", F.lit(True)).unionByName(earlier.withColumn("is_now", F.lit(False)))
    person = Window.partitionBy("actor_id", "network").orderBy("day")
    before = person.rowsBetween(Window.unboundedPreceding, -1)
    rows = timeline.select(
        *ACTOR,
        "is_now",
        *[F.sum(name).over(before).alias(f"{name}_before") for name in ("days", "reactions", "targets", "hours")],
        F.min("acted_on").over(person.rowsBetween(Window.unboundedPreceding, 0)).alias("acted_on"),
    ).where("is_now")
    seen = past_targets.select("network", "target_id", "day").unionByName(others.select("network", "target_id", "day"))
    received = seen.groupBy(F.col("target_id").alias("actor_id"), "network").agg(F.min("day").alias("received_on"))
    rows = rows.join(received, ["actor_id", "network"], how="left")
    if created is None:
        rows = rows.withColumn("created_on", F.lit(None).cast("date"))
    else:
        rows = rows.join(created.withColumnRenamed("account_id", "actor_id"), ["actor_id", "network"], how="left")
    judged = frozen.select(*ACTOR, F.col("is_newcomer").alias("is_frozen_newcomer"))
    rows = rows.join(judged, list(ACTOR), how="left")
    if follows is None:
        rows = rows.withColumn("followings_per_follower", F.lit(None).cast("double"))
    else:
        rows = rows.join(follows, list(ACTOR), how="left")
    newcomers = authenticity.newcomers
    first_day = by_network({n: f"DATE '{day}'" for n, day in first_days.items()}, none="date")
    is_judged = f"coalesce(day >= date_add({first_day}, {authenticity.history_days}), false)"
    since = f"date_sub(day, {newcomers.established_days})"
    settled = f"greatest({since}, date_add({first_day}, {newcomers.settling_days}))"
    is_old = f"if(created_on IS NOT NULL, created_on <= {since}, least(acted_on, received_on) <= {settled})"
    behaviour = {f"{name}_a_day": f"{name}_before / days_before" for name in ("reactions", "targets", "hours")}
    behaviour["followings_per_follower"] = "followings_per_follower"
    found = rows.selectExpr(
        *ACTOR,
        "is_frozen_newcomer",
        f"NOT {is_judged} OR {is_old} AS is_known",
        *[f"if({is_judged}, {text}, CAST(NULL AS double)) AS {name}" for name, text in behaviour.items()],
    )
    return conform(found, DATED_ACTORS)


def unknown_by_age(dated: DataFrame) -> DataFrame:
    """Accounts of DATED_ACTORS that are not known by age on some day: network, actor_id."""
    return dated.where("NOT is_known").select("network", "actor_id").distinct()


def know_actors(dated: DataFrame, unknown: DataFrame, past_targets: DataFrame) -> DataFrame:
    """The same actors (DATED_ACTORS) with who vouched for the `unknown_by_age` ones (ACTORS).

    `past_targets` (TARGETS) are other days than theirs.
    """
    vouched = (
        past_targets.where("size(vouchers) > 0")
        .selectExpr("network", "target_id AS actor_id", f"{DATED.format('vouchers')} AS vouchers")
        .join(unknown, ["actor_id", "network"], how="left_semi")
        .groupBy("actor_id", "network")
        .agg(F.flatten(F.collect_list("vouchers")).alias("vouchers"))
    )
    return conform(_two_earliest(dated.join(vouched, ["actor_id", "network"], how="left")), ACTORS)


def describe_actors(acted: DataFrame, follows: DataFrame | None) -> DataFrame:
    """What accounts did on a mean day on which they acted (ACTOR_DAYS): network, actor_id and what doubts are about.

    `follows` is what `compare_follows` found, one row an account.
    """
    days = acted.where("reactions > 0").groupBy("actor_id", "network")
    means = {"reactions": "avg(reactions)", "targets": "avg(targets)", "hours": "avg(bit_count(hours))"}
    found = days.agg(*[F.expr(f"{text} AS {name}_a_day") for name, text in means.items()])
    if follows is None:
        return found.withColumn("followings_per_follower", F.lit(None).cast("double"))
    return found.join(follows.drop("day"), ["actor_id", "network"], how="left")


def judge_actors(
    actors: DataFrame, counted: DataFrame, *, steps: int, authenticity: Authenticity, selectivity: Selectivity
) -> DataFrame:
    """What the reactions of actors (ACTORS) are worth (JUDGEMENTS).

        authenticity = max(least, exp(-sum over doubts of weight * max(0, ln(value / usual))))

    A newcomer is who is not known: by age, or because two different accounts that are known reacted to it on earlier
    days, each with at least `vouching_weight`. From one day of `counted` (pairs) to a later one this goes on for
    `steps` steps (in the spirit of EigenTrust: Kamvar, Schlosser, Garcia-Molina, WWW 2003).
    """
    state = actors.withColumnRenamed("vouchers", "stored").withColumn("vouchers", F.col("stored"))
    is_known = "(is_known OR coalesce(try_element_at(vouchers, 2).day < day, false))"
    weighs = f"{selective(selectivity)} >= {authenticity.newcomers.vouching_weight * MICRO!r}D"
    vouching = counted.where(f"NOT ({IS_SELF}) AND {weighs}").select(*ACTOR, "target_id")
    for _ in range(steps):
        known = state.where(f"if(is_frozen_newcomer IS NULL, {is_known}, NOT is_frozen_newcomer)").select(*ACTOR)
        vouched = vouching.join(known, list(ACTOR), how="left_semi").groupBy("target_id", "network", "day")
        by_day = vouched.agg(F.expr(f"{DATED.format(two_vouchers())} AS dated"))
        now = by_day.groupBy(F.col("target_id").alias("actor_id"), "network").agg(
            F.flatten(F.collect_list("dated")).alias("now")
        )
        state = state.drop("vouchers").join(now, ["actor_id", "network"], how="left")
        state = _two_earliest(state.withColumn("vouchers", F.expr("concat(stored, coalesce(now, array()))")))
        state = state.drop("now")
    doubts, total = _doubts(authenticity.doubts)
    least = f"{authenticity.doubts.least!r}D"
    judged = state.selectExpr(*ACTOR, f"NOT {is_known} AS judged_newcomer", f"{doubts} AS doubts").selectExpr(
        *ACTOR,
        f"CAST(floor(greatest({least}, exp(-({total}))) * {MICRO} + 0.5) AS bigint) AS judged_micros",
        "judged_newcomer",
        "if(array_max(doubts).doubt > 0, array_max(doubts).name, NULL) AS judged_doubt",
    )
    return conform(judged, JUDGEMENTS)


def _two_earliest(frame: DataFrame) -> DataFrame:
    """Of `vouchers` (null: none) the earliest one and the earliest other one, in this order."""
    earliest = frame.withColumn("first", F.array_min("vouchers"))
    other = "array_min(filter(vouchers, v -> v.voucher <> first.voucher))"
    both = f"coalesce(array_compact(array(first, {other})), {NO_VOUCHERS})"
    return earliest.withColumn("vouchers", F.expr(both)).drop("first")


def _doubts(doubts: Doubts) -> tuple[str, str]:
    """SQL for what is held against an actor by name, as an array `doubts`, and for its sum."""
    each = [
        f"struct({d.weight!r}D * greatest(coalesce(ln({name} / {d.usual!r}D), 0D), 0D) AS doubt, '{name}' AS name)"
        for name, d in doubts.each.items()
    ]
    return f"array({', '.join(each)})", "aggregate(doubts, 0D, (sum, d) -> sum + d.doubt)"


def sum_usual(sums: DataFrame, measures: Sequence[str], *, actors: str, newcomers: Newcomers) -> DataFrame:
    """What newcomers and known ones bring to all targets of a network (`features.sum_facts`), in millionths.

    Of the sums `newcomer_<measure>` and `<measure>`; of one target newcomers enter up to `usual_at_most` times what
    known ones bring, so that no single farm makes itself usual. One row a network, two columns a measure, and
    `newcomers` by `actors`, the measure of distinct actors of the longest window, where `unknown_target` counts as
    known everywhere: a few for each target of newcomers alone, so that a ring, where everybody reacts to everybody,
    cannot make a network look as if it knew nobody.
    """
    found = {"newcomers": f"sum({_entering(actors, newcomers, more=newcomers.unknown_target)})"}
    for measure in measures:
        found[f"newcomer_{measure}"] = f"sum({_entering(measure, newcomers)})"
        found[measure] = f"sum({measure})"
    own = sums.where("account_id IS NOT NULL").groupBy("network")
    return own.agg(*[F.expr(f"CAST(coalesce({text}, 0) AS bigint) AS {name}") for name, text in found.items()])


def _entering(measure: str, newcomers: Newcomers, *, more: float = 0.0) -> str:
    most = f"CAST(floor({newcomers.usual_at_most!r}D * ({measure} + {more * MICRO!r}D)) AS bigint)"
    return f"least(newcomer_{measure}, {most})"


def count_newcomers(
    sums: DataFrame,
    measures: Sequence[str],
    usual: Mapping[str, Mapping[str, Usual]],
    *,
    actors: str,
    newcomers: Newcomers,
) -> DataFrame:
    """Sums of known ones (`features.sum_facts`) with what newcomers add to them.

        usual = newcomers beside known ones on all other targets of the network = N / (M + in_full)
        full = times_usual * usual * (known + known_prior) + in_full
        added = newcomers where they are at most full, else full * (1 + beyond * (1 - full / newcomers))

    Where less than `known_share_min` of the others' distinct `actors` of the longest window are known, as they enter
    (`sum_usual`), the network knows too little of its people, and all count. With everybody else's reactions fixed it
    grows with every reaction, of newcomers and of known ones (P7): a target's own reactions do not enter what is usual
    beside it. `usual` gives N and M by network and measure, in millionths, and as `newcomers` what is held against M
    for the share.
    """
    least, prior = (f"{n * MICRO!r}D" for n in (newcomers.in_full, newcomers.known_prior))
    everybody = [by_network({n: f"{of['newcomers'][i]}L" for n, of in usual.items()}, none="bigint") for i in (0, 1)]
    known = f"greatest({everybody[1]} - {actors}, 0L)"
    strangers = f"greatest({everybody[0]} - {_entering(actors, newcomers, more=newcomers.unknown_target)}, 0L)"
    is_told = f"{known} > 0 AND {known} >= {newcomers.known_share_min!r}D * ({known} + {strangers})"
    added = {}
    for measure in measures:
        all_newcomers, all_known = (
            by_network({n: f"{of[measure][i]}L" for n, of in usual.items()}, none="bigint") for i in (0, 1)
        )
        others = f"greatest({all_newcomers} - {_entering(measure, newcomers)}, 0L)"
        ratio = f"{others} / (greatest({all_known} - {measure}, 0L) + {least})"
        full = f"({newcomers.times_usual!r}D * ({ratio}) * ({measure} + {prior}) + {least})"
        beyond = f"{full} * (1 + {newcomers.beyond!r}D * (1 - {full} / newcomer_{measure}))"
        is_full = f"newcomer_{measure} <= {full} OR NOT coalesce({is_told}, false)"
        counted = f"if({is_full}, CAST(newcomer_{measure} AS double), {beyond})"
        added[measure] = f"{measure} + if(newcomer_{measure} > 0, {counted}, 0D)"
    rest = [name for name in sums.columns if name not in added]
    return sums.selectExpr(*rest, *[f"{text} AS {name}" for name, text in added.items()])


def compare_follows(
    gauges: DataFrame,
    counted: DataFrame,
    *,
    follow_gauges: Mapping[str, tuple[str, str]],
    carry_days: Mapping[str, int],
) -> DataFrame:
    """How many accounts each actor of a day follows for each that follows it: ACTOR and followings_per_follower.

    By the newest measurements before the day (network, account_id, day, gauge, value), not older than they are carried;
    (1 + followings) / (1 + followers), null where either is not known.
    """
    acted = counted.select(*ACTOR).distinct().withColumnRenamed("day", "acted_on")
    mine = gauges.withColumnRenamed("account_id", "actor_id").join(acted, ["actor_id", "network"], how="inner")
    carried = by_network({n: str(days) for n, days in carry_days.items()}, none="int")
    known = mine.where(f"day < acted_on AND day >= date_sub(acted_on, {carried})")
    values = []
    for i in (0, 1):
        gauge = by_network({n: repr(names[i]) for n, names in follow_gauges.items()}, none="string")
        values.append(f"(1 + max_by(value, day) FILTER (WHERE gauge = {gauge}))")
    found = known.groupBy("actor_id", "network", F.col("acted_on").alias("day"))
    return found.agg(F.expr(f"{values[0]} / {values[1]} AS followings_per_follower"))
