"""P6: A network taken away and given back readjusts in a few days.

Somebody disconnects the network that most of their score comes from, for two days, and connects it again; a twin with
the same fans does not. A few days later both scores are one. No tile is built again: tiles are kept by account.
"""

from tests.promises.conftest import Shows
from tests.promises.week import DAYS, Week


def test_two_days_without_a_network_cost_two_daily_limits_at_most(
    week: Week, unlimited_week: Week, shows: Shows
) -> None:
    def loss(found: Week) -> float:
        scores = found.scores("away")
        return round(scores[DAYS[2]] - min(scores.values()), 2)

    assert 0 < loss(week) <= 1.4
    assert loss(unlimited_week) > 20
    shows(
        "points that two days without the stronger network cost",
        measured=loss(week),
        by="step_limit.most_down_points 99",
        weakened=loss(unlimited_week),
    )


def test_given_back_the_score_is_the_one_it_would_have_been(week: Week) -> None:
    twin, away = (week.scores(person) for person in ("twin", "away"))
    assert twin[DAYS[4]] > away[DAYS[4]]
    assert [twin[day] - away[day] for day in DAYS[5:]] == [0, 0, 0], "from the first day that counts the new link on"


def test_the_score_speaks_of_the_networks_that_are_connected(week: Week) -> None:
    networks = {day: {p["network"] for p in week.rows[day]["away"]["parts"]} - {""} for day in DAYS}
    assert {day: "twitter" in found for day, found in networks.items()} == {day: day not in DAYS[3:5] for day in DAYS}


def test_no_history_is_built_again_by_disconnecting(week: Week) -> None:
    assert {mode for day in DAYS[1:] for mode in week.modes[day].values()} == {"incremental"}
