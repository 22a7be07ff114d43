"""What a sequence of daily runs must publish, worked out the slow way from plain row lists.

It follows DESIGN.md sections 3 and 4 by brute force: every run looks at all rows again; only what was published and
the standing of actors, frozen at first sight, go from run to run (while days ascend, what stands at or before a day
is settled when the day is first seen: freezing shows only where published days are replaced). It imports nothing of
kloutspark. Scores are whole hundredths (`*100`), weights whole millionths (`*_micros`), days are UTC, strings compare
by their UTF-8 bytes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import numpy as np

MICRO = 1_000_000
LEAST_100, MOST_100 = 100, 10_000  # P1: a score is 1.00 to 100.00
FUTURE = timedelta(hours=24)

Row = dict[str, Any]
Account = tuple[str, str]  # network, account_id
ActorDay = tuple[str, date, str]  # network, day, actor_id


@dataclass(frozen=True)
class World:
    """The input tables as lists of rows; moments are naive datetimes in UTC.

    interactions  network, interaction_id, occurred_at, actor_id, target_id, kind, post_id, ingested_at (each but the
                  network may be None), arrives (the as_of of the first run that can see the row)
    posts         network, post_id, account_id, posted_at
    accounts      network, account_id, account_type
    links         person_id, network, account_id, connected_on, disconnected_on (days or None); there from the start
    """

    interactions: Sequence[Row] = ()
    posts: Sequence[Row] = ()
    accounts: Sequence[Row] = ()
    links: Sequence[Row] = ()


@dataclass(frozen=True)
class Model:
    """The numbers of the score; the networks are the keys of `account_types`."""

    value: Mapping[tuple[str, str], float]  # by network and kind; any other kind is unknown
    account_types: Mapping[str, frozenset[str]]  # by network: the types that count
    beta: float = 0.5
    halving_reactions: float = 20.0
    standing_most: float = 2.0
    windows: tuple[int, ...] = (1, 7, 28, 90)
    is_judged: bool = True  # whether authenticity is applied
    history_days: int = 60
    established_days: int = 60
    settling_days: int = 30
    vouching_weight: float = 0.49
    vouching_steps: int = 3
    newcomers_in_full: float = 0.5
    newcomers_times_usual: float = 4.0
    newcomers_known_prior: float = 1.25
    newcomers_usual_at_most: float = 3.0
    newcomers_beyond: float = 0.1
    unknown_target: float = 0.1
    known_share_min: float = 0.5
    doubts: tuple[tuple[float, float], ...] = ((50, 0.5), (25, 0.5), (12, 0.5))  # reactions, targets, hours a day
    least_authenticity: float = 0.05
    weight_at_most: float = 2.0  # times the distinct actors
    combine: float = 3.0
    per_post: float = 0.2
    anchors: tuple[tuple[float, float], ...] = ((0, 1), (3, 15), (22, 65), (50, 100))
    band: float = 1.645 * 1.4  # half of a band in standard deviations
    most_up: float = 20.0
    most_down: float = 0.7


@dataclass(frozen=True)
class Scored:
    """A row of `scores`; change, points and the band are whole hundredths."""

    score100: int
    evidence: float
    change100: int | None
    accounts: list[Account]
    parts: dict[tuple[str, str], int]  # by network and signal
    band100: tuple[int, int] = field(default=(LEAST_100, MOST_100), compare=False)


class Counts(NamedTuple):
    """How many rows of a network a run read, and the five ends that they came to."""

    read: int
    counted: int
    self: int
    duplicate: int
    quarantined: int
    outside: int


@dataclass(frozen=True)
class DayResult:
    """What one run published, by person and by network."""

    as_of: date
    rows: dict[str, Scored]
    counts: dict[str, Counts]


class Reaction(NamedTuple):
    """A counted row; `hour` of the day."""

    network: str
    day: date
    actor: str
    target: str
    kind: str
    hour: int


class Judged(NamedTuple):
    """What is said of an actor's day when it is first seen."""

    authenticity_micros: int
    is_newcomer: bool
    standing_micros: int


class Received(NamedTuple):
    """What one actor's reactions of one day to one account add to whoever holds it."""

    day: date
    actor: str
    weight_micros: int
    reactions: int
    judged: Judged


class Sums(NamedTuple):
    """What was received in a window from known actors and from newcomers: distinct ones and weights, in millionths."""

    actors: int
    newcomers: int
    weight: int
    newcomer_weight: int


