"""With every score comes its error: a band of 90 %, held against random halves of the actors.

How: kloutspark/learning/halves.py. Here of the demo world; tests/realdata does the same on real data sets.
"""

from kloutspark.evaluation import halves
from tests.lab import Lab
from tests.promises.conftest import DEMO_DAY
from tests.promises.world import People


def test_nine_of_ten_scores_of_halves_of_the_actors_fall_inside_the_bands(demo: People, demo_lab: Lab) -> None:
    assert demo
    found = halves(demo_lab.tables, demo_lab.config, DEMO_DAY).coverage
    assert found.people > 20
    assert found.is_accepted, found
