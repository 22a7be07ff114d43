"""Equal to the bit: incremental, rerun, other plans, recomputed; late rows rebuild what they touch."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from kloutspark import pipeline, publish
from kloutspark.domain.contracts import (
    ACTOR_DAYS,
    EDGES,
    FEATURES,
    LINKS,
    PAIRS,
    RANKS,
    TARGETS,
    TableContract,
)
from kloutspark.storage import manifest
from kloutspark.storage.maintenance import maintain
from tests.lab import USERS_PLANS, Lab, let_keys_collide, unpacked

pytestmark = pytest.mark.delta
FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 5)
# generated code and adaptive plans, which the other days of the tests do without
OTHER_PLANS = ("spark.shuffle_partitions=5", "spark.broadcast_pairs=0", *USERS_PLANS)


def reactions(count: int, *, seed: int, newest: datetime, days: int) -> list[dict[str, Any]]:
    """Reactions among a few dozen people, repeats and self rows among them."""
    random = Random(seed)
    moments = [newest - timedelta(seconds=random.randrange(days * 86_400)) for _ in range(count)]
    return [
        {
            "interaction_id": f"{seed}/{random.randrange(count)}",  # some ids stand twice on a day: duplicates
            "occurred_at": moment,
            "ingested_at": moment + timedelta(hours=random.randrange(3)),
            "actor_id": f"a{random.randrange(25)}",
            "target_id": f"{random.choice('aabc')}{random.randrange(15)}",
            "kind": random.choice(["retweet", "mention", "reply"]),
        }
        for moment in moments
    ]


EARLY = reactions(500, seed=1, newest=datetime(2026, 3, 4, 23), days=12)
LATE = reactions(40, seed=2, newest=datetime(2026, 2, 28), days=5)
RANK = ("as_of", "graph", "account_id", "rank")
SECOND_ACCOUNT = [
    {"person_id": "p", "network": "twitter", "account_id": "b1"},
    {"person_id": "p", "network": "twitter", "account_id": "b2"},
]


def bits(lab: Lab, as_of: date) -> dict[str, dict[str, Any]]:
    """Everything of the published day but the run's id."""
    return {person: {**row, "run_id": None} for person, row in lab.published(as_of).items()}


def state(lab: Lab, contract: TableContract, columns: Sequence[str], where: str) -> list[tuple[Any, ...]]:
    """Some columns of a kept table, in one order; maps as sorted pairs."""
    rows = lab.read(contract).where(where).select(*columns).collect()
    return sorted((tuple(sorted(v.items()) if isinstance(v, dict) else v for v in row) for row in rows), key=repr)


def edges(lab: Lab) -> list[tuple[Any, ...]]:
    """Day, keys of both ends and weight of every stored edge, in one order."""
    rows = lab.read(EDGES).collect()
    return sorted((row["day"], row["network"], *edge) for row in rows for edge in unpacked(row.asDict()))


def edges_of_pairs(lab: Lab) -> list[tuple[Any, ...]]:
    pairs = lab.read(PAIRS).where("actor_id <> target_id")
    columns = ("day", "network", "xxhash64(actor_id)", "xxhash64(target_id)", "CAST(weight_micros AS double)")
    return sorted(map(tuple, pairs.selectExpr(*columns).collect()))


def prepared(lab: Lab) -> Lab:
    lab.put(LINKS, SECOND_ACCOUNT)
    lab.react(*EARLY)
    return lab


