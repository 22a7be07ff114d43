"""A day or a run as a whole: the highest scores, what a run did, what the gate found, how two days differ."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from kloutspark.domain.population import SHARES_BELOW
from kloutspark.reporting.texts import shown, signed, table

RANGES = {  # first and last whole score: the share of a real population there, as far as it is known
    (1, 9): None,
    (10, 14): SHARES_BELOW[15],
    (15, 19): None,
    (1, 19): SHARES_BELOW[20],
    (20, 49): SHARES_BELOW[50] - SHARES_BELOW[20],
    (50, 64): SHARES_BELOW[65] - SHARES_BELOW[50],
    (65, 100): 1 - SHARES_BELOW[65],
}
FIGURES = (  # of a stage: which, in what, and how it is headed
    ("seconds", 1, "seconds"),
    ("task_seconds", 1, "of tasks"),
    ("jobs", 1, "jobs"),
    ("rows_read", 1, "rows read"),
    ("rows_written", 1, "written"),
    ("rows_shuffled", 1, "shuffled"),
    ("bytes_read", 1_000_000, "MB read"),
    ("bytes_shuffled", 1_000_000, "shuffled"),
    ("bytes_spilled", 1_000_000, "spilled"),
    ("largest_task_seconds", 1, "largest task"),
    ("median_task_seconds", 1, "median"),
)
SUMMED = [name for name, *_ in FIGURES if not name.endswith("_task_seconds")]
COUNTS = ("read", "counted", "own", "duplicate", "quarantined", "outside")


def show_top(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """The highest scores with what changed and the strongest reason."""
    lines = [
        (n, f"{r['score']:.2f}", signed(r["change"]), r["person_id"], (r["reasons"] or [""])[0])
        for n, r in enumerate(rows, start=1)
    ]
    day = rows[0]["as_of"] if rows else ""
    headings = ("", "score", "change", "person", "strongest reason")
    console.print(table(f"Highest scores of {day}", headings, lines, right=(0, 1, 2)))


def show_distribution(console: Console, counts: Mapping[str, Any]) -> None:
    """How the scores of a day lie in RANGES, beside a real population."""
    people = counts["people"]
    lines = [
        (f"{low}-{high}", n, f"{n / people:.1%}", "" if real is None else f"{real:.1%}")
        for ((low, high), real), n in zip(RANGES.items(), counts["in_ranges"], strict=True)
    ]
    title = f"Scores of {counts['as_of']} beside a real distribution (Belgium 2014, 100,258 accounts)"
    console.print(table(title, ("score", "people", "share", "real share"), lines, right=range(4)))


def show_run(console: Console, summary: Mapping[str, Any]) -> None:
    """What a scoring run did with its rows, and what the gate said."""
    counts, modes = summary["counts"], summary["modes"]
    lines = [(n, *[c[name] for name in COUNTS], modes[n]) for n, c in sorted(counts.items())]
    title = f"{summary['as_of']} {summary['status']} by run {summary['run_id']}"
    console.print(table(title, ("network", *COUNTS, "tiles"), lines, right=range(1, 7)))
    for finding in summary["findings"]:
        if not finding["passed"]:
            console.print(shown(_said(finding)))


def _said(finding: Mapping[str, Any]) -> str:
    where = f" of {finding['network']}" if finding["network"] else ""
    note = f" ({finding['note']})" if finding["note"] else ""
    allowed = _allowed(finding["least"], finding["most"])
    limit = f"{finding['vital']}{where} is {finding['observed']:.4g}, allowed {allowed}{note}."
    return f"{finding['severity']}: {limit} {finding['why']}"


def _allowed(least: float | None, most: float | None) -> str:
    if least is None or most is None:
        return f"at most {most:g}" if least is None else f"at least {least:g}"
    return f"{least:g} to {most:g}"


def show_runs(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """The runs of a root."""
    lines = []
    for r in rows:
        stages = r["manifest"].get("stages", []) if isinstance(r["manifest"], dict) else []
        seconds = f"{sum(s['seconds'] for s in stages):.0f}" if stages else ""
        started = f"{r['started_at']:%Y-%m-%d %H:%M}"
        lines.append((r["number"], r["run_id"], r["command"], r["as_of"] or "", r["status"], started, seconds))
    headings = ("", "run", "command", "day", "status", "started (UTC)", "seconds")
    console.print(table("Newest runs", headings, lines, right=(0, 6)))


def show_maintenance(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """What became of every table."""
    names = ("files_before", "files_after", "rows_removed", "bytes_freed")
    lines = [(r["table"], *[f"{r[name]:,}" for name in names]) for r in rows]
    lines.append(("all", *[f"{sum(r[name] for r in rows):,}" for name in names]))
    headings = ("table", "files before", "files now", "rows of old days removed", "bytes freed")
    console.print(table("Maintained tables", headings, lines, right=range(1, 5)))


def show_cost(console: Console, run: Mapping[str, Any]) -> None:
    """What each stage of a run cost, - where it is not known; and of all together, what a row of the input cost."""
    stages, rows = run["stages"], run["rows"]
    lines = [[s["name"], *(_number(s[name], unit) for name, unit, _ in FIGURES)] for s in stages]
    sums = {name: None if any(s[name] is None for s in stages) else sum(s[name] for s in stages) for name in SUMMED}
    lines.append(["all", *(_number(sums[name], unit) if name in sums else "" for name, unit, _ in FIGURES)])
    title = f"Run {run['run_id']} of {run['as_of']}, {run['status']}"
    headings = ("stage", *(heading for *_, heading in FIGURES))
    console.print(table(title, headings, lines, right=range(1, len(headings))))
    moved = sums["bytes_shuffled"]
    if rows and moved is not None:
        console.print(shown(f"{rows:,} rows of input, for each {moved / rows:,.0f} bytes shuffled"))


def _number(value: float | None, unit: int) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and unit == 1 else f"{value / unit:,.1f}"


def show_findings(console: Console, run_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Every expectation of a run with what it saw."""
    lines = [
        (
            "held" if r["passed"] else r["severity"],
            r["vital"],
            r["network"],
            f"{r['observed']:.4g}",
            _allowed(r["least"], r["most"]),
            r["note"] or "",
        )
        for r in rows
    ]
    headings = ("", "vital", "network", "observed", "allowed", "note")
    console.print(table(f"What the gate found in run {run_id}", headings, lines, right=(3,)))


def show_comparison(console: Console, found: Mapping[str, Any]) -> None:
    """How two published days differ."""
    first, second = found["first"], found["second"]
    lines = [(f"{q['share']:.0%} below", f"{q['before']:.2f}", f"{q['after']:.2f}") for q in found["quantiles"]]
    lines = [("people", str(found["people_before"]), str(found["people_after"])), *lines]
    console.print(table(f"{first} and {second}", ("", str(first), str(second)), lines, right=(1, 2)))
    mean = "" if found["mean_change"] is None else f", on average {found['mean_change']:+.2f} points"
    console.print(shown(f"{found['rose']} rose and {found['fell']} fell{mean}"))
    moves = [*found["risers"], *found["fallers"]]
    moved = [(m["person_id"], f"{m['before']:.2f}", f"{m['after']:.2f}", signed(m["change"])) for m in moves]
    headings = ("person", str(first), str(second), "change")
    console.print(table("Who moved most", headings, moved, right=(1, 2, 3)))
