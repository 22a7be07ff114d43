"""What every command is told besides its own: where the tables lie, with which configuration, for whom it answers."""

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from kloutspark.config import Config, load
from kloutspark.storage.session import build_session
from kloutspark.storage.tables import Tables

DEFAULT_ROOT = "./kloutspark-data"
PIPE_WIDTH = 200  # characters of a line where nobody has a terminal


@dataclass(frozen=True)
class Place:
    """Where a command works and how it answers; the configuration is read and the session started when asked for."""

    root: str
    conf: Path | None
    env: str
    sets: tuple[str, ...]
    is_json: bool

    @cached_property
    def config(self) -> Config:
        """The validated configuration."""
        return load(conf=self.conf, env=self.env, overrides=self.sets)

    @cached_property
    def tables(self) -> Tables:
        """The tables of the root, read and written by a session of this configuration."""
        # Delta takes a relative path for a table's name; an address with a scheme is left as it is
        root = self.root if "://" in self.root else str(Path(self.root).absolute())
        return Tables(build_session(self.config.spark), root, self.config.tables)

    @property
    def console(self) -> Console:
        """Where people read: as wide as the terminal, wide and plain in a pipe."""
        return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)


def at_a_place(
    *, default_root: str = DEFAULT_ROOT, default_env: str = "local"
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Adds the options that every command has; the command itself takes a Place first."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(
            command, assigned=("__module__", "__name__", "__doc__")
        )  # annotations stay those of the options
        def placed(
            *,
            root: Annotated[str, typer.Option("--root", help="Folder or address where the tables lie.")] = default_root,
            conf: Annotated[Path | None, typer.Option("--conf", help="Configuration folder; default: our own.")] = None,
            env: Annotated[str, typer.Option("--env", help="A file of conf/env.")] = default_env,
            sets: Annotated[
                list[str] | None,
                typer.Option("--set", metavar="A.B=C", help="Another value, e.g. spark.shuffle_partitions=8."),
            ] = None,
            is_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
            **options: Any,
        ) -> None:
            command(Place(root, conf, env, tuple(sets or ()), is_json), **options)

        _, *own = inspect.signature(command).parameters.values()
        *shared, _ = inspect.signature(placed, follow_wrapped=False).parameters.values()
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
        placed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return placed

    return add
