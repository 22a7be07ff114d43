"""P9: Listening counts, talking does not.

One post with 1,000 responses beats 1,000 posts with none, and own activity alone never raises a score: a signal of
own activity is shown only, and the configuration refuses a model in which one carries weight.
"""

import pytest

from kloutspark.config import load
from kloutspark.domain.errors import ConfigError
from tests.promises.conftest import Shows
from tests.promises.world import UNCHECKED_SAYS, People


def test_one_post_with_a_thousand_responses_beats_a_thousand_posts_with_none(people: People) -> None:
    assert people["p9/listened to"]["score"] > 50
    assert people["p9/talker"]["score"] == 1


def test_own_activity_alone_is_no_evidence(people: People, unchecked: People, shows: Shows) -> None:
    assert people["p9/talker"]["evidence"] == 0
    assert [(p["signal"], p["points"]) for p in people["p9/talker"]["parts"]] == [("base", 1.0)]
    assert unchecked["p9/talker"]["evidence"] > 0
    shows(
        "evidence of 1,000 posts that nobody answers",
        measured=people["p9/talker"]["evidence"],
        by=UNCHECKED_SAYS,
        weakened=round(unchecked["p9/talker"]["evidence"], 2),
    )


def test_a_model_that_pays_for_talking_is_refused() -> None:
    with pytest.raises(ConfigError, match="only rising signals may carry weight"):
        load(overrides=("model.terms.gauges=[{signal: posts_sum_90d, weight: 2}]",))


def test_posting_and_reacting_adds_nothing_to_what_others_gave(people: People) -> None:
    assert people["p9/busy"]["evidence"] < people["p9/quiet"]["evidence"], "the same reactions to more posts (P10)"
