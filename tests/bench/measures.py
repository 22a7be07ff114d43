"""One measurement a bound: contestants take turns within one run, each from the same state every time."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
from delta.tables import DeltaTable
from duckdb import DuckDBPyConnection
from pyspark.sql import DataFrame

from kloutspark import pipeline
from kloutspark.domain.contracts import (
    ACTOR_DAYS,
    FEATURES,
    PAIRS,
    RANKS,
    SCORES,
    SCORES_CANDIDATE,
    TARGETS,
    TableContract,
)
from kloutspark.storage.tables import Tables
from tests.bench import peers, rank_peers
from tests.bench.agreement import AgreementError, agree
from tests.bench.peers import Reference
from tests.bench.report import Figure, ratio
from tests.bench.synthetic import AS_OF, EVE, Data, Store, add_late_rows, publish, tile_days, tiling

KEPT = (PAIRS, ACTOR_DAYS, TARGETS, RANKS, FEATURES, SCORES_CANDIDATE, SCORES)
LATE_AGE, LATE_DAYS = 30, 7  # one row so far back; a hundredth of the rows over so many days

log = logging.getLogger("tests.bench")


@dataclass(frozen=True)
class Asked:
    """What the command line asks of every measurement."""

    rows: int
    days_behind: int
    sizes: tuple[int, ...]
    edges: int
    repeats: int
    memory: str  # of Spark's heap and of DuckDB


def windows(store: Store, asked: Asked) -> list[Figure]:
    """A day's run against the reference windows recomputed from raw rows, by DuckDB and by plain Spark SQL."""
    data = Data(asked.rows, asked.days_behind)
    root, files = store.root(data, "full"), store.raw_files(data)
    reference = Reference.of(store.config, data.networks[0], AS_OF)
    seconds = _Seconds("ours", "duckdb", "spark")
    details: dict[str, Any] = {}
    for repeat in range(asked.repeats):
        with store.copied(root) as tables, _duck(store, asked) as connection:
            with seconds.of("ours"):
                found = publish(tables, store.config, as_of=AS_OF)
            with seconds.of("duckdb"):
                by_duckdb = peers.duckdb_windows(connection, files, reference)
            with seconds.of("spark"):
                by_spark = peers.spark_windows(store.spark, files, reference)
            if repeat == 0:
                tiles = peers.tile_windows(connection, tables, reference)
                details["targets"] = peers.agree_on_windows("our tiles and DuckDB", tiles, by_duckdb, reference)
                peers.agree_on_windows("our tiles and Spark SQL", tiles, by_spark, reference)
                _agree_on_signals(store, tables, by_duckdb, reference, network=data.networks[0])
                details["stages"] = {s.name: s.seconds for s in found.manifest.stages}
    what = f"a day of {_of(data)}, against"
    of = seconds.found
    return [
        ratio("windows", f"{what} DuckDB's windows", of["ours"], of["duckdb"], bound=0.5, details=details),
        ratio("windows", f"{what} Spark SQL's windows", of["ours"], of["spark"], bound=None),
    ]


def flat(store: Store, asked: Asked) -> list[Figure]:
    """The same day with a long history behind it and with ten days."""
    short = 10
    seconds = _Seconds("long", "short")
    roots = {
        "long": store.root(Data(asked.rows, asked.days_behind), "full"),
        "short": store.root(Data(asked.rows, short), "full"),
    }
    for _ in range(asked.repeats):
        for name, root in roots.items():
            with store.copied(root) as tables, seconds.of(name):
                publish(tables, store.config, as_of=AS_OF)
    what = f"a day of {asked.rows:,} rows, {asked.days_behind} days behind, against {short}"
    return [ratio("flat", what, seconds.found["long"], seconds.found["short"], bound=1.3)]


def recompute(store: Store, asked: Asked) -> list[Figure]:
    """A day's run against `--recompute` of that day, whose scores must be equal to the bit."""
    data = Data(asked.rows, asked.days_behind)
    root = store.root(data, "full")
    seconds = _Seconds("incremental", "recomputed")
    people = 0
    for _ in range(asked.repeats):
        with store.copied(root) as one, store.copied(root) as other:
            with seconds.of("incremental"):
                publish(one, store.config, as_of=AS_OF)
            with seconds.of("recomputed"):
                publish(other, store.config, as_of=AS_OF, recompute=True)
            people = _equal(f"scores of {AS_OF}", one, other, SCORES, f"as_of = '{AS_OF}'")
    what = f"a day of {_of(data)}, against --recompute of it"
    found = seconds.found
    details = {"people_equal_to_the_bit": people}
    return [ratio("recompute", what, found["incremental"], found["recomputed"], bound=0.1, details=details)]


