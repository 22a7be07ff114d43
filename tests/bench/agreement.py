"""Whether two ways of computing the same came to the same: no time is printed of results that differ."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa


class AgreementError(Exception):
    """Two contestants found different results: at least one of them did other work than it was timed for."""


def agree(what: str, ours: pa.Table, theirs: pa.Table, *, key: Sequence[str], within: Mapping[str, str | float]) -> int:
    """How many rows both have, column by column alike.

    `within` names the columns to compare, each with how far two numbers may differ: a number, or the name of a column
    of ours that says it for each row. Both must have the same keys, each once.

    Raises:
        AgreementError: says where and how many, never whose.
    """
    left, right = (table.select([*key, *within, *_allowed(table, within)]).sort_by([(k, "ascending") for k in key])
                   for table in (ours, theirs))  # fmt: skip
    if left.num_rows != right.num_rows:
        raise AgreementError(f"{what}: {left.num_rows} rows of ours, {right.num_rows} of theirs")
    for name in key:
        if not left[name].combine_chunks().cast(right[name].type).equals(right[name].combine_chunks()):
            raise AgreementError(f"{what}: the {name} are not the same")
    if left.num_rows != left.group_by(list(key)).aggregate([]).num_rows:
        raise AgreementError(f"{what}: a {key} stands twice")
    for name, most in within.items():
        found = np.abs(_numbers(left, name) - _numbers(right, name))
        if others := int(np.count_nonzero(~(found <= (_numbers(left, most) if isinstance(most, str) else most)))):
            raise AgreementError(f"{what}: {others} of {left.num_rows} {name} differ, by up to {np.nanmax(found)}")
    return int(left.num_rows)


def _allowed(table: pa.Table, within: Mapping[str, str | float]) -> list[str]:
    named = {most for most in within.values() if isinstance(most, str)}
    return sorted(named & set(table.column_names) - within.keys())


def _numbers(table: pa.Table, name: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Whole numbers up to 2 ** 53, which is more than any sum here, are floats without loss."""
    return np.asarray(table[name].cast(pa.float64(), safe=False).fill_null(np.nan), dtype=np.float64)
