"""P5: No overnight sensation, yet visible tomorrow morning.

After a burst of 3,000 readers on one day the next score already moves, by no more than the step limit of 20 points;
the rest arrives within a few days. A silent week costs a steady account at most 5 points. Eight daily runs; without a
step limit three more, from the first one on.
"""

from itertools import pairwise

import pytest

from tests.promises.conftest import Shows
from tests.promises.week import DAYS, Week


def test_a_burst_moves_tomorrows_score_by_no_more_than_the_limit(
    week: Week, unlimited_week: Week, shows: Shows
) -> None:
    def jump(found: Week) -> float:
        scores = found.scores("twitter:viral")
        return round(scores[DAYS[2]] - scores[DAYS[0]], 2)

    scores = week.scores("twitter:viral")
    assert scores[DAYS[1]] < 20
    assert scores[DAYS[2]] == pytest.approx(scores[DAYS[1]] + 20, abs=0.7)
    assert jump(unlimited_week) > 40
    shows(
        "points that a burst of 3,000 readers brings by the next morning",
        measured=jump(week),
        by="step_limit.most_up_points 99",
        weakened=jump(unlimited_week),
    )


def test_the_rest_of_a_burst_arrives_within_a_few_days(week: Week) -> None:
    scores = week.scores("twitter:viral")
    steps = [round(scores[b] - scores[a], 2) for a, b in pairwise(DAYS)]
    assert max(steps) <= 20
    assert steps[2] > 0, "more of it the day after"
    assert all(step <= 0 for step in steps[4:]), "all of it is there after three days"


def test_a_silent_week_costs_a_steady_account_at_most_5_points(week: Week, unlimited_week: Week, shows: Shows) -> None:
    def loss(found: Week) -> float:
        scores = found.scores("twitter:steady")
        return round(scores[DAYS[0]] - scores[DAYS[7]], 2)

    assert 0 < loss(week) <= 5
    assert loss(unlimited_week) > 5
    shows(
        "points that a silent week costs a steady account",
        measured=loss(week),
        by="step_limit.most_down_points 99",
        weakened=loss(unlimited_week),
    )
