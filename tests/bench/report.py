"""Figures of a bench run: medians with their spread, beside the bound each is held against; JSON and a table."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One number of every repeat, and what it was made of.

    `bound` is the most that the issue allows its median, None: it is only stated.
    """

    measurement: str
    what: str
    values: tuple[float, ...]
    bound: float | None = None
    unit: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """meets, misses, or nothing to hold it against."""
        if self.bound is None:
            return "stated"
        return "meets" if median(self.values) <= self.bound else "misses"

    @property
    def row(self) -> tuple[str, ...]:
        """Of the table."""
        spread = f"{_short(median(self.values))} ({_short(min(self.values))}..{_short(max(self.values))})"
        bound = "" if self.bound is None else _short(self.bound)
        return self.measurement, self.what, f"{spread} {self.unit}".strip(), bound, self.verdict


def ratio(
    measurement: str,
    what: str,
    above: Sequence[float],
    below: Sequence[float],
    *,
    bound: float | None,
    details: dict[str, Any] | None = None,
) -> Figure:
    """The ratios of two contestants, repeat by repeat, with the seconds of both."""
    values = tuple(a / b for a, b in zip(above, below, strict=True))
    seconds = {"seconds": [round(s, 3) for s in above], "against_seconds": [round(s, 3) for s in below]}
    return Figure(measurement, what, values, bound, details={**seconds, **(details or {})})


def machine() -> dict[str, Any]:
    """What a figure depends on besides the code."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": model[0].partition(": ")[2] if model else platform.machine(),
        "memory_gib": round(int(memory.split()[1]) / 2**20, 1),
        "python": platform.python_version(),
        "load": [round(n, 2) for n in os.getloadavg()],
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain") else ""),
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
    }


def write(figures: Sequence[Figure], asked: dict[str, Any], *, before: dict[str, Any]) -> str:
    """Keeps the document in tests/bench/results/ and gives the table."""
    RESULTS.mkdir(exist_ok=True)
    after = {"load_after": [round(n, 2) for n in os.getloadavg()]}
    found = [{**asdict(f), "median": median(f.values), "verdict": f.verdict} for f in figures]
    document = {**before, **after, "asked": asked, "figures": found}
    names = "-".join(dict.fromkeys(f.measurement for f in figures))
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{names}.json"
    path.write_text(json.dumps(document, indent=2, default=str))
    where = f"{before['cores']} cores ({before['processor']}), {before['memory_gib']} GiB, Python {before['python']}"
    loads = f"load {before['load'][0]} before and {after['load_after'][0]} after"
    head = f"{where}; commit {before['commit']}, {before['at']}, {loads}; {_words(asked)}"
    columns = ("measurement", "what", "median (spread)", "bound", "")
    lines = [head, "", _line(columns), _line(["---"] * len(columns)), *[_line(f.row) for f in figures]]
    return "\n".join([*lines, "", f"kept in {path}"])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(asked: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in asked.items() if value not in (None, [], False))


def _short(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return found.stdout.strip()
