"""Plain Python: windows, errors, contracts, signals; the doctests of what needs no session."""

import doctest
from datetime import date

import pytest

from kloutspark.domain import contracts, curves, signals, windows
from kloutspark.domain.contracts import TableContract
from kloutspark.domain.errors import ConfigError, ContractError, Exit, InputError, KloutsparkError, unknown_key
from kloutspark.domain.windows import Span, newest_at_or_before

TABLES = [c for c in vars(contracts).values() if isinstance(c, TableContract)]


def test_yesterday_is_in_the_window_and_the_as_of_day_is_not() -> None:
    window = Span.before(date(2026, 3, 31), days=90)
    assert date(2026, 3, 30) in window
    assert date(2026, 3, 31) not in window
    assert date(2025, 12, 31) in window
    assert date(2025, 12, 30) not in window
    assert len(window.days()) == 90


def test_the_newest_published_day_is_never_after_the_day_asked_for() -> None:
    published = [date(2026, 3, 1), date(2026, 3, 5)]
    assert newest_at_or_before(published, date(2026, 3, 4)) == date(2026, 3, 1)
    assert newest_at_or_before(published, date(2026, 2, 28)) is None


@pytest.mark.parametrize("contract", TABLES, ids=lambda c: c.name)
def test_every_contract_is_sound_and_keeps_ids_out_of_the_log(contract: TableContract) -> None:
    assert set(contract.key) | set(contract.partitioned_by) <= set(contract.names)
    assert len(set(contract.names)) == len(contract.names)
    assert all(c.meaning for c in contract.columns)
    assert not [n for n in contract.with_statistics if n.endswith("_id") or n in ("row", "display_name", "person_id")]


def test_errors_know_their_exit_codes_and_say_what_to_do() -> None:
    assert (ConfigError.exit_code, InputError.exit_code, ContractError.exit_code) == (64, 3, 1)
    assert (Exit.DONE, Exit.BUG, Exit.REFUSED, Exit.NOT_READY, Exit.USAGE) == (0, 1, 2, 3, 64)
    error = unknown_key("linkedin.yaml, kinds.comment", "clas", ["class", "meaning"])
    assert str(error) == "linkedin.yaml, kinds.comment: expected class or meaning, found clas. Do you mean class?"
    assert isinstance(error, KloutsparkError)


def test_doctests() -> None:
    for module in (windows, signals, curves):
        failed, attempted = doctest.testmod(module, extraglobs={"date": date})
        assert (failed, attempted > 0) == (0, True), module.__name__
