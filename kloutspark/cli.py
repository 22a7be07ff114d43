"""The commands; errors become exit codes here, and the clock is read here and nowhere else."""

import json
import logging
import sys
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from kloutspark import pipeline
from kloutspark.config import Config, load
from kloutspark.domain.errors import ConfigError, Exit, KloutsparkError
from kloutspark.reporting.explanation import as_json, show_person, show_top, shown, table
from kloutspark.sources.demo import write_activity
from kloutspark.storage import published
from kloutspark.storage.session import build_session
from kloutspark.storage.tables import Tables

log = logging.getLogger("kloutspark")
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Root = Annotated[str, typer.Option("--root", help="Folder or address where the tables lie.")]
Conf = Annotated[
    Path | None, typer.Option("--conf", help="Folder of the configuration; default: the one that comes along.")
]
Env = Annotated[str, typer.Option("--env", help="A file of conf/env.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="A.B=C", help="Another value, e.g. spark.shuffle_partitions=8.")
]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
DEFAULT_ROOT = "./kloutspark-data"
PIPE_WIDTH = 200  # characters of a line where nobody has a terminal


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            "a day", expected="an ISO date such as 2026-03-31", found=text, remedy="Write it so."
        ) from None


AsOf = Annotated[date, typer.Option("--as-of", parser=_day, metavar="DAY", help="The day that the run speaks for.")]
AsOfOrNewest = Annotated[date | None, typer.Option("--as-of", parser=_day, metavar="DAY", help="Default: the newest.")]


@app.callback()
def main_options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what each stage took.")] = False,
) -> None:
    """Open influence scores: from interactions on social networks to one number from 1 to 100 a person and day."""
    logging.getLogger("kloutspark").setLevel(logging.INFO if verbose else logging.WARNING)


