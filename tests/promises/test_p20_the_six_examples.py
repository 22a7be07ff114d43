"""P20: the six examples come out in order, from the demo's files to published scores of the default model."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

People = Mapping[str, Mapping[str, Any]]
IN_ORDER = ("head_of_state", "pop_star", "actress", "parenting_writer", "facebook_person", "picture_person")


def test_the_six_come_out_in_their_order(demo: People) -> None:
    scores = [demo[name]["score"] for name in IN_ORDER]
    assert all(higher > lower for higher, lower in pairwise(scores)), scores


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
