"""The commands; errors become exit codes here, and the clock is read here and nowhere else."""

import json
import logging
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, cast, get_args

import typer
import yaml

from kloutspark import attacking, evaluation, fitting, ingestion, pipeline, publish
from kloutspark.config import load
from kloutspark.domain.errors import ConfigError, Exit, KloutsparkError
from kloutspark.learning.anchors import propose
from kloutspark.options import DEFAULT_ROOT, Place, at_a_place
from kloutspark.quality.docs import write_docs
from kloutspark.reporting import catalogue, texts
from kloutspark.reporting.anchors import show_anchors
from kloutspark.reporting.days import (
    RANGES,
    show_comparison,
    show_cost,
    show_distribution,
    show_findings,
    show_maintenance,
    show_run,
    show_runs,
    show_top,
)
from kloutspark.reporting.evaluation import evaluation_page, show_evaluation
from kloutspark.reporting.explanation import difference, show_difference, show_history, show_person
from kloutspark.reporting.learning import show_doubts, show_fit
from kloutspark.reporting.prices import show_prices
from kloutspark.reporting.profile import HISTORY_DAYS, profile_page
from kloutspark.reporting.progress import stages_shown
from kloutspark.reporting.texts import as_json, shown, write_file
from kloutspark.sources.adapters import ADAPTERS
from kloutspark.sources.attacks import FAMILIES, load_attacks
from kloutspark.sources.demo import write_world
from kloutspark.sources.world import load_world
from kloutspark.storage import maintenance, privacy, published

log = logging.getLogger("kloutspark")
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMPLETION = "_KLOUTSPARK_COMPLETE"  # set by the shell that asks for completions
MOST_FAKES = 1_000_000  # rows are made in memory: ten million of a farm
DEMO_DAYS = 5  # enough to see a burst arrive by steps, and a network go silent and come back


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError("DAY", expected="an ISO date such as 2026-03-31", found=text, remedy="Write it so.") from None


def _file(option: str) -> Callable[[str], Path]:
    """Reads an option's file, which may be written: said before a session starts."""
    return lambda text: _writable(option, text)


def _writable(option: str, text: str) -> Path:
    path = Path(text)
    try:
        is_usable = path.parent.is_dir() and not path.is_dir()
    except OSError:  # a name that is too long, a folder that is closed
        is_usable = False
    if not is_usable:
        expected, remedy = "a file in a folder that exists", "Name another, or make the folder first."
        raise ConfigError(option, expected=expected, found=text, remedy=remedy)
    return path


def _protocol(text: str) -> str:
    if text not in get_args(evaluation.Protocol):
        expected = " or ".join(get_args(evaluation.Protocol))
        raise ConfigError("--protocol", expected=expected, found=text, remedy="Name one of them.")
    return text


def _scores(text: str) -> list[float]:
    """Different scores, ascending."""
    try:
        found = sorted({float(score) for score in text.split(",")})
        if not all(1 <= score <= 100 for score in found):  # nor is nan
            raise ValueError(text)
    except ValueError:
        remedy = "Write for example 15,50."
        raise ConfigError("--scores", expected="numbers from 1 to 100", found=text, remedy=remedy) from None
    return found


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
@at_a_place()
def ingest(
    place: Place,
    adapter: Annotated[str, typer.Argument(help=f"{', '.join(ADAPTERS)}.")],
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files; gzip is read as it is. For stackexchange, folders.")
    ],
    network: Annotated[str | None, typer.Option("--network", help="A file of conf/networks.")] = None,
    table_name: Annotated[str | None, typer.Option("--table", help="Default: the file's stem.")] = None,
) -> None:
    """Bring files of others into the input tables; the same file twice adds nothing."""
    _ingest(place, adapter=adapter, network=network, table=table_name, paths=paths)