@dataclass(frozen=True)
class Run:
    """What every stage of one run knows: `owner` of the linked accounts, days `published` before as_of."""

    as_of: date
    world: World
    owner: Mapping[Account, str]
    published: Mapping[date, DayResult]
    model: Model
    last: date | None = None  # the as_of of the run before


def half_up(x: float) -> int:
    """floor(x + 0.5)."""
    return math.floor(x + 0.5)


def in_order(values: Iterable[float]) -> float:
    """Their sum from left to right (the built-in one compensates from Python 3.12 on)."""
    total = 0.0
    for value in values:
        total += value
    return total


# --- rows ------------------------------------------------------------------------------------------------------------


def day_of(row: Row) -> date | None:
    """UTC day of the row, if it has one."""
    return None if row["occurred_at"] is None else row["occurred_at"].date()


def is_in_window(day: date, as_of: date, model: Model) -> bool:
    """Whether the day is in [as_of - 90, as_of)."""
    return as_of - timedelta(days=max(model.windows)) <= day < as_of


def is_refused(row: Row, types: Mapping[Account, str | None], model: Model) -> bool:
    """Whether the row belongs in quarantine: a null, an unknown kind, from the future, a refused account type."""
    network, at, ingested = row["network"], row["occurred_at"], row["ingested_at"]
    if None in (row["interaction_id"], row["actor_id"], row["target_id"], row["kind"], at):
        return True
    if (network, row["kind"]) not in model.value:
        return True
    if ingested is not None and at > ingested + FUTURE:
        return True
    known = [types.get((network, row["actor_id"])), types.get((network, row["target_id"]))]
    return any(found is not None and found not in model.account_types[network] for found in known)


def dedupe_order(row: Row) -> tuple[tuple[Any, ...], ...]:
    """(ingested_at, occurred_at, target_id, kind, post_id), nulls first."""
    texts = [None if row[name] is None else row[name].encode() for name in ("target_id", "kind", "post_id")]
    return tuple(() if value is None else (value,) for value in (row["ingested_at"], row["occurred_at"], *texts))


def fates(rows: Sequence[Row], as_of: date, world: World, model: Model) -> list[str]:
    """What becomes of each row: outside, quarantined, duplicate, self or counted, the first of these that fits."""
    types = {(row["network"], row["account_id"]): row["account_type"] for row in world.accounts}
    found: list[str] = []
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        day = day_of(row)
        if day is not None and not is_in_window(day, as_of, model):
            found.append("outside")
        elif is_refused(row, types, model):
            found.append("quarantined")
        else:
            found.append("self" if row["actor_id"] == row["target_id"] else "counted")
            groups[row["network"], row["actor_id"], day, row["interaction_id"]].append(index)
    for group in groups.values():
        kept = min(group, key=lambda index: dedupe_order(rows[index]))
        for index in group:
            if index != kept:
                found[index] = "duplicate"
    return found


def visible(world: World, as_of: date) -> list[Row]:
    """The interactions that a run of as_of can see."""
    return [row for row in world.interactions if row["arrives"] <= as_of]


def count(world: World, as_of: date, last: date | None, model: Model) -> dict[str, Counts]:
    """Rows read by this run, by what became of them; `last` is the as_of of the run before.

    Read are all rows of the days from min(last, as_of - 1) on, and what arrived since for any other day. Of such
    a late day: all its visible rows now, minus those of them that the last run could see, both judged as of today.
    """
    tally: Counter[tuple[str, str]] = Counter()
    rows = visible(world, as_of)
    for row, fate in zip(rows, fates(rows, as_of, world, model), strict=True):
        tally.update([(row["network"], fate), (row["network"], "read")])
    if last is not None:
        fresh = min(last, as_of - timedelta(days=1))
        rows = visible(world, last)
        for row, fate in zip(rows, fates(rows, as_of, world, model), strict=True):
            day = day_of(row)
            if day is None or not fresh <= day < as_of:
                tally.subtract([(row["network"], fate), (row["network"], "read")])
    return {network: Counts(*(tally[network, name] for name in Counts._fields)) for network in model.account_types}


# --- weights ---------------------------------------------------------------------------------------------------------


