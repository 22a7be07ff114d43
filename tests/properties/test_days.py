"""Sequences of days on random worlds, from rows in the input tables to the published table, against the oracle."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from tests import oracle
from tests.lab import Lab, as_counts, settings_of
from tests.worlds import drawn, example_model, prefixed

DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 6)]  # a first day, the next one, a gap
MODEL = example_model()
COUNT = 24


ANCHORS = tuple(  # every network has a table and somebody from the start: what is missing is tested elsewhere
    {
        "network": network,
        "interaction_id": "anchor",
        "occurred_at": datetime(2026, 2, 27, 12),
        "actor_id": "anchor/fan",
        "target_id": "anchor/star",
        "kind": kind,
        "post_id": None,
        "ingested_at": None,
        "arrives": DAYS[0],
    }
    for network, kind in dict(MODEL.value.keys()).items()
)


@pytest.mark.delta
def test_published_days_agree_with_the_oracle(lab: Lab) -> None:
    world = prefixed(drawn(MODEL, DAYS, COUNT))
    world = replace(world, interactions=[*world.interactions, *ANCHORS])
    lab = lab.variant(*settings_of(MODEL))
    lab.settle(world)
    newcomers = 0
    for as_of, expected in zip(DAYS, oracle.score_days(world, DAYS, MODEL), strict=True):
        lab.arrive(world, as_of)
        outcome = lab.run(as_of)
        assert outcome.verdict.passed
        usual = outcome.manifest.usual_newcomers
        newcomers += sum(of_newcomers for measures in usual.values() for of_newcomers, _ in measures.values())
        found = lab.published(as_of)
        assert set(found) == set(expected.rows)
        for person, row in expected.rows.items():
            ours = found[person]
            assert round(ours["score"] * 100) == row.score100, person
            assert ours["evidence"] == pytest.approx(row.evidence, abs=2e-9), person
            assert (None if ours["change"] is None else round(ours["change"] * 100)) == row.change100, person
            assert [(a["network"], a["account_id"]) for a in ours["accounts"]] == row.accounts, person
            parts = {(p["network"], p["signal"]): round(p["points"] * 100) for p in ours["parts"]}
            assert parts == row.parts, person
            assert [ours["band_low"], ours["band_high"]] == pytest.approx([b / 100 for b in row.band100], abs=0.011), (
                person
            )
        for network, counts in expected.counts.items():
            assert as_counts(outcome.manifest.counts[network]) == tuple(counts), network
    assert newcomers, "the worlds reach back far enough to tell who is new"
