"""Two networks of ratings over half a year: windows slide over days without a run, and every score is the oracle's."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from kloutspark.evaluation import halves
from tests import oracle
from tests.lab import Lab, settings_of
from tests.oracle import Model, World
from tests.realdata import data_file
from tests.realdata.adapters import ingested

pytestmark = [pytest.mark.realdata, pytest.mark.delta]
ADDRESS = "http://konect.cc/networks"
FILES = {"bitcoinotc": "out.soc-sign-bitcoinotc", "bitcoinalpha": "out.soc-sign-bitcoinalpha"}
DAYS = [date(2012, 1, 1) + timedelta(days=28 * n) for n in range(7)]  # of the years in which both sites were busy
MODEL = Model(
    value={(network, "rating"): 1.0 for network in FILES},
    account_types={network: frozenset({"personal"}) for network in FILES},
)


def lines_of(network: str) -> list[str]:
    """The lines of the days that the runs look at, as they stand in the file."""
    path = data_file(f"konect/{FILES[network]}.gz", ADDRESS)
    start = datetime.combine(DAYS[0] - timedelta(days=90), datetime.min.time(), UTC).timestamp()
    end = datetime.combine(DAYS[-1], datetime.min.time(), UTC).timestamp()
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    return [line for line in lines if not line.startswith("%") and start <= float(line.split()[3]) < end]


def test_seven_days_each_28_apart_are_the_oracles(spark: SparkSession, tmp_path: Path) -> None:
    lab = Lab(spark, tmp_path / "root", settings_of(MODEL))
    told = []
    for network in FILES:
        lines = lines_of(network)
        assert len(lines) > 3_000
        path = tmp_path / f"{network}.gz"
        path.write_bytes(gzip.compress("".join(lines).encode()))
        ingested(lab.root, "konect", network, path, settings=settings_of(MODEL))
        for number, line in enumerate(lines):
            actor, target, _, seconds = line.split()
            at = datetime.fromtimestamp(float(seconds), UTC).replace(tzinfo=None)
            row = {"network": network, "interaction_id": str(number), "occurred_at": at, "actor_id": actor}
            row |= {"target_id": target, "kind": "rating", "post_id": None, "ingested_at": None, "arrives": DAYS[0]}
            told.append(row)
    for as_of, expected in zip(DAYS, oracle.score_days(World(told), DAYS, MODEL), strict=True):
        found = lab.score(as_of)
        assert {p: round(row["score"] * 100) for p, row in found.items()} == {
            p: row.score100 for p, row in expected.rows.items()
        }
        assert {p: row["evidence"] for p, row in found.items()} == pytest.approx(
            {p: row.evidence for p, row in expected.rows.items()}, abs=2e-9
        )
    for network in FILES:
        bands = halves(lab.tables, lab.config, DAYS[0], network=network).coverage  # nominally 90 %
        assert bands.people > 30
        assert bands.is_accepted, bands
