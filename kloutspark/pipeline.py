"""The table of contents of a day: wiring in order, no logic."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import partial, reduce
from types import MappingProxyType

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Config
from kloutspark.domain.contracts import (
    ACTOR_DAYS,
    EDGES,
    FEATURE_NAMES,
    FEATURES,
    INTERACTIONS,
    LINKS,
    OWNERS,
    PAIRS,
    QUARANTINE,
    RANKS,
    REQUESTS,
    SCORES,
    SCORES_CANDIDATE,
    TARGETS,
)
from kloutspark.domain.counts import Counts
from kloutspark.domain.windows import Span, newest_at_or_before
from kloutspark.publish import audit, publish
from kloutspark.quality.gate import Verdict
from kloutspark.storage import costs, inputs, manifest
from kloutspark.storage.day import Day, on_days, open_day, survey
from kloutspark.storage.inputs import NetworkInput
from kloutspark.storage.lock import run_lock
from kloutspark.storage.manifest import Graph, Manifest, Stage
from kloutspark.storage.scratch import scratch
from kloutspark.storage.session import settled
from kloutspark.storage.tables import Tables
from kloutspark.transforms import authenticity, edges, evidence, facts, features, identity, tiles
from kloutspark.transforms.conform import conform, judge
from kloutspark.transforms.rank import iterate_ranks, pack_edges

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a day came to."""

    manifest: Manifest
    verdict: Verdict


@dataclass(frozen=True)
class Tiled:
    """What tiling came to: the days of each network whose targets changed, and what became of its rows."""

    touched: dict[str, list[date]]
    counts: Mapping[str, Mapping[str, int]]