@app.command(epilog="Example: kloutspark score --as-of 2012-07-05 --root ./kloutspark-data")
@at_a_place()
def score(
    place: Place,
    as_of: AsOf,
    recompute: Annotated[bool, typer.Option("--recompute", help="From raw interactions, without any tile.")] = False,
    with_later: Annotated[
        bool, typer.Option("--with-later", help="A day in the past: the published days after it are run again too.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="VITAL", help="Publish although this vital blocks; repeatable."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept in the manifest.")] = None,
    is_check: Annotated[
        bool, typer.Option("--check", help="Only whether the inputs are there: 0, else 3. Nothing is written.")
    ] = False,
) -> None:
    """Publish the scores of one day, or refuse to."""
    if is_check:
        if recompute or with_later or accept or reason:
            raise ConfigError("--check", expected="alone", found="what to do with it", remedy="It scores nothing.")
        modes = pipeline.check_inputs(place.tables, place.config, as_of=as_of)
        if place.is_json:
            typer.echo(as_json({"as_of": as_of, "networks": modes}))
        else:
            place.console.print(texts.table(f"inputs of {as_of}", ("network", "tiles"), list(modes.items())))
        return
    if bool(accept) != bool((reason or "").strip()):
        found = "--accept alone" if accept else "--reason alone"
        raise ConfigError("--accept VITAL --reason TEXT", expected="both or none", found=found, remedy="Give both.")
    accepted = {place.config.gate.acceptable(vital): str(reason) for vital in accept or ()}
    later = [d for d in published.published_days(place.tables) if d > as_of] if with_later else []
    for n, day in enumerate((as_of, *later)):
        try:
            _score(place, day, recompute=recompute, is_older_allowed=with_later, accepted=accepted)
        except typer.Exit:
            if rest := later[n:]:
                log.warning("%s refused; %s stay as they were published before", day, ", ".join(map(str, rest)))
            raise


@app.command(epilog="Example: kloutspark backfill --from 2012-07-02 --to 2012-07-08")
@at_a_place()
def backfill(
    place: Place,
    first: Annotated[date, typer.Option("--from", parser=_day, metavar="DAY", help="First as-of day.")],
    last: Annotated[date, typer.Option("--to", parser=_day, metavar="DAY", help="Last as-of day.")],
) -> None:
    """Score the missing days in order; stops at a refused or not-ready day and goes on when called again."""
    if last < first:
        raise ConfigError("--to", expected=f"{first} or later", found=str(last), remedy="Swap the days.")
    done = published.published_days(place.tables)
    for n in range((last - first).days + 1):
        as_of = first + timedelta(days=n)
        if as_of in done:
            continue
        if done and as_of < done[-1]:
            log.warning("%s stays missing: %s, a later day, is published already", as_of, done[-1])
            continue
        _score(place, as_of)


@app.command(epilog="Example: kloutspark top --count 20 --json")
@at_a_place()
def top(
    place: Place,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 10,
    as_of: AsOfOrNewest = None,
) -> None:
    """The highest scores of a published day."""
    rows = published.top(place.tables, as_of=as_of, count=count)
    if place.is_json:
        typer.echo(as_json(rows))
    else:
        show_top(place.console, rows)


@app.command(epilog="Example: kloutspark explain twitter:88 --against 2012-07-04")
@at_a_place()
def explain(
    place: Place,
    person: Person,
    as_of: AsOfOrNewest = None,
    against: Annotated[
        date | None, typer.Option("--against", parser=_day, metavar="DAY", help="What changed since that day.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            "--page", parser=_file("--page"), metavar="FILE", help="Written as a profile page too, HTML in one file."
        ),
    ] = None,
) -> None:
    """Why a person has their score: parts by network and signal that sum to it."""
    row = published.person(place.tables, person, as_of=as_of)
    changes = None if against is None else difference(published.person(place.tables, person, as_of=against), row)
    behind = _background(place, row) if changes is None else {}
    if page is not None:
        past = published.history(place.tables, person, days=HISTORY_DAYS, until=row["as_of"])
        write_file(page, profile_page(place.config, row, past), option="--page")
    if place.is_json:
        typer.echo(as_json(row | behind if changes is None else changes))
    elif changes is None:
        show_person(place.console, row, behind)
    else:
        show_difference(place.console, changes)
    if page is not None and not place.is_json:
        place.console.print(shown(f"Profile page: {page}"))


@app.command(epilog="Example: kloutspark history twitter:88 --days 30")
@at_a_place()
def history(
    place: Place,
    person: Person,
    days: Annotated[int, typer.Option("--days", min=1, help="How many days back from the newest.")] = 90,
) -> None:
    """A person's published scores by day."""
    rows = published.history(place.tables, person, days=days)
    if place.is_json:
        typer.echo(as_json(rows))
    else:
        show_history(place.console, person, rows)


