"""With every score comes its error: a band of 90 %, held against random halves of the actors (tests/halves.py).

Here of the demo world; tests/realdata does the same on Higgs and on two KONECT sets.
"""

from tests.halves import coverage
from tests.lab import Lab
from tests.promises.conftest import DEMO_DAY
from tests.promises.world import People


def test_nine_of_ten_scores_of_halves_of_the_actors_fall_inside_the_bands(demo: People, demo_lab: Lab) -> None:
    assert demo
    found = coverage(demo_lab, DEMO_DAY)
    assert found.people > 20
    assert found.is_accepted, found
