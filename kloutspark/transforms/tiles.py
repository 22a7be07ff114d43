"""Tiles: the smallest stored aggregates of a day. From raw rows to pairs, actor-days and targets."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from kloutspark.config import Damping, Selectivity, Standing
from kloutspark.domain.contracts import ACTOR_DAYS, BEHAVIOUR, JUDGEMENTS, PAIRS, STANDINGS, TARGETS
from kloutspark.transforms.conform import by_network, conform, kinds_by_network, micros

MICRO = 1_000_000
# ids first: what is put in order is compared by its first eight bytes (docs/decisions/025)
PAIR = ("actor_id", "target_id", "network")
ACTOR = ("actor_id", "day", "network")
IS_SELF = "actor_id <=> target_id"
ALL_REACTIONS = (  # of a row, of whatever kind; most rows are of one, and lambdas are interpreted
    "if(size(reactions) = 1, map_values(reactions)[0], aggregate(map_values(reactions), 0L, (sum, n) -> sum + n))"
)
ACTIVITY = {  # of an actor's pairs of a day
    "reactions": f"sum(if({IS_SELF}, 0L, {ALL_REACTIONS}))",
    "targets": f"count_if(NOT {IS_SELF})",
    "hours": f"bit_or(if({IS_SELF}, 0, hours))",
}
ALL_POSTS = "array_sort(array_distinct(flatten(collect_list(posts))))"  # of rows, each once, in one order


DOUBTED = (
    "map_filter(map_from_arrays(array("
    + ", ".join(repr(name) for name in BEHAVIOUR)
    + "), array("
    + ", ".join(f"count_if(doubt = '{name}')" for name in BEHAVIOUR)
    + ")), (name, n) -> n > 0)"
)


def count_pairs(judged: DataFrame, *, values: Mapping[str, Mapping[str, float]], damping: Damping) -> DataFrame:
    """Reactions of every (day, network, actor, target), repeated deliveries set aside.

        damped = sum over kinds of value(kind) * reactions ** exponent       rounded half up to millionths per kind
        busy   = sum of damped over the actor's targets of the day           self rows apart

    `values` of the networks' kinds say what one reaction is worth. Rows are shuffled once, by actor; dedupe, counts
    and busy all work on that layout. Of several rows with the same (network, actor, day, interaction_id) the least
    (ingested_at, occurred_at, target_id, kind, post_id) counts, nulls first; the others are `duplicates` of its pair.
    """
    valid = judged.where(~F.col("is_outside") & F.col("reason").isNull())
    once = (
        # a single network is a constant, which Spark drops where it orders and keeps where it groups, and orders again;
        # no kind of a valid row is empty, but Spark cannot know
        valid.withColumn("network", F.expr("if(kind = '', kind, network)"))
        .repartition("actor_id")
        .groupBy(*ACTOR, "interaction_id")
        .agg(
            F.min(F.struct("ingested_at", "occurred_at", "target_id", "kind", "post_id")).alias("first"),
            (F.count("*") - 1).alias("duplicates"),
        )
    )
    kinds = {network: sorted(of_network) for network, of_network in values.items()}  # as maps of PAIRS are ordered
    counts = {slot: f"reactions_{slot}" for slot in _slots(kinds)}
    counted = once.withColumn("slot", F.expr(f"array_position({kinds_by_network(kinds)}, first.kind)"))
    counted = counted.groupBy(*ACTOR, F.col("first.target_id").alias("target_id")).agg(
        *[F.expr(f"count_if(slot = {slot}) AS {name}") for slot, name in counts.items()],
        F.sum("duplicates").alias("duplicates"),
        F.sort_array(F.collect_set("first.post_id")).alias("posts"),
        F.expr("bit_or(shiftleft(1, hour(first.occurred_at))) AS hours"),
    )
    damped, by_kind = F.lit(0).cast("bigint"), F.expr(_by_kind(kinds, list(counts.values())))
    everything = " + ".join(counts.values())
    for slot, name in counts.items():
        have_it = {n: ks[slot - 1] for n, ks in kinds.items() if len(ks) >= slot}
        of_slot = by_network({n: f"{float(values[n][kind])!r}D" for n, kind in have_it.items()}, none="double")
        value = F.coalesce(F.expr(of_slot), F.lit(0.0))
        damped += micros(value * F.pow(F.col(name).cast("double"), F.lit(damping.exponent)))
        # most pairs are of one kind, and a map of all kinds that is filtered takes a third of this step
        named = by_network({n: repr(kind) for n, kind in have_it.items()}, none="string")
        is_alone = F.expr(f"{name} > 0 AND {name} = {everything}")
        by_kind = F.when(is_alone, F.expr(f"map({named}, {name})")).otherwise(by_kind)
    pairs = counted.withColumns(
        {
            "reactions": by_kind,
            "damped_micros": F.when(F.expr(IS_SELF), F.lit(0)).otherwise(damped).cast("bigint"),
        }
    ).drop(*counts.values())
    return pairs.withColumn("busy_micros", F.sum("damped_micros").over(Window.partitionBy(*ACTOR)))


def weigh(
    counted: DataFrame,
    frozen: DataFrame,
    standings: DataFrame,
    judgements: DataFrame | None,
    *,
    selectivity: Selectivity,
) -> DataFrame:
    """What each pair adds to its target (PAIRS without previous_day, with busy_micros and hours).

        weight = damped * h / (h + busy - 1) * authenticity * standing

    With h >= 1 the weight grows with every reaction, the more slowly the more there are (P7, P11, P12). What is said
    of the actor comes from `frozen` (ACTOR_DAYS) where the actor's day was seen before, else from `judgements`
    (JUDGEMENTS; None: nobody is judged) and `standings` (STANDINGS); who has no row there is known, authentic and of
    standing 1 (P8).
    """
    said = ("authenticity_micros", "is_newcomer", "doubt", "standing_micros")
    seen = frozen.select(*ACTOR, *[F.col(name).alias(f"frozen_{name}") for name in said])
    known = counted.join(seen, list(ACTOR), how="left").join(standings, list(ACTOR), how="left")
    judged = {c.name: F.lit(None).cast(c.type) for c in JUDGEMENTS.columns if c.name not in ACTOR}
    known = known.withColumns(judged) if judgements is None else known.join(judgements, list(ACTOR), how="left")
    known = known.withColumns(
        {
            "authenticity_micros": F.coalesce(
                "frozen_authenticity_micros", "judged_micros", F.lit(MICRO).cast("bigint")
            ),
            "is_newcomer": F.coalesce("frozen_is_newcomer", "judged_newcomer", F.lit(False)),
            "doubt": F.expr("if(frozen_is_newcomer IS NULL, judged_doubt, frozen_doubt)"),
            "standing_micros": F.coalesce("frozen_standing_micros", "standing_micros", F.lit(MICRO).cast("bigint")),
        }
    )
    weight = (
        F.expr(selective(selectivity)) * (F.col("authenticity_micros") / MICRO) * (F.col("standing_micros") / MICRO)
    )
    known = known.withColumn("weight_micros", F.floor(weight + 0.5).cast("bigint"))
    return known.drop(*judged, *[f"frozen_{name}" for name in said])


def selective(selectivity: Selectivity) -> str:
    """SQL for damped reactions, in millionths, made cheaper by how busy the actor's day was."""
    h = f"{float(selectivity.halving_reactions)!r}D"
    return f"damped_micros * {h} / ({h} + busy_micros / {MICRO} - 1.0D)"