def standing_micros(network: str, day: date, actor: str, run: Run) -> int:
    """1 + (score - 1) / 99 * (most - 1), of the newest published day at or before `day`; 1 without a row there."""
    newest = max((as_of for as_of in run.published if as_of <= day), default=None)
    if newest is not None:
        for row in run.published[newest].rows.values():
            if (network, actor) in row.accounts:
                return half_up(1e6 * (1 + (row.score100 / 100 - 1) / 99 * (run.model.standing_most - 1)))
    return MICRO


def damped_micros(reactions: Iterable[Reaction], model: Model) -> dict[ActorDay, Counter[str]]:
    """By actor's day and target the sum over kinds of value * r ** beta, each rounded to millionths."""
    damped: dict[ActorDay, Counter[str]] = defaultdict(Counter)
    for (network, day, actor, target, kind), r in Counter(reaction[:5] for reaction in reactions).items():
        damped[network, day, actor][target] += half_up(model.value[network, kind] * r**model.beta * 1e6)
    return damped


def selective_micros(damped: Mapping[ActorDay, Counter[str]], model: Model) -> dict[tuple[ActorDay, str], float]:
    """The damped reactions times h / (h + busy - 1), busy being the sum of damped over the day's targets."""
    h = model.halving_reactions
    return {
        (actor_day, target): micros * h / (h + sum(targets.values()) / 1e6 - 1.0)
        for actor_day, targets in damped.items()
        for target, micros in targets.items()
    }


def pair_weights(
    reactions: Iterable[Reaction], judged: Mapping[ActorDay, Judged], model: Model
) -> dict[tuple[ActorDay, str], int]:
    """Millionths by (network, day, actor) and target: damped * h / (h + busy - 1) * authenticity * standing."""
    selective = selective_micros(damped_micros(reactions, model), model)
    said = {key: judged[key[0]] for key in selective}
    return {
        key: half_up(value * (said[key].authenticity_micros / 1e6) * (said[key].standing_micros / 1e6))
        for key, value in selective.items()
    }


# --- authenticity ----------------------------------------------------------------------------------------------------


def judge_new(
    reactions: Sequence[Reaction],
    seen: Mapping[str, date],
    judged: dict[ActorDay, Judged],
    new: set[ActorDay],
    run: Run,
) -> None:
    """Adds what is said of the actor's days that this run is the first to see.

    `reactions` are all that count in the window, `seen` the first day of any row there, by network.
    """
    model = run.model
    days: dict[tuple[str, str], dict[date, list[Reaction]]] = defaultdict(lambda: defaultdict(list))
    first_received: dict[tuple[str, str], date] = {}
    for r in reactions:
        days[r.network, r.actor][r.day].append(r)
        first_received[r.network, r.target] = min(first_received.get((r.network, r.target), r.day), r.day)

    def is_old(network: str, day: date, actor: str) -> bool:
        first = seen[network]
        if not model.is_judged or day < first + timedelta(days=model.history_days):
            return True
        found = [d for d in days[network, actor] if d <= day] + [first_received.get((network, actor), date.max)]
        settled = max(day - timedelta(days=model.established_days), first + timedelta(days=model.settling_days))
        return min(found, default=date.max) <= settled

    vouching = [
        (actor_day, target)
        for (actor_day, target), micros in selective_micros(damped_micros(reactions, model), model).items()
        if micros >= model.vouching_weight * 1e6
    ]
    built = built_days(run)
    vouched: dict[tuple[str, str], dict[str, date]] = {}  # by target the first day of each who vouches for it

    def is_known(actor_day: ActorDay) -> bool:
        if actor_day not in new:
            return not judged[actor_day].is_newcomer
        network, day, actor = actor_day
        return is_old(*actor_day) or sum(first < day for first in vouched.get((network, actor), {}).values()) >= 2

    for step in range(model.vouching_steps + 1):
        now: dict[tuple[str, str], dict[str, date]] = defaultdict(dict)
        for (network, day, actor), target in vouching:
            on_record = day not in built[network]  # those of other days were settled by earlier runs
            if (on_record or step > 0) and is_known((network, day, actor)):
                now[network, target][actor] = min(now[network, target].get(actor, day), day)
        vouched = now
    for network, day, actor in new:
        doubt = 0.0
        before = [rows for d, rows in days[network, actor].items() if d < day]
        if model.is_judged and before and day >= seen[network] + timedelta(days=model.history_days):
            means = [
                sum(measure(rows) for rows in before) / len(before)
                for measure in (
                    len,
                    lambda rows: len({r.target for r in rows}),
                    lambda rows: len({r.hour for r in rows}),
                )
            ]
            doubt = sum(w * max(0.0, math.log(x / usual)) for x, (usual, w) in zip(means, model.doubts, strict=True))
        micros = half_up(max(model.least_authenticity, math.exp(-doubt)) * 1e6)
        is_newcomer = not is_known((network, day, actor))
        judged[network, day, actor] = Judged(micros, is_newcomer, standing_micros(network, day, actor, run))


