"""P6: A network taken away and given back readjusts in a few days.

Somebody disconnects the network that most of their score comes from, for two days, and connects it again; a twin with
the same fans does not. A few days later both scores are one. No tile is built again: tiles are kept by account.
"""

from tests.promises.conftest import Shows
from tests.promises.week import DAYS, Week


def distances(found: Week) -> dict[object, float]:
    """Points between the twin and who disconnected, by day."""
    twin, away = (found.scores(person) for person in ("twin", "away"))
    return {day: round(twin[day] - away[day], 2) for day in away}


def test_two_days_without_a_network_cost_two_daily_limits_at_most(
    week: Week, unlimited_week: Week, shows: Shows
) -> None:
    found = distances(week)
    assert found[DAYS[2]] == 0, "until then both have it"
    assert 0 < max(found.values()) <= 1.4
    assert max(distances(unlimited_week).values()) > 20
    shows(
        "points between who disconnected for two days and a twin who did not, at most",
        measured=max(found.values()),
        by="step_limit.most_down_points 99",
        weakened=max(distances(unlimited_week).values()),
    )


def test_given_back_the_score_is_the_one_it_would_have_been(week: Week) -> None:
    assert distances(week)[DAYS[5]] == 0, "on the first day that counts the new link"
    assert distances(week)[DAYS[7]] == 0


def test_the_score_speaks_of_the_networks_that_are_connected(week: Week) -> None:
    networks = {day: {p["network"] for p in week.rows[day]["away"]["parts"]} - {""} for day in DAYS}
    assert {day: "twitter" in found for day, found in networks.items()} == {day: day not in DAYS[3:5] for day in DAYS}


def test_no_history_is_built_again_by_disconnecting(week: Week) -> None:
    assert {mode for day in DAYS[1:] for mode in week.modes[day].values()} == {"incremental"}