def tiles(store: Store, asked: Asked) -> list[Figure]:
    """The tile stages of a day against DuckDB doing the same tile work from the same raw rows and past pairs."""
    data = Data(asked.rows, asked.days_behind)
    root, files = store.root(data, "tiles"), store.raw_files(data)
    reference = Reference.of(store.config, data.networks[0], AS_OF)
    seconds, details = _Seconds("ours", "duckdb"), dict[str, Any]()
    for repeat in range(asked.repeats):
        with (
            store.copied(root) as tables,
            _duck(store, asked) as connection,
            tempfile.TemporaryDirectory(dir=store.folder) as out,
        ):
            past = peers.past_files(Path(tables.root))
            with seconds.of("ours"), tiling(tables, store.config, as_of=AS_OF) as (day, _):
                details["stages"] = {s.name: s.seconds for s in day.stages}
            with seconds.of("duckdb"):
                peers.duckdb_tiles(connection, files, past, reference, out=Path(out))
            if repeat == 0:
                details["tiles"] = peers.agree_on_tiles(connection, tables, reference, out=Path(out))
    what = f"tile stages of a day of {_of(data)}, against DuckDB's"
    return [ratio("tiles", what, seconds.found["ours"], seconds.found["duckdb"], bound=5, details=details)]


def linear(store: Store, asked: Asked) -> list[Figure]:
    """How the tile stages' time grows with the rows of a day: the exponent of a line through logarithms."""
    spent = _Seconds(*map(str, asked.sizes))
    roots = {size: store.root(Data(size, asked.days_behind), "tiles") for size in asked.sizes}
    for _ in range(asked.repeats):
        for size, root in roots.items():
            with store.copied(root) as tables, spent.of(str(size)), tiling(tables, store.config, as_of=AS_OF):
                pass
    logs = np.log(list(spent.found.values()))
    exponents = tuple(float(np.polyfit(np.log(asked.sizes), logs[:, n], 1)[0]) for n in range(asked.repeats))
    sizes = ", ".join(f"{size:,}" for size in asked.sizes)
    what = f"exponent of tile stages' time, days of {sizes} rows, {asked.days_behind} days behind"
    return [Figure("linear", what, exponents, 1.05, details={"seconds": spent.found})]


def ranks(store: Store, asked: Asked) -> list[Figure]:
    """One iteration over seeded edges: ours against a loop of DataFrames, GraphX and one numpy process."""
    edges = rank_peers.write_edges(store.spark, store.folder, asked.edges)
    # with little damping few iterations reach the limit, at which GraphX and igraph agree; an iteration costs the same
    walk = store.config.model.ranks.engagement.model_copy(update={"exact_iterations": 12})
    short = walk.model_copy(update={"exact_iterations": 4})  # of the loop, whose ranks are held against numpy's
    left = 2 * walk.damping**walk.limit
    found: dict[str, list[float]] = {name: [] for name in ("ours", "frames", "graphx", "numpy", "igraph")}
    for _ in range(asked.repeats):
        by_numpy, by_ours = rank_peers.walk_numpy(edges, walk), rank_peers.walk_ours(edges, store.spark, walk)
        by_frames, by_graphx = (walked(edges, store.spark, w) for walked, w in
                                ((rank_peers.walk_frames, short), (rank_peers.walk_graphx, walk)))  # fmt: skip
        by_igraph = rank_peers.walk_igraph(edges, walk)
        within = rank_peers.ROUNDING_L1
        rank_peers.agree_on_ranks("ours and numpy", by_ours, by_numpy, within_l1=within)
        few = rank_peers.walk_numpy(edges, short)
        rank_peers.agree_on_ranks("the loop of DataFrames and numpy", by_frames, few, within_l1=within)
        rank_peers.agree_on_ranks("ours and GraphX, at the limit", by_ours, by_graphx, within_l1=left)
        rank_peers.agree_on_ranks("ours and igraph, at the limit", by_ours, by_igraph, within_l1=left)
        for name, walked in zip(found, (by_ours, by_frames, by_graphx, by_numpy, by_igraph), strict=True):
            found[name].append(median(walked.seconds))
    what = f"one rank iteration over {edges.count:,} edges of {edges.accounts:,} accounts, against"
    bounds = {"frames": ("a loop of DataFrames", 0.1), "graphx": ("GraphX", 0.1), "numpy": ("one numpy process", 2.5)}
    figures = [
        ratio("ranks", f"{what} {title}", found["ours"], found[name], bound=bound)
        for name, (title, bound) in bounds.items()
    ]
    return [*figures, Figure("ranks", "igraph, all of its solution", tuple(found["igraph"]), unit="s")]


