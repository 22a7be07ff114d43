"""What a user would pick instead of stored tiles: the same windows from raw rows, the same tiles by DuckDB.

Peers are spared what would only cost them: rows are not judged and not deduplicated in the windows (the data has no
faulty and no repeated ones), and a reaction weighs what damping and selectivity make of it, authenticity and standing
apart. Ours does all of that within its time; for the comparison its stored tiles give the same plain weight.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from kloutspark.config import Config
from kloutspark.domain.contracts import ACTOR_DAYS, PAIRS, TARGETS, TableContract
from kloutspark.storage.tables import Tables
from tests.bench.agreement import agree

THREADS = 2  # as many as Spark has
NOT_SELF = "actor_id <> target_id"


@dataclass(frozen=True)
class Reference:
    """What the windows are asked for: of which day, kinds and lengths, and the numbers of a weight."""

    as_of: date
    kinds: tuple[str, ...]
    windows_days: tuple[int, ...]
    exponent: float
    halving_reactions: float

    @classmethod
    def of(cls, config: Config, network: str, as_of: date) -> "Reference":
        """By the configuration; peers know one value for all kinds, 1."""
        values = config.kind_values(network)
        assert set(values.values()) == {1.0}
        model = config.model
        damping, selectivity = model.damping.exponent, model.selectivity.halving_reactions
        return cls(as_of, tuple(values), model.windows_days, damping, selectivity)

    @property
    def counts(self) -> tuple[str, ...]:
        """Columns that are whole numbers: distinct actors, reactions by kind."""
        return tuple(f"{name}_{w}" for name in ("actors", *self.kinds) for w in self.windows_days)

    @property
    def damped(self) -> str:
        """SQL, DuckDB's and Spark's: reactions of a kind, damped, in millionths."""
        return f"CAST(floor(power(CAST(reactions AS DOUBLE), {_double(self.exponent)}) * 1e6 + 5e-1) AS BIGINT)"

    @property
    def weight(self) -> str:
        """SQL, DuckDB's and Spark's: the plain weight of a pair, in millionths."""
        h = _double(self.halving_reactions)
        return f"CAST(floor(damped_micros * {h} / ({h} + busy_micros / 1e6 - 1e0) + 5e-1) AS BIGINT)"

    def of_windows(self, text: str, name: str) -> str:
        """SQL: an expression with {w} for every window."""
        return ", ".join(f"{text.format(w=w)} AS {name}_{w}" for w in self.windows_days)


def windows_sql(reference: Reference, *, age: str) -> str:
    """Reactions by kind, exact distinct actors and weights over all windows, from `interactions`, by target.

    One text for DuckDB and Spark; `age` is their way to say how many days before the eve a row's day lies. A pair's
    least age stands for its distinct actor in every window, which four COUNT DISTINCT would take longer for.
    """
    by_kind = ", ".join(
        f"count(*) FILTER (WHERE kind = '{kind}' AND {age} < {w}) AS {kind}_{w}"
        for kind in reference.kinds
        for w in reference.windows_days
    )
    actors = reference.of_windows("count(CASE WHEN newest < {w} THEN 1 END)", "actors")
    weights = reference.of_windows("coalesce(sum(CASE WHEN age < {w} THEN weight_micros END), 0)", "weight_micros")
    return f"""
WITH by_kind AS (
    SELECT {age} AS age, actor_id, target_id, kind, count(*) AS reactions
    FROM interactions WHERE {NOT_SELF} GROUP BY 1, 2, 3, 4
), pairs AS (
    SELECT age, actor_id, target_id, CAST(sum({reference.damped}) AS BIGINT) AS damped_micros
    FROM by_kind GROUP BY 1, 2, 3
), busy AS (
    SELECT age, actor_id, CAST(sum(damped_micros) AS BIGINT) AS busy_micros FROM pairs GROUP BY 1, 2
), weighed AS (
    SELECT age, target_id, {reference.weight} AS weight_micros FROM pairs JOIN busy USING (age, actor_id)
), weights AS (
    SELECT target_id, {weights} FROM weighed GROUP BY 1
), actors AS (
    SELECT target_id, {actors}
    FROM (SELECT target_id, actor_id, min({age}) AS newest FROM interactions WHERE {NOT_SELF} GROUP BY 1, 2) AS fans
    GROUP BY 1
), kinds AS (
    SELECT target_id, {by_kind} FROM interactions WHERE {NOT_SELF} GROUP BY 1
)
SELECT * FROM kinds JOIN weights USING (target_id) JOIN actors USING (target_id)
"""


@contextmanager
def duck(scratch: Path, *, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with Spark's threads and heap; what does not fit it spills into a folder."""
    with duckdb.connect() as connection:
        settings = {"threads": str(THREADS), "memory_limit": memory, "temp_directory": str(scratch)}
        for name, value in {**settings, "preserve_insertion_order": "false"}.items():
            connection.execute(f"SET {name} = '{value}'")
        yield connection


