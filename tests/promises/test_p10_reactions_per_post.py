"""P10: Reactions per post count.

100 retweets from 10 posts beat 100 retweets from 1,000 posts, by a signal of weight 0.2 and by nothing else.
"""

from tests.promises.conftest import Shows
from tests.promises.world import COUNTING_SAYS, People, lead


def test_the_same_reactions_to_fewer_posts_are_worth_more(next_day: People, counted: People, shows: Shows) -> None:
    def ahead(rows: People) -> float:
        return lead(rows, "p10/few posts", "p10/many posts")

    assert ahead(next_day) > 0
    assert ahead(counted) == 0
    shows(
        "points that 100 reactions to 10 posts are above 100 to 1,000 posts",
        measured=ahead(next_day),
        by=COUNTING_SAYS,
        weakened=ahead(counted),
    )


def test_nothing_but_reactions_per_post_tells_them_apart(people: People) -> None:
    few, many = (
        {p["signal"]: p["points"] for p in people[f"p10/{who}"]["parts"]} for who in ("few posts", "many posts")
    )
    differing = {name for name in few | many if abs(few.get(name, 0.0) - many.get(name, 0.0)) > 0.02}
    assert differing == {"reactions_per_post_90d"}