@app.command(epilog="Example: kloutspark compare 2012-07-04 2012-07-05")
@at_a_place()
def compare(
    place: Place,
    first: Annotated[date, typer.Argument(parser=_day, metavar="DAY", help="A published day.")],
    second: Annotated[date, typer.Argument(parser=_day, metavar="DAY", help="Another one.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many of who moved most.")] = 5,
) -> None:
    """How two published days differ, and who moved most."""
    found = published.compare(place.tables, first, second, count=count)
    if place.is_json:
        typer.echo(as_json(found))
    else:
        show_comparison(place.console, found)


@app.command(epilog="Example: kloutspark runs --gate 20120708T101500-1f2e3d4c")
@at_a_place()
def runs(
    place: Place,
    gate: Annotated[str | None, typer.Option("--gate", metavar="RUN_ID", help="What the gate found in a run.")] = None,
    docs: Annotated[
        Path | None, typer.Option("--docs", metavar="DIR", help="With --gate: its verdict as Data Docs, static HTML.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 20,
) -> None:
    """The runs of a root, newest first, or what the gate found in one of them."""
    if docs is not None and gate is None:
        raise ConfigError(
            "--docs", expected="--gate RUN_ID", found="none", remedy="Name the run; kloutspark runs lists them."
        )
    rows = published.runs(place.tables, count=count) if gate is None else published.findings(place.tables, gate)
    if docs is not None:
        write_docs(rows, docs)
    if place.is_json:
        typer.echo(as_json(rows))
    elif gate is None:
        show_runs(place.console, rows)
    else:
        show_findings(place.console, gate, rows)
    if docs is not None and not place.is_json:
        place.console.print(shown(f"Data Docs: {docs / 'index.html'}"))


@app.command(epilog="Example: kloutspark cost --as-of 2012-07-05")
@at_a_place()
def cost(place: Place, as_of: AsOfOrNewest = None) -> None:
    """What each stage of the newest run of a day cost: seconds, rows, bytes, and its largest task."""
    found = published.cost(place.tables, as_of=as_of)
    if place.is_json:
        typer.echo(as_json(found))
    else:
        show_cost(place.console, found)


@app.command(epilog="Example: kloutspark attack click_farm ring --network twitter --budget 1000 --scores 15,50")
@at_a_place()
def attack(
    place: Place,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help=f"{', '.join(FAMILIES)}; default: all.")
    ] = None,
    network: Annotated[str | None, typer.Option("--network", help="Default: the only one with interactions.")] = None,
    as_of: Annotated[
        date | None, typer.Option("--as-of", parser=_day, metavar="DAY", help="Default: the day after the last row.")
    ] = None,
    budgets: Annotated[
        list[int] | None,
        typer.Option("--budget", min=1, max=MOST_FAKES, help="Fakes that each target gets: 1000; repeatable."),
    ] = None,
    scores: Annotated[
        str, typer.Option("--scores", metavar="N,N", help="Scores of people to attack, without a step limit.")
    ] = "15,30,50,70",
    scratch: Annotated[
        str, typer.Option("--scratch", metavar="DIR", help="For copies, until the end; one that every node reaches.")
    ] = tempfile.gettempdir(),
) -> None:
    """What fakes would buy: points that conf/attacks.yaml's attacks bring people, and under plain counting.

    The root is only read: people are scored before and after in scratch copies without a past, so without a step limit.
    """
    chosen, wanted = attacking.chosen_of(names or ()), _scores(scores)
    if network is not None:
        place.config.network(network)
    attacks, started_at = load_attacks(place.conf), datetime.now(UTC)
    on = attacking.network_of(place.tables, place.config, network)
    with attacking.ground(
        place.tables,
        place.config,
        attacks,
        network=on,
        as_of=as_of or attacking.day_after(place.tables, on),
        scratch=scratch,
        run_id=_run_id(started_at),
        started_at=started_at,
    ) as ground:
        struck = [attacking.strike(ground, chosen, budget=n, wanted=wanted) for n in budgets or (1000,)]
        found = attacking.price_list(ground, struck)
    if place.is_json:
        typer.echo(as_json(found))
    else:
        show_prices(place.console, found)


@app.command(epilog="Example: kloutspark networks --json")
@at_a_place()
def networks(place: Place) -> None:
    """The networks of the configuration."""
    rows = catalogue.network_rows(place.config)
    if place.is_json:
        typer.echo(as_json(rows))
    else:
        catalogue.show_networks(place.console, rows)