def built_days(run: Run) -> dict[str, set[date]]:
    """The days whose rows this run looks at again, by network: from the last run on, and those with late rows."""
    start, end = run.as_of - timedelta(days=max(run.model.windows)), run.as_of
    fresh = start if run.last is None else max(start, min(run.last, end - timedelta(days=1)))
    found = {}
    for network in run.model.account_types:
        rows = [row for row in visible(run.world, run.as_of) if row["network"] == network]
        late = {day_of(row) for row in rows if run.last is not None and row["arrives"] > run.last}
        days = {fresh + timedelta(days=n) for n in range((end - fresh).days)}
        found[network] = days | {day for day in late if day is not None and start <= day < end}
    return found


def sums_of(rows: Iterable[Received], w: int, as_of: date) -> Sums:
    """What known actors and newcomers brought; an actor counts as on its first day in the window."""
    inside = sorted((row for row in rows if as_of - timedelta(days=w) <= row.day < as_of), key=lambda row: row.day)
    firsts = {row.actor: row.judged for row in reversed(inside)}
    parts = [[j.authenticity_micros for j in firsts.values() if j.is_newcomer == new] for new in (False, True)]
    weights = [[row.weight_micros for row in inside if row.judged.is_newcomer == new] for new in (False, True)]
    return Sums(*[sum(values) for pair in (parts, weights) for values in pair])


def is_told(known: int, newcomers: int, model: Model) -> bool:
    """Whether enough of the others' distinct actors of the longest window are known to tell who is new."""
    return known > 0 and known >= model.known_share_min * (known + newcomers)


def with_newcomers(known: int, newcomers: int, others: tuple[int, int], model: Model, *, told: bool = True) -> float:
    """Known ones and what newcomers add, in millionths; `others` are newcomers and known ones of all other targets."""
    if not newcomers:
        return known
    if not told:
        return known + newcomers
    least = model.newcomers_in_full * 1e6
    usual = max(others[0], 0) / (max(others[1], 0) + least)
    full = model.newcomers_times_usual * usual * (known + model.newcomers_known_prior * 1e6) + least
    if newcomers <= full:
        return known + newcomers
    return known + full * (1 + model.newcomers_beyond * (1 - full / newcomers))


def entering(known: int, newcomers: int, model: Model, *, more: float = 0.0) -> int:
    """What newcomers of one target enter what is usual, or with more known ones the share of known ones."""
    return min(newcomers, math.floor(model.newcomers_usual_at_most * (known + more * 1e6)))


# --- persons ---------------------------------------------------------------------------------------------------------


def owners(links: Iterable[Row], as_of: date) -> dict[Account, str]:
    """Who holds each linked account: of several the earliest connected (null first), then the smaller person_id."""
    holding: dict[Account, list[tuple[tuple[date, ...], bytes]]] = defaultdict(list)
    for link in links:
        start, end = link["connected_on"], link["disconnected_on"]
        if (start is None or start < as_of) and (end is None or end >= as_of):
            order = (() if start is None else (start,), link["person_id"].encode())
            holding[link["network"], link["account_id"]].append(order)
    return {account: min(found)[1].decode() for account, found in holding.items()}


def person_of(network: str, account: str, owner: Mapping[Account, str]) -> str:
    """Who holds the account, else `<network>:<account_id>`."""
    return owner.get((network, account), f"{network}:{account}")


def accounts_of(person: str, run: Run) -> list[Account]:
    """The accounts that the person holds; an unlinked account has itself."""
    held = [account for account, holder in run.owner.items() if holder == person]
    network, colon, account_id = person.partition(":")
    if not held and colon and network in run.model.account_types:
        held = [(network, account_id)]
    return sorted(held, key=lambda account: (account[0].encode(), account[1].encode()))


