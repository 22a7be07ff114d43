"""What a day costs, held against the alternatives and the bounds of the issue. Measures, decides nothing: exits with 0.

.venv/bin/python -m tests.bench                                       the default set, small: 100,000 rows a day
.venv/bin/python -m tests.bench --only windows --rows 1000000         one measurement, at its full size
.venv/bin/python -m tests.bench --only day --root DIR --as-of DAY     a day of a root that stands, run once more
.venv/bin/python -m tests.bench --only day --networks 10              a tenth of the rows on each of ten networks
.venv/bin/python -m tests.bench --only day --skew                     half of them to one target, a tenth by one actor

Data is written once into --data (KLOUTSPARK_BENCH_DIR, tests/bench/data) and reused. Prints a table; figures and what
they were made of are kept as JSON in tests/bench/results/. Neither is in git.
"""

import argparse
import logging
import os
from datetime import date
from pathlib import Path
from typing import Any

from kloutspark.config import Config, load
from kloutspark.storage.session import build_session
from tests.bench.measures import MEASUREMENTS, Asked, cost_of, partitions
from tests.bench.report import Figure, machine, write
from tests.bench.synthetic import AS_OF, FIVE_KINDS, Data, Store

DEFAULT = ("windows", "flat", "recompute", "tiles", "ranks", "shuffles", "late", "start", "bulk")
DATA = Path(__file__).parent / "data"
SMALL = 10_000  # rows a day of `bulk`, which runs each of its days in full
SHORT, SHORT_DAYS = ("tiles", "linear", "memory", "bulk"), 10  # tiles alone, or every day in full: so many days behind


def day(store: Store, asked: argparse.Namespace, networks: tuple[str, ...]) -> list[Figure]:
    """One run of a day, by stage: of a root that stands, or of synthetic data."""
    if asked.root is not None:
        found = cost_of(store.tables(asked.root), store, as_of=asked.as_of)
    else:
        data = Data(asked.rows, asked.days_behind, networks, is_skewed=asked.skew)
        with store.copied(store.root(data, "full")) as tables:
            found = cost_of(tables, store)
    stages = [Figure("day", f"stage {name}", (seconds,), unit="s") for name, seconds in found["stages"].items()]
    return [Figure("day", "all stages", (found["seconds"],), unit="s", details=found), *stages]


def days_behind(name: str, asked: argparse.Namespace) -> int:
    """Of a measurement: as asked, and at most ten where that is what it is about."""
    days: int = asked.days_behind
    return min(days, SHORT_DAYS) if name in SHORT else days


def configuration(asked: argparse.Namespace, folder: Path) -> Config:
    """Local mode with the bench's heap; shuffle partitions by the rows that a run moves."""
    largest = max([asked.rows, *(asked.sizes if "linear" in asked.only else [])])
    overrides = [
        f"spark.driver_memory={asked.memory}",
        f"spark.shuffle_partitions={partitions(largest, max(days_behind(name, asked) for name in asked.only))}",
        f"spark.settings={{spark.local.dir: {folder / 'spark'}}}",
    ]
    return load(env="local", overrides=[*overrides, *asked.set])


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*MEASUREMENTS, "day"], default=list(DEFAULT), metavar="NAME",
                        help=f"of {', '.join([*MEASUREMENTS, 'day'])}")  # fmt: skip
    parser.add_argument("--rows", type=int, default=100_000, help="a day")
    parser.add_argument("--days-behind", type=int, default=90)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 5_000_000], help="rows a day, of linear")
    parser.add_argument("--edges", type=int, default=2_000_000, help="of ranks")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", default="8g", help="of Spark's heap, and as much of DuckDB")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KLOUTSPARK_BENCH_DIR") or DATA))
    parser.add_argument("--set", action="append", default=[], metavar="A.B=C", help="configuration, as of kloutspark")
    parser.add_argument("--root", type=Path, help="of day: one that stands")
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, help="of day, with --root")
    parser.add_argument("--networks", type=int, default=1, help="of day")
    parser.add_argument("--skew", action="store_true", help="of day")
    return parser.parse_args()


def main() -> None:
    """Runs what the command line asks for."""
    asked = arguments()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    folder, before = asked.data.resolve(), machine()
    config = configuration(asked, folder)
    others = tuple(n for n in config.scored if config.networks[n].kinds and n != FIVE_KINDS)
    store = Store(build_session(config.spark), config, folder)
    figures: list[Figure] = []
    for name in asked.only:
        if name == "day":
            figures += day(store, asked, (FIVE_KINDS, *others)[: asked.networks])
            continue
        rows = min(asked.rows, SMALL) if name == "bulk" else asked.rows
        sizes, repeats = tuple(asked.sizes), asked.repeats
        figures += MEASUREMENTS[name](
            store,
            Asked(
                rows,
                days_behind(name, asked),
                sizes=sizes,
                edges=asked.edges,
                repeats=repeats,
                memory=f"{asked.memory}b",
            ),
        )
    said: dict[str, Any] = {"rows": asked.rows, "days_behind": asked.days_behind, "memory": asked.memory}
    print(write(figures, {**said, "repeats": asked.repeats, "set": asked.set}, before=before))


if __name__ == "__main__":
    main()
