"""P17: The higher the score, the harder the next point.

The engagement needed for one more point grows with the score: evidence is a sum of logarithms, and the map from
evidence to score never steepens. The configuration refuses one that does.
"""

from itertools import pairwise

import pytest

from kloutspark.config import load
from kloutspark.domain.errors import ConfigError
from tests.promises.conftest import Shows
from tests.promises.world import UNCHECKED_SAYS, People

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128)


def test_each_further_fan_brings_less(people: People, unchecked: People, shows: Shows) -> None:
    def per_fan(rows: People) -> list[float]:
        scores = [rows[f"p17/{n}"]["score"] for n in COUNTS]
        return [round((b[1] - a[1]) / (b[0] - a[0]), 2) for a, b in pairwise(zip(COUNTS, scores, strict=True))]

    assert all(later < earlier for earlier, later in pairwise(per_fan(people)))
    assert min(per_fan(people)) > 0
    assert any(later > earlier for earlier, later in pairwise(per_fan(unchecked)))
    shows(
        f"points a fan, between {', '.join(map(str, COUNTS))} fans",
        measured=per_fan(people),
        by=UNCHECKED_SAYS,
        weakened=per_fan(unchecked),
    )


def test_a_map_that_steepens_is_refused() -> None:
    with pytest.raises(ConfigError, match="P17"):
        load(overrides=("model.calibration.anchors=[[0, 1], [30, 20], [60, 100]]",))
