"""P20: The six examples come out in order, from the demo's files to published scores of the default model.

A head of state with active Twitter and Facebook and the most important Wikipedia page; a pop star with the most
engaged Twitter and a lower Wikipedia page; an actress with thousands of Twitter reactions and a Wikipedia page; a
parenting writer, engaging on every network, all connected; a person who lives on Facebook; a person whose pictures on
Instagram draw likes. The last two are above average. conf/demo.yaml says what each of them does.
"""

from itertools import pairwise

from tests.promises.conftest import Shows
from tests.promises.world import People

IN_ORDER = ("head_of_state", "pop_star", "actress", "parenting_writer", "facebook_person", "picture_person")


def test_the_six_come_out_in_their_order(demo: People, demo_by_strongest_network: People, shows: Shows) -> None:
    def scores(rows: People) -> list[float]:
        return [rows[name]["score"] for name in IN_ORDER]

    assert all(higher > lower for higher, lower in pairwise(scores(demo))), scores(demo)
    by_strongest = scores(demo_by_strongest_network)
    assert not all(higher > lower for higher, lower in pairwise(by_strongest)), by_strongest
    shows("scores of the six", measured=scores(demo), by="combine.exponent 20", weakened=by_strongest)


def test_the_last_two_are_above_average(demo: People) -> None:
    average = sum(row["score"] for row in demo.values()) / len(demo)
    assert min(demo[name]["score"] for name in IN_ORDER[-2:]) > average + 5


def test_the_most_important_page_is_the_head_of_states(demo: People) -> None:
    points = {
        name: sum(part["points"] for part in demo[name]["parts"] if part["network"] == "wikipedia")
        for name in IN_ORDER[:3]
    }
    assert points["head_of_state"] > points["pop_star"] > 0 < points["actress"]


def test_connected_accounts_speak_for_one_person(demo: People) -> None:
    networks = {name: {part["network"] for part in demo[name]["parts"]} - {""} for name in IN_ORDER}
    assert networks["head_of_state"] == {"twitter", "facebook", "wikipedia"}
    assert networks["parenting_writer"] == {"twitter", "facebook", "instagram"}
    assert not {f"{network}:{name}" for name in IN_ORDER for network in networks["parenting_writer"]} & set(demo)
