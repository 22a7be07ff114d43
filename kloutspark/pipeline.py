"""The table of contents of a day: wiring in order, no logic."""

import logging
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from types import MappingProxyType

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Config
from kloutspark.domain.contracts import (
    ACTOR_DAYS,
    FEATURES,
    INTERACTIONS,
    LINKS,
    PAIRS,
    QUARANTINE,
    SCORES,
    SCORES_CANDIDATE,
    TARGETS,
)
from kloutspark.domain.counts import Counts
from kloutspark.domain.windows import newest_at_or_before
from kloutspark.publish import audit, publish
from kloutspark.quality.gate import Verdict
from kloutspark.storage import inputs, manifest
from kloutspark.storage.day import Day, open_day
from kloutspark.storage.inputs import NetworkInput
from kloutspark.storage.lock import run_lock
from kloutspark.storage.manifest import Manifest
from kloutspark.storage.session import settled
from kloutspark.storage.tables import Tables
from kloutspark.transforms import evidence, features, identity, tiles
from kloutspark.transforms.conform import conform, judge

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a day came to."""

    manifest: Manifest
    verdict: Verdict


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
    """Scores one day and publishes it, or refuses to.

    `is_older_allowed` is for whoever runs the later published days again too; `accepted` gives reasons by vital.

    Raises:
        ConfigError: the day is older than the newest published one.
        InputError: no network has rows in the window, an input is missing or drifted, another run holds the root.
    """
    with run_lock(tables.root):
        day = open_day(
            tables, config, as_of=as_of, run_id=run_id, recompute=recompute, is_older_allowed=is_older_allowed
        )
        with day.stage("judge"):
            read = judge_rows(day)
        with day.stage("pairs"):
            touched = build_pairs(day)
        with day.stage("targets"):
            build_targets(day, touched)
        counts = account(day, read)
        with day.stage("features"):
            build_features(day)
        with day.stage("scores"):
            build_candidate(day)
        with day.stage("gate"):
            verdict = audit(day, counts, accepted=accepted)
        if verdict.passed:
            with day.stage("publish"):
                publish(day)
        finished = _manifest(day, counts, verdict, started_at=started_at, reasons=accepted)
        manifest.finish(tables, finished)
        return Outcome(finished, verdict)


def judge_rows(day: Day) -> dict[str, Counts]:
    """What the run reads, a network: rows outside and rows quarantined, these kept with their reasons."""
    frames = [_judged(day, source, inputs.rows_read(day.tables, source, window=day.window)) for source in day.sources]
    judged = _union(frames)
    rows = judged.groupBy("network").agg(
        F.count("*").alias("read"), F.count_if("is_outside").alias("outside"), F.count("reason").alias("quarantined")
    )
    found = {
        r["network"]: Counts(read=r["read"], outside=r["outside"], quarantined=r["quarantined"]) for r in rows.collect()
    }
    refused = judged.where("reason is not null").select(
        F.lit(day.run_id).alias("run_id"),
        "network",
        F.lit("interactions").alias("table"),
        "reason",
        F.to_json(F.struct(*[c.name for c in INTERACTIONS.written])).alias("row"),
    )
    if any(c.quarantined for c in found.values()):
        day.tables.append(conform(refused, QUARANTINE), QUARANTINE)
    return {source.name: found.get(source.name, Counts()) for source in day.sources}


def build_pairs(day: Day) -> dict[str, list[date]]:
    """Writes pairs and actor-days of the built days; returns the days of each network whose targets changed."""
    config, built_days = day.config, {s.name: s.built(day.as_of) for s in day.sources}
    is_built = _on(built_days)
    rows_of = [_judged(day, s, inputs.rows_to_tile(day.tables, s, window=day.window)) for s in day.sources]
    old_pairs, frozen = day.read(PAIRS), day.read(ACTOR_DAYS).where(is_built)
    counted = tiles.count_pairs(_union(rows_of), damping=config.model.damping)
    weighed = tiles.weigh(counted, frozen, _standings(day, built_days), selectivity=config.model.selectivity)
    incremental = [s.name for s in day.sources if s.why_rebuilt is None]
    late = {s.name: sorted(s.late) for s in day.sources if s.late}
    with settled(weighed) as weighed:
        seen = None
        if incremental:
            past = old_pairs.where(F.col("network").isin(incremental) & ~is_built & day.is_in_window())
            keys = weighed.select(*tiles.PAIR)
            keys = F.broadcast(keys) if weighed.count() <= config.spark.broadcast_pairs else keys
            seen = past.join(keys, list(tiles.PAIR), how="left_semi")
        pairs = tiles.link_days(weighed, None if seen is None else seen.select(*tiles.PAIR, "day"))
        day.replace_tiles(pairs, PAIRS, built_days)
        day.replace_tiles(tiles.freeze_actor_days(weighed, frozen), ACTOR_DAYS, built_days)
    touched = {name: list(days) for name, days in built_days.items()}
    if late:
        new_pairs = day.read(PAIRS)
        pairs_touched = _union([f.where(_on(late)).select(*tiles.PAIR) for f in (old_pairs, new_pairs)])
        others = old_pairs.where(F.col("network").isin(list(late)) & ~is_built & day.is_in_window())
        relinked = tiles.relink_days(pairs_touched, new_pairs.where(is_built), others)
        with settled(relinked) as relinked:
            for row in relinked.select("network", "day").distinct().collect():
                touched[row["network"]].append(row["day"])
            day.versions[PAIRS.name] = day.tables.amend(relinked, PAIRS, ["previous_day"])
    return touched


def build_targets(day: Day, touched: dict[str, list[date]]) -> None:
    """Writes the targets' tiles of the touched days."""
    pairs = day.read(PAIRS).where(_on(touched) & ~F.expr(tiles.IS_SELF))  # who reacts to oneself credits nobody
    day.replace_tiles(tiles.sum_targets(pairs, kinds=day.config.all_kinds), TARGETS, touched)


