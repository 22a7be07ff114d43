"""From facts to one vector an account: every signal of the catalogue from one aggregation.

Expressions are SQL texts: a plan of hundreds of nodes, built node by node from Python, takes seconds of round trips.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import product

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from kloutspark.domain.contracts import VECTORS
from kloutspark.domain.signals import Subjects, measures_of
from kloutspark.transforms.conform import by_network, conform
from kloutspark.transforms.identity import UNLINKED
from kloutspark.transforms.tiles import MICRO

BITS = 62  # ages of a day held by one bigint; two reach 124 days, more than the longest window
SUMMED = ("damped_micros", "reactions", "strong_reactions", "posts", "posts_answered")
OF_TILES = ("pairs", "authenticity_micros", "weight_micros", "damped_micros", "strong_reactions", "reactions")
ACTIVE_DAYS = {f"days_{low}": low for low in (0, BITS)}  # columns of bits, with the age of the first one
OF_REACTIONS: dict[str, Callable[[int, int], str]] = {  # by window and longest window; sums are never null there
    "actors_distinct": lambda w, _: f"actors_{w} / {MICRO}",
    "weight_sum": lambda w, _: f"weight_micros_{w} / {MICRO}",
    "damped_sum": lambda w, _: f"damped_micros_{w} / {MICRO}",
    "reactions_sum": lambda w, _: f"reactions_{w}",
    "strong_reactions_sum": lambda w, _: f"strong_reactions_{w}",
    "active_days_count": lambda w, _: _count_days(w),
    "reactions_per_post": lambda w, _: f"reactions_{w} / greatest(posts_{w}, 1)",
    "networks_count": lambda w, _: f"networks_{w}",
    "reactions_per_actor": lambda w, _: _ratio(f"reactions_{w}", f"(actors_{w} / {MICRO})"),
    "actors_new_count": lambda w, _: f"actors_new_{w}",
    "actors_new_share": lambda w, _: _ratio(f"actors_new_{w}", f"(actors_{w} / {MICRO})"),
    "posts_sum": lambda w, _: f"posts_{w}",
    "posts_answered_share": lambda w, _: _ratio(f"posts_answered_{w}", f"posts_{w}"),
    "reactions_momentum_ratio": lambda w, longest: _ratio(f"reactions_{w} / {w}", f"(reactions_{longest} / {longest})"),
}
OF_KIND: dict[str, Callable[[str, int], str]] = {
    "{of}_sum": lambda n, _: n,
    "{of}_share": lambda n, w: _ratio(n, f"reactions_{w}"),
    "{of}_per_post": lambda n, w: f"{n} / greatest(posts_{w}, 1)",
    "{of}_per_actor": lambda n, w: _ratio(n, f"(actors_{w} / {MICRO})"),
}
OF_PAGES = ("inlinks", "outlinks", "inlinks / greatest(outlinks, 1)", "page_rank")  # in the order of their measures


def sum_facts(
    reactions: DataFrame,
    others: DataFrame,
    *,
    ends: Mapping[str, date],
    networks: Mapping[str, Subjects],
    windows_days: Sequence[int],
    carry_days: Mapping[str, int],
) -> DataFrame:
    """One row an account of which anything is known, and a person with several on one network: sums of facts (FACTS).

        actors(w)      = authenticity of the pairs on day >= end - w whose previous day lies before end - w
        <sum>(w)       = sum over facts on day >= end - w
        level, before  = newest value before the end, before end - w, neither older than carried

    `reactions` are the facts of tiles: those that count in the same windows are added up first, a few sums a tile.
    `ends` gives the day before which the windows of each network end: as_of, or earlier where it is held. What
    newcomers bring stands apart, in `newcomer_*` of the `judged_sums`. The plan grows with the kinds and gauges of the
    largest network, not with their sum.
    """
    windows = sorted(windows_days)
    slots = {(n, gauge): i for n, s in networks.items() for i, (gauge, _) in enumerate(s.gauges)}
    slot = " ".join(f"WHEN network = '{n}' AND gauge = '{gauge}' THEN {i}" for (n, gauge), i in slots.items())
    end = by_network({network: f"DATE '{day}'" for network, day in ends.items()}, none="date")
    ages = [f"date_diff({end}, {of}) - 1 AS {name}" for of, name in (("day", "age"), ("previous_day", "previous_age"))]
    merged = _merge(reactions.selectExpr("*", *ages), windows, kinds=_kinds(networks))
    rows = merged.unionByName(others.selectExpr("*", *ages), allowMissingColumns=True).selectExpr(
        "*",
        f"CASE {slot} END AS slot" if slots else "CAST(NULL AS int) AS slot",
        f"{_integers(carry_days)} AS carried",
    )
    aggregates = [
        *_of_windows(windows),
        *[f"coalesce(sum(if(age < {w}, try_element_at(by_kind, {k + 1}), 0)), 0) AS kind_{k}_{w}"
          for k, w in product(_kinds(networks), windows)],
        *[_known(g, w) for g, w in product(_gauges(networks), (0, *windows))],
        *[f"coalesce(bit_or({name}), 0L) AS {name}" for name in ACTIVE_DAYS],
        *[f"coalesce(sum({n}), 0) AS {n}" for n in ("inlinks", "outlinks")],
        *[f"coalesce(max({n}), 0D) AS {n}" for n in ("engagement_rank", "page_rank")],
        "count_if(engagement_rank IS NULL) AS facts",  # who only reacts has a rank and no signals
    ]  # fmt: skip
    sums = rows.groupBy("account_id", "network", "person_id").agg(*[F.expr(text) for text in aggregates])
    return sums.where("facts > 0")


def judged_sums(windows_days: Sequence[int]) -> tuple[str, ...]:
    """The sums of `sum_facts` of which newcomers' part stands apart."""
    return tuple(f"{name}_{w}" for w in sorted(windows_days) for name in ("actors", "weight_micros"))