def received(
    weights: Mapping[tuple[ActorDay, str], int],
    reactions: Mapping[tuple[ActorDay, str], int],
    judged: Mapping[ActorDay, Judged],
    owner: Mapping[Account, str],
) -> dict[str, dict[str, list[Received]]]:
    """By person and network what was received, reactions between a person's own accounts set apart."""
    found: dict[str, dict[str, list[Received]]] = defaultdict(lambda: defaultdict(list))
    for ((network, day, actor), target), micros in weights.items():
        person = person_of(network, target, owner)
        if person_of(network, actor, owner) != person:
            count = reactions[(network, day, actor), target]
            found[person][network].append(Received(day, actor, micros, count, judged[network, day, actor]))
    return found


def newest(person: str, published: Mapping[date, DayResult]) -> tuple[date, int] | None:
    """Day and hundredths of the person's newest published row."""
    found = [(day, result.rows[person].score100) for day, result in published.items() if person in result.rows]
    return max(found, default=None)


def bounds_100(person: str, run: Run) -> tuple[int, int]:
    """Lowest and highest score: base - 0.7 m .. base + 20 m, m the days since the last published one; else no limit.

    base = max(1, last - 0.7 * days without a row): of the person, else the highest of the accounts' own, else 1.
    """
    before = max(run.published, default=None)
    if before is None:
        return LEAST_100, MOST_100
    up, down = round(100 * run.model.most_up), round(100 * run.model.most_down)
    names = [f"{network}:{account}" for network, account in accounts_of(person, run)]
    last = [newest(name, run.published) for name in ([person] if newest(person, run.published) else names)]
    bases = [max(LEAST_100, row[1] - down * (before - row[0]).days) for row in last if row is not None]
    base, m = max(bases, default=LEAST_100), (run.as_of - before).days
    return base - down * m, base + up * m


def posts_of(run: Run) -> Counter[tuple[str, str]]:
    """Posts of the window by person and network; those of accounts of a refused type do not count."""
    found: Counter[tuple[str, str]] = Counter()
    types = {(a["network"], a["account_id"]): a["account_type"] for a in run.world.accounts}
    for post in run.world.posts:
        kind = types.get((post["network"], post["account_id"]))
        counts = kind is None or kind in run.model.account_types[post["network"]]
        if counts and is_in_window(post["posted_at"].date(), run.as_of, run.model):
            found[person_of(post["network"], post["account_id"], run.owner), post["network"]] += 1
    return found


def population(reached: Iterable[str], run: Run) -> set[str]:
    """Who gets a row: reacted to or posting (but of a refused type), an account held, or still held above 1."""
    persons = set(reached) | set(run.owner.values()) | {person for person, _ in posts_of(run)}
    linked = {f"{network}:{account}" for network, account in run.owner}  # these have no row of their own
    past = {person for result in run.published.values() for person in result.rows}
    return persons | {person for person in past - linked if bounds_100(person, run)[0] > LEAST_100}


# --- evidence and score ----------------------------------------------------------------------------------------------


Usual = Mapping[int, Sums]  # by window what all accounts of a network received, newcomers as they enter what is usual
ALL = 0  # in their place those of the longest window as they enter the share of known ones


def usual_of(accounts: Sequence[Sequence[Received]], as_of: date, model: Model) -> Usual:
    """Of all accounts of a network."""
    found = {}
    for w in model.windows:
        totals = Counter[str]()
        for s in (sums_of(rows, w, as_of) for rows in accounts):
            totals["actors"] += s.actors
            totals["newcomers"] += entering(s.actors, s.newcomers, model)
            totals["weight"] += s.weight
            totals["newcomer_weight"] += entering(s.weight, s.newcomer_weight, model)
        found[w] = Sums(*[totals[name] for name in Sums._fields])
    longest = [sums_of(rows, max(model.windows), as_of) for rows in accounts]
    entered = [entering(s.actors, s.newcomers, model, more=model.unknown_target) for s in longest]
    found[ALL] = Sums(sum(s.actors for s in longest), sum(entered), 0, 0)
    return found