@app.command(epilog="Example: kloutspark signals --network twitter --json")
@at_a_place()
def signals(
    place: Place,
    network: Annotated[str | None, typer.Option("--network", help="One of them; default: all.")] = None,
    is_page: Annotated[bool, typer.Option("--page", help="As docs/signals.md.")] = False,
) -> None:
    """The catalogue: every signal with its unit, its response and what it means."""
    config = place.config
    chosen = sorted(config.networks) if network is None else [network]
    for name in chosen:
        config.network(name)
    if is_page:
        typer.echo(catalogue.catalogue_page(config), nl=False)
    elif place.is_json:
        typer.echo(as_json(catalogue.signal_rows(config, chosen)))
    else:
        catalogue.show_signals(place.console, config, chosen)


@app.command(epilog="Example: kloutspark evaluate --network twitter --page truth.html")
@at_a_place()
def evaluate(
    place: Place,
    network: Annotated[str, typer.Option("--network", help="Whose interactions; ingest them first.")],
    protocol: Annotated[
        str,
        typer.Option(
            "--protocol",
            parser=_protocol,
            metavar="stretched|days",
            help="The first half of the rows stretched onto 90 days, or cuts of 90 real days.",
        ),
    ] = "stretched",
    ahead_days: Annotated[int, typer.Option("--ahead-days", min=1, help="Of real days: how long a future is.")] = 28,
    every_days: Annotated[int, typer.Option("--every-days", min=1, help="Of real days: from cut to cut.")] = 28,
    cuts: Annotated[int | None, typer.Option("--cuts", min=1, help="Of real days: only the last ones.")] = None,
    outside: Annotated[
        Path | None, typer.Option("--outside", metavar="FILE", help="A ranking from elsewhere: CSV, account_id,value.")
    ] = None,
    compared: Annotated[
        list[str] | None,
        typer.Option("--compare", metavar="A.B=C", help="All again with other values, as of --set; repeatable."),
    ] = None,
    daily: Annotated[
        int | None, typer.Option("--daily", min=1, help="What the step limit costs: so many daily runs, stretched.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--page", parser=_file("--page"), metavar="FILE", help="Written as a page with plots, HTML."),
    ] = None,
) -> None:
    """Hold the score against the future of a network's interactions, beside simple baselines."""
    started_at = datetime.now(UTC)
    plan = evaluation.Plan(
        network, cast(evaluation.Protocol, protocol), ahead_days, every_days, cuts=cuts, daily=daily, outside=outside
    )
    other = load(conf=place.conf, env=place.env, overrides=(*place.sets, *compared)) if compared else None
    place.config.network(network)
    with stages_shown(f"evaluating {network}"):
        found = evaluation.evaluate(
            place.tables, place.config, plan, other=other, run_id=_run_id(started_at), started_at=started_at
        )
    report = {**found.report, "compared_settings": list(compared or ())}
    if page is not None:
        write_file(page, evaluation_page(report, found.dots), option="--page")
    if place.is_json:
        typer.echo(as_json(report))
        return
    show_evaluation(place.console, report)
    if page is not None:
        place.console.print(shown(f"Page: {page}"))


@app.command(epilog="Example: kloutspark rollback --to 2012-07-06")
@at_a_place()
def rollback(
    place: Place,
    to: Annotated[str, typer.Option("--to", metavar="DAY|RUN_ID", help="A published day or a run of kloutspark runs.")],
) -> None:
    """Make the published scores what they were after an earlier run; later days disappear, in one commit."""
    started_at = datetime.now(UTC)
    done = publish.rollback(place.tables, to=to, run_id=_run_id(started_at), started_at=started_at)
    days = published.published_days(place.tables)
    if place.is_json:
        typer.echo(json.dumps({**done.model_dump(mode="json"), "published_days": [str(d) for d in days]}))
        return
    said = f"{days[0]} .. {days[-1]} are published" if days else "nothing is published"
    place.console.print(shown(f"The scores are what they were after the run for {done.as_of}: {said}."))


