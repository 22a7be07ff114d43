"""A reader that reads while a day is replaced sees the old or the new day, never a mixture."""

from collections.abc import Callable
from datetime import date, datetime
from threading import Event, Thread

import deltalake
import pytest

from kloutspark.domain.contracts import SCORES
from tests.lab import Lab

AS_OF = date(2026, 3, 1)


@pytest.mark.delta
def test_a_reader_sees_whole_days(lab: Lab) -> None:
    noon = datetime(2026, 2, 27, 12)
    lab.react(*[{"occurred_at": noon, "actor_id": f"f{n}", "target_id": f"t{n % 7}"} for n in range(70)])
    path = str(lab.root / SCORES.path())
    first = lab.run(AS_OF).manifest.run_id
    seen: set[tuple[tuple[str, int], ...]] = set()
    is_over = Event()

    def read() -> None:
        while not is_over.is_set():
            runs = deltalake.DeltaTable(path).to_pyarrow_dataset().to_table(columns=["run_id"])["run_id"].to_pylist()
            seen.add(tuple(sorted((run, runs.count(run)) for run in set(runs))))

    reader = Thread(target=read)
    reader.start()
    try:
        lab.react({"occurred_at": noon, "actor_id": "f0", "target_id": "one more"})
        second = lab.run(AS_OF).manifest.run_id
        _until(lambda: ((second, 8),) in seen)
    finally:
        is_over.set()
        reader.join()
    assert seen == {((first, 7),), ((second, 8),)}


def _until(condition: Callable[[], bool]) -> None:
    waiting = Event()
    for _ in range(600):
        if condition():
            return
        waiting.wait(0.1)
    raise AssertionError("the reader never saw the new day")