def measure(
    sums: DataFrame, owners: DataFrame, *, networks: Mapping[str, Subjects], windows_days: Sequence[int]
) -> DataFrame:
    """Signals of accounts and persons (VECTORS) from `sum_facts`, those of newcomers being added by now.

    The vector is `array<float>` in the order of the network's catalogue, `domain.signals.catalogue`; what is not known
    is 0, also a ratio to nothing.
    """
    windows = sorted(windows_days)
    known = _with_breadth(sums, owners, windows)
    vector = _vector(networks, windows, kinds=_kinds(networks), gauges=_gauges(networks))
    return conform(known.withColumn("signals", F.expr(vector)), VECTORS)


def _kinds(networks: Mapping[str, Subjects]) -> range:
    return range(max((len(s.kinds) for s in networks.values()), default=0))


def _gauges(networks: Mapping[str, Subjects]) -> range:
    return range(max((len(s.gauges) for s in networks.values()), default=0))


def _of_windows(windows: Sequence[int]) -> list[str]:
    found = []
    for w in windows:
        is_new = f"coalesce(previous_age >= {w}, true)"
        found += [f"coalesce(sum(if(age < {w}, {name}, 0)), 0) AS {name}_{w}" for name in SUMMED]
        for who, prefix in (("NOT is_newcomer", ""), ("is_newcomer", "newcomer_")):
            is_theirs = f"age < {w} AND {who}"
            actors = f"sum(if({is_theirs} AND {is_new}, authenticity_micros, 0))"
            found.append(f"coalesce({actors}, 0) AS {prefix}actors_{w}")
            found.append(f"coalesce(sum(if({is_theirs}, weight_micros, 0)), 0) AS {prefix}weight_micros_{w}")
        found.append(f"coalesce(sum(if(age < {w} AND previous_age IS NULL, pairs, 0)), 0) AS actors_new_{w}")
    return found


def _known(slot: int, days_before: int) -> str:
    """The newest value of a gauge `days_before` the newest day, not older than it is carried."""
    is_known = f"slot = {slot} AND age >= {days_before} AND age < {days_before} + carried"
    return f"max_by(value, day) FILTER (WHERE {is_known}) AS gauge_{slot}_{days_before}"


def _merge(reactions: DataFrame, windows: Sequence[int], *, kinds: range) -> DataFrame:
    """Facts of tiles with their ages, added up where an account's count in the same windows.

    Their ages are the least that do. The columns of ACTIVE_DAYS hold the days that had a reaction.
    """
    ages = [F.expr(f"{_least_alike(name, windows)} AS {name}") for name in ("age", "previous_age")]
    by_kind = ", ".join(f"sum(try_element_at(by_kind, {k + 1}))" for k in kinds)
    aggregates = [
        *[f"sum({name}) AS {name}" for name in OF_TILES],
        f"CAST(array({by_kind}) AS array<bigint>) AS by_kind",
        *[_days(name, low) for name, low in ACTIVE_DAYS.items()],
    ]
    alike = reactions.groupBy("account_id", "network", "person_id", "is_newcomer", *ages)
    return alike.agg(*[F.expr(text) for text in aggregates])


