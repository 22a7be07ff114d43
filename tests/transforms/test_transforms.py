"""Single transforms on a few rows: what each line of the flow does, tried by hand; their doctests too."""

import doctest
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from kloutspark.config import Damping, Selectivity
from kloutspark.domain.contracts import ACTOR_DAYS, FACTS, JUDGED, OWNERS, PAIRS, STANDINGS, TARGETS
from kloutspark.domain.errors import ContractError
from kloutspark.domain.signals import Subjects, catalogue
from kloutspark.transforms import conform as conforming
from kloutspark.transforms import evidence
from kloutspark.transforms.conform import conform
from kloutspark.transforms.facts import of_reactions
from kloutspark.transforms.features import measure, sum_facts
from kloutspark.transforms.tiles import MICRO, PAIR, count_pairs, find_pairs, link_days, relink_days, weigh

Rows = Callable[..., DataFrame]
WEIGHED = [
    "authenticity_micros",
    "is_newcomer",
    "doubt",
    "standing_micros",
    "weight_micros",
    "previous_day",
]
HALVED_BY_20 = Selectivity(halving_reactions=20, why="an example for the tests of weights")


def by(frame: DataFrame, key: str, *values: str) -> dict[Any, Any]:
    found = frame.select(key, *values).collect()
    return {row[0]: row[1] if len(values) == 1 else tuple(row[1:]) for row in found}


