"""What holds in any world: 200 random ones side by side, each also with other ids, and with something added to it.

One root, two daily runs. Beside each world `w<i>/` lie `r<i>/`, the same with other ids and its rows delivered from
back to front in a commit of their own, and `a<i>/`, the same with one more reaction, account or network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests import oracle
from tests.lab import Lab, settings_of
from tests.oracle import Row, World
from tests.worlds import drawn, example_model, prefixed

pytestmark = pytest.mark.delta
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
YESTERDAY = datetime.combine(FIRST, datetime.min.time()) - timedelta(hours=12)
COUNT = 200
MODEL = example_model()
NETWORKS = list(MODEL.account_types)
KINDS = dict(MODEL.value.keys())
SOMEBODY = "somebody"  # linked to one account in each world, and to one more in its second form
Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """A world, the same with something added, and the person whose evidence must not fall for it."""

    world: World
    more: World
    person: str


def add(world: World, number: int) -> Case:
    """In turn one more reaction by somebody of the world, a second account on a network, an account on another one.

    Accounts and networks come with a new fan, for the person `SOMEBODY`, who has one account in both worlds.
    """
    network = NETWORKS[number % 2]
    reacted_to = {row["target_id"] for row in world.interactions if row["network"] == network}
    ids = sorted(name for name in reacted_to if name is not None) or ["a"]
    target = ids[number % len(ids)]
    if number % 3 == 0:
        row = _reaction(network, ids[(number // 6) % len(ids)], target)
        more = replace(world, interactions=[*world.interactions, row])
        return Case(world, more, oracle.person_of(network, target, oracle.owners(world.links, FIRST)))
    on = network if number % 3 == 1 else NETWORKS[1 - number % 2]
    world = replace(world, links=[*world.links, _link(network, target)])
    rows, links = [*world.interactions, _reaction(on, "a new fan", "second")], [*world.links, _link(on, "second")]
    return Case(world, replace(world, interactions=rows, links=links), SOMEBODY)


def _reaction(network: str, actor: str, target: str) -> Row:
    what = {"network": network, "interaction_id": "added", "kind": KINDS[network], "post_id": None}
    return {
        **what,
        "actor_id": actor,
        "target_id": target,
        "occurred_at": YESTERDAY,
        "ingested_at": None,
        "arrives": FIRST,
    }


def _link(network: str, account: str) -> Row:
    link = {"person_id": SOMEBODY, "network": network, "account_id": account}
    return {**link, "connected_on": None, "disconnected_on": None}


def named(world: World, letter: str) -> World:
    """Worlds side by side whose ids begin with another letter than `w`."""

    def again(rows: list[Row]) -> list[Row]:
        return [{k: letter + v[1:] if k.endswith("_id") and v is not None else v for k, v in r.items()} for r in rows]

    return World(*[again(rows) for rows in _lists(world)])


def person_in(letter: str, number: int, person: str) -> str:
    """The person of a world among all: `<network>:<letter><i>/<account>` or `<letter><i>/<person>`."""
    network, colon, account = person.partition(":")
    return f"{network}:{letter}{number}/{account}" if colon and network in NETWORKS else f"{letter}{number}/{person}"


@dataclass(frozen=True)
class Published:
    """What was drawn, and the rows of both days by person."""

    cases: list[Case]
    first: Rows
    second: Rows


@pytest.fixture(scope="module")
def published(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Published:
    cases = [add(world, number) for number, world in enumerate(drawn(MODEL, [FIRST, SECOND], COUNT))]
    plain, more = prefixed([case.world for case in cases]), named(prefixed([case.more for case in cases]), "a")
    other = named(plain, "r")
    lab = Lab(spark, tmp_path_factory.mktemp("worlds"), settings_of(MODEL))
    lab.settle(World(*[[*a, *b, *c] for a, b, c in zip(*map(_lists, (plain, more, other)), strict=True)]))
    backwards = replace(other, interactions=list(reversed(other.interactions)))
    days = []
    for as_of in (FIRST, SECOND):
        lab.arrive(replace(plain, interactions=[*plain.interactions, *more.interactions]), as_of)
        lab.arrive(backwards, as_of)
        days.append(lab.score(as_of))
    return Published(cases, *days)


def _lists(world: World) -> tuple[list[Row], ...]:
    return list(world.interactions), list(world.posts), list(world.accounts), list(world.links)


def test_scores_are_from_1_to_100_inside_their_bands_and_parts_sum_exactly(published: Published) -> None:
    assert len(published.cases) == COUNT
    rows = [*published.first.values(), *published.second.values()]
    assert len(rows) > 10 * COUNT
    for row in rows:
        assert 1 <= row["band_low"] <= row["score"] <= row["band_high"] <= 100
        assert sum(round(part["points"] * 100) for part in row["parts"]) == round(row["score"] * 100)


def test_evidence_never_falls_by_a_reaction_an_account_or_a_network_more(published: Published) -> None:
    raised = 0
    for number, case in enumerate(published.cases):
        before, after = (published.first.get(person_in(letter, number, case.person)) for letter in "wa")
        less, more = (0.0 if row is None else row["evidence"] for row in (before, after))
        assert more >= less, (number, case.person)
        raised += more > less
    assert raised > COUNT * 2 / 3, "the property is not empty: most of what is added counts for something"


@pytest.mark.parametrize("day", ["first", "second"])
def test_other_ids_and_another_order_of_rows_give_the_same_rows(published: Published, day: str) -> None:
    def of(letter: str) -> dict[str, Any]:
        found = {}
        for person, row in getattr(published, day).items():
            network, colon, account = person.partition(":")
            prefix, name = (f"{network}:", account) if colon and network in NETWORKS else ("", person)
            if name.startswith(letter):
                accounts = [(a["network"], a["account_id"][1:]) for a in row["accounts"]]
                found[prefix + name[1:]] = {**row, "person_id": "", "accounts": accounts}
        return found

    plain, renamed = of("w"), of("r")
    assert len(plain) > 2 * COUNT
    assert plain == renamed


def test_a_score_moves_by_the_step_limit_at_most(published: Published) -> None:
    both = set(published.first) & set(published.second)
    moves = [round(published.second[p]["score"] - published.first[p]["score"], 2) for p in both]
    assert all(-0.7 <= move <= 20 for move in moves)
    assert -0.7 in moves
    assert 20 in moves
    new = [published.second[p]["score"] for p in set(published.second) - both]
    assert max(new) <= 21
