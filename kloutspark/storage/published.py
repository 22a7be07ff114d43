"""Published scores as a reader sees them: the newest day, or a given one."""

from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.domain.contracts import SCORES
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.storage.manifest import last_finished
from kloutspark.storage.tables import Tables


def day_of(tables: Tables, as_of: date | None) -> tuple[date, DataFrame]:
    """A published day, the newest where none is given, with its rows (SCORES).

    Raises:
        InputError: nothing is published under the root.
        ConfigError: the given day is not published.
    """
    if not tables.exists(SCORES):
        raise _nothing(tables.root)
    scores = tables.read(SCORES, version=tables.version(SCORES))
    days = sorted(row[0] for row in scores.select("as_of").distinct().collect())
    if not days:
        raise _nothing(tables.root)
    if as_of is not None and as_of not in days:
        expected = f"a published day ({days[0]} .. {days[-1]})"
        raise ConfigError("--as-of", expected=expected, found=str(as_of), remedy="Score that day, or name another.")
    chosen = as_of or days[-1]
    return chosen, scores.where(F.col("as_of") == F.lit(chosen))


def published_days(tables: Tables) -> list[date]:
    """The days that finished runs have published, ascending; what a killed run left is none of them."""
    last = last_finished(tables)
    if last is None:
        return []
    scores = tables.read(SCORES, version=last.kept[SCORES.name])
    return sorted(row[0] for row in scores.select("as_of").distinct().collect())


def top(tables: Tables, *, as_of: date | None, count: int) -> list[dict[str, Any]]:
    """The highest scores of a day, ties by more evidence, then by id."""
    _, rows = day_of(tables, as_of)
    best = rows.orderBy(F.desc("score"), F.desc("evidence"), "person_id").limit(count)
    return [row.asDict(recursive=True) for row in best.collect()]


def person(tables: Tables, person_id: str, *, as_of: date | None) -> dict[str, Any]:
    """One person's row of a day.

    Raises:
        ConfigError: the person has no row on it.
    """
    day, rows = day_of(tables, as_of)
    found = rows.where(F.col("person_id") == F.lit(person_id)).collect()
    if not found:
        remedy = "An unlinked account is <network>:<account_id>; who only reacted has no row and stands at 1."
        raise ConfigError("PERSON", expected=f"somebody with a score on {day}", found=person_id, remedy=remedy)
    return dict(found[0].asDict(recursive=True))


def _nothing(root: str) -> InputError:
    remedy = "Run kloutspark score --as-of DAY first."
    return InputError(root, expected="published scores", found="none", remedy=remedy)