def test_reactions_are_counted_by_kind_at_what_they_are_worth_on_their_network(rows: Rows) -> None:
    values = {"club": {"vote": 1.0, "like": 3.0}, "press": {"like": 0.5}, "wiki": {}}
    happened = [
        *[("club", "bob", "like", f"l{n}") for n in range(4)],
        ("club", "bob", "vote", "v"),
        ("club", "bob", "vote", "v"),  # delivered twice
        ("club", "fan", "vote", "s"),  # of oneself
        ("press", "bob", "like", "l0"),
    ]
    judged = [
        {"network": network, "actor_id": "fan", "target_id": target, "kind": kind, "interaction_id": i, "reason": None}
        for network, target, kind, i in happened
    ]
    refused = {**judged[0], "interaction_id": "refused", "reason": "kind is not one of the network's"}
    frame = rows(
        JUDGED, *({"is_outside": False, **row} for row in (*judged, refused)), {**judged[0], "is_outside": True}
    )
    found = count_pairs(frame, values=values, damping=Damping(exponent=0.5, why="an example for this test"))
    names = ("network", "target_id", "map_entries(reactions)", "duplicates", "damped_micros", "busy_micros")
    assert sorted(tuple(row) for row in found.selectExpr(*names).collect()) == [
        ("club", "bob", [("like", 4), ("vote", 1)], 1, 7 * MICRO, 7 * MICRO),
        ("club", "fan", [("vote", 1)], 0, 0, 7 * MICRO),
        ("press", "bob", [("like", 1)], 0, MICRO // 2, MICRO // 2),
    ]


def test_each_reaction_of_a_busy_day_is_worth_less(rows: Rows) -> None:  # P11
    day = {"calm": 1, "busy": 21, "wild": 41}
    counted = rows(PAIRS, *({"actor_id": actor, "damped_micros": MICRO} for actor in day)).drop(*WEIGHED)
    busy = F.coalesce(*[F.when(F.col("actor_id") == actor, F.lit(n * MICRO)) for actor, n in day.items()])
    weighed = weigh(
        counted.withColumn("busy_micros", busy), rows(ACTOR_DAYS), rows(STANDINGS), None, selectivity=HALVED_BY_20
    )
    assert by(weighed, "actor_id", "weight_micros") == {"calm": 1_000_000, "busy": 500_000, "wild": 333_333}


def test_what_was_frozen_outranks_what_was_published_later(rows: Rows) -> None:
    counted = rows(PAIRS, *({"actor_id": a, "damped_micros": MICRO} for a in ("seen", "new", "unknown")))
    counted = counted.drop(*WEIGHED)
    frozen = rows(ACTOR_DAYS, {"actor_id": "seen", "authenticity_micros": 250_000, "standing_micros": 1_100_000})
    standings = rows(STANDINGS, *({"actor_id": a, "standing_micros": 1_900_000} for a in ("seen", "new")))
    weighed = weigh(counted.withColumn("busy_micros", F.lit(MICRO)), frozen, standings, None, selectivity=HALVED_BY_20)
    assert by(weighed, "actor_id", "weight_micros") == {"seen": 275_000, "new": 1_900_000, "unknown": 1_000_000}


def test_previous_days_come_from_built_and_from_stored_days(rows: Rows) -> None:
    days = {n: date(2026, 1, n) for n in range(1, 10)}
    built = rows(PAIRS, *({"day": days[n]} for n in (2, 5, 6))).drop("previous_day")
    other = {"day": days[3], "actor_id": "other"}  # found by a key that two pairs share
    seen = rows(PAIRS, *({"day": days[n]} for n in (1, 4, 9)), other).select("network", "actor_id", "target_id", "day")
    assert by(link_days(built, seen), "day", "previous_day") == {days[2]: days[1], days[5]: days[4], days[6]: days[5]}
    assert by(link_days(built, None), "day", "previous_day") == {days[2]: None, days[5]: days[2], days[6]: days[5]}
    one_day = built.where(F.col("day") == days[5])
    assert by(link_days(one_day, seen, is_one_day=True), "day", "previous_day") == {days[5]: days[4]}


@pytest.mark.parametrize("is_broadcast", [True, False])
def test_stored_days_of_built_pairs_are_found_and_no_others(rows: Rows, is_broadcast: bool) -> None:
    days = {n: date(2026, 1, n) for n in range(1, 10)}
    built = rows(PAIRS, *({"day": days[9], "actor_id": name} for name in ("a", "b", "new")))
    stored = {("a", 1), ("a", 4), ("b", 2)}
    past = rows(PAIRS, *({"day": days[n], "actor_id": name} for name, n in (*stored, ("c", 3))))
    found = find_pairs(past, built, is_broadcast=is_broadcast)
    assert {(r["actor_id"], r["day"].day) for r in found.collect()} == stored
    assert found.columns == [*PAIR, "day"]


def test_a_late_day_gives_the_next_appearance_another_previous_day(rows: Rows) -> None:
    days = {n: date(2026, 1, n) for n in range(1, 10)}
    built = rows(PAIRS, {"day": days[3], "previous_day": days[1]})
    seen = rows(
        PAIRS,
        {"day": days[1]},
        {"day": days[5], "previous_day": days[1]},
        {"day": days[8], "previous_day": days[5]},
        {"day": days[8], "target_id": "other"},
    )
    relinked = relink_days(built.select("network", "actor_id", "target_id"), built, seen)
    assert by(relinked, "day", "previous_day") == {days[5]: days[3]}


def test_distinct_actors_of_nested_windows_add_up_from_tiles(rows: Rows) -> None:
    as_of = date(2026, 1, 31)
    tiles = rows(
        TARGETS,
        {"day": date(2026, 1, 30), "previous_day": None, "authenticity_micros": 2 * MICRO, "weight_micros": MICRO},
        {"day": date(2026, 1, 30), "previous_day": date(2026, 1, 29), "authenticity_micros": 5 * MICRO},
        {"day": date(2026, 1, 24), "previous_day": date(2026, 1, 10), "authenticity_micros": 7 * MICRO},
    )
    club = Subjects(kinds=("reply",))
    names = [s.name for s in catalogue("x", club, (1, 7, 28))]
    facts = of_reactions(tiles, kinds={"x": club.kinds})
    windows, networks = (1, 7, 28), {"x": club}
    nothing, ends = rows(FACTS), {"x": as_of}
    sums = sum_facts(facts, nothing, ends=ends, networks=networks, windows_days=windows, carry_days={"x": 28})
    vectors = measure(sums, rows(OWNERS), networks=networks, windows_days=windows)
    found = dict(zip(names, vectors.collect()[0]["signals"], strict=True))
    assert [found[f"actors_distinct_{w}d"] for w in (1, 7, 28)] == [7, 9, 2]
    assert [found[f"active_days_count_{w}d"] for w in (1, 7, 28)] == [1, 2, 2]
    assert found["weight_sum_1d"] == pytest.approx(1.000001)


def test_a_float_weight_is_refused_by_name(rows: Rows) -> None:
    floats = rows(PAIRS, {}).withColumn("weight_micros", F.lit(0.5).cast("double"))
    with pytest.raises(ContractError, match=r"\.weight_micros: expected bigint, found double\."):
        conform(floats, PAIRS)


def test_doctests(spark: SparkSession) -> None:
    def evaluate(*columns: Column) -> list[Any]:
        return list(spark.range(1).select(*columns).collect()[0])

    for module in (conforming, evidence):
        failed, attempted = doctest.testmod(module, extraglobs={"evaluate": evaluate})
        assert (failed, attempted > 0) == (0, True), module.__name__
