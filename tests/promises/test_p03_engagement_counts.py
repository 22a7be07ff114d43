"""P3: engagement counts, connections alone do not: a small, engaged audience beats a large, silent one."""

from collections.abc import Mapping
from typing import Any

from kloutspark.sources.world import load_world

People = Mapping[str, Mapping[str, Any]]


def test_followers_alone_are_little_beside_reactions(people: People) -> None:
    assert people["p3/small and engaged"]["score"] > people["p3/large and silent"]["score"] + 10 > 11


def test_a_small_engaged_audience_beats_a_large_silent_one(demo: People) -> None:
    characters = load_world().characters
    silent, small = (characters[name].networks["twitter"] for name in ("silent_celebrity", "small_engaged"))
    assert silent.gauges["followers"] > 10_000 * small.gauges["followers"]
    assert silent.posts_a_day > 5 * small.posts_a_day
    assert demo["twitter:small_engaged"]["score"] > demo["twitter:silent_celebrity"]["score"] + 10
