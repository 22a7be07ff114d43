"""Labelled comparisons: what is refused and how it is said, folds of people, and the measures on them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kloutspark.domain.errors import Exit, InputError
from kloutspark.learning.pairs import auc, auc_of, folds_of, log_loss, read_pairs

KNOWN = ("ann", "bob", "cat")


def columns(*rows: tuple[object, ...]) -> dict[str, list[object]]:
    """Columns of rows `left, right, label, weight`."""
    named = zip(("left", "right", "label", "weight"), zip(*rows, strict=True), strict=True)
    return {name: list(values) for name, values in named}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"left": ["ann"], "right": ["bob"], "label": [1]}, "weight: expected a column, found left, right, label"),
        (columns(("ann", "bob", "2", 1)), "label: expected 0 or 1, found 2"),
        (columns(("ann", "bob", None, 1)), "label: expected 0 or 1, found None"),
        (columns(("ann", "bob", 1, 0)), "weight: expected a positive number, found 0"),
        (columns(("ann", "bob", 1, "much")), "weight: expected a positive number, found much"),
        (columns(("ann", "bob", 1, "inf")), "weight: expected a positive number, found inf"),
        (columns(("ann", "ann", 1, 1)), "expected two people, found the same person twice"),
        (columns(("ann", None, 1, 1)), "expected two people, found an empty id"),
        (columns(("ann", "zoe", 1, 1), ("yan", "zoe", 0, 1)), "found 2 pairs, 2 people in them without a score"),
    ],
)
def test_wrong_labels_are_refused_with_what_would_be_right(rows: dict[str, list[object]], said: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_pairs("labels.csv", rows, KNOWN)
    assert said in str(refusal.value)
    assert refusal.value.exit_code == Exit.NOT_READY


def test_texts_and_numbers_are_read_alike_and_strangers_are_counted() -> None:
    odd = 'o\'dd, "id"\n\x00'
    rows = columns(("ann", "bob", "1", "2.5"), ("bob", odd, 0, 1), ("ann", "zoe", 1, 1), ("yan", "zoe", 1, 1))
    found = read_pairs("labels.csv", rows, (*KNOWN, odd))
    assert [found.people[i] for i in (*found.left, *found.right)] == ["ann", "bob", "bob", odd]
    assert (found.label.tolist(), found.weight.tolist()) == ([1, 0], [2.5, 1])
    assert (found.unknown_people, found.left_out) == (2, 2)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).filter(lambda p: p[0] != p[1]), min_size=1))
def test_nobody_stands_in_training_and_test(drawn: list[tuple[int, int]]) -> None:
    people = [f"p{n}" for n in range(31)]
    pairs = read_pairs("x", columns(*[(f"p{a}", f"p{b}", 1, 1) for a, b in drawn]), people)
    folds = folds_of(people, folds=3)
    for fold in range(3):
        train, test = pairs.without(fold, folds), pairs.within(fold, folds)
        assert not {*train.left, *train.right} & {*test.left, *test.right}
        across = [(a, b) for a, b in drawn if (folds[a] == fold) != (folds[b] == fold)]
        assert len(train) + len(test) + len(across) == len(pairs)


def test_a_fold_follows_from_the_id_alone() -> None:
    ids = [f"p{n}" for n in range(2_000)]
    folds = folds_of(ids, folds=5)
    assert folds[7] == folds_of(["p7"], folds=5)[0]
    assert np.bincount(folds).min() > 350
    assert (folds != folds_of(ids, folds=5, seed=1)).mean() > 0.7
    assert folds_of(["p0", "p1", "p2", "p3", "p4", "p5"], folds=5).tolist() == [1, 4, 0, 4, 2, 1]  # on any machine


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.integers(1, 4)), min_size=1, max_size=40))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool, int]]) -> None:
    value, is_true, weight = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    won = all_pairs = 0.0
    for v, t, w in rows:
        for v2, t2, w2 in rows:
            if t and not t2:
                won += w * w2 * ((v > v2) + (v == v2) / 2)
                all_pairs += w * w2
    assert auc_of(value, is_true, weight) == pytest.approx(won / all_pairs if all_pairs else float("nan"), nan_ok=True)


def test_auc_does_not_mind_who_stands_left() -> None:
    difference, label, weight = np.array([2.0, -1.0, 0.5]), np.array([1.0, 0.0, 0.0]), np.ones(3)
    turned = np.array([1.0, -1.0, 1.0])
    other = auc(difference * turned, np.where(turned > 0, label, 1 - label), weight)
    assert auc(difference, label, weight) == other == pytest.approx(8 / 9)


def test_log_loss_of_knowing_nothing_is_ln_2() -> None:
    assert log_loss(np.zeros(2), np.array([0.0, 1.0]), np.ones(2)) == pytest.approx(np.log(2))
    assert log_loss(np.array([np.log(3)]), np.array([1.0]), np.ones(1)) == pytest.approx(-np.log(0.75))
