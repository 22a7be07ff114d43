"""P5: no overnight sensation, yet visible tomorrow morning; a silent week costs a steady account at most 5 points."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from pyspark.sql import SparkSession

from kloutspark.domain.contracts import SCORES
from tests.lab import Lab

FIRST = date(2026, 3, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(8)]
Scores = list[float]


@pytest.fixture(scope="module")
def by_day(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Scores]:
    """Eight daily runs: who was steady falls silent on the first day, who was nobody goes viral on the second."""
    lab = Lab(spark, tmp_path_factory.mktemp("p05"))
    before = datetime(2026, 3, 1) - timedelta(hours=12)
    steady = [
        {"occurred_at": before - timedelta(days=age), "actor_id": f"fan{fan}", "target_id": "steady"}
        for age in range(28)
        for fan in range(20)
    ]
    viral = [{"occurred_at": before, "actor_id": "friend", "target_id": "viral"}]
    burst = before + timedelta(days=2)
    viral += [
        {"occurred_at": burst + timedelta(seconds=n), "actor_id": f"reader{n}", "target_id": "viral"}
        for n in range(3000)
    ]
    lab.react(*steady, *viral)
    lab.score(*DAYS)
    rows = lab.read(SCORES).collect()
    return lambda account: [r.score for d in DAYS for r in rows if (r.as_of, r.person_id) == (d, f"twitter:{account}")]


def test_a_burst_moves_tomorrows_score_by_no_more_than_the_limit(by_day: Callable[[str], Scores]) -> None:
    scores = by_day("viral")
    quiet, tomorrow = scores[1], scores[2]
    assert quiet < 10
    assert tomorrow == pytest.approx(quiet + 20, abs=0.7)


def test_the_rest_of_a_burst_arrives_within_a_few_days(by_day: Callable[[str], Scores]) -> None:
    steps = [round(b - a, 2) for a, b in pairwise(by_day("viral"))]
    assert max(steps) <= 20
    assert steps[2] > 0, "more of it the day after"
    assert all(step <= 0 for step in steps[4:]), "all of it is there after three days"


def test_a_silent_week_costs_a_steady_account_at_most_5_points(by_day: Callable[[str], Scores]) -> None:
    scores = by_day("steady")
    assert 0 < scores[0] - scores[7] <= 5
