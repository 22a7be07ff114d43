"""Eight daily runs for the promises about time, P5 and P6; and some of them without a step limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kloutspark.domain.contracts import LINKS
from tests.lab import Lab

DAYS = [date(2026, 3, 1) + timedelta(days=n) for n in range(8)]
UNLIMITED = ("model.step_limit.most_up_points=99", "model.step_limit.most_down_points=99")


@dataclass(frozen=True)
class Week:
    """What the runs published, by day and person, and how they made their tiles."""

    rows: Mapping[date, Mapping[str, Mapping[str, Any]]]
    modes: Mapping[date, Mapping[str, str]]

    def scores(self, person: str) -> dict[date, float]:
        """A person's score by day."""
        return {day: rows[person]["score"] for day, rows in self.rows.items()}


NOT_BEGUN = Week({}, {})


def tell(lab: Lab) -> None:
    """Who was steady falls silent on the first day, who was nobody goes viral on the second.

    Somebody takes an account away for the fourth and the fifth day; a twin with the same fans does not.
    """
    before = datetime(2026, 3, 1) - timedelta(hours=12)
    rows = [
        {"occurred_at": before - timedelta(days=age), "actor_id": f"fan{fan}", "target_id": "steady"}
        for age in range(28)
        for fan in range(20)
    ]
    rows += [{"occurred_at": before, "actor_id": "friend", "target_id": "viral"}]
    burst = before + timedelta(days=2)
    rows += [
        {"occurred_at": burst + timedelta(seconds=n), "actor_id": f"reader{n}", "target_id": "viral"}
        for n in range(3000)
    ]
    for person in ("twin", "away"):
        rows += [
            {
                "occurred_at": before + timedelta(days=n - 20),
                "actor_id": f"{person}'s {fan}",
                "target_id": f"{person}/t",
            }
            for n in range(28)
            for fan in range(15)
        ]
        club = [{"occurred_at": before, "actor_id": "member", "target_id": f"{person}/c"}]
        lab.react(*club, network="club")
    lab.react(*rows)
    links = [("twin", "twitter", None, None), ("away", "twitter", None, DAYS[2]), ("away", "twitter", DAYS[4], None)]
    links += [(person, "club", None, None) for person in ("twin", "away")]
    columns = ("person_id", "network", "account_id", "connected_on", "disconnected_on")
    named = [(person, network, f"{person}/{network[0]}", *days) for person, network, *days in links]
    lab.put(LINKS, [dict(zip(columns, link, strict=True)) for link in named])


def run(lab: Lab, *days: date, begun: Week = NOT_BEGUN) -> Week:
    """Daily runs, after those that the root has seen."""
    rows, modes = dict(begun.rows), dict(begun.modes)
    for day in days:
        outcome = lab.run(day)
        assert outcome.verdict.passed, outcome.verdict.blocking
        rows[day], modes[day] = lab.published(day), outcome.manifest.modes
    return Week(rows, modes)