def test_late_rows_incremental_rerun_recomputed_and_other_plans(new_lab: Callable[..., Lab]) -> None:
    one, other = prepared(new_lab()), prepared(new_lab(*OTHER_PLANS))
    for lab in (one, other):
        lab.score(FIRST, SECOND)
    assert bits(one, FIRST) == bits(other, FIRST)
    assert bits(one, SECOND) == bits(other, SECOND)
    assert edges(other) == edges(one) == edges_of_pairs(one)
    frozen = state(one, ACTOR_DAYS, ("day", "actor_id", "standing_micros"), f"day < '{SECOND}'")
    one.react(*LATE)
    outcome = one.run(THIRD)
    assert outcome.manifest.modes == {"twitter": "incremental"}
    counts = outcome.manifest.counts["twitter"]
    assert counts.unaccounted == 0
    assert counts.read == len(LATE) + sum(
        r["occurred_at"].date() in (SECOND, date(2026, 3, 3), date(2026, 3, 4)) for r in EARLY
    )
    incremental = bits(one, THIRD)
    assert edges(one) == edges_of_pairs(one), "of late days too"
    ranks = state(one, RANKS, RANK, f"as_of = '{THIRD}'")
    tiles = state(one, PAIRS, ("day", "actor_id", "target_id", "reactions", "weight_micros"), "day >= '2025-12-05'")
    targets = state(one, TARGETS, ("day", "target_id", "previous_day", "is_newcomer", "pairs"), "day >= '2025-12-05'")
    assert set(frozen) <= set(state(one, ACTOR_DAYS, ("day", "actor_id", "standing_micros"), f"day < '{SECOND}'"))

    one.score(THIRD)
    assert bits(one, THIRD) == incremental, "a rerun"
    recomputed = one.run(THIRD, recompute=True)
    assert recomputed.manifest.modes == {"twitter": "rebuilt: asked for by --recompute"}
    assert bits(one, THIRD) == incremental, "recomputed from raw interactions and frozen actor-days"
    assert edges(one) == edges_of_pairs(one)
    assert state(one, RANKS, RANK, f"as_of = '{THIRD}'") == ranks
    columns = ("day", "actor_id", "target_id", "reactions", "weight_micros")
    assert state(one, PAIRS, columns, "day >= '2025-12-05'") == tiles
    assert _in_window(
        state(one, TARGETS, ("day", "target_id", "previous_day", "is_newcomer", "pairs"), "day >= '2025-12-05'")
    ) == _in_window(targets)


def _in_window(targets: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Pairs by day and target; a previous day before the window is none, which is all that a rebuild can know."""
    start, sums = THIRD - timedelta(days=90), dict[tuple[Any, ...], int]()
    for day, target, previous, group, pairs in targets:
        key = (day, target, previous if previous is not None and previous >= start else None, group)
        sums[key] = sums.get(key, 0) + pairs
    return sums


def test_a_root_of_before_edges_were_kept_is_tiled_again(new_lab: Callable[..., Lab]) -> None:
    """It has no table of them, and its last manifest names none."""
    lab, other = prepared(new_lab()), prepared(new_lab())
    for each in (lab, other):
        each.score(SECOND)
    shutil.rmtree(lab.root / EDGES.path())
    last, _ = manifest.last_finished(lab.tables)
    assert last is not None
    kept = {name: version for name, version in last.kept.items() if name != EDGES.name}
    manifest.finish(lab.tables, last.model_copy(update={"run_id": "before", "kept": kept}))
    now = datetime.now(UTC)
    publish.rollback(lab.tables, to="before", run_id="back", started_at=now)
    maintain(lab.tables, lab.config, run_id="maintained", started_at=now)
    lab.tables.ensure(EDGES)  # as by a first run that did not finish
    maintain(lab.tables, lab.config, run_id="maintained again", started_at=now)
    assert lab.run(THIRD).manifest.modes == {"twitter": "rebuilt: the last run kept no edges"}
    assert other.run(THIRD).manifest.modes == {"twitter": "incremental"}
    assert edges(lab) == edges_of_pairs(lab) == edges(other)
    assert bits(lab, THIRD) == bits(other, THIRD)


def test_accounts_that_share_a_key_have_the_ranks_of_those_that_do_not(
    new_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored keys tell them not apart, so the run packs the window's pairs with other keys, self rows apart."""
    lab, other = prepared(new_lab()), prepared(new_lab())
    lab.score(FIRST, SECOND)
    expected = state(lab, RANKS, RANK, "true")
    seeds = let_keys_collide(monkeypatch)
    other.score(FIRST, SECOND)
    found = state(other, RANKS, RANK, "true")
    assert seeds == {0, 1}
    assert [row[:-1] for row in found] == [row[:-1] for row in expected]
    assert [row[-1] for row in found] == pytest.approx([row[-1] for row in expected], abs=1e-15)


def test_an_unfinished_run_leaves_no_trace(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver dies after the tiles, after the candidate, after publishing: the same day again gives the same."""
    lab.react(*EARLY)
    lab.score(FIRST)
    expected = bits(lab.variant(), FIRST)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for function in ("build_features", "audit"):
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, function, dies)
            with pytest.raises(KeyboardInterrupt):
                lab.run(SECOND)
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "finish", dies)
        with pytest.raises(KeyboardInterrupt):
            lab.run(SECOND)
    assert set(lab.published(SECOND)), "readers may see the published day; it belongs to no finished run"
    lab.score(FIRST)
    assert bits(lab, FIRST) == expected
    assert not lab.published(SECOND), "undone with the unfinished run"
    assert {row[0] for row in lab.read(FEATURES).select("as_of").distinct().collect()} == {FIRST}