def duckdb_windows(connection: duckdb.DuckDBPyConnection, files: str, reference: Reference) -> pa.Table:
    """The windows by DuckDB, from raw Parquet files."""
    _view(connection, "interactions", f"read_parquet('{files}', hive_partitioning = true)")
    return _fetch(connection, windows_sql(reference, age=_age(reference)))


def spark_windows(spark: SparkSession, files: str, reference: Reference) -> pa.Table:
    """The windows by plain Spark SQL, from the same files."""
    folder = str(Path(files).parent.parent)
    spark.read.parquet(folder).createOrReplaceTempView("interactions")
    return spark.sql(windows_sql(reference, age=f"(date_diff(DATE '{reference.as_of}', day) - 1)")).toArrow()


def tile_windows(connection: duckdb.DuckDBPyConnection, tables: Tables, reference: Reference) -> pa.Table:
    """The windows as our stored tiles have them: sums over targets' tiles, weights of pairs as they would be plain."""
    for contract in (TARGETS, PAIRS, ACTOR_DAYS):
        _view(connection, contract.name.removeprefix("tiles."), _stored(tables, contract))
    age, longest = _age(reference), max(reference.windows_days)
    previous_age = age.replace(" day ", " previous_day ")
    actors = reference.of_windows(
        f"sum(CASE WHEN {age} < {{w}} AND coalesce({previous_age} >= {{w}}, true) THEN pairs ELSE 0 END)", "actors"
    )
    by_kind = ", ".join(
        reference.of_windows(f"sum(CASE WHEN {age} < {{w}} THEN coalesce(reactions['{kind}'], 0) ELSE 0 END)", kind)
        for kind in reference.kinds
    )
    weights = reference.of_windows("coalesce(sum(CASE WHEN age < {w} THEN weight_micros END), 0)", "weight_micros")
    of_pairs = reference.of_windows("count(CASE WHEN age < {w} THEN 1 END)", "pairs")
    is_inside = f"day >= DATE '{reference.as_of}' - {longest} AND day < DATE '{reference.as_of}'"
    return _fetch(
        connection,
        f"""
WITH weighed AS (
    SELECT {age} AS age, target_id, {reference.weight} AS weight_micros
    FROM pairs JOIN (SELECT day, actor_id, busy_micros FROM actor_days) AS actors USING (day, actor_id)
    WHERE {is_inside} AND {NOT_SELF}
), weights AS (
    SELECT target_id, {weights}, {of_pairs} FROM weighed GROUP BY 1
), sums AS (
    SELECT target_id, {actors}, {by_kind} FROM targets WHERE {is_inside} GROUP BY 1
)
SELECT * FROM sums JOIN weights USING (target_id)
""",
    )


def agree_on_windows(what: str, ours: pa.Table, theirs: pa.Table, reference: Reference) -> int:
    """How many targets have the same windows: counts exactly, weights up to a millionth a pair.

    `power` of C and of Java may differ in the last bit, which half a millionth more or less can round the other way.
    """
    weights = {f"weight_micros_{w}": f"pairs_{w}" for w in reference.windows_days}
    return agree(what, ours, theirs, key=["target_id"], within={**dict.fromkeys(reference.counts, 0), **weights})


def duckdb_tiles(
    connection: duckdb.DuckDBPyConnection, files: str, past: Sequence[str], reference: Reference, *, out: Path
) -> None:
    """The tile work of the eve of `as_of` by DuckDB: from its raw rows to pairs, actor-days and targets as Parquet.

    Rows are deduplicated; `past` are the stored pairs of the days behind, of which the newest day of each pair of the
    day is looked up.
    """
    day = reference.as_of.fromordinal(reference.as_of.toordinal() - 1)
    _view(connection, "interactions", f"read_parquet('{files.replace('day=*', f'day={day}')}')")
    _view(connection, "past", f"read_parquet({list(past)}, hive_partitioning = true)")
    of_kinds = [(k, f"sum(CASE WHEN kind = '{k}' THEN reactions ELSE 0 END)") for k in reference.kinds]
    by_kind = ", ".join(f"CAST({text} AS BIGINT) AS {kind}" for kind, text in of_kinds)
    sums = ", ".join(f"CAST(sum({n}) AS BIGINT) AS {n}" for n in (*reference.kinds, "damped_micros", "weight_micros"))
    delivery = "{'i': ingested_at, 'o': occurred_at, 't': target_id, 'k': kind, 'p': post_id}"
    connection.execute(
        f"""
CREATE OR REPLACE TEMP TABLE counted AS
WITH once AS (
    SELECT actor_id, interaction_id, min({delivery}) AS first, count(*) - 1 AS duplicates
    FROM interactions GROUP BY 1, 2
), by_kind AS (
    SELECT actor_id, first.t AS target_id, first.k AS kind, count(*) AS reactions, sum(duplicates) AS duplicates,
        list(DISTINCT first.p) AS posts, bit_or(1 << hour(first.o)) AS hours
    FROM once GROUP BY 1, 2, 3
)
SELECT actor_id, target_id, {by_kind}, CAST(sum(duplicates) AS BIGINT) AS duplicates, flatten(list(posts)) AS posts,
    bit_or(hours) AS hours,
    CAST(sum(CASE WHEN {NOT_SELF} THEN {reference.damped} ELSE 0 END) AS BIGINT) AS damped_micros
FROM by_kind GROUP BY 1, 2;
CREATE OR REPLACE TEMP TABLE day_actors AS
SELECT actor_id, CAST(sum(damped_micros) AS BIGINT) AS busy_micros, count(*) FILTER (WHERE {NOT_SELF}) AS targets,
    bit_or(CASE WHEN {NOT_SELF} THEN hours ELSE 0 END) AS hours
FROM counted GROUP BY 1;
CREATE OR REPLACE TEMP TABLE day_pairs AS
WITH seen AS (
    SELECT actor_id, target_id, max(day) AS previous_day
    FROM past SEMI JOIN counted USING (actor_id, target_id) GROUP BY 1, 2
)
SELECT counted.*, previous_day, {reference.weight} AS weight_micros
FROM counted JOIN (SELECT actor_id, busy_micros FROM day_actors) AS actors USING (actor_id)
    LEFT JOIN seen USING (actor_id, target_id);
COPY day_pairs TO '{out}/pairs.parquet';
COPY day_actors TO '{out}/actor_days.parquet';
COPY (
    SELECT target_id, previous_day, count(*) AS pairs, {sums}, flatten(list(posts)) AS posts
    FROM day_pairs WHERE {NOT_SELF} GROUP BY 1, 2
) TO '{out}/targets.parquet';
"""
    )


