"""P19: Billions of signals a day.

A day's run reads the rows of the days that the run before could not know, and no others, whatever lies behind it; each
raw row moves through one shuffle (tests/transforms); a cluster gives what local mode gives, to the bit (tests/cluster).
docs/performance.md says what a day costs against its alternatives, docs/capacity.md what follows from it for billions
and what breaks first.
"""

from kloutspark.domain.contracts import INTERACTIONS
from kloutspark.pipeline import Outcome
from tests.promises.conftest import Scored, Shows
from tests.promises.world import COUNTING_SAYS, FIRST


def test_the_second_day_reads_its_own_rows_alone(scored: Scored, counting: Outcome, shows: Shows) -> None:
    """Another number that tiles depend on makes the same day read the whole window again."""
    rows = [row[0] for row in scored.lab.read(INTERACTIONS, "twitter").select("occurred_at").collect()]
    of_the_day = sum(at.date() >= FIRST for at in rows)
    second = scored.second_run.manifest
    assert second.modes["twitter"] == "incremental"
    assert second.counts["twitter"].read == of_the_day
    assert counting.manifest.counts["twitter"].read == len(rows)
    shows(
        f"rows read on the second day, of {len(rows):,}",
        measured=f"{second.counts['twitter'].read:,}",
        by=COUNTING_SAYS,
        weakened=f"{counting.manifest.counts['twitter'].read:,}",
    )