@app.command(epilog="Example: kloutspark ingest snap-activity --network twitter higgs-activity_time.txt.gz")
def ingest(
    adapter: Annotated[str, typer.Argument(help="snap-activity or files.")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files; gzip is read as it is.")],
    network: Annotated[str | None, typer.Option("--network", help="A file of conf/networks.")] = None,
    table_name: Annotated[str | None, typer.Option("--table", help="Default: the file's stem.")] = None,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """Bring files of others into the input tables; the same file twice adds nothing."""
    started_at = datetime.now(UTC)
    config, tables = _open(root, conf, env, sets)
    results = pipeline.ingest(
        tables,
        config,
        adapter=adapter,
        network=network,
        table=table_name,
        paths=paths,
        run_id=_run_id(started_at),
        started_at=started_at,
    )
    if is_json:
        typer.echo(as_json([asdict(r) for r in results]))
        return
    _show_ingested(results)


@app.command(epilog="Example: kloutspark score --as-of 2012-07-05 --root ./kloutspark-data")
def score(
    as_of: AsOf,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    recompute: Annotated[bool, typer.Option("--recompute", help="From raw interactions, without any tile.")] = False,
    is_json: Json = False,
) -> None:
    """Publish the scores of one day, or refuse to."""
    started_at = datetime.now(UTC)
    config, tables = _open(root, conf, env, sets)
    _score(tables, config, as_of, started_at, recompute=recompute, is_json=is_json)


@app.command(epilog="Example: kloutspark backfill --from 2012-07-02 --to 2012-07-08")
def backfill(
    first: Annotated[date, typer.Option("--from", parser=_day, metavar="DAY", help="First as-of day.")],
    last: Annotated[date, typer.Option("--to", parser=_day, metavar="DAY", help="Last as-of day.")],
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """Score the missing days in order; stops at a refused or not-ready day and goes on when called again."""
    if last < first:
        raise ConfigError("--to", expected=f"{first} or later", found=str(last), remedy="Swap the days.")
    config, tables = _open(root, conf, env, sets)
    done = published.published_days(tables)
    for n in range((last - first).days + 1):
        as_of = first + timedelta(days=n)
        if as_of in done:
            continue
        if done and as_of < done[-1]:
            log.warning("%s stays missing: %s, a later day, is published already", as_of, done[-1])
            continue
        _score(tables, config, as_of, datetime.now(UTC), recompute=False, is_json=is_json)


@app.command(epilog="Example: kloutspark top --count 20 --json")
def top(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 10,
    as_of: AsOfOrNewest = None,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """The highest scores of a published day."""
    _, tables = _open(root, conf, env, sets)
    rows = published.top(tables, as_of=as_of, count=count)
    if is_json:
        typer.echo(as_json(rows))
    else:
        show_top(_console(), rows)


@app.command(epilog="Example: kloutspark explain twitter:88")
def explain(
    person: Annotated[str, typer.Argument(help="A person, or <network>:<account_id> of an unlinked account.")],
    as_of: AsOfOrNewest = None,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """Why a person has their score: parts by network and signal that sum to it."""
    _, tables = _open(root, conf, env, sets)
    row = published.person(tables, person, as_of=as_of)
    if is_json:
        typer.echo(as_json(row))
    else:
        show_person(_console(), row)


@app.command(epilog="Example: kloutspark demo --root ./kloutspark-data/demo")
def demo(root: Root = "./kloutspark-data/demo", conf: Conf = None, env: Env = "local", sets: Sets = None) -> None:
    """An invented network: files written, ingested and scored for three days, then the top and one explanation."""
    config, tables = _open(root, conf, env, sets)
    last_day, days = date(2026, 3, 31), 10
    file = write_activity(Path(root) / "files" / "activity.txt.gz", last_day=last_day, days=days, seed=1)
    started_at = datetime.now(UTC)
    results = pipeline.ingest(
        tables,
        config,
        adapter="snap-activity",
        network="twitter",
        table=None,
        paths=[str(file)],
        run_id=_run_id(started_at),
        started_at=started_at,
    )
    _show_ingested(results)
    done = published.published_days(tables)
    for as_of in (last_day - timedelta(days=1), last_day, last_day + timedelta(days=1)):
        if as_of not in done:
            _score(tables, config, as_of, datetime.now(UTC), recompute=False, is_json=False)
    show_top(_console(), published.top(tables, as_of=None, count=10))
    show_person(_console(), published.person(tables, "twitter:parenting_writer", as_of=None))
    _console().print(
        f"\nNext: .venv/bin/kloutspark explain twitter:busy_talker --root {root}\n"
        f"      .venv/bin/kloutspark top --json --root {root}\n"
        "      README.md, for data of your own.",
        markup=False,
        highlight=False,
    )


def exit_code(argv: Sequence[str]) -> int:
    """0 done or published, 2 refused, 3 input not ready, 64 command line or configuration, 1 a bug."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    try:
        return int(app(list(argv), standalone_mode=False) or Exit.DONE)
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined]
        return Exit.USAGE
    except KloutsparkError as error:  # each class knows its code; anything else is a bug and shows its trace
        log.error("%s", error)
        return error.exit_code
    except SystemExit:  # a library that ends the process (pyspark does under python -c) must not look like success
        log.exception("a library ended the process")
        return Exit.BUG


def main() -> None:
    """The console script: passes the code to the process itself."""
    sys.exit(exit_code(sys.argv[1:]))


def _open(root: str, conf: Path | None, env: str, sets: list[str] | None) -> tuple[Config, Tables]:
    config = load(conf=conf, env=env, overrides=sets or ())
    return config, Tables(build_session(config.spark), root, config.tables)


def _show_ingested(results: Sequence[pipeline.Ingested]) -> None:
    for r in results:
        counts = [("read", r.read), ("added or changed", r.added), ("identical, skipped", r.identical)]
        counts += [(f"quarantined: {reason}", n) for reason, n in sorted(r.quarantined.items())]
        _console().print(table(f"{r.path} into {r.table}", ("rows", "count"), counts, right=(1,)))
        if r.unused_columns:
            _console().print(shown(f"columns that nothing reads: {', '.join(r.unused_columns)}"))


def _score(
    tables: Tables, config: Config, as_of: date, started_at: datetime, *, recompute: bool, is_json: bool
) -> None:
    outcome = pipeline.run(
        tables, config, as_of=as_of, run_id=_run_id(started_at), started_at=started_at, recompute=recompute
    )
    if is_json:
        typer.echo(json.dumps(_summary(outcome)))
    else:
        _show(outcome)
    if not outcome.verdict.passed:
        raise typer.Exit(Exit.REFUSED)


def _show(outcome: pipeline.Outcome) -> None:
    done = outcome.manifest
    console, names = _console(), ("read", "counted", "own", "duplicate", "quarantined", "outside")
    lines = [(n, *[getattr(c, name) for name in names], done.modes[n]) for n, c in sorted(done.counts.items())]
    title = f"{done.as_of} {done.status} by run {done.run_id}"
    console.print(table(title, ("network", *names, "tiles"), lines, right=range(1, 7)))
    for f in (*outcome.verdict.blocking, *outcome.verdict.warnings):
        least, most = ("" if bound is None else f"{bound:g}" for bound in (f.limit.min, f.limit.max))
        allowed = f"{f.limit.severity}: {f.limit.vital} is {f.observed}, allowed {least}..{most}."
        console.print(shown(f"{allowed} {f.limit.why}"))


def _summary(outcome: pipeline.Outcome) -> dict[str, Any]:
    summary = outcome.manifest.model_dump(mode="json")
    summary["findings"] = [
        {"vital": f.limit.vital, "severity": f.limit.severity, "observed": f.observed, "passed": f.passed}
        for f in outcome.verdict.findings
    ]
    return summary


def _run_id(started_at: datetime) -> str:
    return f"{started_at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
