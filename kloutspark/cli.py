"""The commands; errors become exit codes here, and the clock is read here and nowhere else."""

import json
import logging
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.console import Console

from kloutspark import ingestion, pipeline, publish
from kloutspark.config import Config, load
from kloutspark.domain.errors import ConfigError, Exit, KloutsparkError
from kloutspark.quality.docs import write_docs
from kloutspark.reporting import texts
from kloutspark.reporting.days import show_comparison, show_findings, show_run, show_runs, show_top
from kloutspark.reporting.explanation import difference, show_difference, show_history, show_person
from kloutspark.reporting.progress import stages_shown
from kloutspark.reporting.texts import as_json, shown
from kloutspark.sources.demo import load_world, write_world
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
COMPLETION = "_KLOUTSPARK_COMPLETE"  # set by the shell that asks for completions
PIPE_WIDTH = 200  # characters of a line where nobody has a terminal
DEMO_DAYS = 5  # enough to see a burst arrive by steps


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError("DAY", expected="an ISO date such as 2026-03-31", found=text, remedy="Write it so.") from None


Person = Annotated[str, typer.Argument(help="A person, or <network>:<account_id> of an unlinked account.")]
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
    config, tables = _open(root, conf, env, sets)
    _ingest(tables, config, adapter=adapter, network=network, table=table_name, paths=paths, is_json=is_json)


@app.command(epilog="Example: kloutspark score --as-of 2012-07-05 --root ./kloutspark-data")
def score(
    as_of: AsOf,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    recompute: Annotated[bool, typer.Option("--recompute", help="From raw interactions, without any tile.")] = False,
    with_later: Annotated[
        bool, typer.Option("--with-later", help="A day in the past: the published days after it are run again too.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="VITAL", help="Publish although this vital blocks; repeatable."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept in the manifest.")] = None,
    is_json: Json = False,
) -> None:
    """Publish the scores of one day, or refuse to."""
    if bool(accept) != bool((reason or "").strip()):
        found = "--accept alone" if accept else "--reason alone"
        raise ConfigError("--accept VITAL --reason TEXT", expected="both or none", found=found, remedy="Give both.")
    config = load(conf=conf, env=env, overrides=sets or ())
    accepted = {config.gate.acceptable(vital): str(reason) for vital in accept or ()}
    tables = Tables(build_session(config.spark), root, config.tables)
    later = [d for d in published.published_days(tables) if d > as_of] if with_later else []
    for n, day in enumerate((as_of, *later)):
        try:
            _score(
                tables,
                config,
                day,
                recompute=recompute,
                is_json=is_json,
                is_older_allowed=with_later,
                accepted=accepted,
            )
        except typer.Exit:
            if rest := later[n:]:
                log.warning("%s refused; %s stay as they were published before", day, ", ".join(map(str, rest)))
            raise


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
        _score(tables, config, as_of, is_json=is_json)


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