def terms_of(rows: Sequence[Received], posts: int, usual: Usual, as_of: date, model: Model) -> dict[str, float]:
    """The terms of E_n in order: ln(1 + U_w) / 2, ln(1 + min(W_w, 2 U_w)) / 2 for each window w,
    ln(1 + min(active days, U_90)), and ln(1 + min(reactions / posts, U_90)) * per_post.

    U_w distinct actors by their authenticity, W_w weights, active days with at least one; kept as float32.
    """
    terms = {}
    actors = 0.0
    mine, everybody = sums_of(rows, max(model.windows), as_of), usual[ALL]
    strangers = everybody.newcomers - entering(mine.actors, mine.newcomers, model, more=model.unknown_target)
    told = is_told(max(everybody.actors - mine.actors, 0), max(strangers, 0), model)
    for w in sorted(model.windows):
        found, total = sums_of(rows, w, as_of), usual[w]
        own = entering(found.actors, found.newcomers, model), found.actors
        others = total.newcomers - own[0], total.actors - own[1]
        actors = float(np.float32(with_newcomers(found.actors, found.newcomers, others, model, told=told) / 1e6))
        own = entering(found.weight, found.newcomer_weight, model), found.weight
        others = total.newcomer_weight - own[0], total.weight - own[1]
        weight = float(np.float32(with_newcomers(found.weight, found.newcomer_weight, others, model, told=told) / 1e6))
        weight = min(weight, float(np.float32(actors * model.weight_at_most)))
        terms[f"actors_distinct_{w}d"] = 0.5 * math.log1p(actors)
        terms[f"weight_sum_{w}d"] = 0.5 * math.log1p(weight)
    active_days = len({row.day for row in rows if is_in_window(row.day, as_of, model)})
    terms[f"active_days_count_{max(model.windows)}d"] = 1.0 * math.log1p(min(active_days, actors))
    inside = [row for row in rows if is_in_window(row.day, as_of, model)]
    each = float(np.float32(sum(row.reactions for row in inside) / max(1, posts)))
    terms[f"reactions_per_post_{max(model.windows)}d"] = model.per_post * math.log1p(min(each, actors))
    return terms


def gained(term: float, weight: float) -> float:
    """Weight * x / (1 + x) of the term weight * ln(1 + x)."""
    return weight * -math.expm1(-term / weight) if weight else 0.0


def variance_of(rows: Sequence[Received], terms: Mapping[str, float], as_of: date, model: Model) -> float:
    """The variance of E_n: each actor a Poisson draw that brings the mean of its window's actors.

        sum over windows of (U_w - U_(shorter)) * (sum over windows from w on of share) ** 2,
        share(w) = sum over terms of window w of weight * x / (1 + x) / U_w

    A day is lost with an actor only where nobody else came: its x / (1 + x) times exp(1 - reactions a day).
    """
    longest = max(model.windows)
    actors = {w: math.expm1(terms[f"actors_distinct_{w}d"] / 0.5) for w in sorted(model.windows)}
    share: dict[int, float] = {}
    for w in model.windows:
        inside = [row for row in rows if as_of - timedelta(days=w) <= row.day < as_of]
        gain = sum(gained(terms[f"{name}_{w}d"], 0.5) for name in ("actors_distinct", "weight_sum"))
        if w == longest:
            days, reactions = len({row.day for row in inside}), sum(row.reactions for row in inside)
            alone = math.exp(1 - max(reactions / max(days, 1), 1)) if days <= actors[w] + 1e-9 else 1.0
            gain += gained(terms[f"active_days_count_{w}d"], 1.0) * alone
            gain += gained(terms[f"reactions_per_post_{w}d"], model.per_post)
        share[w] = gain / actors[w] if actors[w] else 0.0
    shorter, found = 0.0, 0.0
    for w, counted in actors.items():
        found += max(counted - shorter, 0.0) * sum(share[v] for v in share if v >= w) ** 2
        shorter = counted
    return found


def calibrated_100(evidence: float, model: Model) -> int:
    """Evidence to hundredths of a score: linear between the anchors, the last one's score above it."""
    for (x0, y0), (x1, y1) in zip(model.anchors, model.anchors[1:], strict=False):
        if evidence <= x1:
            return half_up((y0 + (evidence - x0) * (y1 - y0) / (x1 - x0)) * 100)
    return half_up(model.anchors[-1][1] * 100)


def share_out(total: int, raw: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], int]:
    """Whole parts of a total by largest remainder, ties by network, then signal; parts of nothing are left out."""
    parts = {key: math.floor(value) for key, value in raw.items()}
    left = total - sum(parts.values())
    assert 0 <= left <= len(raw), (total, raw)
    for key in sorted(raw, key=lambda key: (-(raw[key] - parts[key]), key[0].encode(), key[1].encode()))[:left]:
        parts[key] += 1
    return {key: points for key, points in parts.items() if points > 0}


