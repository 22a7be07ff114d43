"""P3: Engagement counts, connections alone do not.

A small, engaged audience beats a large, silent one: five million followers who never react are a gauge of weight 0.03.
"""

from kloutspark.sources.world import load_world
from tests.promises.conftest import Shows
from tests.promises.world import WEAKENED_SAYS, People, lead


def test_followers_alone_are_little_beside_reactions(people: People, weakened: People, shows: Shows) -> None:
    def ahead(rows: People) -> float:
        return lead(rows, "p3/small and engaged", "p3/large and silent")

    assert people["p3/large and silent"]["score"] > 1, "followers are evidence, if little"
    assert ahead(people) > 10
    assert ahead(weakened) < 0
    shows(
        "points that 40 fans who react are above 5,000,000 silent followers",
        measured=ahead(people),
        by=WEAKENED_SAYS,
        weakened=ahead(weakened),
    )


def test_a_small_engaged_audience_beats_a_large_silent_one(demo: People) -> None:
    characters = load_world().characters
    silent, small = (characters[name].networks["twitter"] for name in ("silent_celebrity", "small_engaged"))
    assert silent.gauges["followers"] > 10_000 * small.gauges["followers"]
    assert silent.posts_a_day > 5 * small.posts_a_day
    assert lead(demo, "twitter:small_engaged", "twitter:silent_celebrity") > 3