def agree_on_tiles(connection: duckdb.DuckDBPyConnection, tables: Tables, reference: Reference, *, out: Path) -> int:
    """How many tiles of targets of the eve are the same: pairs, reactions by kind, damped and plain weights."""
    eve = reference.as_of.fromordinal(reference.as_of.toordinal() - 1)
    for contract in (TARGETS, PAIRS, ACTOR_DAYS):
        name = contract.name.removeprefix("tiles.")
        _view(connection, f"our_{name}", f"(SELECT * FROM {_stored(tables, contract)} WHERE day = DATE '{eve}')")
    key = "target_id, CAST(coalesce(previous_day, DATE '1970-01-01') AS VARCHAR) AS previous_day"
    by_kind = ", ".join(f"CAST(sum(coalesce(reactions['{k}'], 0)) AS BIGINT) AS {k}" for k in reference.kinds)
    ours = _fetch(
        connection,
        f"""
WITH plain AS (
    SELECT {key}, CAST(sum({reference.weight}) AS BIGINT) AS weight_micros
    FROM our_pairs JOIN (SELECT actor_id, busy_micros FROM our_actor_days) AS actors USING (actor_id)
    WHERE {NOT_SELF} GROUP BY 1, 2
), sums AS (
    SELECT {key}, CAST(sum(pairs) AS BIGINT) AS pairs, CAST(sum(damped_micros) AS BIGINT) AS damped_micros, {by_kind}
    FROM our_targets GROUP BY 1, 2
)
SELECT * FROM sums JOIN plain USING (target_id, previous_day)
""",
    )
    columns = ", ".join(("pairs", "damped_micros", "weight_micros", *reference.kinds))
    theirs = _fetch(connection, f"SELECT {key}, {columns} FROM '{out}/targets.parquet'")
    actors = [
        _fetch(connection, f"SELECT actor_id, busy_micros, targets, hours FROM {place}")
        for place in ("our_actor_days", f"'{out}/actor_days.parquet'")
    ]
    kinds = dict.fromkeys(reference.kinds, 0)
    agree("actor-days", *actors, key=["actor_id"], within={"busy_micros": "targets", "targets": 0, "hours": 0})
    within: Mapping[str, str | float] = {"pairs": 0, **kinds, "damped_micros": "pairs", "weight_micros": "pairs"}
    return agree("targets", ours, theirs, key=["target_id", "previous_day"], within=within)


def past_files(root: Path) -> list[str]:
    """The stored pairs of a root: its live Parquet files."""
    return _files(str(root / PAIRS.path()))


def _stored(tables: Tables, contract: TableContract) -> str:
    return f"read_parquet({_files(tables.path(contract))}, hive_partitioning = true)"


def _files(path: str) -> list[str]:
    return [uri.removeprefix("file://") for uri in DeltaTable(path).file_uris()]


def _age(reference: Reference) -> str:
    return f"(DATE '{reference.as_of}' - day - 1)"


def _double(value: float) -> str:
    """A literal that is a double in every dialect, where 0.5 is a decimal."""
    return f"{value:.17e}"


def _view(connection: duckdb.DuckDBPyConnection, name: str, of: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {of}")


def _fetch(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    return connection.sql(query).to_arrow_table()
