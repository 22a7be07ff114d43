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
AUTHENTICITY_MICROS = MICRO  # everybody is authentic in this version
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
    combine: float = 3.0
    per_post: float = 0.2
    anchors: tuple[tuple[float, float], ...] = ((0, 1), (45, 90), (100, 100))
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
    """A counted row."""

    network: str
    day: date
    actor: str
    target: str
    kind: str


class Received(NamedTuple):
    """What one actor's reactions of one day to one account add to whoever holds it."""

    day: date
    actor: str
    weight_micros: int
    reactions: int


@dataclass(frozen=True)
class Run:
    """What every stage of one run knows: `owner` of the linked accounts, days `published` before as_of."""

    as_of: date
    world: World
    owner: Mapping[Account, str]
    published: Mapping[date, DayResult]
    model: Model


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


def pair_weights(
    reactions: Iterable[Reaction], standing: Mapping[ActorDay, int], model: Model
) -> dict[tuple[ActorDay, str], int]:
    """Millionths by (network, day, actor) and target: damped * h / (h + busy - 1) * authenticity * standing.

    damped = sum over kinds of value * r ** beta, each rounded to millionths; busy = sum over targets of damped.
    """
    damped: Counter[tuple[ActorDay, str]] = Counter()
    busy: Counter[ActorDay] = Counter()
    for (network, day, actor, target, kind), r in Counter(reactions).items():
        micros = half_up(model.value[network, kind] * r**model.beta * 1e6)
        damped[(network, day, actor), target] += micros
        busy[network, day, actor] += micros
    weights, h = {}, model.halving_reactions
    for (actor_day, target), damped_micros in damped.items():
        selective = damped_micros * h / (h + busy[actor_day] / 1e6 - 1.0)
        weights[actor_day, target] = half_up(selective * (AUTHENTICITY_MICROS / 1e6) * (standing[actor_day] / 1e6))
    return weights


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
    owner: Mapping[Account, str],
) -> dict[str, dict[str, list[Received]]]:
    """By person and network what was received, reactions between a person's own accounts set apart."""
    found: dict[str, dict[str, list[Received]]] = defaultdict(lambda: defaultdict(list))
    for ((network, day, actor), target), micros in weights.items():
        person = person_of(network, target, owner)
        if person_of(network, actor, owner) != person:
            count = reactions[(network, day, actor), target]
            found[person][network].append(Received(day, actor, micros, count))
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


def terms_of(rows: Sequence[Received], posts: int, as_of: date, model: Model) -> dict[str, float]:
    """The terms of E_n in order: ln(1 + U_w) / 2, ln(1 + W_w) / 2 for each window w, ln(1 + min(active days, U_90)),
    and ln(1 + min(reactions / posts, U_90)) * per_post.

    U_w distinct actors by their authenticity, W_w weights, active days with at least one; kept as float32.
    """
    terms = {}
    actors = 0.0
    for w in sorted(model.windows):
        inside = [row for row in rows if as_of - timedelta(days=w) <= row.day < as_of]
        actors = float(np.float32(len({row.actor for row in inside}) * AUTHENTICITY_MICROS / 1e6))
        weight = float(np.float32(sum(row.weight_micros for row in inside) / 1e6))
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

        sum over actors of (sum over windows from the actor's shortest on of share(w)) ** 2,
        share(w) = sum over terms of window w of weight * x / (1 + x) / U_w

    A day is lost with an actor only where nobody else came: its x / (1 + x) times exp(1 - reactions a day).
    """
    share: dict[int, float] = {}
    longest = max(model.windows)
    for w in model.windows:
        inside = [row for row in rows if as_of - timedelta(days=w) <= row.day < as_of]
        actors = len({row.actor for row in inside})
        gain = sum(gained(terms[f"{name}_{w}d"], 0.5) for name in ("actors_distinct", "weight_sum"))
        if w == longest:
            days, reactions = len({row.day for row in inside}), sum(row.reactions for row in inside)
            alone = math.exp(1 - max(reactions / max(days, 1), 1)) if days <= actors else 1.0
            gain += gained(terms[f"active_days_count_{w}d"], 1.0) * alone
            gain += gained(terms[f"reactions_per_post_{w}d"], model.per_post)
        share[w] = gain / actors if actors else 0.0
    newest_days = {row.actor: row.day for row in sorted(rows, key=lambda row: row.day) if row.day < as_of}
    squares = [sum(share[w] for w in share if as_of - timedelta(days=w) <= day) ** 2 for day in newest_days.values()]
    return sum(squares)


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
    person: str, networks: Mapping[str, Sequence[Received]], posts: Mapping[tuple[str, str], int], run: Run
) -> Scored:
    """Evidence E = (sum of E_n ** p) ** (1 / p), its calibrated score held by the step limit, and the parts."""
    model, p = run.model, run.model.combine
    names = sorted(networks, key=str.encode)
    terms = {name: terms_of(networks[name], posts.get((person, name), 0), run.as_of, model) for name in names}
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


def score_day(run: Run, standing: dict[ActorDay, int]) -> dict[str, Scored]:
    """The rows that one run publishes; actor-days that it is the first to see are added to `standing` for good."""
    rows = visible(run.world, run.as_of)
    reactions = []
    for row, fate in zip(rows, fates(rows, run.as_of, run.world, run.model), strict=True):
        if fate in ("counted", "self", "duplicate"):
            network, day, actor = row["network"], row["occurred_at"].date(), row["actor_id"]
            if (network, day, actor) not in standing:
                standing[network, day, actor] = standing_micros(network, day, actor, run)
            if fate == "counted":
                reactions.append(Reaction(network, day, actor, row["target_id"], row["kind"]))
    counted = Counter(((r.network, r.day, r.actor), r.target) for r in reactions)
    credit = received(pair_weights(reactions, standing, run.model), counted, run.owner)
    persons, posts = sorted(population(credit, run), key=str.encode), posts_of(run)
    return {person: score_person(person, credit.get(person, {}), posts, run) for person in persons}


def score_days(world: World, days: Sequence[date], model: Model) -> list[DayResult]:
    """One run a day, in ascending order (a day twice is a rerun), all published.

    A day without any row leaves nothing in `scores`: for later runs it was never published.
    """
    results: list[DayResult] = []
    standing: dict[ActorDay, int] = {}
    for as_of in days:
        published = {result.as_of: result for result in results if result.rows and result.as_of < as_of}
        rows = score_day(Run(as_of, world, owners(world.links, as_of), published, model), standing)
        last = results[-1].as_of if results else None
        results.append(DayResult(as_of, rows, count(world, as_of, last, model)))
    return results
