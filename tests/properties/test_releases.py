"""Publishing, refusing, accepting, rolling back, rerunning in any order: `scores` is what a plain dictionary says."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kloutspark import publish
from kloutspark.domain.contracts import SCORES
from kloutspark.pipeline import Outcome
from tests.lab import Lab

FIRST = date(2026, 3, 1)
IMPOSSIBLE = "gate.expectations.people_change.max=0.5"  # everybody is still there: it fails
BLOCKS_AT_ONCE = "gate.drift.past_days_min=1"


class Releases(RuleBasedStateMachine):
    """`published` maps a day to the run that made it; `after` keeps what was published after each run."""

    new_lab: Callable[..., Lab]

    def __init__(self) -> None:
        super().__init__()
        self.lab = type(self).new_lab()
        self.published: dict[date, str] = {}
        self.after: dict[str, dict[date, str]] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.rollbacks = 0

    @initialize()
    def first_day(self) -> None:
        days = [datetime.combine(FIRST, datetime.min.time()) + timedelta(days=n) for n in range(-2, 10)]
        self.lab.react(
            *[
                {"occurred_at": d, "actor_id": f"f{n}", "target_id": t}
                for d in days
                for t, c in (("ada", 3), ("bob", 1))
                for n in range(c)
            ]
        )
        self._publish(self.lab.run(FIRST))

    @property
    def newest(self) -> date:
        return max(self.published)

    @rule()
    def publish_the_next_day(self) -> None:
        self._publish(self.lab.run(self.newest + timedelta(days=1)))

    @rule()
    def run_the_newest_day_again(self) -> None:
        self._publish(self.lab.run(self.newest))

    @rule()
    def refuse_the_next_day(self) -> None:
        outcome = self.lab.variant(IMPOSSIBLE, BLOCKS_AT_ONCE).run(self.newest + timedelta(days=1))
        assert outcome.manifest.status == "refused"

    @rule()
    def accept_the_next_day(self) -> None:
        lab = self.lab.variant(IMPOSSIBLE, BLOCKS_AT_ONCE)
        outcome = lab.run(self.newest + timedelta(days=1), accepted={"people_change": "nobody left"})
        assert set(outcome.manifest.accepted) == {"people_change"}
        self._publish(outcome)

    @precondition(lambda self: len(self.after) > 1)
    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.after)))
        self.rollbacks += 1
        publish.rollback(self.lab.tables, to=run_id, run_id=f"back-{self.rollbacks}", started_at=datetime.now(UTC))
        self.published = dict(self.after[run_id])

    def _publish(self, outcome: Outcome) -> None:
        assert outcome.verdict.passed, outcome.verdict.blocking
        run_id, as_of = outcome.manifest.run_id, outcome.manifest.as_of
        self.published[as_of] = run_id
        self.after[run_id] = dict(self.published)
        self.rows[run_id] = self.lab.published(as_of)

    @invariant()
    def scores_are_what_the_dictionary_says(self) -> None:
        if not self.published:
            return
        rows = [row.asDict(recursive=True) for row in self.lab.read(SCORES).collect()]
        assert {row["as_of"]: row["run_id"] for row in rows} == self.published
        for row in rows:
            assert row == self.rows[row["run_id"]][row["person_id"]]
        assert len(rows) == sum(len(self.rows[run_id]) for run_id in self.published.values())


@pytest.mark.delta
def test_any_order_of_releases(new_lab: Callable[..., Lab]) -> None:
    Releases.new_lab = staticmethod(new_lab)
    run_state_machine_as_test(
        Releases,
        settings=settings(
            max_examples=2,  # the first is the simplest that there is
            stateful_step_count=10,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