def score_person(
    person: str,
    networks: Mapping[str, Sequence[Received]],
    posts: Mapping[tuple[str, str], int],
    usual: Mapping[str, Usual],
    run: Run,
) -> Scored:
    """Evidence E = (sum of E_n ** p) ** (1 / p), its calibrated score held by the step limit, and the parts."""
    model, p = run.model, run.model.combine
    names = sorted(networks, key=str.encode)
    terms = {
        name: terms_of(networks[name], posts.get((person, name), 0), usual[name], run.as_of, model) for name in names
    }
    evidences = {name: in_order(found.values()) for name, found in terms.items()}
    powers = in_order(e_n**p for e_n in evidences.values())
    evidence = float(Decimal(repr(powers ** (1 / p))).quantize(Decimal("1e-9"), ROUND_HALF_UP))
    base100, calibrated100 = calibrated_100(0.0, model), calibrated_100(evidence, model)
    lowest, highest = bounds_100(person, run)
    score100 = min(max(min(max(calibrated100, lowest), highest), LEAST_100), MOST_100)
    total = calibrated100 - base100
    variances = {n: variance_of(networks[n], terms[n], run.as_of, model) for n in names}
    spread = math.sqrt(sum(evidences[n] ** (2 * p - 2) * variances[n] for n in names))
    half = model.band * spread / powers ** ((p - 1) / p) if powers else 0.0
    low, high = (calibrated_100(max(evidence + side * half, 0.0), model) + score100 - calibrated100 for side in (-1, 1))
    raw = {
        (name, signal): total * (evidences[name] ** p / powers) * (term / evidences[name])
        for name, found in terms.items()
        for signal, term in found.items()
    }
    parts = {("", "base"): base100} | share_out(total, raw)
    if score100 != calibrated100:
        parts["", "step_limit"] = score100 - calibrated100
    last = newest(person, run.published)
    change100 = None if last is None else score100 - last[1]
    band100 = (max(low, LEAST_100), min(high, MOST_100))
    return Scored(score100, evidence, change100, accounts_of(person, run), parts, band100)


# --- runs ------------------------------------------------------------------------------------------------------------


def score_day(run: Run, judged: dict[ActorDay, Judged]) -> dict[str, Scored]:
    """The rows that one run publishes; actor-days that it is the first to see are added to `judged` for good."""
    rows = visible(run.world, run.as_of)
    reactions: list[Reaction] = []
    seen: dict[str, date] = {}
    new: set[ActorDay] = set()
    for row, fate in zip(rows, fates(rows, run.as_of, run.world, run.model), strict=True):
        if fate in ("counted", "self", "duplicate"):
            network, at, actor = row["network"], row["occurred_at"], row["actor_id"]
            seen[network] = min(seen.get(network, at.date()), at.date())
            if (network, at.date(), actor) not in judged:
                new.add((network, at.date(), actor))
            if fate == "counted":
                reactions.append(Reaction(network, at.date(), actor, row["target_id"], row["kind"], at.hour))
    judge_new(reactions, seen, judged, new, run)
    counted = Counter(((r.network, r.day, r.actor), r.target) for r in reactions)
    weights = pair_weights(reactions, judged, run.model)
    credit, accounts = received(weights, counted, judged, run.owner), received(weights, counted, judged, {})
    usual = {
        network: usual_of([found[network] for found in accounts.values() if network in found], run.as_of, run.model)
        for network in run.model.account_types
    }
    persons, posts = sorted(population(credit, run), key=str.encode), posts_of(run)
    return {person: score_person(person, credit.get(person, {}), posts, usual, run) for person in persons}


def score_days(world: World, days: Sequence[date], model: Model) -> list[DayResult]:
    """One run a day, in ascending order (a day twice is a rerun), all published.

    A day without any row leaves nothing in `scores`: for later runs it was never published.
    """
    results: list[DayResult] = []
    judged: dict[ActorDay, Judged] = {}
    for as_of in days:
        published = {result.as_of: result for result in results if result.rows and result.as_of < as_of}
        last = results[-1].as_of if results else None
        rows = score_day(Run(as_of, world, owners(world.links, as_of), published, model, last), judged)
        results.append(DayResult(as_of, rows, count(world, as_of, last, model)))
    return results
