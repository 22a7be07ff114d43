"""P1: A score is a number from 1 to 100; more influence, higher score.

Better on every signal is never scored lower: evidence rises with each signal, and the map from evidence to score
rises. The configuration refuses a map that does not: here one that is flat below the evidence of some twenty fans.
"""

import pytest

from kloutspark.config import load
from kloutspark.domain.errors import ConfigError
from tests.promises.conftest import Shows
from tests.promises.world import UNCHECKED_SAYS, People, lead


def test_every_published_score_is_from_1_to_100(people: People, next_day: People) -> None:
    scores = [row["score"] for row in (*people.values(), *next_day.values())]
    assert len(scores) > 100
    assert all(1 <= score <= 100 for score in scores)


def test_better_on_every_signal_is_scored_higher(people: People, unchecked: People, shows: Shows) -> None:
    def gap(rows: People) -> float:
        return lead(rows, "p1/more", "p1/less")

    assert people["p1/more"]["evidence"] > people["p1/less"]["evidence"]
    assert gap(people) > 0
    assert gap(unchecked) == 0
    shows(
        "points that 8 reactions of 6 fans are above 5 of 5 fans",
        measured=gap(people),
        by=UNCHECKED_SAYS,
        weakened=gap(unchecked),
    )


@pytest.mark.parametrize("anchors", ["[[0, 1], [15, 1], [60, 100]]", "[[0, 0], [60, 100]]", "[[0, 1], [60, 120]]"])
def test_a_map_that_breaks_it_is_refused(anchors: str) -> None:
    with pytest.raises(ConfigError, match="P1"):
        load(overrides=(f"model.calibration.anchors={anchors}",))


def test_who_only_reacted_has_no_row(people: People) -> None:
    assert "p1/less" in people
    assert not [person for person in people if "/fan" in person]


def test_parts_sum_to_the_score_exactly_and_the_band_holds_it(people: People, next_day: People) -> None:
    for row in (*people.values(), *next_day.values()):
        assert sum(round(part["points"] * 100) for part in row["parts"]) == round(row["score"] * 100)
        assert 1 <= row["band_low"] <= row["score"] <= row["band_high"] <= 100
