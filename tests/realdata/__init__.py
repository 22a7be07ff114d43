"""Tests against public data sets, which are read where they lie and never copied into the project."""

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parents[2]


def data_path(name: str) -> Path:
    """Where the file `name` is, or would be: under KLOUTSPARK_DATA_DIR, relative to the repository."""
    return _REPOSITORY / os.environ.get("KLOUTSPARK_DATA_DIR", "../shared/data") / name


def data_file(name: str, address: str) -> Path:
    """The file `name` under KLOUTSPARK_DATA_DIR; absent, the test skips with `address`."""
    path = data_path(name)
    if not path.is_file():
        pytest.skip(f"{path} is absent: get it from {address}, or name another folder in KLOUTSPARK_DATA_DIR")
    return path
