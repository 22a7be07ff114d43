"""Errors that a person can act on; each class knows its exit code (DESIGN.md section 8)."""

from collections.abc import Sequence
from difflib import get_close_matches
from enum import IntEnum


class Exit(IntEnum):
    """What a command returns to its scheduler."""

    DONE = 0
    BUG = 1
    REFUSED = 2
    NOT_READY = 3
    USAGE = 64


class KloutsparkError(Exception):
    """Something that a person can act on: where, what was expected, what was found, what to do."""

    exit_code = Exit.BUG

    def __init__(self, where: str, *, expected: str, found: str, remedy: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {found}. {remedy}")


class ConfigError(KloutsparkError):
    """A configuration, a name or a command line that cannot be used."""

    exit_code = Exit.USAGE


class InputError(KloutsparkError):
    """An input that is missing, empty, unreadable or drifted from its contract, or a lock that is held."""

    exit_code = Exit.NOT_READY


class ContractError(KloutsparkError):
    """A frame of ours that does not keep its contract: a bug."""


def unknown_key(where: str, key: str, allowed: Sequence[str]) -> ConfigError:
    """linkedin.yaml, kinds.comment: expected class or meaning, found clas. Do you mean class?"""
    close = get_close_matches(key, allowed, n=1)
    remedy = f"Do you mean {close[0]}?" if close else "Remove it, or add it to its model."
    return ConfigError(where, expected=" or ".join(allowed) or "no key", found=key, remedy=remedy)
