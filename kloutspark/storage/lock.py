"""One writer a root: Delta on a file system without a lock store may lose data under several drivers (TECH.md)."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kloutspark.domain.errors import InputError


@contextmanager
def run_lock(root: str) -> Iterator[None]:
    """Holds the root until the block ends or the process dies.

    A root with a scheme (s3://, dbfs:/) has no such lock: there the schedule forbids concurrent runs.

    Raises:
        InputError: another run holds it.
    """
    if ":/" in root:
        yield
        return
    try:
        Path(root).mkdir(parents=True, exist_ok=True)
        file = (Path(root) / ".lock").open("w")
    except OSError as error:
        remedy = "Give --root a folder that you may write to."
        raise InputError("--root", expected="a writable folder", found=str(error), remedy=remedy) from None
    with file as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            remedy = "Wait until it has ended and start again."
            raise InputError(root, expected="no other run", found="one that holds the lock", remedy=remedy) from None
        yield
