"""The oracle itself, on cases small enough to work out by hand, and on what must hold in every world."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tests import oracle
from tests.oracle import Counts, DayResult, Model, Row, Scored, World, score_days
from tests.worlds import example_model, prefixed, worlds

D = date(2026, 3, 10)
MODEL = Model(
    anchors=((0, 1), (45, 90), (100, 100)),  # of these examples; the default model has others
    per_post=0.0,  # tried by a test of its own; without it a day is easier to work out by hand
    value={("twitter", "like"): 1.0, ("twitter", "reply"): 0.5, ("wiki", "link"): 1.0},
    account_types={"twitter": frozenset({"personal", "page"}), "wiki": frozenset({"personal"})},
)
LN2 = math.log(2)


def day(offset: int) -> date:
    return D + timedelta(days=offset)


def row(actor: str | None, target: str | None, offset: int = -1, **changes: Any) -> Row:
    """A like at noon, `offset` days from D, ingested an hour later, seen by the run of D; its id names the pair."""
    at = datetime.combine(day(offset), time(12))
    found: Row = {
        "network": "twitter",
        "interaction_id": f"{actor}>{target}",
        "occurred_at": at,
        "actor_id": actor,
        "target_id": target,
        "kind": "like",
        "post_id": None,
        "ingested_at": at + timedelta(hours=1),
        "arrives": D,
    }
    return found | changes


def link(person: str, account: str, network: str = "twitter", start: int | None = None, end: int | None = None) -> Row:
    ends = {"connected_on": start, "disconnected_on": end}
    days = {name: None if offset is None else day(offset) for name, offset in ends.items()}
    return {"person_id": person, "network": network, "account_id": account, **days}


def post(account: str, offset: int) -> Row:
    at = datetime.combine(day(offset), time(0))
    return {"network": "twitter", "post_id": f"{account}{offset}", "account_id": account, "posted_at": at}


def run(*rows: Row, **tables: Any) -> DayResult:
    return score_days(World(rows, **tables), [D], MODEL)[0]


def twitter(*rows: Row, **tables: Any) -> Counts:
    return run(*rows, **tables).counts["twitter"]


def scores(result: DayResult) -> dict[str, int]:
    return {person: scored.score100 for person, scored in result.rows.items()}


def weights(*rows: Row, standing: Mapping[str, int] | None = None) -> dict[tuple[str, str], int]:
    reactions = [oracle.Reaction("twitter", day(-1), r["actor_id"], r["target_id"], r["kind"], 12) for r in rows]
    judged = {
        ("twitter", day(-1), r.actor): oracle.Judged(1_000_000, False, (standing or {}).get(r.actor, 1_000_000))
        for r in reactions
    }
    found = oracle.pair_weights(reactions, judged, MODEL)
    return {(actor, target): weight for ((_, _, actor), target), weight in found.items()}


# --- windows and evidence ---------------------------------------------------------------------------------------------


def test_one_reaction_of_yesterday() -> None:
    # damped 1, busy 1, weight 1 * 20 / (20 + 1 - 1) = 1: U = W = 1 in all four windows and one active day,
    # E = 4 * (ln 2 + ln 2) / 2 + ln 2 = 5 ln 2 = 3.465735903; 1 + 3.465735903 * 89 / 45 = 7.8545 (not yet limited).
    # 6.85 points: each of the eight halves gets a tenth, 68.5, the active day a fifth, 137; 68 * 8 + 137 = 681,
    # and the 4 left go to the first names of the eight equal remainders.
    signals = {f"actors_distinct_{w}d": 69 for w in (1, 7, 28, 90)} | {f"weight_sum_{w}d": 68 for w in (1, 7, 28, 90)}
    parts = {("", "base"): 100, ("twitter", "active_days_count_90d"): 137}
    parts |= {("twitter", name): points for name, points in signals.items()}
    expected = Scored(785, 3.465735903, None, [("twitter", "t")], parts)
    found = run(row("a", "t")).rows
    assert found == {"twitter:t": expected}  # who only acts gets no row
    # the one actor brings half an evidence in each window and another half by the day: a standard deviation of 2.5;
    # 3.465735903 + 2.303 * 2.5 = 9.223235903 is a score of 19.24, and below is nothing
    assert found["twitter:t"].band100 == (100, 1924)


@pytest.mark.parametrize(
    ("offset", "windows"),  # how many of the four windows hold the day
    [(-1, 4), (-2, 3), (-7, 3), (-8, 2), (-28, 2), (-29, 1), (-90, 1)],
)
def test_a_day_counts_in_the_windows_that_hold_it(offset: int, windows: int) -> None:
    # each window adds (ln 2 + ln 2) / 2, the active day ln 2
    assert run(row("a", "t", offset)).rows["twitter:t"].evidence == pytest.approx((windows + 1) * LN2, abs=1e-9)


def test_a_signal_without_points_has_no_part() -> None:
    parts = run(row("a", "t", -8)).rows["twitter:t"].parts  # nothing in the windows of 1 and 7 days
    signals = {f"{signal}_{w}d" for signal in ("actors_distinct", "weight_sum") for w in (28, 90)}
    assert {signal for _, signal in parts} == signals | {"base", "active_days_count_90d"}


@pytest.mark.parametrize("offset", [-91, 0, 1])
def test_a_day_outside_the_window_changes_nothing(offset: int) -> None:
    result = run(row("a", "t", offset))
    assert result.rows == {}
    assert result.counts["twitter"] == Counts(read=1, counted=0, self=0, duplicate=0, quarantined=0, outside=1)


def test_midnight_belongs_to_the_day_that_begins() -> None:
    midnight: Row = {"occurred_at": datetime.combine(day(-1), time(0)), "ingested_at": None}
    last_moment: Row = {"occurred_at": datetime.combine(day(-1), time.max), "ingested_at": None}
    for times in (midnight, last_moment):
        assert run(row("a", "t", **times)).rows["twitter:t"].evidence == pytest.approx(5 * LN2, abs=1e-9)


def test_active_days_are_at_most_the_distinct_actors() -> None:
    # one fan on the last 3 days: W = 1, 3, 3, 3, at most 2 U, and U = 1 in all windows, min(3 days, 1 actor) = 1
    expected = 4 * LN2 / 2 + (LN2 + 3 * math.log(3)) / 2 + LN2
    found = run(*(row("a", "t", -back) for back in (1, 2, 3))).rows["twitter:t"]
    assert found.evidence == pytest.approx(expected, abs=1e-9)


def test_reactions_for_each_post_add_a_little_and_one_fan_cannot_farm_them() -> None:
    # 3 fans, one of them twice: 4 reactions; from 2 posts 2 each, at most 3; from none or one 4, at most 3 as well
    rows = [row("a", "t"), row("b", "t"), row("c", "t"), row("c", "t", interaction_id="again")]
    weighed = dataclasses.replace(MODEL, per_post=0.2)
    found = {
        n: score_days(World(rows, posts=[post("t", -1 - i) for i in range(n)]), [D], weighed)[0] for n in (0, 1, 2, 8)
    }
    plain = run(*rows).rows["twitter:t"].evidence
    added = {n: result.rows["twitter:t"].evidence - plain for n, result in found.items()}
    each = {0: 3.0, 1: 3.0, 2: 2.0, 8: 0.5}
    assert added == pytest.approx({n: 0.2 * math.log1p(value) for n, value in each.items()}, abs=3e-9)


def test_evidence_becomes_a_score_by_the_anchors() -> None:
    found = [oracle.calibrated_100(evidence, MODEL) for evidence in (0.0, 22.5, 45.0, 72.5, 100.0, 1e9)]
    assert found == [100, 4550, 9000, 9500, 10000, 10000]


# --- weights ----------------------------------------------------------------------------------------------------------


def test_repeats_are_damped_by_the_square_root_of_each_kind() -> None:
    # 4 likes: 1 * 2; 2 replies: 0.5 * 1.41421356 = 0.707107; together 2.707107, which is also busy:
    # 2.707107 * 20 / (20 + 2.707107 - 1) = 54.14214 / 21.707107 = 2.494213
    likes, replies = [row("a", "t")] * 4, [row("a", "t", kind="reply")] * 2
    assert weights(*likes) == {("a", "t"): 1_904_762}  # 2 * 20 / 21
    assert weights(*likes, *replies) == {("a", "t"): 2_494_213}


def test_each_reaction_of_a_busy_day_is_worth_less() -> None:
    # 21 targets, busy 21: 1 * 20 / (20 + 21 - 1) = 0.5
    assert weights(*(row("a", f"t{i}") for i in range(21))) == {("a", f"t{i}"): 500_000 for i in range(21)}


def test_standing_multiplies_the_weight() -> None:
    assert weights(row("a", "t"), standing={"a": 1_500_000}) == {("a", "t"): 1_500_000}


def test_standing_comes_from_the_newest_score_at_or_before_the_day() -> None:
    # The first run gives b 7.85 (one reaction of day -1). b reacts on day 0 = D, for the run of D + 1:
    # standing 1 + 6.85 / 99 = 1.069192 as W of all windows. On day -1 nothing was published yet: standing 1.
    rows = [row("a", "b"), row("b", "t", 0), row("b", "u", -1, arrives=day(1))]
    first, second = score_days(World(rows), [D, day(1)], MODEL)
    assert scores(first) == {"twitter:b": 785}
    expected = 5 * LN2 / 2 + 4 * math.log1p(1.069192) / 2 + LN2 / 2  # U_w: 4 halves; active day: 2 halves
    assert second.rows["twitter:t"].evidence == pytest.approx(expected, abs=1e-7)
    assert second.rows["twitter:u"].evidence == pytest.approx(4 * LN2, abs=1e-9)  # no longer yesterday


# --- what becomes of a row --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"interaction_id": None},
        {"actor_id": None},
        {"target_id": None},
        {"kind": None},
        {"occurred_at": None},
        {"kind": "link"},  # wiki's
        {"ingested_at": datetime.combine(day(-2), time(11, 59, 59, 999_999))},
        {"actor_id": "firm"},
        {"target_id": "firm"},
    ],
)
def test_a_row_that_cannot_count_is_quarantined(changes: Row) -> None:
    firm = {"network": "twitter", "account_id": "firm", "account_type": "company"}
    assert twitter(row("a", "t") | changes, accounts=[firm]) == Counts(1, 0, 0, 0, 1, 0)


def test_what_is_no_reason_for_quarantine() -> None:
    page = {"network": "twitter", "account_id": "t", "account_type": "page"}
    day_before = row("a", "t", ingested_at=datetime.combine(day(-2), time(12)))  # exactly 24 hours
    never = row("b", "t", ingested_at=None)
    assert twitter(day_before, never, accounts=[page]) == Counts(2, 2, 0, 0, 0, 0)


def test_outside_goes_before_quarantined() -> None:
    assert twitter(row("a", None, 0), row("a", None, -91, kind="?")) == Counts(2, 0, 0, 0, 0, 2)


def test_of_duplicates_the_least_counts_nulls_first() -> None:
    # the same id of one actor and day: ingested_at decides first, then occurred_at, target_id, kind, post_id
    at = datetime.combine(day(-1), time(12))
    same: Row = {"interaction_id": "1", "ingested_at": at, "occurred_at": at}
    ordered = [
        row("me", "z", interaction_id="1", ingested_at=None, kind="reply", post_id="9"),
        row("me", "y") | same | {"occurred_at": at - timedelta(hours=1)},
        row("me", "a") | same,
        row("me", "a") | same | {"post_id": "1"},
        row("me", "a") | same | {"kind": "reply"},
        row("me", "\uff5e") | same,  # in UTF-16 it would come after the next
        row("me", "😀") | same,
    ]
    for i, least in enumerate(ordered):
        rest = list(reversed(ordered[i:]))
        result = run(*rest)
        assert set(result.rows) == {f"twitter:{least['target_id']}"}
        assert result.counts["twitter"] == Counts(len(rest), 1, 0, len(rest) - 1, 0, 0)


def test_only_the_same_actor_day_and_id_is_a_duplicate() -> None:
    same: Row = {"interaction_id": "1"}
    rows = [row("a", "t", **same), row("b", "t", **same), row("a", "t", -2, **same), row("a", "t", interaction_id="2")]
    assert twitter(*rows, row("a", None, **same)) == Counts(5, 4, 0, 0, 1, 0)  # a refused row displaces nothing


def test_a_self_row_credits_nobody_and_costs_nothing() -> None:
    # the self row is the least of its group: the other one is its duplicate; b's weight stays 1
    rows = [row("a", "a", interaction_id="1", ingested_at=None), row("a", "t", interaction_id="1"), row("a", "b")]
    result = run(*rows)
    assert result.counts["twitter"] == Counts(3, 1, 1, 1, 0, 0)
    assert {person: scored.evidence for person, scored in result.rows.items()} == {"twitter:b": 3.465735903}


def test_each_row_is_read_once_and_again_when_its_day_comes() -> None:
    rows = [row("a", "t", -1), row("a", "t", 0), row("a", None, -1, occurred_at=None)]
    late = [row("b", "t", -3, arrives=day(1)), row("b", "t", -95, arrives=day(1))]
    found = [r.counts["twitter"] for r in score_days(World(rows + late), [D, day(1), day(1), day(3)], MODEL)]
    assert found == [
        Counts(3, 1, 0, 0, 1, 1),
        Counts(3, 2, 0, 0, 0, 1),  # day 0, and two late ones
        Counts(1, 1, 0, 0, 0, 0),  # the rerun reads day 0 again, nothing arrived
        Counts(0, 0, 0, 0, 0, 0),  # days 1 and 2
    ]


def test_a_late_row_that_displaces_one_is_counted_as_the_change() -> None:
    # on the late day -2: before 1 counted, now 1 self and 1 duplicate
    first = row("a", "t", -2, interaction_id="1")
    late = row("a", "a", -2, interaction_id="1", ingested_at=None, arrives=day(1))
    results = score_days(World([first, late]), [D, day(1)], MODEL)
    assert results[1].counts["twitter"] == Counts(read=1, counted=-1, self=1, duplicate=1, quarantined=0, outside=0)


# --- step limit -------------------------------------------------------------------------------------------------------


def burst(target: str, offset: int, fans: int = 30) -> list[Row]:
    return [row(f"fan{i}", target, offset, arrives=day(offset + 1)) for i in range(fans)]


# 30 fans yesterday: U = W = 30 in all windows, E = 4 ln 31 + ln 2 = 14.42909567; 1 + E * 89 / 45 = 29.5375
BURST = 2954


def test_the_first_run_has_no_limit() -> None:
    assert scores(run(*burst("t", -1))) == {"twitter:t": BURST}


def test_a_burst_rises_by_20_points_a_day() -> None:
    first, second, third = score_days(World([row("a", "x"), *burst("t", 0)]), [D, day(1), day(2)], MODEL)
    assert "twitter:t" not in first.rows
    assert second.rows["twitter:t"].score100 == 2100  # base 1, one day: at most 21
    assert second.rows["twitter:t"].parts["", "step_limit"] == 2100 - BURST
    assert second.rows["twitter:t"].change100 is None
    # three windows now: E = 3 ln 31 + ln 2 = 10.99510867, score 22.7459, within 21 + 20
    assert third.rows["twitter:t"].score100 == 2275
    assert third.rows["twitter:t"].change100 == 175
    assert ("", "step_limit") not in third.rows["twitter:t"].parts


def test_two_days_without_a_run_give_room_for_three() -> None:
    found = score_days(World([row("a", "x"), *burst("t", 2)]), [D, day(3)], MODEL)
    assert found[1].rows["twitter:t"].score100 == BURST  # at most 61


def test_a_score_falls_by_70_hundredths_a_day_and_its_row_goes_at_1() -> None:
    # burst on day -1, then out of the window with as_of D + 90: held only by the limit
    far = [day(89), day(90), day(91), day(131), day(132)]
    found = score_days(World(burst("t", -1)), [D, *far], MODEL)
    # D + 89: E = ln 31 + ln 2 = 4.12713, score 9.1626: above BURST - 89 * 0.70 < 1, no hold
    assert [result.rows["twitter:t"].score100 for result in found[:3]] == [BURST, 916, 846]
    assert found[2].rows["twitter:t"] == Scored(
        846, 0.0, -70, [("twitter", "t")], {("", "base"): 100, ("", "step_limit"): 746}
    )
    assert found[3].rows["twitter:t"].score100 == 776
    assert found[4].rows == {}  # 776 - 40 * 70 is below 1
    assert found[5].rows == {}


def test_days_without_a_row_lower_the_base() -> None:
    # t's account is at BURST on D, then ada's for 3 runs (no row of its own), then on its own again on D + 4:
    # ada starts from the account's own score, and so does the account, lowered by 3 days without a row.
    links = [link("ada", "t", start=0, end=3)]
    rows = [row("a", "x"), *burst("t", -1)]
    found = score_days(World(rows, links=links), [day(i) for i in range(5)], MODEL)
    assert [set(scores(result)) for result in found[:2]] == [{"twitter:t", "twitter:x"}, {"ada", "twitter:x"}]
    # D + 1: three windows are left, 22.75, but at most 0.7 down from BURST, day by day
    assert [result.rows["ada"].score100 for result in found[1:4]] == [BURST - 70, BURST - 140, BURST - 210]
    assert found[1].rows["ada"].change100 is None
    assert found[4].rows["twitter:t"].score100 == BURST - 3 * 70 - 70
    assert found[4].rows["twitter:t"].change100 == -280
    assert found[4].rows["ada"].accounts == []  # has nothing left, but is held
    assert found[4].rows["ada"].score100 == BURST - 280


def past_run(**published: int) -> oracle.Run:
    """A run of D after one of the day before that published these scores; ada holds t and u."""
    rows = {f"twitter:{account}": Scored(score100, 0.0, None, [], {}) for account, score100 in published.items()}
    owner = {("twitter", "t"): "ada", ("twitter", "u"): "ada"}
    return oracle.Run(D, World(), owner, {day(-1): DayResult(day(-1), rows, {})}, MODEL)


def test_a_newly_linked_person_starts_from_the_highest_account() -> None:
    assert oracle.bounds_100("ada", past_run(t=3000, u=2000, v=9000)) == (3000 - 70, 3000 + 2000)
    assert oracle.bounds_100("new", past_run(t=3000)) == (100 - 70, 100 + 2000)


def test_the_base_never_falls_below_1() -> None:
    old = DayResult(day(-60), {"twitter:z": Scored(3000, 0.0, None, [], {})}, {})  # 3000 - 59 * 70 is negative
    past = past_run(x=100)
    run_now = dataclasses.replace(past, published={**past.published, old.as_of: old})
    assert oracle.bounds_100("twitter:z", run_now) == (100 - 70, 100 + 2000)


def test_held_at_1_is_not_held() -> None:
    assert oracle.population([], past_run(t=9000, x=170, y=171)) == {"ada", "twitter:y"}


def test_a_day_without_rows_was_never_published() -> None:
    found = score_days(World(burst("t", 0)), [D, day(1)], MODEL)
    assert [scores(result) for result in found] == [{}, {"twitter:t": BURST}]


def test_a_rerun_publishes_the_same() -> None:
    once, again = score_days(World([row("a", "x"), *burst("t", 0)]), [D, day(1), day(1)], MODEL)[1:]
    assert once.rows == again.rows


# --- persons ----------------------------------------------------------------------------------------------------------


def test_two_networks_combine_and_share_the_points() -> None:
    # Each network as in the first test, E_n = 5 ln 2, E = (2 E_n ** 3) ** (1 / 3) = 1.259921 E_n = 4.366553606;
    # 1 + E * 89 / 45 = 9.63607: 864 hundredths over 1, a half for each network, of which each of the sixteen halves
    # has a tenth, 43.2, and the two active days a fifth, 86.4: 16 * 43 + 2 * 86 = 860, the 4 left to remainders .4
    # first (2), then to the first names of the first network.
    rows = [row("a", "t"), row("a", "T", network="wiki", kind="link")]
    found = run(*rows, links=[link("ada", "T", "wiki"), link("ada", "t")]).rows
    assert set(found) == {"ada"}  # while linked, an account has no row of its own
    assert found["ada"].accounts == [("twitter", "t"), ("wiki", "T")]
    assert found["ada"].evidence == pytest.approx(2 ** (1 / 3) * 5 * LN2, abs=1e-9)
    assert found["ada"].score100 == 964
    expected = {
        (n, f"{signal}_{w}d"): 43
        for n in MODEL.account_types
        for signal in ("actors_distinct", "weight_sum")
        for w in MODEL.windows
    }
    expected |= {("", "base"): 100, ("twitter", "active_days_count_90d"): 87, ("wiki", "active_days_count_90d"): 87}
    expected |= {("twitter", "actors_distinct_1d"): 44, ("twitter", "actors_distinct_28d"): 44}
    assert found["ada"].parts == expected


def test_several_accounts_on_one_network_are_one_person() -> None:
    # Yesterday a reacts to t and u, b to u, t to u. For ada (t and u): actors a and b; one active day; weights:
    # a is busy 2: 20 / 21 = 0.952381 each, b 1; t's own reaction is set apart. W = 2.904762.
    rows = [row("a", "t"), row("a", "u"), row("b", "u"), row("t", "u"), row("t", "x")]
    links = [link("ada", "t"), link("ada", "u")]
    found = run(*rows, links=links).rows
    expected = 4 * (math.log(3) + math.log1p(2.904762)) / 2 + LN2
    assert set(found) == {"ada", "twitter:x"}
    assert found["ada"].evidence == pytest.approx(expected, abs=1e-6)
    # what is set apart still made t busy: x gets 20 / 21, as without the links
    x = found["twitter:x"].evidence
    assert x == pytest.approx(4 * (LN2 + math.log1p(np.float32(0.952381))) / 2 + LN2, abs=1e-9)
    assert x == run(*rows).rows["twitter:x"].evidence


def test_a_link_holds_after_connected_on_and_to_disconnected_on() -> None:
    held = {
        (start, end): oracle.owners([link("ada", "t", start=start, end=end)], D) != {}
        for start in (None, -1, 0)
        for end in (None, 0, -1)
    }
    assert held == {(start, end): start != 0 and end != -1 for start in (None, -1, 0) for end in (None, 0, -1)}


def test_on_overlap_the_earlier_connected_then_the_smaller_person_stays() -> None:
    links = [link("bea", "t", start=-5), link("Zoe", "t", start=-5), link("abe", "t", start=-4)]
    assert oracle.owners(links, D) == {("twitter", "t"): "Zoe"}  # upper case first, in bytes
    assert oracle.owners([*links, link("zed", "t")], D) == {("twitter", "t"): "zed"}
    assert set(run(links=links).rows) == {"Zoe"}  # a link that lost holds nothing


def test_a_post_in_the_window_or_a_link_gives_a_row_of_1() -> None:
    found = run(
        posts=[post("first", -90), post("last", -1), post("old", -91), post("now", 0)], links=[link("ada", "t")]
    )
    assert scores(found) == {"ada": 100, "twitter:first": 100, "twitter:last": 100}
    assert found.rows["ada"] == Scored(100, 0.0, None, [("twitter", "t")], {("", "base"): 100})


# --- every world ------------------------------------------------------------------------------------------------------

RUN_DAYS = [D, day(1), day(2), day(2), day(9)]


@settings(max_examples=60, deadline=None)
@given(worlds(example_model(), RUN_DAYS))
def test_every_row_has_one_end_and_every_score_its_parts(world: World) -> None:
    results = score_days(world, RUN_DAYS, example_model())
    for result in results:
        for counts in result.counts.values():
            assert counts.read == sum(counts[1:])
        for scored in result.rows.values():
            assert 100 <= scored.score100 <= 10_000
            assert sum(scored.parts.values()) == scored.score100
        owned = Counter(account for scored in result.rows.values() for account in scored.accounts)
        assert all(times == 1 for times in owned.values())
    assert sum(counts.read for counts in results[0].counts.values()) == sum(
        row["arrives"] <= D for row in world.interactions
    )


@settings(max_examples=30, deadline=None)
@given(worlds(example_model(), RUN_DAYS, most=12), worlds(example_model(), RUN_DAYS, most=12))
def test_worlds_side_by_side_do_not_touch(one: World, other: World) -> None:
    anchor = link("anchor", "anchor")  # so that no day is without rows, which would move the last published day
    pair = [World(w.interactions, w.posts, w.accounts, [*w.links, anchor]) for w in (one, other)]
    model = dataclasses.replace(
        example_model(), is_judged=False
    )  # what is usual of newcomers is usual on the whole network
    together = score_days(prefixed(pair), RUN_DAYS, model)
    for i, world in enumerate(pair):
        for alone, both in zip(score_days(world, RUN_DAYS, model), together, strict=True):
            named = {tuple(scored.accounts): scored for scored in both.rows.values()}
            for scored in alone.rows.values():
                if scored.accounts:
                    beside = named[tuple((network, f"w{i}/{account}") for network, account in scored.accounts)]
                    assert (beside.score100, beside.evidence, beside.change100, beside.parts) == (
                        scored.score100,
                        scored.evidence,
                        scored.change100,
                        scored.parts,
                    )
