"""The rows of attacks: as many as were paid for, on the days that conf/attacks.yaml says, the same each time."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kloutspark.domain.errors import ConfigError
from kloutspark.sources.attacks import FAMILIES, Fakes, Scene, fake, load_attacks

ATTACKS = load_attacks()
LAST = date(2026, 3, 31)
MOMENTS = np.datetime64(LAST, "s") + np.arange(-80, 0).astype("timedelta64[D]")
ROWS = pd.DataFrame(
    {
        "actor_id": [f"reader {n % 9}" for n in range(80)],
        "target_id": [f"writer {n % 4}" for n in range(80)],
        "occurred_at": MOMENTS,
    }
)
SCENE = Scene(ROWS, LAST)


def made(name: str, budget: int = 20) -> Fakes:
    return fake(name, ATTACKS, SCENE, target="writer 1", budget=budget)


def ages(fakes: Fakes) -> set[int]:
    return set(SCENE.days(fakes.interactions["occurred_at"].to_numpy()).tolist())


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_rows_each_time_and_none_after_the_last_day(name: str) -> None:
    one, other = made(name), made(name)
    pd.testing.assert_frame_equal(one.interactions, other.interactions)
    assert (one.accounts, one.links, one.gauges) == (other.accounts, other.links, other.gauges)
    assert not ages(one) or min(ages(one)) >= 0
    assert not set(one.accounts) & set(ROWS["actor_id"])


def test_a_farm_reacts_to_its_target_alone_on_seven_days_each() -> None:
    rows = made("click_farm").interactions
    assert set(rows["target_id"]) == {"writer 1"}
    assert set(rows.groupby("actor_id")["occurred_at"].agg(lambda at: at.dt.date.nunique())) == {7}
    assert rows["actor_id"].nunique() == 20
    assert ages(made("click_farm")) <= set(range(28))


def test_a_warmed_farm_has_a_month_before_in_which_it_reacts_to_others() -> None:
    rows = made("warmed_farm").interactions
    age = SCENE.days(rows["occurred_at"].to_numpy())
    assert set(age[age >= 28].tolist()) == set(range(28, 58))
    assert rows["target_id"][age >= 28].nunique() == 4


def test_stolen_times_are_those_of_one_real_account_each() -> None:
    rows = made("stolen_times").interactions
    real = {tuple(sorted(group)) for _, group in ROWS.groupby("actor_id")["occurred_at"]}
    recent = {tuple(at for at in moments if at > pd.Timestamp(LAST) - pd.Timedelta(days=28)) for moments in real}
    assert {tuple(sorted(group)) for _, group in rows.groupby("actor_id")["occurred_at"]} <= recent


def test_nobody_of_a_ring_reacts_to_themselves_or_to_strangers() -> None:
    fakes = made("ring")
    rows, members = fakes.interactions, {*fakes.accounts, "writer 1"}
    assert set(rows["actor_id"]) == set(rows["target_id"]) == members
    assert (rows["actor_id"] != rows["target_id"]).all()
    assert len(rows) == 21 * 30 * 5


def test_a_bot_reaches_the_target_once_a_day() -> None:
    rows = made("hyperactive_bot").interactions
    assert len(rows) == 28 * 20
    assert rows["actor_id"].nunique() == 1
    assert (rows["target_id"] == "writer 1").sum() >= 28


def test_what_the_target_does_itself() -> None:
    assert set(made("reply_spam").interactions["actor_id"]) == {"writer 1"}
    assert "writer 1" not in set(made("reply_spam").interactions["target_id"])
    assert len(made("own_posts").posts) == 20
    assert made("own_accounts").links == made("own_accounts").accounts
    assert made("bought_followers").gauges["followers"][LAST] == 20


def test_a_devoted_account_is_a_real_fan() -> None:
    actors = set(made("devoted_account").interactions["actor_id"])
    assert len(actors) == 1
    assert actors <= set(ROWS.loc[ROWS["target_id"] == "writer 1", "actor_id"])


def test_an_unknown_attack_is_said() -> None:
    with pytest.raises(ConfigError, match="Do you mean ring"):
        made("rings")
