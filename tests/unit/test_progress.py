"""What a long command shows of its stages: on a terminal, and nothing in a pipe."""

import logging

import pytest
from rich.status import Status

from kloutspark.reporting.progress import stages_shown

STAGES = logging.getLogger("kloutspark.stages")


@pytest.mark.parametrize(("is_terminal", "shown"), [("1", ["scoring a day: pairs"]), ("", [])])
def test_the_stage_under_way_is_shown_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, is_terminal: str, shown: list[str]
) -> None:
    updates: list[str] = []
    monkeypatch.setenv("FORCE_COLOR", is_terminal)
    monkeypatch.setattr(Status, "update", lambda self, status: updates.append(status))
    with stages_shown("scoring a day"):
        STAGES.info("pairs")
    STAGES.info("nobody looks any more")
    assert updates == shown