def shuffles(store: Store, asked: Asked) -> list[Figure]:
    """What a day moves: bytes a row of the day, and how often its raw rows and its pairs are moved."""
    data = Data(asked.rows, asked.days_behind)
    with store.copied(store.root(data, "full")) as tables:
        found = cost_of(tables, store)
    figures = [
        Figure("shuffles", f"bytes shuffled a row, a day of {_of(data)}", (found["shuffled_bytes"] / data.rows,)),
        Figure("shuffles", "shuffles of as many rows as the day has", (found["shuffles_of_raw_rows"],), 1),
    ]
    return [Figure(f.measurement, f.what, f.values, f.bound, details=found) for f in figures]


def late(store: Store, asked: Asked) -> list[Figure]:
    """A day with a late row 30 days back, and with a hundredth of its rows late over a week, against one without."""
    data = Data(asked.rows, asked.days_behind)
    if data.days_behind <= LATE_AGE:
        raise ValueError(
            f"--days-behind: more than {LATE_AGE} days are needed for a late row, {data.days_behind} found"
        )
    root = store.root(data, "full")
    each = max(1, data.rows // 100 // LATE_DAYS)
    arrivals = {"none": {}, "one": {LATE_AGE: 1}, "many": dict.fromkeys(range(1, LATE_DAYS + 1), each)}
    seconds, read = _Seconds(*arrivals), dict[str, int]()
    for _ in range(asked.repeats):
        for name, rows_by_age in arrivals.items():
            with store.copied(root) as tables:
                add_late_rows(tables, data, rows_by_age)
                with seconds.of(name):
                    found = publish(tables, store.config, as_of=AS_OF)
                read[name] = sum(c.read for c in found.manifest.counts.values())
                if read[name] != data.rows + sum(rows_by_age.values()):
                    raise AgreementError(f"late rows: {read[name]} rows read")
    of = seconds.found
    what = f"a day of {_of(data)}, with"
    return [
        ratio("late", f"{what} a late row {LATE_AGE} days back, against none", of["one"], of["none"], bound=1.5),
        ratio("late", f"{what} 1 % late over {LATE_DAYS} days, against none", of["many"], of["none"], bound=3),
    ]


STARTED = """
import sys, time
print("bench:python", time.time(), flush=True)
import logging
from kloutspark import options
from kloutspark.cli import exit_code
from kloutspark.domain.stages import STAGES
build = options.build_session
def timed(settings):
    print("bench:imported", time.time(), flush=True)
    session = build(settings)
    print("bench:session", time.time(), flush=True)
    return session
class Said(logging.Handler):
    def emit(self, record):
        print("bench:stage", time.time(), flush=True)
options.build_session = timed
STAGES.addHandler(Said())
STAGES.setLevel(logging.INFO)
sys.exit(exit_code(sys.argv[1:]))
"""


def start(store: Store, asked: Asked) -> list[Figure]:
    """From the start of the command to its first stage, for a day without rows; the run is then ended."""
    data = Data(asked.rows, asked.days_behind)
    found: list[dict[str, float]] = []
    with store.copied(store.root(data, "full")) as tables:
        publish(tables, store.config, as_of=AS_OF)
        for _ in range(asked.repeats):
            began, moments = time.time(), dict[str, float]()
            arguments = ["score", "--root", tables.root, "--as-of", str(AS_OF + timedelta(days=1))]
            with _started([sys.executable, "-c", STARTED, *arguments]) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    if line.startswith("bench:"):
                        name, moment = line.split()
                        moments[name.removeprefix("bench:")] = float(moment) - began
                    if "stage" in moments:
                        break
            found.append(moments)
    jvm = tuple(m["session"] - m["imported"] for m in found)
    return [
        Figure("start", "start to first stage, empty day", tuple(m["stage"] for m in found), 20, "s", {"until": found}),
        Figure("start", "of it the session, which is the JVM", jvm, unit="s"),
    ]


def memory(store: Store, asked: Asked) -> list[Figure]:
    """A whole day in a driver of 4 GB: whether it ends, and the most memory that its processes held together."""
    data = Data(asked.rows, asked.days_behind)
    root = store.root(data, "tiles")
    peaks, seconds = [], []
    for _ in range(asked.repeats):
        with store.copied(root) as tables:
            began = time.perf_counter()
            command = "import sys; from kloutspark.cli import exit_code; sys.exit(exit_code(sys.argv[1:]))"
            sets = [
                "--set",
                "spark.driver_memory=4g",
                "--set",
                f"spark.shuffle_partitions={partitions(data.rows, data.days_behind)}",
            ]
            arguments = ["score", "--root", tables.root, "--as-of", str(AS_OF), *sets]
            with _started([sys.executable, "-c", command, *arguments]) as process:
                peak = 0
                while process.poll() is None:
                    peak = max(peak, _resident(process.pid))
                    time.sleep(0.5)
            if process.returncode:
                raise AgreementError(f"a day of {_of(data)} in 4 GB ended with {process.returncode}")
            peaks.append(peak / 2**30)
            seconds.append(time.perf_counter() - began)
    what = f"peak of all processes of a day of {_of(data)} (tiles alone), a driver of 4 GB"
    return [Figure("memory", what, tuple(peaks), unit="GiB", details={"seconds": seconds})]


def bulk(store: Store, asked: Asked) -> list[Figure]:
    """Whether a history in bulk is one of daily runs: everything that standing and the step limit have no part in.

    Both depend on the scores of the days before, which a history in bulk does not have. So standing is 1 for everybody
    in both roots, and scores are compared before the step limit. Ranks start elsewhere, and agree within the tolerance.
    """
    data = Data(asked.rows, asked.days_behind)
    model = store.config.model
    standing = model.standing.model_copy(update={"most": 1.0})
    config = store.config.model_copy(update={"model": model.model_copy(update={"standing": standing})})
    raw = store.raw(data)
    with store.copied(raw) as daily, store.copied(raw) as in_bulk:
        for day in data.days:
            publish(daily, config, as_of=day + timedelta(days=1))
        tile_days(in_bulk, config, data, until=EVE)
        publish(in_bulk, config, as_of=AS_OF)
        rows = {c.name: _equal(c.name, daily, in_bulk, c, f"day < '{AS_OF}'") for c in (PAIRS, ACTOR_DAYS, TARGETS)}
        is_step = "p -> NOT p.signal = 'step_limit'"
        before = (
            f"round(aggregate(transform(filter(parts, {is_step}), p -> p.points), 0D, (a, b) -> a + b), 2) AS score"
        )
        rows[SCORES.name] = _equal_frames("scores before the step limit", *(
            _now(t, SCORES).where(f"as_of = '{AS_OF}'").selectExpr("person_id", before) for t in (daily, in_bulk)
        ))  # fmt: skip
    what = f"rows of tiles and scores that bulk and daily runs of {_of(data)} have alike"
    return [Figure("bulk", what, (float(sum(rows.values())),), details=rows)]


MEASUREMENTS: dict[str, Callable[[Store, Asked], list[Figure]]] = {
    f.__name__: f for f in (windows, flat, recompute, tiles, linear, ranks, shuffles, late, start, memory, bulk)
}


def partitions(rows: int, days_behind: int) -> int:
    """Of shuffles: half a million rows of the day or five million of its window each; local mode has four."""
    return max(4, rows // 500_000, rows * days_behind // 5_000_000)


def cost_of(tables: Tables, store: Store, *, as_of: date = AS_OF) -> dict[str, Any]:
    """One run of a day with what Spark's status store says of its jobs and stages."""
    store_of_stages: Any = tables.spark.sparkContext._jsc.sc().statusStore()
    jobs_before = store_of_stages.jobsList(None).size()
    stages_before = {s.stageId() for s in _stages(store_of_stages)}
    began = time.perf_counter()
    run_id, started_at = f"bench-{as_of}", datetime.now(UTC)
    outcome = pipeline.run(tables, store.config, as_of=as_of, run_id=run_id, started_at=started_at)
    seconds = time.perf_counter() - began
    stages = [s for s in _stages(store_of_stages) if s.stageId() not in stages_before]
    read = sum(c.read for c in outcome.manifest.counts.values())
    return {
        "as_of": str(as_of),
        "status": outcome.manifest.status,
        "counts": {n: c.model_dump() for n, c in outcome.manifest.counts.items()},
        "seconds": round(seconds, 1),
        "stages": {s.name: s.seconds for s in outcome.manifest.stages},
        "rows_written": {c.name: rows_written(tables, c) for c in KEPT},
        "jobs": store_of_stages.jobsList(None).size() - jobs_before,
        "stages_that_shuffle": sum(s.shuffleWriteBytes() > 0 for s in stages),
        "shuffled_bytes": sum(s.shuffleWriteBytes() for s in stages),
        "shuffled_rows": sum(s.shuffleWriteRecords() for s in stages),
        "shuffles_of_raw_rows": sum(s.shuffleWriteRecords() == read for s in stages),
        "largest_shuffles_rows": sorted((s.shuffleWriteRecords() for s in stages), reverse=True)[:6],
    }


def rows_written(tables: Tables, contract: TableContract) -> int:
    """Rows of the table's newest commit, which is the run's."""
    newest = DeltaTable.forPath(tables.spark, tables.path(contract)).history(1).collect()[0]
    return int(newest["operationMetrics"]["numOutputRows"])


def _stages(store: Any) -> list[Any]:
    quantiles, statuses = (getattr(store, f"stageList$default${n}")() for n in (4, 5))
    found = store.stageList(None, False, False, quantiles, statuses)
    return [found.apply(i) for i in range(found.size())]


class _Seconds:
    """What each contestant took, repeat by repeat."""

    def __init__(self, *names: str) -> None:
        self.found: dict[str, list[float]] = {name: [] for name in names}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.found[name].append(time.perf_counter() - began)
        log.warning("%s: %.1f s", name, self.found[name][-1])


def _of(data: Data) -> str:
    return f"{data.rows:,} rows, {data.days_behind} days behind"


@contextmanager
def _duck(store: Store, asked: Asked) -> Iterator[DuckDBPyConnection]:
    with (
        tempfile.TemporaryDirectory(dir=store.folder) as scratch,
        peers.duck(Path(scratch), memory=asked.memory) as connection,
    ):
        yield connection


def _agree_on_signals(store: Store, tables: Tables, theirs: pa.Table, reference: Reference, *, network: str) -> None:
    """Reactions by kind as the run published them among its features are the peer's: floats, exact up to 2 ** 24."""
    names = [s.name for s in store.config.signals(network)]
    kinds = {f"{k}_{w}": names.index(f"{k}_sum_{w}d") for k in reference.kinds for w in reference.windows_days}
    columns = [f"signals[{place}] AS {name}" for name, place in kinds.items()]
    features = _now(tables, FEATURES).where(f"as_of = '{reference.as_of}' AND network = '{network}'")
    ours = features.selectExpr("account_id AS target_id", *columns).toArrow()
    agree("features and DuckDB", ours, theirs, key=["target_id"], within=dict.fromkeys(kinds, 0))


def _now(tables: Tables, contract: TableContract) -> DataFrame:
    return tables.read(contract, version=tables.version(contract))


def _equal(what: str, one: Tables, other: Tables, contract: TableContract, where: str) -> int:
    """How many rows of a table two roots have, all of them alike to the bit."""
    return _equal_frames(what, *(_now(tables, contract).where(where) for tables in (one, other)))


def _equal_frames(what: str, one: DataFrame, other: DataFrame) -> int:
    """How many rows both have; maps as sorted entries, for a map has no order.

    Raises:
        AgreementError: says how many either has alone.
    """
    plain = [f"array_sort(map_entries({n})) AS {n}" if t.startswith("map<") else n for n, t in one.dtypes]
    left, right = one.selectExpr(*plain), other.selectExpr(*plain)
    alone = [a.exceptAll(b).count() for a, b in ((left, right), (right, left))]
    if any(alone):
        raise AgreementError(f"{what}: {alone[0]} rows of the first alone, {alone[1]} of the second")
    return one.count()


@contextmanager
def _started(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block, and with it those that it started."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _resident(pid: int) -> int:
    """Bytes that a process and all that it started hold in memory; shared pages count for each."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        parents.setdefault(parent, []).append(int(place.name))
    held, asked = 0, [pid]
    while asked:
        one = asked.pop()
        asked += parents.get(one, [])
        try:
            held += int((Path("/proc") / str(one) / "statm").read_text().split()[1])
        except OSError:
            continue
    return held * os.sysconf("SC_PAGE_SIZE")