@app.command(epilog="Example: kloutspark explain twitter:88 --against 2012-07-04")
def explain(
    person: Person,
    as_of: AsOfOrNewest = None,
    against: Annotated[
        date | None, typer.Option("--against", parser=_day, metavar="DAY", help="What changed since that day.")
    ] = None,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """Why a person has their score: parts by network and signal that sum to it."""
    _, tables = _open(root, conf, env, sets)
    row = published.person(tables, person, as_of=as_of)
    changes = None if against is None else difference(published.person(tables, person, as_of=against), row)
    if is_json:
        typer.echo(as_json(row if changes is None else changes))
    elif changes is None:
        show_person(_console(), row)
    else:
        show_difference(_console(), changes)


@app.command(epilog="Example: kloutspark history twitter:88 --days 30")
def history(
    person: Person,
    days: Annotated[int, typer.Option("--days", min=1, help="How many days back from the newest.")] = 90,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """A person's published scores by day."""
    _, tables = _open(root, conf, env, sets)
    rows = published.history(tables, person, days=days)
    if is_json:
        typer.echo(as_json(rows))
    else:
        show_history(_console(), person, rows)


@app.command(epilog="Example: kloutspark compare 2012-07-04 2012-07-05")
def compare(
    first: Annotated[date, typer.Argument(parser=_day, metavar="DAY", help="A published day.")],
    second: Annotated[date, typer.Argument(parser=_day, metavar="DAY", help="Another one.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many of who moved most.")] = 5,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """How two published days differ, and who moved most."""
    _, tables = _open(root, conf, env, sets)
    found = published.compare(tables, first, second, count=count)
    if is_json:
        typer.echo(as_json(found))
    else:
        show_comparison(_console(), found)


@app.command(epilog="Example: kloutspark runs --gate 20120708T101500-1f2e3d4c")
def runs(
    gate: Annotated[str | None, typer.Option("--gate", metavar="RUN_ID", help="What the gate found in a run.")] = None,
    docs: Annotated[
        Path | None, typer.Option("--docs", metavar="DIR", help="With --gate: its verdict as Data Docs, static HTML.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 20,
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """The runs of a root, newest first, or what the gate found in one of them."""
    if docs is not None and gate is None:
        raise ConfigError(
            "--docs", expected="--gate RUN_ID", found="none", remedy="Name the run; kloutspark runs lists them."
        )
    _, tables = _open(root, conf, env, sets)
    rows = published.runs(tables, count=count) if gate is None else published.findings(tables, gate)
    if docs is not None:
        write_docs(rows, docs)
    if is_json:
        typer.echo(as_json(rows))
    elif gate is None:
        show_runs(_console(), rows)
    else:
        show_findings(_console(), gate, rows)
    if docs is not None and not is_json:
        _console().print(shown(f"Data Docs: {docs / 'index.html'}"))


@app.command(epilog="Example: kloutspark rollback --to 2012-07-06")
def rollback(
    to: Annotated[str, typer.Option("--to", metavar="DAY|RUN_ID", help="A published day or a run of kloutspark runs.")],
    root: Root = DEFAULT_ROOT,
    conf: Conf = None,
    env: Env = "local",
    sets: Sets = None,
    is_json: Json = False,
) -> None:
    """Make the published scores what they were after an earlier run; later days disappear, in one commit."""
    started_at = datetime.now(UTC)
    _, tables = _open(root, conf, env, sets)
    done = publish.rollback(tables, to=to, run_id=_run_id(started_at), started_at=started_at)
    days = published.published_days(tables)
    if is_json:
        typer.echo(json.dumps({**done.model_dump(mode="json"), "published_days": [str(d) for d in days]}))
        return
    said = f"{days[0]} .. {days[-1]} are published" if days else "nothing is published"
    _console().print(shown(f"The scores are what they were after the run for {done.as_of}: {said}."))


@app.command(epilog="Example: kloutspark demo --root ./kloutspark-data/demo")
def demo(root: Root = "./kloutspark-data/demo", conf: Conf = None, env: Env = "local", sets: Sets = None) -> None:
    """An invented world: its files written, ingested and scored for five days, then the top and one explanation."""
    config, tables = _open(root, conf, env, sets)
    world = load_world(conf)
    for network, paths in write_world(Path(root) / "files", world).items():
        files = [str(path) for path in paths]
        _ingest(tables, config, adapter="files", network=network, table=None, paths=files, is_json=False)
    done = published.published_days(tables)
    for age in reversed(range(DEMO_DAYS)):
        as_of = world.last_day + timedelta(days=1 - age)
        if as_of not in done:
            _score(tables, config, as_of, is_json=False)
    show_top(_console(), published.top(tables, as_of=None, count=10))
    show_person(_console(), published.person(tables, "parenting_writer", as_of=None))
    _console().print(
        f"\nNext: .venv/bin/kloutspark explain twitter:viral --root {root}\n"
        f"      .venv/bin/kloutspark top --json --root {root}\n"
        "      conf/demo.yaml, for who is who; README.md, for data of your own.",
        markup=False,
        highlight=False,
    )


def exit_code(argv: Sequence[str]) -> int:
    """0 done or published, 2 refused, 3 input not ready, 64 command line or configuration, 1 a bug."""
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s")
    try:
        return int(app(list(argv), standalone_mode=False) or Exit.DONE)
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined]
        return Exit.USAGE
    except KloutsparkError as error:  # each class knows its code; anything else is a bug and shows its trace
        log.error("%s", error)
        return error.exit_code
    except SystemExit as end:
        if COMPLETION in os.environ or isinstance(end.__context__, BrokenPipeError):  # a shell asked; `| head` is done
            return int(end.code or Exit.DONE)
        log.exception("a library ended the process")  # pyspark does under python -c: that must not look like success
        return Exit.BUG


def main() -> None:
    """The console script: passes the code to the process itself."""
    sys.exit(exit_code(sys.argv[1:]))


def _open(root: str, conf: Path | None, env: str, sets: list[str] | None) -> tuple[Config, Tables]:
    config = load(conf=conf, env=env, overrides=sets or ())
    return config, Tables(build_session(config.spark), root, config.tables)


def _ingest(
    tables: Tables,
    config: Config,
    *,
    adapter: str,
    network: str | None,
    table: str | None,
    paths: Sequence[str],
    is_json: bool,
) -> None:
    started_at = datetime.now(UTC)
    results = ingestion.ingest(
        tables,
        config,
        adapter=adapter,
        network=network,
        table=table,
        paths=paths,
        run_id=_run_id(started_at),
        started_at=started_at,
    )
    if is_json:
        typer.echo(as_json([asdict(r) for r in results]))
        return
    for r in results:
        counts = [("read", r.read), ("added or changed", r.added), ("identical, skipped", r.identical)]
        counts += [(f"quarantined: {reason}", n) for reason, n in sorted(r.quarantined.items())]
        _console().print(texts.table(f"{r.path} into {r.table}", ("rows", "count"), counts, right=(1,)))
        if r.unused_columns:
            _console().print(shown(f"columns that nothing reads: {', '.join(r.unused_columns)}"))


def _score(
    tables: Tables,
    config: Config,
    as_of: date,
    *,
    is_json: bool,
    recompute: bool = False,
    is_older_allowed: bool = False,
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> None:
    started_at = datetime.now(UTC)
    with stages_shown(f"scoring {as_of}"):
        outcome = pipeline.run(
            tables,
            config,
            as_of=as_of,
            run_id=_run_id(started_at),
            started_at=started_at,
            recompute=recompute,
            is_older_allowed=is_older_allowed,
            accepted=accepted,
        )
    if is_json:
        typer.echo(json.dumps(_summary(outcome)))
    else:
        show_run(_console(), _summary(outcome))
    if not outcome.verdict.passed:
        raise typer.Exit(Exit.REFUSED)


def _summary(outcome: pipeline.Outcome) -> dict[str, Any]:
    summary = outcome.manifest.model_dump(mode="json")
    summary["findings"] = [finding.as_row() for finding in outcome.verdict.findings]
    return summary


def _run_id(started_at: datetime) -> str:
    return f"{started_at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
