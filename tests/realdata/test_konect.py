"""Four temporal networks in dirty formats: counted by DuckDB, row by row."""

from pathlib import Path

import duckdb
import pytest
from pyspark.sql import SparkSession

from kloutspark.domain.contracts import INTERACTIONS
from tests.realdata import data_file
from tests.realdata.adapters import ingested, table

pytestmark = [pytest.mark.realdata, pytest.mark.delta]
ADDRESS = "http://konect.cc/networks"
ROWS = {
    "opsahl-ucsocial": 59_835,
    "radoslaw_email": 82_927,
    "soc-sign-bitcoinalpha": 24_186,
    "soc-sign-bitcoinotc": 35_592,
}
TABS = ("soc-sign-bitcoinalpha", "soc-sign-bitcoinotc")
PAGE = (
    "networks.letters={title: Letters, status: scored, account_types: [personal], "
    "kinds: {letter: {class: naming, meaning: a letter}}}"
)


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    return {name: data_file(f"konect/out.{name}.gz", ADDRESS) for name in ROWS}


def test_every_line_is_one_reaction_and_a_file_twice_adds_nothing(
    spark: SparkSession, files: dict[str, Path], tmp_path: Path
) -> None:
    """Tabs or spaces, CRLF, fractional seconds, negative weights."""
    reports = ingested(tmp_path, "konect", "letters", *files.values(), settings=(PAGE,))
    columns = "actor_id", "target_id", "kind", "unix_micros(occurred_at) AS micros"
    kept = table(spark, tmp_path, INTERACTIONS, "letters")
    assert kept.select("interaction_id").distinct().count() == sum(ROWS.values()), "true repeats survive"
    ours = duckdb.from_arrow(kept.selectExpr(*columns).toArrow())
    lines = []
    for name, path in files.items():
        report = reports[f"{path.name} interactions"]
        assert (report["read"], report["added"], report["quarantined"]) == (ROWS[name], ROWS[name], {})
        parted = r"\t" if name in TABS else " "
        types = "{'a': 'TEXT', 't': 'TEXT', 'weight': 'INT', 's': 'DECIMAL(20, 6)'}"
        plain = "header = false, auto_detect = false, quote = '', escape = '', comment = '%'"
        lines.append(f"FROM read_csv('{path}', delim = '{parted}', {plain}, columns = {types})")
    both = " UNION ALL ".join(f"({one})" for one in lines)
    theirs = duckdb.sql(f"SELECT a, t, 'letter', (s * 1000000)::BIGINT FROM ({both})")
    assert len(theirs) == len(ours) == sum(ROWS.values())
    assert _counted(theirs).except_(_counted(ours)).fetchall() == []
    again = ingested(tmp_path, "konect", "letters", files["opsahl-ucsocial"], settings=(PAGE,))
    assert [(r["added"], r["identical"]) for r in again.values()] == [(0, ROWS["opsahl-ucsocial"])]


def _counted(rows: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    return rows.aggregate("*, count(*) AS n")
