"""Who is a newcomer, what an actor's earlier days say, and how far newcomers count on a target."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame

from kloutspark.config import load
from kloutspark.domain.contracts import ACTOR_DAYS, GAUGES, PAIRS, TARGETS
from kloutspark.transforms.authenticity import (
    compare_follows,
    count_newcomers,
    date_actors,
    judge_actors,
    know_actors,
    sum_usual,
    unknown_by_age,
)
from kloutspark.transforms.tiles import MICRO
from tests import oracle

Rows = Callable[..., DataFrame]
RULES = load().model.authenticity
SELECTIVITY = load().model.selectivity
FIRST = date(2026, 1, 1)
MODEL = oracle.Model(value={}, account_types={})


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def pair(actor: str, target: str, on: int, **more: Any) -> dict[str, Any]:
    found = {"network": "club", "actor_id": actor, "target_id": target, "day": day(on), "reactions": {"clap": 1}}
    return {**found, "damped_micros": MICRO, **more}


def judged(
    rows: Rows,
    built: Sequence[dict[str, Any]],
    *,
    past: Sequence[dict[str, Any]] = (),
    past_targets: Sequence[dict[str, Any]] = (),
    frozen: Sequence[dict[str, Any]] = (),
    created: DataFrame | None = None,
    follows: DataFrame | None = None,
    steps: int = 3,
) -> dict[tuple[str, int], dict[str, Any]]:
    """By actor and day, with `busy` of one ordinary reaction and hours of one."""
    counted = rows(PAIRS, *built).drop("authenticity_micros", "is_newcomer", "doubt", "standing_micros")
    counted = counted.selectExpr("*", f"{MICRO}L AS busy_micros", "1 AS hours")
    past_tiles = rows(TARGETS, *[{"network": "club", "vouchers": [], **row} for row in past_targets])
    dated = date_actors(
        counted,
        rows(ACTOR_DAYS, *[{"network": "club", **row} for row in frozen]),
        rows(ACTOR_DAYS, *[{"network": "club", "reactions": 1, "targets": 1, "hours": 1, **row} for row in past]),
        past_tiles,
        created,
        follows,
        first_days={"club": FIRST},
        built_from={"club": min(row["day"] for row in built)},
        authenticity=RULES,
    )
    actors = know_actors(dated, unknown_by_age(dated), past_tiles)
    found = judge_actors(actors, counted, steps=steps, authenticity=RULES, selectivity=SELECTIVITY).collect()
    return {(row["actor_id"], (row["day"] - FIRST).days): row.asDict() for row in found}


def newcomers(found: Mapping[tuple[str, int], Mapping[str, Any]]) -> set[str]:
    return {actor for (actor, _), row in found.items() if row["judged_newcomer"]}


def test_who_was_seen_two_months_ago_or_in_the_first_month_of_the_history_is_known(rows: Rows) -> None:
    seen_on = {"early": 30, "old": 35, "recent": 40}
    built = [pair(actor, "x", 95) for actor in (*seen_on, "new", "read")]
    past = [{"actor_id": actor, "day": day(on)} for actor, on in seen_on.items()]
    read = [{"target_id": "read", "day": day(20)}]  # nobody who vouches: but it was there
    assert newcomers(judged(rows, built, past=past, past_targets=read)) == {"recent", "new"}


def test_nobody_is_new_where_the_history_is_short(rows: Rows) -> None:
    built = [pair("a", "x", on) for on in (0, 59)] + [pair("b", "x", on) for on in (60,)]
    assert newcomers(judged(rows, built)) == {"b"}


OLD = ({"actor_id": "old", "day": FIRST}, {"actor_id": "older", "day": FIRST})


def both(target: str, on: int) -> list[dict[str, Any]]:
    """Two who are known react to somebody."""
    return [pair(str(old["actor_id"]), target, on) for old in OLD]


def test_trust_flows_along_reactions_of_two_day_by_day(rows: Rows) -> None:
    twins = [[f"{name}{n}" for n in (1, 2)] for name in "bcdex"]
    chain = [pair(a, b, 71 + n) for n, (ones, others) in enumerate(pairwise(twins)) for a in ones for b in others]
    start = [vouch for b in twins[0] for vouch in both(b, 70)]
    same_day = [*both("late", 74), pair("late", "x", 74)]
    apart = [pair("old", "slow", 70), pair("older", "slow", 73), pair("slow", "x", 73), pair("slow", "x", 74)]
    found = judged(rows, [*start, *chain, *same_day, *apart], past=OLD)
    assert newcomers(found) == {"e1", "e2", "late", "slow"}  # three steps reach d; yesterday is the newest that counts
    assert not found["slow", 74]["judged_newcomer"]


@pytest.mark.parametrize("days", [range(70, 75), range(60, 90)])
def test_a_ring_has_no_trust_even_around_somebody_known(rows: Rows, days: range) -> None:
    members = [f"r{n}" for n in range(4)]
    ring = [pair(a, members[(n + on) % 4], on) for n, a in enumerate(members) for on in days if on % 4]
    around = [row for on in days for a in members for row in (pair("old", a, on), pair(a, "old", on))]
    found = judged(rows, [*ring, *around], past=OLD)
    assert newcomers(found) == set(members)
    assert all(row["judged_newcomer"] for (actor, _), row in found.items() if actor in members), "on every day"


def test_nobody_vouches_for_many_on_one_day(rows: Rows) -> None:
    built = [*both("b", 70), pair("b", "x", 75)]
    cheap = [{**row, "damped_micros": MICRO // 3} for row in built]  # what is left of one of many reactions
    assert newcomers(judged(rows, built, past=OLD)) == set()
    assert newcomers(judged(rows, cheap, past=OLD)) == {"b"}


def test_what_was_said_of_a_day_before_stays_and_vouches(rows: Rows) -> None:
    built = [pair("a", "c", 70), pair("b", "c", 70), pair("c", "x", 71)]
    frozen = [{"actor_id": actor, "day": day(70), "is_newcomer": False} for actor in ("a", "b")]
    assert newcomers(judged(rows, built, frozen=frozen[:1])) == {"a", "b", "c"}
    # of their frozen day itself it says what this run would say; `weigh` takes what was frozen
    assert newcomers(judged(rows, built, frozen=frozen)) == {"a", "b"}


def test_tiles_of_other_days_vouch(rows: Rows) -> None:
    tiles: dict[str, list[list[int]]] = {
        "nobody": [[], []],
        "one twice": [[7], [7]],
        "two": [[-7, 7], []],
        "two on two days": [[7], [8]],
        "today": [[7], [], [8]],
    }
    past = [
        {"target_id": target, "day": day(68 + n), "vouchers": vouchers}
        for target, days in tiles.items()
        for n, vouchers in enumerate(days)
    ]
    built = [pair(target, "x", 70) for target in tiles]
    found = newcomers(judged(rows, built, past_targets=past, steps=0))
    assert found == {"nobody", "one twice", "today"}


def test_a_voucher_of_a_stored_day_and_one_of_a_built_day_are_two(rows: Rows) -> None:
    [[old]] = rows(PAIRS, pair("old", "a", 65)).selectExpr("xxhash64(actor_id)").collect()
    tile = {"target_id": "a", "day": day(65), "vouchers": [old]}
    built = [pair("old", "a", 68), pair("a", "x", 70)]
    assert newcomers(judged(rows, built, past=OLD, past_targets=[tile])) == {"a"}
    assert newcomers(judged(rows, [*built, pair("older", "a", 69)], past=OLD, past_targets=[tile])) == set()


def test_the_day_an_account_was_made_outranks_when_it_was_seen(rows: Rows) -> None:
    spark = rows(PAIRS).sparkSession
    made = f"('club', 'old', DATE '{day(-900)}'), ('club', 'young', DATE '{day(60)}')"
    created = spark.sql(f"SELECT * FROM VALUES {made} AS t(network, account_id, created_on)")
    past = [{"actor_id": "young", "day": day(10)}]  # a stolen or renamed id: made after it was first seen
    found = judged(rows, [pair("old", "x", 95), pair("young", "x", 95)], past=past, created=created)
    assert newcomers(found) == {"young"}


def test_unusual_days_make_each_reaction_cheaper_and_say_why(rows: Rows) -> None:
    usual = {"reactions": 50, "targets": 25, "hours": 0xFFF}
    days = {
        "calm": usual,
        "busy": {**usual, "reactions": 200},
        "everywhere": {**usual, "targets": 100},
        "sleepless": {**usual, "hours": 0xFFFFFF},
        "bot": {"reactions": 500_000, "targets": 250_000, "hours": 0xFFFFFF},
    }
    past = [{"actor_id": actor, "day": day(n), **numbers} for actor, numbers in days.items() for n in (0, 1)]
    found = judged(rows, [pair(actor, "x", 95) for actor in (*days, "unknown")], past=past)
    said = {actor: (row["judged_micros"], row["judged_doubt"]) for (actor, _), row in found.items()}
    assert said == {
        "calm": (MICRO, None),
        "busy": (MICRO // 2, "reactions_a_day"),  # exp(-ln(200 / 50) / 2)
        "everywhere": (MICRO // 2, "targets_a_day"),
        "sleepless": (707_107, "hours_a_day"),
        "bot": (50_000, "targets_a_day"),  # at least; both say ln 10,000 and the later name stands for them
        "unknown": (MICRO, None),
    }


def test_who_follows_far_more_than_follow_it(rows: Rows) -> None:
    measured = {"spam": (999, 9), "star": (9, 999), "half": (999, None), "old": (999, 9)}
    gauges = [
        {"account_id": account, "gauge": gauge, "value": float(value), "day": day(10 if account == "old" else 90)}
        for account, values in measured.items()
        for gauge, value in zip(("followings", "followers"), values, strict=True)
        if value is not None
    ]
    later = {"account_id": "star", "gauge": "followings", "value": 1e6, "day": day(95)}  # not before the day
    counted = [pair(account, "x", 95) for account in measured]
    frame = rows(GAUGES, *gauges, later).selectExpr("'club' AS network", "account_id", "day", "gauge", "value")
    follows = compare_follows(
        frame,
        rows(PAIRS, *counted),
        follow_gauges={"club": ("followings", "followers")},
        carry_days={"club": 28},
    )
    found = judged(rows, counted, past=[{"actor_id": a, "day": FIRST} for a in measured], follows=follows)
    said = {actor: (row["judged_micros"], row["judged_doubt"]) for (actor, _), row in found.items()}
    assert said["spam"] == (316_228, "followings_per_follower")  # 1000 / 10 is ten times the usual: 1 / sqrt(10)
    assert {said[actor] for actor in ("star", "half", "old")} == {(MICRO, None)}


Sum = st.integers(0, 40).map(lambda n: n * MICRO // 4)


def counted(known: int, new: int, others: tuple[int, int]) -> float:
    return oracle.with_newcomers(known, new, others, MODEL)


@given(known=Sum, new=Sum, more=Sum, others=st.tuples(Sum, Sum))
def test_one_more_reaction_never_lowers_what_a_target_received(  # P7
    known: int, new: int, more: int, others: tuple[int, int]
) -> None:
    before = counted(known, new, others)
    assert counted(known + more, new, others) >= before
    assert counted(known + more, new, others) >= before + more - 1, "a millionth for rounding"
    assert counted(known, new + more, others) >= before
    assert known <= before <= known + new


def test_a_farm_cannot_make_itself_usual_and_a_star_keeps_its_newcomers() -> None:
    usual = (2_000 * MICRO, 1_000 * MICRO)  # two newcomers for each known one on the network
    nobody, star = counted(0, 1_000 * MICRO, usual), counted(200 * MICRO, 1_000 * MICRO, usual)
    assert nobody < 12 * MICRO  # .5 + 4 * 2 * 1.25, and a tenth of that
    assert star == 1_200 * MICRO


def with_newcomers_counted(sums: DataFrame) -> tuple[dict[str, dict[str, tuple[int, int]]], DataFrame]:
    """What is usual of sums of one measure, and the sums with newcomers."""
    totals = sum_usual(sums, ["actors_7"], actors="actors_7", newcomers=RULES.newcomers).collect()
    usual = {
        r["network"]: {
            "actors_7": (r["newcomer_actors_7"], r["actors_7"]),
            "newcomers": (r["newcomers"], r["actors_7"]),
        }
        for r in totals
    }
    return usual, count_newcomers(sums, ["actors_7"], usual, actors="actors_7", newcomers=RULES.newcomers)


def test_rings_of_thousands_do_not_make_a_network_look_as_if_it_knew_nobody(rows: Rows) -> None:
    """A farm beside rings counts for little; newcomers of a network that hardly anybody is left in count in full."""
    networks = {  # how many targets there are with so many known actors and newcomers
        "flooded": [(600, 40, 0), (10_000, 0, 999), (1, 0, 500)],
        "revived": [(7, 40, 0), (1_000, 0, 5), (1, 0, 500)],
    }
    told = [(n, *targets) for n, of_network in networks.items() for targets in of_network]
    values = ", ".join(f"('{n}', {many}, {k * MICRO}L, {new * MICRO}L)" for n, many, k, new in told)
    sums = rows(PAIRS).sparkSession.sql(
        f"SELECT network, concat(new, '/', number) AS account_id, known AS actors_7, new AS newcomer_actors_7 FROM "
        f"(SELECT *, explode(sequence(1, many)) AS number FROM VALUES {values} AS t(network, many, known, new))"
    )
    _, summed = with_newcomers_counted(sums)
    farms = {r["network"]: r["actors_7"] for r in summed.where(f"account_id = '{500 * MICRO}/1'").collect()}
    assert farms["flooded"] < MICRO
    assert farms["revived"] == 500 * MICRO


def test_sql_agrees_with_the_oracle(rows: Rows) -> None:
    random = np.random.default_rng(3)
    sizes = [(1, 40), (40, 40), (40, 1)]  # of known ones and newcomers
    networks = {
        f"n{i}": random.integers(0, (sizes[i % 3]), (random.integers(1, 7), 2)) * MICRO // 4 for i in range(200)
    }
    told = [f"('{n}', 't{i}', {k}L, {new}L)" for n, targets in networks.items() for i, (k, new) in enumerate(targets)]
    names = "network, account_id, actors_7, newcomer_actors_7"
    sums = rows(PAIRS).sparkSession.sql(f"SELECT * FROM VALUES {', '.join(told)} AS t({names})")
    usual, summed = with_newcomers_counted(sums)
    compared = 0
    for row in summed.collect():
        targets = [(int(known), int(new)) for known, new in networks[row["network"]]]
        entering = [oracle.entering(known, new, MODEL) for known, new in targets]
        everybody = sum(known for known, _ in targets)
        assert usual[row["network"]]["actors_7"] == (sum(entering), everybody)
        known, new = targets[n := int(row["account_id"][1:])]
        shares = [oracle.entering(k, one, MODEL, more=MODEL.unknown_target) for k, one in targets]
        is_told = oracle.is_told(everybody - known, sum(shares) - shares[n], MODEL)
        others = (sum(entering) - entering[n], everybody - known)
        expected = oracle.with_newcomers(known, new, others, MODEL, told=is_told)
        assert row["actors_7"] == pytest.approx(expected, rel=1e-12)
        compared += expected < known + new
    assert compared > 20