def account(day: Day, read: dict[str, Counts]) -> dict[str, Counts]:
    """Completes the counts from what was written: on late days, what the tiles hold more than before."""
    own = F.expr(tiles.IS_SELF)
    reactions = F.aggregate(F.map_values("reactions"), F.lit(0).cast("bigint"), lambda n, r: n + r)

    def sums(frame: DataFrame, sign: int) -> DataFrame:
        return frame.groupBy("network").agg(
            (sign * F.sum(F.when(own, 0).otherwise(reactions))).alias("counted"),
            (sign * F.sum(F.when(own, reactions).otherwise(0))).alias("own"),
            (sign * F.sum("duplicates")).alias("duplicate"),
        )

    found = sums(day.read(PAIRS).where(_on({s.name: s.built(day.as_of) for s in day.sources})), 1)
    if late := {s.name: sorted(s.late) for s in day.sources if s.late}:
        found = found.unionByName(sums(day.read_opened(PAIRS).where(_on(late)), -1))
    totals = found.groupBy("network").agg(*[F.sum(n).alias(n) for n in ("counted", "own", "duplicate")])
    rows = {r["network"]: r.asDict() for r in totals.collect()}
    return {
        name: counts.model_copy(update={k: v for k, v in rows.get(name, {}).items() if k != "network"})
        for name, counts in read.items()
    }


def build_features(day: Day) -> None:
    """Writes the signals of every account."""
    targets = day.read(TARGETS).where(day.is_in_window())
    vectors = features.measure(targets, as_of=day.as_of, signals=day.config.model.signals)
    rows = vectors.withColumns({"as_of": F.lit(day.as_of), "fingerprint": F.lit(day.config.fingerprint)})
    day.replace(conform(rows, FEATURES), FEATURES, where=f"as_of = '{day.as_of}'")


def build_candidate(day: Day) -> None:
    """Writes the candidate: who is in it, what speaks for each, calibrated and held by the step limit."""
    config, model = day.config, day.config.model
    with settled(_owners(day)) as owners:  # read by six joins of one plan
        vectors = identity.own_signals(day.read(FEATURES).where(F.col("as_of") == F.lit(day.as_of)), owners)
        if identity.has_several(owners):
            pairs = day.read(PAIRS).where(day.is_in_window())
            merged = tiles.sum_targets(identity.merge_accounts(pairs, owners), kinds=[identity.ANY_KIND])
            several = features.measure(merged, as_of=day.as_of, signals=model.signals)
            vectors = vectors.unionByName(several.withColumnRenamed("account_id", "person_id"))
        posting = [
            inputs.posting_accounts(day.tables, s, window=day.window, allowed=config.networks[s.name].account_types)
            for s in day.sources
        ]
        rows = evidence.score(
            identity.population(owners, [accounts for accounts in posting if accounts is not None]),
            evidence.weigh_evidence(vectors, model=model, networks=config.scored),
            _past(day),
            owners,
            as_of=day.as_of,
            days_since=(day.as_of - (day.last_published or day.as_of)).days,
            model=model,
            titles={name: config.networks[name].title for name in config.scored},
            run_id=day.run_id,
            fingerprint=config.fingerprint,
        )
        day.replace(rows, SCORES_CANDIDATE, where=f"as_of = '{day.as_of}'")


