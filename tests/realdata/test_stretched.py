"""The published score against the future, its bands against halves: Higgs, stretched onto 90 days (EVALUATION.md)."""

from datetime import date, datetime, time
from pathlib import Path

import pandas as pd
import pytest

from kloutspark import ingestion
from tests.halves import coverage
from tests.lab import USERS_PLANS, Lab
from tests.realdata import data_file, stretched

AS_OF = date(2026, 3, 31)


@pytest.mark.realdata
@pytest.mark.delta
def test_the_published_score_predicts_who_will_be_reacted_to(lab: Lab, tmp_path: Path) -> None:
    """At least .58 Spearman, above the best simple baseline (.5611): one formula, the default model, was tried."""
    path = data_file("higgs-twitter/higgs-activity_time.txt.gz", "https://snap.stanford.edu/data/higgs-twitter.html")
    halves = stretched.cut_in_halves(stretched.read_activity(path).rows)
    truth = stretched.truth_of(halves)
    past = halves.past.assign(occurred_at=stretched.stretch(halves.past, as_of=AS_OF))
    file = tmp_path / "interactions.parquet"
    past[["occurred_at", "actor_id", "target_id", "kind"]].to_parquet(file, index=False)
    users = lab.variant(*USERS_PLANS)
    ingestion.ingest(
        users.tables,
        users.config,
        adapter="files",
        network="twitter",
        table=None,
        paths=[str(file)],
        run_id="i",
        started_at=datetime.combine(AS_OF, time.min),
    )
    rows = users.score(AS_OF)
    score = pd.Series({person.removeprefix("twitter:"): row["score"] for person, row in rows.items()})
    assert stretched.unscored(score, truth) == 0
    found = stretched.spearman(score, truth)
    assert found >= 0.58
    best = stretched.spearman(stretched.distinct_actors(halves.past), truth)
    assert found > best
    bands = coverage(users, AS_OF)  # nominally 90 %
    assert bands.people == len(truth)
    assert bands.is_accepted, bands
