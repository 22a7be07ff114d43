"""Labelled comparisons of two people, and folds in which nobody stands on both sides.

Rows `left, right, label (1: left is more influential, 0: right is), weight`; source: EVALUATION.md.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kloutspark.domain.errors import InputError

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]

COLUMNS = ("left", "right", "label", "weight")
LABELS = {"1": 1.0, "1.0": 1.0, "0": 0.0, "0.0": 0.0}


@dataclass(frozen=True)
class Comparisons:
    """Pairs of people by their places in `people`; `label` is 1 where the left one is more influential.

    `unknown_people` stand in the labels and not among those that anything is known of; `left_out` of the pairs do not
    take part for that.
    """

    people: tuple[str, ...]
    left: Places
    right: Places
    label: Numbers
    weight: Numbers
    unknown_people: int = 0
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.label)

    def where(self, chosen: NDArray[np.bool_]) -> "Comparisons":
        """Some of the pairs, among the same people."""
        parts = (self.left[chosen], self.right[chosen], self.label[chosen], self.weight[chosen])
        return Comparisons(self.people, *parts)

    def without(self, fold: int, folds: Places) -> "Comparisons":
        """The pairs to learn from where a fold is held out: neither of the two stands in it.

        Pairs of one person inside and one outside are in neither set: in training they would tell of who is tested.
        """
        return self.where((folds[self.left] != fold) & (folds[self.right] != fold))

    def within(self, fold: int, folds: Places) -> "Comparisons":
        """The pairs of a fold: both of the two stand in it."""
        return self.where((folds[self.left] == fold) & (folds[self.right] == fold))

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the SHA-256 of who is compared with whom and how."""
        known = "\0".join(self.people).encode("utf-8", "surrogatepass")
        numbers = (part.tobytes() for part in (self.left, self.right, self.label, self.weight))
        return hashlib.sha256(b"\0".join((known, *numbers))).hexdigest()[:16]


def read_pairs(where: str, rows: Mapping[str, Sequence[object]], known: Sequence[str]) -> Comparisons:
    """Comparisons from columns of a table or file, among the `known` people; pairs with others are left out.

    Raises:
        InputError: a column is missing, an id is empty, both are the same, a label is neither 0 nor 1, a weight is not
            positive, or no pair of known people is left.
    """
    for column in COLUMNS:
        if column not in rows:
            remedy = "Rows are left, right, label (1: left is more influential), weight (1 where all count alike)."
            raise InputError(f"{where}, {column}", expected="a column", found=", ".join(rows) or "none", remedy=remedy)
    checked = [_checked(where, n, *row) for n, row in enumerate(zip(*(rows[c] for c in COLUMNS), strict=True), 1)]
    place = {person: i for i, person in enumerate(known)}
    good = [(place[a], place[b], label, weight) for a, b, label, weight in checked if a in place and b in place]
    unknown = {person for a, b, _, _ in checked for person in (a, b)} - place.keys()
    if not good:
        found = f"{len(checked)} pairs, {len(unknown)} people in them without a score that day"
        remedy = "People are named as in `scores`: a person, or <network>:<account_id> of an unlinked account."
        raise InputError(where, expected="pairs of people who have a score", found=found, remedy=remedy)
    left, right, label, weight = (np.array(column) for column in zip(*good, strict=True))
    numbers = (label.astype(np.float64), weight.astype(np.float64))
    return Comparisons(tuple(known), left, right, *numbers, len(unknown), len(checked) - len(good))


def read_accounts(where: str, rows: Mapping[str, Sequence[object]]) -> dict[tuple[str, str], float]:
    """Accounts that are known to be automated, 1, or not, 0, from columns network, account_id, is_automated.

    Raises:
        InputError: a column is missing, an id is empty or comes twice, a label is neither 0 nor 1, or all are one.
    """
    columns = ("network", "account_id", "is_automated")
    for column in columns:
        if column not in rows:
            remedy = "Rows are network, account_id, is_automated (1: it is, 0: a person)."
            raise InputError(f"{where}, {column}", expected="a column", found=", ".join(rows) or "none", remedy=remedy)
    found: dict[tuple[str, str], float] = {}
    for n, (network, account, label) in enumerate(zip(*(rows[c] for c in columns), strict=True), 1):
        key = (str(network or ""), str(account or ""))
        if not all(key) or key in found:
            said = "one that came before" if all(key) else "an empty one"
            raise InputError(f"{where}, row {n} as read", expected="an account", found=said, remedy="Mend the row.")
        if str(label) not in LABELS:
            remedy = "1: automated, 0: a person."
            raise InputError(f"{where}, is_automated", expected="0 or 1", found=str(label), remedy=remedy)
        found[key] = LABELS[str(label)]
    if len(set(found.values())) < 2:
        remedy = "Weights are fitted by telling one from the other."
        raise InputError(where, expected="automated accounts and others", found="one sort alone", remedy=remedy)
    return found


def _checked(
    where: str, n: int, left: object, right: object, label: object, weight: object
) -> tuple[str, str, float, float]:
    where = f"{where}, row {n} as read"
    if not left or not right or left == right:
        found = "the same person twice" if left and right else "an empty id"
        raise InputError(where, expected="two people", found=found, remedy="Mend or remove the row.")
    if str(label) not in LABELS:
        remedy = "1: left is more influential, 0: right is."
        raise InputError(f"{where}, label", expected="0 or 1", found=str(label), remedy=remedy)
    try:
        number = float(str(weight))
    except ValueError:
        number = float("nan")
    if not 0 < number < float("inf"):
        remedy = "Write 1 where all pairs count alike, and leave out what should not count."
        raise InputError(f"{where}, weight", expected="a positive number", found=str(weight), remedy=remedy)
    return str(left), str(right), LABELS[str(label)], number


def folds_of(ids: Sequence[str], *, folds: int, seed: int = 0) -> Places:
    """The fold of each id: a hash of the id and the seed, so it is the same in every set, order and process."""
    return np.array([_hash(f"{seed}\0{one}") % folds for one in ids], dtype=np.int64)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def auc(difference: Numbers, label: Numbers, weight: Numbers) -> float:
    """How often the pair's better side is ahead: area under the ROC curve of a difference left minus right, weighted.

    Each pair counts as it stands and turned round, so that it does not matter who stands left; ties count half; nan
    without pairs.
    """
    doubled = (np.concatenate([difference, -difference]), np.concatenate([label, 1 - label]))
    return auc_of(*doubled, np.concatenate([weight, weight]))


def auc_of(value: Numbers, is_true: Numbers, weight: Numbers) -> float:
    """The chance that a true one has the higher value, ties counting half; nan where all or none are true."""
    _, place = np.unique(value, return_inverse=True)
    true, false = (np.bincount(place, weight * w) for w in (is_true, 1 - is_true))
    pairs = true.sum() * false.sum()
    return float(true @ (np.cumsum(false) - false / 2) / pairs) if pairs > 0 else float("nan")


def log_loss(margin: Numbers, is_true: Numbers, weight: Numbers) -> float:
    """Mean of -ln of the chance 1 / (1 + exp(-margin)) that was given to what came out; ln 2 knows nothing."""
    return float(weight @ np.logaddexp(0, np.where(is_true > 0, -margin, margin)) / weight.sum())