def find_pairs(past: DataFrame, built: DataFrame, *, is_broadcast: bool) -> DataFrame:
    """Days of `past` on which pairs of `built` stand (PAIR and day), and now and then one of another pair.

    Pairs are compared by 64 bits of a hash: `link_days` looks for its pairs by their ids among what is found.
    """
    key = F.xxhash64(*PAIR).alias("key")
    keys = built.select(key)
    found = past.select(*PAIR, "day", key).join(F.broadcast(keys) if is_broadcast else keys, "key", how="left_semi")
    return found.drop("key")


def link_days(built: DataFrame, seen: DataFrame | None, *, is_one_day: bool = False) -> DataFrame:
    """Pairs of the built days with the newest earlier day of each (PAIRS).

    `seen` (PAIR and day) holds the days of these pairs in tiles that are not built now, and may hold others; None:
    there are none. `is_one_day`: nobody's pairs have to be put in order, for none of `built` is of an earlier day.
    """
    order = Window.partitionBy(*PAIR).orderBy("day")
    previous = F.lit(None).cast("date") if is_one_day else F.lag("day").over(order)
    linked = built.withColumn("previous_built", previous)
    if seen is None:
        return conform(linked.withColumn("previous_day", F.col("previous_built")), PAIRS)
    days = seen.groupBy(*PAIR).agg(F.collect_list("day").alias("seen_days"))
    earlier = F.array_max(F.filter("seen_days", lambda day: day < F.col("day")))
    linked = linked.join(days, list(PAIR), how="left")
    return conform(linked.withColumn("previous_day", F.greatest("previous_built", earlier)), PAIRS)


def relink_days(touched: DataFrame, built: DataFrame, seen: DataFrame) -> DataFrame:
    """Rows of `seen` (PAIRS) whose previous day is another one now that `built` (PAIRS) stands (PAIRS).

    `touched` (PAIR) names the pairs whose past may have changed: those that late days hold or held.
    """
    ours = seen.join(touched.distinct(), list(PAIR), how="left_semi")
    timeline = ours.select(*PAIR, "day", F.col("previous_day").alias("old"), F.lit(True).alias("is_seen"))
    timeline = timeline.unionByName(
        built.join(touched.distinct(), list(PAIR), how="left_semi").select(
            *PAIR, "day", F.lit(None).cast("date").alias("old"), F.lit(False).alias("is_seen")
        )
    )
    order = Window.partitionBy(*PAIR).orderBy("day")
    changed = (
        timeline.withColumn("new", F.lag("day").over(order))
        .where(F.col("is_seen") & ~F.col("new").eqNullSafe(F.col("old")))
        .select(*PAIR, "day", "new")
    )
    relinked = ours.join(changed, [*PAIR, "day"], how="inner").withColumn("previous_day", F.col("new"))
    return conform(relinked, PAIRS)


