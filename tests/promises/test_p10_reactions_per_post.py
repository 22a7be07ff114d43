"""P10: reactions per post count: 100 retweets from 10 posts beat 100 retweets from 1,000 posts."""

from collections.abc import Mapping
from typing import Any

People = Mapping[str, Mapping[str, Any]]


def test_the_same_reactions_to_fewer_posts_are_worth_more(people: People) -> None:
    assert people["p10/few posts"]["score"] > people["p10/many posts"]["score"]


def test_nothing_but_reactions_per_post_tells_them_apart(people: People) -> None:
    few, many = (
        {p["signal"]: p["points"] for p in people[f"p10/{who}"]["parts"]} for who in ("few posts", "many posts")
    )
    differing = {name for name in few | many if abs(few.get(name, 0.0) - many.get(name, 0.0)) > 0.02}
    assert differing == {"reactions_per_post_90d"}
