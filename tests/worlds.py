"""Small random worlds for the oracle, with everything in them that a day's run may trip over.

days = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 9)]
@given(worlds(example_model(), days))              # one world
prefixed(drawn(example_model(), days, count=16))   # many, side by side in one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.oracle import Model, Row, World

ACCOUNT_TYPES = (*["personal"] * 9, "page", "company", "bot", None)
# Ids that break what joins with a separator, folds case, trims, normalises, or sorts by UTF-16 (the last two).
AWKWARD = (
    "a",
    "A",
    "a ",
    "b:c",
    "a:b",
    'o"n',
    "it's",
    "x,y",
    "<b>",
    "../z",
    "%s{}",
    "l\nf",
    "é",
    "e\u0301",
    "\uff5e",
    "😀",
)
PERSONS = (*["ada"] * 8, "Ada", "Ada", "b:c", "p,q's <i>", "stackexchange/7")  # never a network and a colon
INTERACTION_IDS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "i:1", "ï\n")
POST_IDS = (None, "p", "P", "p:1")
TIMES = (time(0), time(0), time(0, 0, 0, 1), time(12), time(23, 59, 59, 999_999))
AGES = (1, 1, 1, 2, 2, 3, 7, 8, 28, 29, 90, 91, 0, -1)  # days before a run day: the edges of its windows, and beyond
INGESTED = (  # after it occurred; more than a day before is "future", None never is
    *(timedelta(hours=hours) for hours in (0, 0, 0, 1, 1, 1, 1, 30, 30, -24, -24)),
    timedelta(hours=-24, microseconds=-1),
    None,
)
HOLES = (*[""] * 60, "interaction_id", "occurred_at", "actor_id", "target_id", "kind", "unknown kind")
CHANGES = (
    "nothing",
    "arrives",
    "ingested_at",
    "ingested_at",
    "ingested_at",
    "occurred_at",
    "target_id",
    "kind",
    "post_id",
    "interaction_id",
)


def example_model(other: str = "linkedin") -> Model:
    """Twitter, and another network that only persons count on."""
    kinds = {"twitter": {"retweet": 1.0, "mention": 1.0, "reply": 0.5}, other: {"comment": 1.0, "like": 0.3}}
    return Model(
        value={(network, kind): value for network, found in kinds.items() for kind, value in found.items()},
        account_types={"twitter": frozenset({"personal", "page", "company"}), other: frozenset({"personal"})},
    )


def days_around(run_days: Sequence[date]) -> st.SearchStrategy[date]:
    """Days with a bias towards the day before a run and the edges of its windows."""
    edges = sorted({run_day - timedelta(days=age) for run_day in run_days for age in AGES}, reverse=True)
    usual = sorted({run_day - timedelta(days=age) for run_day in run_days for age in (1, 2)}, reverse=True)
    span = range((max(run_days) - min(run_days)).days + 94)
    anywhere = [max(run_days) + timedelta(days=1 - back) for back in span]
    return st.sampled_from([*usual * 4, *edges * 2, *anywhere])


@st.composite
def interactions(
    draw: st.DrawFn, network: str, accounts: Sequence[str], kinds: Sequence[str], days: Sequence[date], most: int
) -> list[Row]:
    """Rows of one network: most of a few days and few ids, so that repeats, busy days and ties are common."""
    run_days = sorted(set(days))
    pool = draw(st.lists(days_around(run_days), min_size=2, max_size=6))
    size = draw(st.integers(0, most))
    rows: list[Row] = []
    for _ in range(size):
        if rows and draw(st.sampled_from((False, False, False, True))):
            rows.append(draw(repeats(draw(st.sampled_from(rows)), accounts, kinds, run_days)))
            continue
        day = draw(st.sampled_from(pool))
        occurred_at = datetime.combine(day, draw(st.sampled_from(TIMES)))
        delay = draw(st.sampled_from(INGESTED))
        seen = [run_day for run_day in run_days if run_day > day] or run_days
        row: Row = {
            "network": network,
            "interaction_id": draw(st.sampled_from(INTERACTION_IDS)),
            "occurred_at": occurred_at,
            "actor_id": draw(st.sampled_from(accounts)),
            "target_id": draw(st.sampled_from(accounts)),
            "kind": draw(st.sampled_from(kinds)),
            "post_id": draw(st.sampled_from(POST_IDS)),
            "ingested_at": delay if delay is None else occurred_at + delay,
            "arrives": draw(st.sampled_from([seen[0]] * 6 + seen + [run_days[0]])),  # late, or days ahead of its day
        }
        hole = draw(st.sampled_from(HOLES))
        if hole == "unknown kind":
            row["kind"] = "poke"
        elif hole:
            row[hole] = None
        rows.append(row)
    return rows


@st.composite
def repeats(draw: st.DrawFn, row: Row, accounts: Sequence[str], kinds: Sequence[str], run_days: Sequence[date]) -> Row:
    """The row once more: the same, or with one thing changed."""
    change = draw(st.sampled_from(CHANGES))
    if change == "nothing":
        return dict(row)
    day = run_days[0] if row["occurred_at"] is None else row["occurred_at"].date()
    moments = [datetime.combine(day, at) for at in TIMES]
    options: dict[str, Sequence[object]] = {
        "arrives": run_days,
        "ingested_at": [None, *moments],
        "occurred_at": moments,
        "target_id": accounts,
        "kind": kinds,
        "post_id": POST_IDS,
        "interaction_id": INTERACTION_IDS,
    }
    return {**row, "arrives": draw(st.sampled_from(run_days)), change: draw(st.sampled_from(options[change]))}


@st.composite
def bursts(draw: st.DrawFn, account: Row, kinds: Mapping[str, Sequence[str]], days: Sequence[date]) -> list[Row]:
    """One account has, the day before a run, 40 fans, 40 reactions of one fan, or 40 accounts that it reacts to."""
    network, run_day = account["network"], draw(st.sampled_from(days))
    shape = draw(st.sampled_from(("fans", "fans", "fan", "spree")))
    occurred_at = datetime.combine(run_day - timedelta(days=1), time(12))
    rows = []
    for i in range(40):
        other = f"fan {i}" if shape != "fan" else "fan"
        actor, target = (account["account_id"], other) if shape == "spree" else (other, account["account_id"])
        row = {"network": network, "interaction_id": f"burst {i}", "actor_id": actor, "target_id": target}
        row |= {"occurred_at": occurred_at, "ingested_at": None, "post_id": None, "arrives": run_day}
        rows.append(row | {"kind": kinds[network][i % len(kinds[network])]})
    return rows


@st.composite
def worlds(draw: st.DrawFn, model: Model, days: Sequence[date], most: int = 25) -> World:
    """A world of the model's networks with up to `most` interactions, each seen by one of the run `days`."""
    around = days_around(sorted(set(days)))
    kinds = {network: [kind for of, kind in model.value if of == network] for network in model.account_types}
    rows: list[Row] = []
    known: list[Row] = []
    everybody: list[Row] = []
    for network in model.account_types:
        ids = draw(st.lists(st.sampled_from(AWKWARD), min_size=2, max_size=6, unique=True))
        rows += draw(interactions(network, ids, kinds[network], days, most // len(model.account_types)))
        everybody += [{"network": network, "account_id": name} for name in ids]
        known += [
            {"network": network, "account_id": name, "account_type": draw(st.sampled_from(ACCOUNT_TYPES))}
            for name in ids
            if draw(st.booleans())
        ]
        everybody += [{"network": network, "account_id": "silent"}]  # nobody reacts to it, and it has no row
    if draw(st.sampled_from((False, False, False, True))):
        rows += draw(bursts(draw(st.sampled_from(everybody)), kinds, days))
    posts = draw(st.lists(st.tuples(st.sampled_from(everybody), around, st.sampled_from(TIMES)), max_size=3))
    edges = [day - timedelta(days=back) for day in days for back in (0, 1)]
    ends = st.sampled_from([None] * len(edges) + edges)  # half of the links are open there
    spans = st.tuples(st.sampled_from(PERSONS), st.sampled_from(everybody), ends, ends)
    links = draw(
        st.lists(
            spans,
            min_size=draw(st.integers(0, 6)),
            max_size=8,
            unique_by=lambda span: (span[0], *span[1].values(), span[2]),
        )
    )
    return World(
        interactions=rows,
        posts=[
            {**account, "post_id": f"post:{i}", "posted_at": datetime.combine(day, at)}
            for i, (account, day, at) in enumerate(posts)
        ],
        accounts=known,
        links=[
            {**account, "person_id": person, "connected_on": start, "disconnected_on": end}
            for person, account, start, end in links
        ],
    )


def drawn(model: Model, days: Sequence[date], count: int) -> list[World]:
    """So many random worlds of the same run days, the same ones every time, to be laid side by side with `prefixed`."""
    found: list[World] = []

    @settings(
        max_examples=count, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(worlds(model, days))
    def keep(world: World) -> None:
        found.append(world)

    keep()
    return found


def prefixed(worlds: Sequence[World]) -> World:
    """The worlds in one, the i-th apart from the others by `w<i>/` before each of its ids; None stays None."""
    ids = ("interaction_id", "actor_id", "target_id", "post_id", "account_id", "person_id")

    def apart(rows: Sequence[Row], prefix: str) -> list[Row]:
        changed = [{name: prefix + row[name] for name in ids if row.get(name) is not None} for row in rows]
        return [{**row, **change} for row, change in zip(rows, changed, strict=True)]

    return World(
        interactions=[row for i, world in enumerate(worlds) for row in apart(world.interactions, f"w{i}/")],
        posts=[row for i, world in enumerate(worlds) for row in apart(world.posts, f"w{i}/")],
        accounts=[row for i, world in enumerate(worlds) for row in apart(world.accounts, f"w{i}/")],
        links=[row for i, world in enumerate(worlds) for row in apart(world.links, f"w{i}/")],
    )
