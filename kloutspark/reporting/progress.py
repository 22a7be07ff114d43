"""What a long command is doing, on a terminal; nothing in a pipe."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from kloutspark.domain.stages import STAGES


class _Shown(logging.Handler):
    def __init__(self, status: Status, title: str) -> None:
        super().__init__(logging.INFO)
        self._status, self._title = status, title

    def emit(self, record: logging.LogRecord) -> None:
        self._status.update(f"{self._title}: {record.getMessage()}")


@contextmanager
def stages_shown(title: str) -> Iterator[None]:
    """Shows the stage under way beside a spinner on standard error until the block ends."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(title) as status:
        handler = _Shown(status, title)
        STAGES.addHandler(handler)
        STAGES.setLevel(logging.INFO)
        try:
            yield
        finally:
            STAGES.removeHandler(handler)