@app.command(epilog="Example: kloutspark maintain --json")
@at_a_place()
def maintain(place: Place) -> None:
    """Gather small files; remove tiles that no window needs and files that nobody within the retention reads."""
    started_at = datetime.now(UTC)
    with stages_shown("maintaining"):
        done = maintenance.maintain(place.tables, place.config, run_id=_run_id(started_at), started_at=started_at)
    rows = [asdict(table) for table in done]
    if place.is_json:
        typer.echo(as_json(rows))
    else:
        show_maintenance(place.console, rows)


@app.command(epilog="Example: kloutspark opt-out twitter:88")
@at_a_place()
def opt_out(place: Place, person: Person) -> None:
    """Publish nothing of a person or account from the next run on; days that are published keep their rows."""
    is_new = privacy.opt_out(place.tables, person, requested_at=datetime.now(UTC))
    if place.is_json:
        typer.echo(as_json({"person_id": person, "request": privacy.OPT_OUT, "is_new": is_new}))
        return
    said = (
        "From the next run on nothing is published of" if is_new else "It was asked for before: nothing is published of"
    )
    place.console.print(shown(f"{said} {person}. Days that are published already keep their rows."))


@app.command(epilog="Example: kloutspark fit labels.csv --out fitted.yaml; then: score --set model=fitted.yaml")
@at_a_place()
def fit(
    place: Place,
    labels: Annotated[
        str | None,
        typer.Argument(
            metavar="LABELS", help="CSV or Delta: left, right, label (1: left is more influential), weight."
        ),
    ] = None,
    from_future: Annotated[
        bool, typer.Option("--labels-from-future", help="Labels from history: who drew more people afterwards.")
    ] = False,
    authenticity: Annotated[
        str | None,
        typer.Option(
            "--authenticity", metavar="LABELS", help="CSV or Delta: network, account_id, is_automated (1, 0)."
        ),
    ] = None,
    anchors: Annotated[bool, typer.Option("--anchors", help="Anchors, from how evidence lies on a day.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=_file("--out"), metavar="FILE", help="Where the model, or its block, goes: YAML."),
    ] = None,
    ahead_days: Annotated[int, typer.Option("--ahead-days", min=1, help="So many days afterwards.")] = 28,
    labels_out: Annotated[
        str | None, typer.Option("--labels-out", metavar="PATH", help="Keep these labels: CSV (.csv) or Delta.")
    ] = None,
    as_of: AsOfOrNewest = None,
    sample: Annotated[int, typer.Option("--sample", min=1, help="Most pairs that are fitted to.")] = 10_000,
) -> None:
    """Fit the weights of a model to labelled comparisons of people or to history; or its doubts, or its anchors."""
    sources = {
        "LABELS": labels is not None,
        "--labels-from-future": from_future,
        "--authenticity": authenticity is not None,
        "--anchors": anchors,
    }
    given = [name for name, is_given in sources.items() if is_given]
    if len(given) != 1:
        found, remedy = " and ".join(given) or "none", "Give one of them."
        raise ConfigError("fit", expected=f"one of {', '.join(sources)}", found=found, remedy=remedy)
    if labels_out is not None and not from_future:
        remedy = "Labels of others stand where they are."
        raise ConfigError("--labels-out", expected="--labels-from-future with it", found=given[0], remedy=remedy)
    if anchors:
        _propose_anchors(place, as_of=as_of, out=out)
    elif authenticity is not None:
        told = fitting.fit_authenticity(
            place.tables, place.config, labels_path=authenticity, as_of=as_of, sample=sample
        )
        _write_block(told.block, out)
        if place.is_json:
            typer.echo(as_json(told.as_row()))
        else:
            show_doubts(place.console, told.as_row())
    else:
        if out is None:
            remedy = "A model is a file: score --set model=FILE uses it."
            raise ConfigError("--out", expected="a file", found="none", remedy=remedy)
        done = fitting.fit(
            place.tables,
            place.config,
            labels_path=labels,
            ahead_days=ahead_days,
            labels_out=labels_out,
            as_of=as_of,
            sample=sample,
        )
        write_file(out, done.page, option="--out")
        found_out = fitting.summary(done, out=str(out))
        if place.is_json:
            typer.echo(as_json(found_out))
        else:
            show_fit(place.console, found_out)


def _propose_anchors(place: Place, *, as_of: date | None, out: Path | None) -> None:
    day, evidence = published.evidence(place.tables, as_of=as_of)
    before, mover_points = place.config.on(day).model.calibration.anchors, place.config.gate.drift.mover_points
    proposal = propose(evidence, before=before, mover_points=mover_points)
    _write_block(proposal.block, out)
    rows = proposal.as_rows()
    if place.is_json:
        typer.echo(as_json({"as_of": day, **rows}))
    else:
        show_anchors(place.console, day, rows)


def _write_block(block: Mapping[str, Any], out: Path | None) -> None:
    """A block of a model's file; without a file nothing is written."""
    if out is not None:
        write_file(out, yaml.safe_dump(dict(block), sort_keys=False, allow_unicode=True), option="--out")


@app.command(epilog="Example: kloutspark demo --root ./kloutspark-data/demo")
@at_a_place(default_root=f"{DEFAULT_ROOT}/demo", default_env="small")
def demo(place: Place) -> None:
    """An invented world: its files written, ingested and scored for five days, then the top and one explanation."""
    world = load_world(place.conf)
    deliveries = write_world(Path(place.root), world)
    days = [world.last_day + timedelta(days=1 - age) for age in reversed(range(DEMO_DAYS))]
    done = published.published_days(place.tables)
    if not done:
        _ingest_files(place, deliveries.on_time)
    for as_of in days:
        if as_of in done:
            continue
        if as_of == days[-1]:
            _ingest_files(place, deliveries.late)
            for person in world.opting_out:
                privacy.opt_out(place.tables, person, requested_at=datetime.now(UTC))
        _score(place, as_of)
    rows = published.top(place.tables, as_of=None, count=10)
    if place.is_json:
        typer.echo(as_json(rows))
        return
    show_top(place.console, rows)
    row = published.person(place.tables, "parenting_writer", as_of=None)
    show_person(place.console, row, _background(place, row))
    show_distribution(place.console, published.distribution(place.tables, as_of=None, ranges=RANGES))
    place.console.print(
        f"\nNext: .venv/bin/kloutspark explain twitter:viral --root {place.root}\n"
        f"      .venv/bin/kloutspark top --json --root {place.root}\n"
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


def _background(place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    return published.background(place.tables, row, window_days=place.config.model.history_days)


def _ingest(place: Place, *, adapter: str, network: str | None, table: str | None, paths: Sequence[str]) -> None:
    started_at = datetime.now(UTC)
    results = ingestion.ingest(
        place.tables,
        place.config,
        adapter=adapter,
        network=network,
        table=table,
        paths=paths,
        run_id=_run_id(started_at),
        started_at=started_at,
    )
    if place.is_json:
        typer.echo(as_json([asdict(r) for r in results]))
        return
    for r in results:
        counts = [("read", r.read), ("added or changed", r.added), ("identical, skipped", r.identical)]
        counts += [(f"quarantined: {reason}", n) for reason, n in sorted(r.quarantined.items())]
        counts += [(f"not used: {what}", n) for what, n in sorted(r.not_used.items())]
        place.console.print(texts.table(f"{r.path} into {r.table}", ("rows", "count"), counts, right=(1,)))
        if r.unused_columns:
            place.console.print(shown(f"columns that nothing reads: {', '.join(r.unused_columns)}"))


def _ingest_files(place: Place, files: Mapping[str | None, Sequence[Path]]) -> None:
    for network, paths in files.items():
        _ingest(place, adapter="files", network=network, table=None, paths=[str(path) for path in paths])


def _score(
    place: Place,
    as_of: date,
    *,
    recompute: bool = False,
    is_older_allowed: bool = False,
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> None:
    started_at = datetime.now(UTC)
    with stages_shown(f"scoring {as_of}"):
        outcome = pipeline.run(
            place.tables,
            place.config,
            as_of=as_of,
            run_id=_run_id(started_at),
            started_at=started_at,
            recompute=recompute,
            is_older_allowed=is_older_allowed,
            accepted=accepted,
        )
    if place.is_json:
        typer.echo(json.dumps(_summary(outcome)))
    else:
        show_run(place.console, _summary(outcome))
    if not outcome.verdict.passed:
        raise typer.Exit(Exit.REFUSED)


def _summary(outcome: pipeline.Outcome) -> dict[str, Any]:
    summary = outcome.manifest.model_dump(mode="json")
    summary["findings"] = [finding.as_row() for finding in outcome.verdict.findings]
    return summary


def _run_id(started_at: datetime) -> str:
    return f"{started_at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
