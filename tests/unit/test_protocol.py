"""Past and future: what counts, where a data set is cut, and what the truth is."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kloutspark.learning.protocol import (
    LEAST_ACCOUNTS,
    Cut,
    counted,
    day_after,
    day_cuts,
    last_cuts,
    stretch,
    stretched_cut,
    truth_of,
)

AS_OF = date(2026, 3, 31)
DAY = 86_400
START = 20_000  # a day, counted from 1970


def rows(*pairs: str) -> pd.DataFrame:
    """Rows `ab`: a reacts to b, one second apart from 0 on."""
    columns = {"actor_id": [p[0] for p in pairs], "target_id": [p[1] for p in pairs]}
    return pd.DataFrame(columns).assign(occurred_at_seconds=np.arange(len(pairs), dtype=np.float64))


def on_days(*days: float, targets: int = LEAST_ACCOUNTS) -> pd.DataFrame:
    """On each of these days (after START) five people react to everybody."""
    made = [(f"a{a}", f"t{t}", (START + day) * DAY) for day in days for t in range(targets) for a in range(5)]
    return pd.DataFrame(made, columns=["actor_id", "target_id", "occurred_at_seconds"]).astype(
        {"occurred_at_seconds": float}
    )


def days_of(cuts: list[Cut]) -> list[int]:
    return [(c.as_of - date(1970, 1, 1)).days - START for c in cuts]


def test_rows_without_an_actor_or_a_target_or_a_time_and_self_rows_are_counted() -> None:
    found = rows("ab", "cb", "bb", "ab", "ab")
    found.loc[0, "actor_id"] = None
    found.loc[1, "target_id"] = None
    found.loc[3, "occurred_at_seconds"] = np.nan
    activity = counted(found)
    assert (activity.incomplete_rows, activity.self_rows) == (3, 1)
    assert activity.rows.to_dict("list") == {"actor_id": ["a"], "target_id": ["b"], "occurred_at_seconds": [4.0]}


def test_the_cut_lies_between_the_middle_rows_and_belongs_to_the_past() -> None:
    even, odd = stretched_cut(rows("ab", "ab", "ab", "ab")), stretched_cut(rows("ab", "ab", "ab"))
    assert (even.past["occurred_at_seconds"].max(), len(even.past), len(even.future)) == (1.0, 2, 2)
    assert (odd.past["occurred_at_seconds"].max(), len(odd.past), len(odd.future)) == (1.0, 2, 1)


def test_the_second_after_the_last_row_falls_on_midnight() -> None:
    past = rows(*["ab"] * 90)  # 90 seconds, so a second becomes a day
    expected = pd.date_range("2025-12-31", "2026-03-30", tz="UTC", unit="us")
    assert stretch(past, as_of=AS_OF).tolist() == expected.tolist()


@pytest.mark.parametrize("last_seconds", [0.0, 0.1, 7.7, 305_773.0, 2e9 + 1 / 3])
def test_no_row_is_stretched_out_of_the_window(last_seconds: float) -> None:
    past = rows("ab", "ab").assign(occurred_at_seconds=[0.0, last_seconds])
    occurred_at = stretch(past, as_of=AS_OF)
    assert occurred_at.dtype == "datetime64[us, UTC]"
    assert occurred_at.min() == pd.Timestamp("2025-12-31", tz="UTC")
    assert occurred_at.max() < pd.Timestamp(AS_OF, tz="UTC")


def test_the_truth_counts_future_actors_and_keeps_who_got_none() -> None:
    past = rows("ax", "bx", "cx", "dx", "ex", "ay", "by", "cy", "dy", "ey", "az", "az", "az", "az", "az")
    future = rows("ax", "ax", "bx", "az")
    assert truth_of(past, future).to_dict() == {"x": 2.0, "y": 0.0}


def test_real_days_are_cut_every_28_days_while_more_than_a_day_follows() -> None:
    assert days_of(day_cuts(on_days(0, *range(20, 86)))) == [28, 56]  # the last row is the midnight of day 85
    assert days_of(day_cuts(on_days(0, *range(20, 85), 85.01))) == [28, 56, 84]


def test_a_cut_looks_90_days_back_and_as_far_ahead_as_it_is_told() -> None:
    rows_of = on_days(0, 89.9, 93.9, 94, 100.9, 101, 130)
    cuts = {(c.as_of - date(1970, 1, 1)).days - START: c for c in day_cuts(rows_of, ahead_days=7, every_days=29)}
    assert sorted(cuts) == [7, 36, 65, 94, 123]

    def seen(part: pd.DataFrame) -> list[float]:
        return sorted({round(s / DAY - START, 1) for s in part["occurred_at_seconds"]})

    assert (seen(cuts[94].past), seen(cuts[94].future)) == ([89.9, 93.9], [94.0, 100.9])
    assert str(cuts[94].past["occurred_at"].max()) == str(
        pd.Timestamp((START + 93.9) * DAY, unit="s", tz="UTC").floor("us")
    )
    assert cuts[94].known_before == cuts[94].as_of


def test_a_cut_with_fewer_than_40_accounts_is_left_out() -> None:
    assert not day_cuts(on_days(0, 60, targets=LEAST_ACCOUNTS - 1))
    assert days_of(day_cuts(on_days(0, 60))) == [28, 56]


def test_of_many_cuts_the_last_ones_are_taken() -> None:
    cuts = day_cuts(on_days(0, *range(20, 87)))
    assert days_of(last_cuts(cuts, 2)) == [56, 84]
    assert last_cuts(cuts, 9) == last_cuts(cuts, None) == cuts


def test_the_whole_is_scored_for_the_day_after_its_last_row() -> None:
    assert day_after(on_days(0.0)) == day_after(on_days(0.99)) == date(1970, 1, 1) + pd.Timedelta(days=START + 1)
