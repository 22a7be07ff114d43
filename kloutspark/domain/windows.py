"""Windows: half-open spans of whole UTC days that end before the as-of day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Span:
    """Whole days `[start, end)`.

    >>> Span.before(date(2026, 3, 31), days=7)
    Span(start=datetime.date(2026, 3, 24), end=datetime.date(2026, 3, 31))
    """

    start: date
    end: date

    @classmethod
    def before(cls, as_of: date, *, days: int) -> "Span":
        """The window of `days` days that ends before `as_of`: yesterday is in it, `as_of` is not (P4)."""
        return cls(as_of - timedelta(days=days), as_of)

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day < self.end

    def days(self) -> list[date]:
        """Every day of the span, in order."""
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days)]


def newest_at_or_before(published: Iterable[date], day: date) -> date | None:
    """The newest of the published days that is not after `day`, None where there is none."""
    return max((p for p in published if p <= day), default=None)