def _owners(day: Day) -> DataFrame:
    """Who owns which account (OWNERS); links that do not count are kept in quarantine with their reason."""
    if day.links is None:
        return day.tables.nobody("network string, account_id string, person_id string")
    links = day.tables.read(LINKS, version=day.links.version)
    held = identity.hold(links, as_of=day.as_of, networks=day.config.scored)
    refused = held.where("reason is not null").select(
        F.lit(day.run_id).alias("run_id"),
        "network",
        F.lit("identity_links").alias("table"),
        "reason",
        F.to_json(F.struct(*LINKS.names)).alias("row"),
    )
    if not refused.isEmpty():
        day.tables.append(conform(refused, QUARANTINE), QUARANTINE)
    return identity.own(held)


def _past(day: Day) -> DataFrame | None:
    """What is left of everybody's newest score; None where nothing was published before."""
    if day.last_published is None:
        return None
    step = day.config.model.step_limit
    reach = timedelta(days=99 * 100 // step.down_hundredths + 1)  # after so many days nothing is left of 100
    since = day.last_published - reach
    is_past = (F.col("as_of") >= F.lit(since)) & (F.col("as_of") <= F.lit(day.last_published))
    newest = day.read(SCORES).where(is_past).groupBy("person_id")
    rows = newest.agg(F.max_by("score", "as_of").alias("score"), F.max("as_of").alias("as_of"))
    return evidence.keep_past(rows, last_published=day.last_published, step=step)


def _standings(day: Day, built_days: dict[str, list[date]]) -> DataFrame:
    spoken_for: dict[date, list[date]] = {}
    for built in sorted({d for days in built_days.values() for d in days}):
        if (newest := newest_at_or_before(day.published, built)) is not None and newest < day.as_of:
            spoken_for.setdefault(newest, []).append(built)
    scores = day.read(SCORES).where(F.col("as_of").isin(list(spoken_for)))
    cases = [F.when(F.col("as_of") == F.lit(p), F.array(*[F.lit(d) for d in days])) for p, days in spoken_for.items()]
    days = F.coalesce(*cases) if cases else F.expr("cast(array() as array<date>)")
    return tiles.stand(scores, days=days, standing=day.config.model.standing)


def _judged(day: Day, source: NetworkInput, rows: DataFrame) -> DataFrame:
    allowed = day.config.networks[source.name].account_types
    refused = inputs.refused_accounts(day.tables, source.name, source.pins, allowed=allowed)
    kinds = day.config.kind_values(source.name)
    return judge(rows, refused, network=source.name, kinds=kinds, window=day.window)


def _manifest(
    day: Day, counts: dict[str, Counts], verdict: Verdict, *, started_at: datetime, reasons: Mapping[str, str]
) -> Manifest:
    pins = {path: pin for source in day.sources for path, pin in source.pins.items()}
    if day.links is not None:
        pins[LINKS.path()] = day.links
    is_rebuilt = any(source.why_rebuilt is not None for source in day.sources)
    tiles_from = day.window.start if is_rebuilt or day.last is None else day.last.tiles_from
    return Manifest(
        run_id=day.run_id,
        as_of=day.as_of,
        status="published" if verdict.passed else "refused",
        started_at=started_at,
        fingerprint=day.config.fingerprint,
        tile_fingerprint=day.config.tile_fingerprint,
        tiles_from=tiles_from,
        inputs=pins,
        kept=day.versions,
        modes={s.name: s.mode for s in day.sources},
        counts=counts,
        stages=tuple(day.stages),
        accepted={f.name: reasons[f.vital] for f in verdict.accepted},
    )


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionByName, frames)


def _on(days: Mapping[str, Sequence[date]]) -> Column:
    """Rows of these days of each network."""
    return reduce(operator.or_, [(F.col("network") == n) & F.col("day").isin(list(ds)) for n, ds in days.items()])