def run(
    tables: Tables,
    config: Config,
    *,
    as_of: date,
    run_id: str,
    started_at: datetime,
    recompute: bool = False,
    is_older_allowed: bool = False,
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> Outcome:
    """Scores one day and publishes it, or refuses to; a model that is phased in counts by its share of that day.

    `is_older_allowed` is for whoever runs the later published days again too; `accepted` gives reasons by vital.

    Raises:
        ConfigError: the day is older than the newest published one.
        InputError: no network has rows in the window, an input is missing or drifted, another run holds the root.
    """
    opening: list[Stage] = []
    with run_lock(tables.root):
        with ExitStack() as kept:  # frames that several stages read
            with costs.stage(tables.spark, "open", as_of=as_of, run_id=run_id, into=opening):
                day = open_day(
                    tables,
                    config.on(as_of),
                    as_of=as_of,
                    run_id=run_id,
                    recompute=recompute,
                    is_older_allowed=is_older_allowed,
                )
                linked = kept.enter_context(settled(_owners(day)))
                hidden = kept.enter_context(_hidden(day, linked))
                owners = identity.without(linked, hidden)
            day.stages += opening
            with day.stage("judge"):
                read = judge_rows(day)
            with day.stage("pairs"):
                tiled = build_pairs(day, hidden)
            with day.stage("targets"):
                build_targets(day, tiled.touched)
            with day.stage("ranks"):
                pages = _page_links(day)
                build_ranks(day, pages, hidden)
            with day.stage("features"):
                vectors = kept.enter_context(_measured(day, owners, linked, pages, hidden))
                build_features(day, vectors)
            with day.stage("scores"):
                gone = None if hidden is None else identity.hidden_persons(hidden, linked)
                build_candidate(day, vectors, owners, gone)
        counts = {name: of_rows.model_copy(update=tiled.counts.get(name, {})) for name, of_rows in read.items()}
        with day.stage("gate"):
            verdict = audit(day, counts, accepted=accepted)
        if verdict.passed:
            with day.stage("publish"):
                publish(day)
        finished = _manifest(day, counts, verdict, started_at=started_at, reasons=accepted)
        manifest.finish(tables, finished)
        return Outcome(finished, verdict)


def check_inputs(tables: Tables, config: Config, *, as_of: date) -> dict[str, str]:
    """What a run of the day would do with each network that it has rows of; nothing is written.

    Raises:
        InputError: the run would find its inputs missing or empty; what `run` says of them.
    """
    last, _ = manifest.last_finished(tables)
    return {source.name: source.mode for source in survey(tables, config, as_of=as_of, last=last).sources}


def judge_rows(day: Day) -> dict[str, Counts]:
    """What the run reads, a network: rows outside and rows quarantined, these kept with their reasons."""
    if not day.reacting:
        return {}
    frames = [_judged(day, source, inputs.rows_read(day.tables, source)) for source in day.reacting]
    judged = _union(frames)
    rows = judged.groupBy("network").agg(
        F.count("*").alias("read"),
        F.count_if("is_outside").alias("outside"),
        F.count("reason").alias("quarantined"),
        F.expr("min(day) FILTER (WHERE NOT is_outside AND reason IS NULL) AS first_day"),
    )
    found = {}
    for r in rows.collect():
        found[r["network"]] = Counts(read=r["read"], outside=r["outside"], quarantined=r["quarantined"])
        if r["first_day"] is not None:
            day.first_read[r["network"]] = r["first_day"]
    if any(c.quarantined for c in found.values()):
        _quarantine(day, judged.where("reason is not null"), "interactions", [c.name for c in INTERACTIONS.written])
    return {source.name: found.get(source.name, Counts()) for source in day.reacting}


def build_pairs(day: Day, hidden: DataFrame | None) -> Tiled:
    """Writes pairs, actor-days and edges of the built days; who is hidden stands like somebody without a score."""
    config, built_days = day.config, {s.name: s.built for s in day.reacting}
    if not built_days:
        return Tiled({}, {})
    is_built = on_days(built_days)
    rows_of = [_judged(day, s, inputs.rows_to_tile(day.tables, s)) for s in day.reacting]
    old_pairs, frozen = day.read(PAIRS), day.read_tiles(ACTOR_DAYS, built_days)
    values = {source.name: config.kind_values(source.name) for source in day.reacting}
    counted = tiles.count_pairs(_union(rows_of), values=values, damping=config.model.damping)
    first_days = _first_days(day)
    incremental = [s.name for s in day.reacting if s.why_rebuilt is None]
    late = {s.name: sorted(s.late) for s in day.reacting if s.late}
    with (
        settled(counted) if first_days else nullcontext(counted) as pairs_counted,
        _judged_actors(day, pairs_counted, frozen, built_days, first_days) as judgements,
        settled(
            tiles.weigh(
                pairs_counted,
                frozen,
                _standings(day, built_days, hidden),
                judgements,
                selectivity=config.model.selectivity,
            )
        ) as weighed,
    ):
        counts = _tally(weighed)
        pairs_built = sum(of_network.pop("pairs") for of_network in counts.values())
        if late:  # only what the tiles hold more than before
            for name, before in _tally(old_pairs.where(on_days(late))).items():
                counts[name].subtract({what: n for what, n in before.items() if what != "pairs"})
        seen = None
        if incremental:
            past = old_pairs.where(F.col("network").isin(incremental) & ~is_built & day.is_in_window())
            seen = tiles.find_pairs(past, weighed, is_broadcast=pairs_built <= config.spark.broadcast_pairs)
        pairs = tiles.link_days(weighed, seen, is_one_day=not _have_later_days(built_days))
        day.replace_tiles(pairs, PAIRS, built_days)
        day.replace_tiles(tiles.freeze_actor_days(weighed, frozen), ACTOR_DAYS, built_days)
        day.replace_tiles(pack_edges(edges.of_reactions(weighed)), EDGES, built_days)
    touched = {name: list(days) for name, days in built_days.items()}
    if late:
        new_pairs = day.read(PAIRS)
        pairs_touched = _union([f.where(on_days(late)).select(*tiles.PAIR) for f in (old_pairs, new_pairs)])
        others = old_pairs.where(F.col("network").isin(list(late)) & ~is_built & day.is_in_window())
        relinked = tiles.relink_days(pairs_touched, new_pairs.where(is_built), others)
        with settled(relinked) as relinked:
            for row in relinked.select("network", "day").distinct().collect():
                touched[row["network"]].append(row["day"])
            day.versions[PAIRS.name] = day.tables.amend(relinked, PAIRS, ["previous_day"])
    return Tiled(touched, counts)


def build_targets(day: Day, touched: dict[str, list[date]]) -> None:
    """Writes the targets' tiles of the touched days."""
    if not touched:
        return
    pairs = day.read(PAIRS).where(on_days(touched) & ~F.expr(tiles.IS_SELF))  # who reacts to oneself credits nobody
    day.replace_tiles(_sum_targets(day, pairs), TARGETS, touched)


def _sum_targets(day: Day, pairs: DataFrame) -> DataFrame:
    model = day.config.model
    vouching_weight = model.authenticity.newcomers.vouching_weight
    return tiles.sum_targets(pairs, kinds=day.kinds, standing=model.standing, vouching_weight=vouching_weight)


def build_ranks(day: Day, pages: Sequence[DataFrame], hidden: DataFrame | None) -> None:
    """Writes the ranks of every graph: who reacts to whom on each network, which page links to which.

    Who is hidden stays an end of edges, and has no row.
    """
    frames = []
    actor_days, targets = (day.read(contract).where(day.is_in_window()) for contract in (ACTOR_DAYS, TARGETS))
    reacting = edges.of_accounts(actor_days, targets, _newest_standings(day, hidden))
    walks, start = day.config.model.ranks, None
    if day.last_published is not None:
        start = day.read(RANKS).where(F.col("as_of") == F.lit(day.last_published))
    with ExitStack() as kept:
        settle = kept.enter_context(scratch(day.tables, day.run_id, settles_in=day.config.spark.settles_in))
        graphs = [(partial(_reactions, day), reacting, walks.engagement)]
        if pages:
            links = kept.enter_context(settled(edges.of_pages(_union(pages))))
            graphs.append((partial(pack_edges, links), edges.of_linked_pages(links), walks.pages))
        for found, ends_of, walk in graphs:
            with settled(ends_of) as accounts:
                ranked = iterate_ranks(found, accounts, start, as_of=day.as_of, walk=walk, settle=settle)
            frames.append(ranked.ranks)
            day.graphs += ranked.runs
        day.replace_day(identity.without(_union(frames), hidden, network=edges.NETWORK), RANKS)


def _reactions(day: Day, seed: int) -> DataFrame:
    """Edges of the graphs of reactions as arrays; by the first seed they stand in the tiles."""
    if seed:
        packed = pack_edges(edges.of_reactions(day.read(PAIRS).where(day.is_in_window())), seed)
    else:
        packed = day.read(EDGES).where(day.is_in_window())
    return packed.withColumnRenamed("network", "graph").drop("day")


@contextmanager
def _measured(
    day: Day, owners: DataFrame, linked: DataFrame, pages: Sequence[DataFrame], hidden: DataFrame | None
) -> Iterator[DataFrame]:
    """The signals of every account, and of persons with several on one network (VECTORS), of nobody who is hidden.

    `owners` are the `linked` ones (OWNERS) that are not hidden.
    """
    model, networks = day.config.model, {s.name: day.config.subjects(s.name) for s in day.sources}
    sums = features.sum_facts(
        *_facts(day, owners, linked, pages),
        ends={s.name: s.window.end for s in day.sources},
        networks=networks,
        windows_days=model.windows_days,
        carry_days={s.name: day.config.networks[s.name].carry_days for s in day.sources},
    )
    with settled(sums) if day.judged_networks else nullcontext(sums) as known:
        whole = _with_newcomers(day, known) if day.judged_networks else known
        vectors = features.measure(whole, owners, networks=networks, windows_days=model.windows_days)
        with settled(identity.without(vectors, hidden)) as measured:
            yield measured


def _facts(day: Day, owners: DataFrame, linked: DataFrame, pages: Sequence[DataFrame]) -> tuple[DataFrame, DataFrame]:
    """What is known (FACTS): of tiles, and else."""
    kinds, targets = day.kinds, day.read(TARGETS).where(day.is_in_window())
    reactions = facts.of_reactions(targets, kinds=kinds)
    others = _union([*_other_facts(day, targets), *[facts.of_pages(links) for links in pages]])
    if not identity.has_several(owners):
        return reactions, others
    merged = identity.merge_accounts(day.read(PAIRS).where(day.is_in_window()), owners, linked, kinds=kinds)
    of_persons = facts.of_reactions(_sum_targets(day, merged), kinds=kinds, are_persons=True)
    return _union([reactions, of_persons]), _union([others, facts.of_persons(others, owners)])


def _with_newcomers(day: Day, sums: DataFrame) -> DataFrame:
    """Sums to which newcomers are added; what is usual of them goes into the manifest."""
    model, newcomers = day.config.model, day.config.model.authenticity.newcomers
    measures, actors = features.judged_sums(model.windows_days), f"actors_{model.history_days}"
    for row in authenticity.sum_usual(sums, measures, actors=actors, newcomers=newcomers).collect():
        of_network = {m: (row[f"newcomer_{m}"], row[m]) for m in measures}
        of_network["newcomers"] = (row["newcomers"], row[actors])
        day.usual_newcomers[row["network"]] = of_network
    return authenticity.count_newcomers(sums, measures, day.usual_newcomers, actors=actors, newcomers=newcomers)


def build_features(day: Day, vectors: DataFrame) -> None:
    """Writes the signals of every account, and their names where the fingerprint is another than the last run's."""
    if day.last is None or day.last.fingerprint != day.config.fingerprint:
        names = [
            {"fingerprint": day.config.fingerprint, "network": n, "names": [s.name for s in day.config.signals(n)]}
            for n in day.config.scored
        ]
        day.tables.append(day.tables.rows(FEATURE_NAMES, names), FEATURE_NAMES)
    stamped = vectors.where("account_id is not null").withColumns(
        {"as_of": F.lit(day.as_of), "fingerprint": F.lit(day.config.fingerprint)}
    )
    day.replace_day(conform(stamped, FEATURES), FEATURES)


def build_candidate(day: Day, vectors: DataFrame, owners: DataFrame, hidden_persons: DataFrame | None) -> None:
    """Writes the candidate: who is in it, what speaks for each, calibrated and held by the step limit."""
    config = day.config
    signals = {s.name: config.signals(s.name) for s in day.sources}
    terms = {s.name: config.terms(s.name) for s in day.sources}
    carrying = {t.signal for ts in terms.values() for t in ts}
    words = evidence.Words(
        titles={n: config.networks[n].title for n in config.scored},
        held=day.held,
        phrases={s.name: s.phrases for of_network in signals.values() for s in of_network if s.name in carrying},
    )
    rows = evidence.score(
        evidence.weigh_evidence(vectors.where("is_counted"), signals=signals, terms=terms),
        _past(day, hidden_persons),
        owners,
        as_of=day.as_of,
        days_since=(day.as_of - (day.last_published or day.as_of)).days,
        model=config.model,
        words=words,
        run_id=day.run_id,
        fingerprint=config.fingerprint,
    )
    day.replace_day(rows, SCORES_CANDIDATE)


def _first_days(day: Day) -> dict[str, date]:
    """The first day with rows in the window, of each network where actors are judged."""
    networks = {s.name: s for s in day.judged_networks}
    if not networks:
        return {}
    past = day.read(ACTOR_DAYS).where(F.col("network").isin(list(networks)) & day.is_in_window())
    found = {n: d for n, d in past.groupBy("network").agg(F.min("day")).collect() if networks[n].why_rebuilt is None}
    return {
        n: min(d for d in (found.get(n), day.first_read.get(n)) if d) for n in {*found, *day.first_read} & {*networks}
    }


def _have_later_days(built_days: Mapping[str, Sequence[date]]) -> bool:
    """Whether a network has several built days, so that one of them is another one's past."""
    return any(len(days) > 1 for days in built_days.values())


@contextmanager
def _judged_actors(
    day: Day,
    counted: DataFrame,
    frozen: DataFrame,
    built_days: Mapping[str, list[date]],
    first_days: Mapping[str, date],
) -> Iterator[DataFrame | None]:
    """What the reactions of the built days are worth by who gives them (JUDGEMENTS); None where nobody is judged."""
    if not first_days:
        yield None
        return
    model = day.config.model
    is_past = F.col("network").isin(list(first_days)) & ~on_days(built_days) & day.is_in_window()
    judged = [s for s in day.reacting if s.name in first_days]
    created = [found for s in judged if (found := inputs.created_accounts(day.tables, s)) is not None]
    past_targets = day.read(TARGETS).where(is_past)
    dated = authenticity.date_actors(
        counted.where(F.col("network").isin(list(first_days))),
        frozen,
        day.read(ACTOR_DAYS).where(is_past),
        past_targets,
        _union(created) if created else None,
        _follows(day, counted, judged),
        first_days=first_days,
        built_from={n: min(built_days[n]) for n in first_days},
        authenticity=model.authenticity,
    )
    steps = model.authenticity.newcomers.vouching_steps if _have_later_days(built_days) else 0
    with settled(dated) as by_age:
        unknown = authenticity.unknown_by_age(by_age)
        is_broadcast = unknown.count() <= day.config.spark.broadcast_pairs  # else the window's tiles are moved to them
        actors = authenticity.know_actors(by_age, F.broadcast(unknown) if is_broadcast else unknown, past_targets)
        with settled(actors) if steps else nullcontext(actors) as known:
            yield authenticity.judge_actors(
                known,
                counted,
                steps=steps,
                authenticity=model.authenticity,
                selectivity=model.selectivity,
            )


def _follows(day: Day, counted: DataFrame, sources: Sequence[NetworkInput]) -> DataFrame | None:
    """Whom the actors of the built days follow; None where nothing is known of it."""
    pages, found = day.config.networks, []
    names = {s.name: pair for s in sources if (pair := pages[s.name].follow_gauges) is not None}
    for source in (s for s in sources if s.name in names):
        span = Span(min(source.built) - timedelta(days=pages[source.name].carry_days), source.window.end)
        gauges = inputs.gauges_in(day.tables, source, span=span, allowed=pages[source.name].account_types)
        if gauges is not None:
            found.append(gauges)
    if not found:
        return None
    carry_days = {name: pages[name].carry_days for name in names}
    return authenticity.compare_follows(_union(found), counted, follow_gauges=names, carry_days=carry_days)


def _tally(pairs: DataFrame) -> defaultdict[str, Counter[str]]:
    """By network: pairs, and what became of their rows: counted, own, duplicate."""
    rows = pairs.groupBy("network").agg(
        F.expr("count(*) AS pairs"),
        F.expr(f"sum(if({tiles.IS_SELF}, 0, {tiles.ALL_REACTIONS})) AS counted"),
        F.expr(f"sum(if({tiles.IS_SELF}, {tiles.ALL_REACTIONS}, 0)) AS own"),
        F.expr("sum(duplicates) AS duplicate"),
    )
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for network, *numbers in rows.collect():
        found[network].update(dict(zip(rows.columns[1:], numbers, strict=True)))
    return found


def _other_facts(day: Day, targets: DataFrame) -> list[DataFrame]:
    """Facts of posts, gauges and ranks, where there are any."""
    found, config = [], day.config
    for source in day.sources:
        page = config.networks[source.name]
        posts = inputs.posts_in(day.tables, source, allowed=page.account_types)
        if posts is not None:
            found.append(facts.of_posts(posts, targets.where(F.col("network") == source.name)))
        span = Span.before(source.window.end, days=config.model.history_days + page.carry_days)
        gauges = inputs.gauges_in(day.tables, source, span=span, allowed=page.account_types)
        if gauges is not None:
            found.append(facts.of_gauges(gauges))
    ranks = day.read(RANKS).where(F.col("as_of") == F.lit(day.as_of))
    sizes = {run.graph: run.accounts for run in day.graphs}
    return [*found, facts.of_ranks(ranks, sizes=sizes)]


def _page_links(day: Day) -> list[DataFrame]:
    """The newest page graph of each network that has one: network, from_id, to_id."""
    types = {s.name: day.config.networks[s.name].account_types for s in day.sources}
    found = [inputs.page_links_before(day.tables, s, allowed=types[s.name]) for s in day.sources]
    return [links for links in found if links is not None]


def _owners(day: Day) -> DataFrame:
    """Who owns which account (OWNERS); links that do not count are kept in quarantine with their reason."""
    if day.links is None:
        return day.tables.nobody(OWNERS.schema)
    links = day.tables.read(LINKS, version=day.links.version)
    held = identity.hold(links, as_of=day.as_of, networks=day.config.scored)
    refused = held.where("reason is not null")
    if not refused.isEmpty():
        _quarantine(day, refused, "identity_links", LINKS.names)
    return identity.own(held)


def _quarantine(day: Day, refused: DataFrame, table: str, columns: Sequence[str]) -> None:
    """Keeps refused rows of an input table, which carry network and reason, as JSON of its columns."""
    kept = refused.select(
        F.lit(day.run_id).alias("run_id"),
        "network",
        F.lit(table).alias("table"),
        "reason",
        F.to_json(F.struct(*columns)).alias("row"),
    )
    day.tables.append(conform(kept, QUARANTINE), QUARANTINE)


@contextmanager
def _hidden(day: Day, linked: DataFrame) -> Iterator[DataFrame | None]:
    """Who opted out (HIDDEN), for as long as the run needs it; None where nobody asked."""
    if day.requests is None:
        yield None
        return
    requests = day.tables.read(REQUESTS, version=day.requests.version)
    links = linked if day.links is None else day.tables.read(LINKS, version=day.links.version)
    with settled(identity.hide(requests, links, linked, networks=day.config.scored)) as hidden:
        yield hidden


def _past(day: Day, hidden_persons: DataFrame | None) -> DataFrame | None:
    """What is left of everybody's newest score; None where nothing was published before."""
    if day.last_published is None:
        return None
    step = day.config.model.step_limit
    reach = timedelta(days=99 * 100 // step.down_hundredths + 1)  # after so many days nothing is left of 100
    since = day.last_published - reach
    is_past = (F.col("as_of") >= F.lit(since)) & (F.col("as_of") <= F.lit(day.last_published))
    newest = day.read(SCORES).where(is_past).groupBy("person_id")
    rows = newest.agg(F.max_by("score", "as_of").alias("score"), F.max("as_of").alias("as_of"))
    if hidden_persons is not None:
        rows = rows.join(hidden_persons, "person_id", how="left_anti")
    return evidence.keep_past(rows, last_published=day.last_published, step=step)


def _standings(day: Day, built_days: dict[str, list[date]], hidden: DataFrame | None) -> DataFrame:
    spoken_for: dict[date, list[date]] = {}
    for built in sorted({d for days in built_days.values() for d in days}):
        if (newest := newest_at_or_before(day.published, built)) is not None and newest < day.as_of:
            spoken_for.setdefault(newest, []).append(built)
    scores = day.read(SCORES).where(F.col("as_of").isin(list(spoken_for)))
    cases = [F.when(F.col("as_of") == F.lit(p), F.array(*[F.lit(d) for d in days])) for p, days in spoken_for.items()]
    days = F.coalesce(*cases) if cases else F.expr("cast(array() as array<date>)")
    standings = tiles.stand(scores, days=days, standing=day.config.model.standing)
    return identity.without(standings, hidden, account="actor_id")


def _newest_standings(day: Day, hidden: DataFrame | None) -> DataFrame:
    """Standings by the newest published scores before the day (STANDINGS): the prior of the graphs of reactions."""
    scores = day.read(SCORES).where(F.col("as_of") == F.lit(day.last_published))
    newest = F.array(F.lit(day.as_of))
    standings = tiles.stand(scores, days=newest, standing=day.config.model.standing)
    return identity.without(standings, hidden, account="actor_id")


def _judged(day: Day, source: NetworkInput, rows: DataFrame) -> DataFrame:
    allowed = day.config.networks[source.name].account_types
    refused = inputs.refused_accounts(day.tables, source.name, source.pins, allowed=allowed)
    return judge(rows, refused, network=source.name, kinds=day.kinds[source.name], window=source.window)


def _manifest(
    day: Day, counts: dict[str, Counts], verdict: Verdict, *, started_at: datetime, reasons: Mapping[str, str]
) -> Manifest:
    pins = {path: pin for source in day.sources for path, pin in source.pins.items()}
    for contract, pin in ((LINKS, day.links), (REQUESTS, day.requests)):
        if pin is not None:
            pins[contract.path()] = pin
    tiles_from = {} if day.last is None else dict(day.last.tiles_from)
    tiles_from |= {s.name: s.window.start for s in day.reacting if s.why_rebuilt is not None}
    return Manifest(
        run_id=day.run_id,
        as_of=day.as_of,
        status="published" if verdict.passed else "refused",
        started_at=started_at,
        fingerprint=day.config.fingerprint,
        tile_fingerprint=day.config.tile_fingerprint,
        tiles_from=tiles_from,
        history_from=day.history_from,
        usual_newcomers=day.usual_newcomers,
        inputs=pins,
        kept=day.versions,
        modes={s.name: s.mode for s in day.sources},
        held=day.held,
        published=tuple(sorted({*day.published, *([day.as_of] if verdict.passed else [])})),
        counts=counts,
        ranks_from=day.last_published,
        graphs=tuple(Graph(**asdict(graph)) for graph in day.graphs),
        stages=tuple(day.stages),
        accepted={f.name: reasons[f.vital] for f in verdict.accepted},
    )


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)