def freeze_actor_days(pairs: DataFrame, frozen: DataFrame) -> DataFrame:
    """One row an actor and day: busy from the pairs' rows, the rest as first seen (ACTOR_DAYS).

    Actors of `frozen` stay although their rows may have gone, so that a later rebuild reads what was frozen.
    """
    done = {"busy_micros": "sum(damped_micros)", **ACTIVITY}
    said = {n: f"max({n})" for n in ("authenticity_micros", "is_newcomer", "doubt", "standing_micros")}
    found = pairs.groupBy(*ACTOR).agg(*[F.expr(f"{text} AS {name}") for name, text in {**done, **said}.items()])
    nothing = {c.name: F.lit(0).cast(c.type) for c in ACTOR_DAYS.columns if c.name in done}
    gone = frozen.join(found, list(ACTOR), how="left_anti").withColumns(nothing)
    return conform(found.unionByName(gone), ACTOR_DAYS)


def sum_targets(
    pairs: DataFrame, *, kinds: Mapping[str, Sequence[str]], standing: Standing, vouching_weight: float
) -> DataFrame:
    """What each target received a day, by previous day and newcomers (TARGETS); no self rows in `pairs`.

    Who is known vouches for the target by a reaction of at least the weight, authenticity and standing apart; two of
    the vouchers are kept, by hash: whether there are two different ones is all that is asked of them.
    """
    value = f"weight_micros / (authenticity_micros / {MICRO}) / (standing_micros / {MICRO})"
    vouches = f"NOT is_newcomer AND {value} >= {vouching_weight * MICRO!r}D"
    strong = f"if(standing_micros >= {standing.of(standing.strong_score)}, {ALL_REACTIONS}, 0)"
    columns = ("authenticity_micros", "weight_micros", "damped_micros")
    sums = {
        "pairs": "count(*)",
        "vouchers": two_vouchers(vouches),
        "doubted": DOUBTED,
        **{name: f"sum({name})" for name in columns},
        "strong_reactions": f"sum({strong})",
        "reactions": sum_by_kind(kinds),
        "posts": ALL_POSTS,
    }
    tiles = pairs.groupBy("target_id", "day", "network", "previous_day", "is_newcomer").agg(
        *[F.expr(f"{text} AS {name}") for name, text in sums.items()]
    )
    return conform(tiles, TARGETS)


def two_vouchers(condition: str = "true") -> str:
    """SQL over pairs that meet a condition: the least and the greatest hash of their actors, one where there is one."""
    least, most = (f"{end}(xxhash64(actor_id)) FILTER (WHERE {condition})" for end in ("min", "max"))
    return f"array_distinct(array_compact(array({least}, {most})))"


def sum_by_kind(kinds: Mapping[str, Sequence[str]]) -> str:
    """SQL over rows of one network: `reactions` added up by kind, by as many sums as a network has kinds."""
    named = kinds_by_network(kinds)
    count = "coalesce(sum(try_element_at(reactions, try_element_at({}, {}))), 0L)"
    return _by_kind(kinds, [count.format(named, slot) for slot in _slots(kinds)])


def _slots(kinds: Mapping[str, Sequence[str]]) -> range:
    """Places of kinds, from 1, as many as the network with the most kinds has."""
    return range(1, max(map(len, kinds.values()), default=0) + 1)


def _by_kind(kinds: Mapping[str, Sequence[str]], counts: Sequence[str]) -> str:
    """SQL for a map of the kinds that were counted: `counts` are of the network's first kind, its second and so on."""
    named = kinds_by_network(kinds)
    totals = f"map_from_arrays({named}, slice(array({', '.join(counts)}), 1, size({named})))"
    return f"map_filter({totals}, (kind, n) -> n > 0)"


def stand(published: DataFrame, *, days: Column, standing: Standing) -> DataFrame:
    """Standing of the accounts of published scores on the days that each as_of speaks for (STANDINGS).

        standing = 1 + (score - 1) / 99 * (most - 1)

    `days` gives, for a row's as_of, the days on which it is the newest published one: none after the day itself.
    """
    value = 1 + (F.col("score") - 1) / 99 * (standing.most - 1)
    accounts = published.select(F.explode("accounts").alias("account"), "as_of", micros(value).alias("standing_micros"))
    rows = accounts.select(
        F.explode(days).alias("day"),
        "account.network",
        F.col("account.account_id").alias("actor_id"),
        "standing_micros",
    )
    return conform(rows, STANDINGS)