def _least_alike(age: str, windows: Sequence[int]) -> str:
    """The least age that lies in the same windows; null for none."""
    steps = " ".join(f"WHEN {age} >= {w} THEN {w}" for w in reversed(windows))
    return f"CASE {steps} WHEN {age} IS NOT NULL THEN 0 END"


def _days(name: str, low: int) -> str:
    """Ages of days with a reaction, one bit each from `low` on."""
    is_inside = f"reactions > 0 AND age >= {low} AND age < {low + BITS}"
    return f"bit_or(if({is_inside}, shiftleft(1L, age - {low}), 0L)) AS {name}"


def _count_days(w: int) -> str:
    low, high = ((1 << max(0, min(BITS, w - start))) - 1 for start in (0, BITS))
    return f"bit_count(days_0 & {low}L) + bit_count(days_{BITS} & {high}L)"


def _ratio(above: str, below: str) -> str:
    return f"if({below} > 0, {above} / {below}, 0D)"


def _with_breadth(sums: DataFrame, owners: DataFrame, windows: Sequence[int]) -> DataFrame:
    mine = owners.withColumnRenamed("person_id", "owner")
    known = sums.join(mine, ["account_id", "network"], how="left").withColumns(
        {
            "is_counted": F.expr("person_id IS NOT NULL OR coalesce(accounts, 1) = 1"),
            "person_id": F.expr(f"coalesce(person_id, owner, {UNLINKED})"),
        }
    )
    everywhere = Window.partitionBy("person_id")
    where = {w: F.expr(f"if(reactions_{w} > 0, network, NULL)") for w in windows}
    return known.withColumns({f"networks_{w}": F.size(F.collect_set(n).over(everywhere)) for w, n in where.items()})


def _vector(networks: Mapping[str, Subjects], windows: Sequence[int], *, kinds: range, gauges: range) -> str:
    """All values in the order of the catalogue; what a network has not is left out at the end of each family."""
    reactions = [OF_REACTIONS[m.name](w, windows[-1]) for m in measures_of("reactions") for w in windows]
    by_kind = [OF_KIND[m.name](f"kind_{k}_{w}", w) for k in kinds for m in measures_of("kind") for w in windows]
    levels = [
        [f"coalesce(gauge_{g}_0, 0D)", *[f"coalesce(gauge_{g}_0 - gauge_{g}_{w}, 0D)" for w in windows]] for g in gauges
    ]
    answers = [[_ratio(f"reactions_{w}", f"coalesce(gauge_{g}_0, 0D)") for w in windows] for g in gauges]
    with_answers = [value for of_one in zip(levels, answers, strict=True) for values in of_one for value in values]
    alone = [value for values in levels for value in values]
    a_kind, has_kinds = len(windows) * len(OF_KIND), {n: bool(s.kinds) for n, s in networks.items()}
    families: list[tuple[Sequence[str], Mapping[str, int]]] = [
        ([*reactions, "engagement_rank"], {n: (len(reactions) + 1) * has_kinds[n] for n in networks}),
        (by_kind, {n: len(s.kinds) * a_kind for n, s in networks.items()}),
        (with_answers, {n: len(s.gauges) * (1 + 2 * len(windows)) * has_kinds[n] for n, s in networks.items()}),
        (alone, {n: len(s.gauges) * (1 + len(windows)) * (not has_kinds[n]) for n, s in networks.items()}),
        (OF_PAGES, {n: len(OF_PAGES) * s.has_pages for n, s in networks.items()}),
    ]
    found = [
        f"slice(array({', '.join(f'CAST({value} AS float)' for value in values)}), 1, {_integers(counts)})"
        for values, counts in families
        if any(counts.values())
    ]
    return f"concat({', '.join(found)})"


def _integers(numbers: Mapping[str, int]) -> str:
    return by_network({network: str(number) for network, number in numbers.items()}, none="int")
