"""How a network's score is held against the future: cuts, each scored in a fresh root by the pipeline that publishes.

Source: EVALUATION.md. Rows are read to the driver, where everything but the scoring happens; nothing is written to the
root but folders under scratch/, which are gone afterwards.
"""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import functions as F

from kloutspark import pipeline
from kloutspark.config import Config
from kloutspark.domain.contracts import ACCOUNTS, GAUGES, INTERACTIONS, PAIRS, POSTS, TableContract
from kloutspark.domain.errors import ConfigError, InputError
from kloutspark.domain.windows import Span
from kloutspark.learning import measures, protocol
from kloutspark.learning.baselines import BASELINES, HALF_LIVES_DAYS, fading_actors
from kloutspark.learning.halves import Drawable, Inside, by_range, draw_halves, read_signals
from kloutspark.learning.measures import FOUR_RANGES, Score, Trial, mean_of_known
from kloutspark.learning.protocol import AHEAD_DAYS, EVERY_DAYS, Activity, Cut
from kloutspark.reporting.days import RANGES
from kloutspark.reporting.evaluation import Dots
from kloutspark.storage import manifest, published
from kloutspark.storage.tables import Tables, arrow_schema
from kloutspark.transforms.tiles import ALL_REACTIONS

log = logging.getLogger(__name__)

Protocol = Literal["stretched", "days"]
SCORE = "score"
FOLLOWERS = "followers"  # the gauge that the old score was reducible to (SCORE.md)
MEASURES = {"spearman": measures.spearman, "ndcg_at_100": measures.ndcg_at_100}
WHOLE = [  # places of the ranges that everybody is in exactly one of
    i for i, (low, high) in enumerate(RANGES) if (low, high) in ((1, 19), (20, 49), (50, 64), (65, 100))
]


@dataclass(frozen=True)
class Plan:
    """What is asked for: of `cuts` only the last ones, `daily` runs in one root, an outside ranking to compare with."""

    network: str
    protocol: Protocol
    ahead_days: int = AHEAD_DAYS
    every_days: int = EVERY_DAYS
    cuts: int | None = None
    daily: int | None = None
    outside: Path | None = None


@dataclass(frozen=True)
class Scored:
    """What a run in a fresh root published of a network, by account, and how its bands fare with halves."""

    scores: Score
    inside: Inside
    in_ranges: list[int]


@dataclass(frozen=True)
class Tried:
    """A cut with everything that was to foretell its future."""

    cut: Cut
    scored: Scored
    baselines: dict[str, Score]
    gauges: dict[str, Score]  # the newest value of each account before the cut

    @property
    def foretellers(self) -> dict[str, Score]:
        """The score, then the baselines."""
        return {SCORE: self.scored.scores, **self.baselines}


@dataclass(frozen=True)
class Evaluation:
    """What came out: `report` for machines and tables, `tried` with the numbers by account, for plots."""

    report: dict[str, Any]
    tried: tuple[Tried, ...]

    @property
    def dots(self) -> Dots:
        """What plots show of the accounts, without their ids."""
        pairs = [(t.scored.scores.reindex(t.cut.truth.index), t.cut.truth) for t in self.tried]
        found = pd.concat([pd.DataFrame({"score": s, "truth": truth}) for s, truth in pairs]).dropna()
        gauges = {}
        for row in self.report["r_squared"]:
            of_cuts = [(t.scored.scores, t.gauges[row["gauge"]]) for t in self.tried if row["gauge"] in t.gauges]
            both = pd.concat([pd.DataFrame({"score": s, "gauge": g}) for s, g in of_cuts]).dropna()
            gauges[row["gauge"]] = (both["gauge"].to_list(), both["score"].to_list())
        return Dots((found["score"].to_list(), found["truth"].to_list()), gauges)


@dataclass(frozen=True)
class Bench:
    """Where pasts are scored: roots of their own under the scratch folder of the evaluated one."""

    tables: Tables
    network: str
    run_id: str
    started_at: datetime
    numbers: Iterator[int]

    @contextmanager
    def root(self) -> Iterator[Tables]:
        """An empty root for as long as the block lasts."""
        folder = f"{self.tables.root.rstrip('/')}/scratch/{self.run_id}-{next(self.numbers)}"
        try:
            yield replace(self.tables, root=folder)
        finally:
            self.tables.remove_folder(folder)

    @cached_property
    def gauges(self) -> pd.DataFrame:
        """Every measurement of the network: account_id, day, gauge, value."""
        if not self.tables.exists(GAUGES, self.network):
            return pd.DataFrame({"account_id": [], "day": [], "gauge": [], "value": []})
        return _pandas(self.tables, GAUGES, self.network)

    def score(
        self, config: Config, past: pd.DataFrame, *, as_of: date, others: Mapping[TableContract, pa.Table]
    ) -> Scored:
        """What one run publishes of these rows, and of the rows of other tables."""
        with self.root() as fresh:
            put_interactions(fresh, self.network, past)
            for contract, rows in others.items():
                _put(fresh, contract, self.network, rows)
            run_day(fresh, config, as_of=as_of, run_id=self.run_id, started_at=self.started_at)
            found = published.distribution(fresh, as_of=as_of, ranges=RANGES)
            return Scored(
                scores_of(fresh, self.network, as_of),
                halves(fresh, config, as_of, network=self.network),
                found["in_ranges"],
            )

    def others_before(self, as_of: date) -> dict[TableContract, pa.Table]:
        """Posts, gauges and accounts as they were known on the morning of a day."""
        moment = F.lit(protocol.midnight(as_of))
        known = {
            POSTS: F.col("posted_at") < moment,
            GAUGES: F.col("day") < F.lit(as_of),
            ACCOUNTS: F.col("created_at").isNull() | (F.col("created_at") < moment),
        }
        there = [contract for contract in known if self.tables.exists(contract, self.network)]
        found = {
            c: self.tables.read(c, version=self.tables.version(c, self.network), network=self.network) for c in there
        }
        return {c: rows.where(known[c]).toArrow() for c, rows in found.items()}

    def gauges_before(self, config: Config, day: date) -> dict[str, Score]:
        """The newest value before a day, by account: of the gauge followers, else of every rising one."""
        page = config.networks[self.network]
        rising = [name for name, gauge in page.gauges.items() if gauge.response == "rising"]
        known = self.gauges[self.gauges["day"] < day].sort_values("day")
        found = {}
        for name in [FOLLOWERS] if FOLLOWERS in rising else rising:
            of_gauge = known[known["gauge"] == name]
            if len(of_gauge):
                found[name] = of_gauge.groupby("account_id")["value"].last()
        return found


def evaluate(
    tables: Tables,
    config: Config,
    plan: Plan,
    *,
    other: Config | None = None,
    run_id: str,
    started_at: datetime,
) -> Evaluation:
    """Scores every cut of a network's rows and compares; `other`: the same with another configuration beside.

    Raises:
        ConfigError: the network is unknown; daily runs of real days are asked for.
        InputError: there are no interactions, too few for a cut, or the gate refuses a cut.
    """
    config.network(plan.network)
    if plan.daily is not None and plan.protocol == "days":
        remedy = "The cost of the step limit is measured on stretched days."
        raise ConfigError("--daily", expected="--protocol stretched", found="days", remedy=remedy)
    ranking = None if plan.outside is None else read_outside(plan.outside)
    activity = read_activity(tables, plan.network)
    cuts = _cuts(activity, plan)
    bench = Bench(tables, plan.network, run_id, started_at, count())

    def tried(cut: Cut, number: int, of: Config) -> Tried:
        log.info("cut %d of %d: %s", number, len(cuts), cut.as_of)
        others = bench.others_before(cut.as_of) if plan.protocol == "days" else {}
        scored = bench.score(of, cut.past, as_of=cut.as_of, others=others)
        baselines = {name: baseline(cut.past) for name, baseline in BASELINES.items()}
        return Tried(cut, scored, baselines, bench.gauges_before(config, cut.known_before))

    found = [tried(cut, n, config) for n, cut in enumerate(cuts, start=1)]
    report = _summary(plan, activity, found, config)
    if other is not None:
        report["compared"] = _compared(found, [tried(cut, n, other) for n, cut in enumerate(cuts, start=1)])
    if plan.daily is not None:
        log.info("%d daily runs", plan.daily)
        report["daily"] = _daily(bench, config, found[0], runs=plan.daily)
    if ranking is not None:
        log.info("the whole, against the outside ranking")
        report["outside"] = _outside(bench, config, activity.rows, ranking, is_stretched=plan.protocol == "stretched")
    return Evaluation(_without_nan(report), tuple(found))


def read_activity(tables: Tables, network: str) -> Activity:
    """The interactions of a network that count.

    Raises:
        InputError: the root has none.
    """
    found = _pandas(tables, INTERACTIONS, network) if tables.exists(INTERACTIONS, network) else pd.DataFrame()
    if found.empty:
        remedy = "Run kloutspark ingest first: what is evaluated is what the input tables hold."
        raise InputError(INTERACTIONS.path(network), expected="interactions", found="none", remedy=remedy)
    return protocol.counted(found)


def read_outside(path: Path) -> Score:
    """A ranking from elsewhere: CSV with account_id and value, one row an account.

    Raises:
        InputError: the file is missing, or a column, or a value is no number, or an account stands there twice.
    """
    remedy = "Write a line account_id,value and below it one line an account."
    try:
        rows = pd.read_csv(path, dtype={"account_id": str}, keep_default_na=False)
        ranking: Score = rows.set_index("account_id")["value"].astype(np.float64)
    except (OSError, ValueError, KeyError) as error:
        found = f"{type(error).__name__} ({error})"
        raise InputError(str(path), expected="account_id,value with numbers", found=found, remedy=remedy) from None
    if not ranking.index.is_unique:
        raise InputError(str(path), expected="one row an account", found="accounts twice", remedy=remedy)
    return ranking


def put_interactions(tables: Tables, network: str, past: pd.DataFrame) -> None:
    """Writes the rows of a cut's past, each ingested when it occurred: none is late or of the future."""
    rows = past.assign(ingested_at=past["occurred_at"])
    schema = arrow_schema(INTERACTIONS)
    _put(tables, INTERACTIONS, network, pa.Table.from_pandas(rows[schema.names], schema, preserve_index=False))


def run_day(tables: Tables, config: Config, *, as_of: date, run_id: str, started_at: datetime) -> None:
    """Publishes a day of a scratch root; what a person may accept is accepted.

    Raises:
        InputError: the gate refuses the day.
    """
    accepted = {e: "held against the future" for e, limit in config.gate.expectations.items() if limit.may_be_accepted}
    outcome = pipeline.run(
        tables, config, as_of=as_of, run_id=f"{run_id}-{as_of}", started_at=started_at, accepted=accepted
    )
    if not outcome.verdict.passed:
        found = ", ".join(sorted({f.name for f in outcome.verdict.blocking}))
        remedy = "These are faults of the rows or the model: score a day of the root, and see kloutspark runs --gate."
        raise InputError(f"the cut at {as_of}", expected="scores that pass the gate", found=found, remedy=remedy)


def scores_of(tables: Tables, network: str, as_of: date) -> Score:
    """The published scores of a network's unlinked accounts."""
    _, rows = published.day_of(tables, as_of)
    prefix = f"{network}:"
    found = rows.where(F.col("person_id").startswith(prefix)).select("person_id", "score").toArrow().to_pandas()
    return pd.Series(found["score"].to_numpy(), index=found["person_id"].str.removeprefix(prefix), name=SCORE)


def halves(tables: Tables, config: Config, as_of: date, *, network: str = "", seed: int = 1) -> Inside:
    """How the bands of a published day fare with random halves: of the unlinked people of a network, or of everybody.

    People with several accounts on one network are left out: their signals are not those of their accounts.
    """
    _, scores = published.day_of(tables, as_of)
    scores = scores.where(F.col("person_id").startswith(f"{network}:" if network else ""))
    columns = "person_id", "score", "band_low", "band_high", "evidence", "accounts"
    rows = scores.select(*columns).toArrow().to_pandas().set_index("person_id")
    rows = rows[[len({a["network"] for a in accounts}) == len(accounts) for accounts in rows["accounts"]]]
    owned = rows["accounts"].explode().reset_index()
    accounts = pd.DataFrame(owned["accounts"].to_list()).assign(person_id=owned["person_id"])
    signals = [F.try_element_at("signals", F.lit(n)).cast("double").alias(n) for n in read_signals(config)]
    named = published.named_features(tables, as_of).select("network", "account_id", *signals).toArrow().to_pandas()
    accounts = accounts.merge(named, on=["network", "account_id"], how="left")
    window = Span.before(as_of, days=config.model.history_days)
    days = (F.col("day") >= F.lit(window.start)) & (F.col("day") < F.lit(window.end))
    pairs = tables.read(PAIRS, version=tables.version(PAIRS)).where(days & F.expr("actor_id <> target_id"))
    age = f"date_diff(DATE '{as_of}', day) - 1 AS age"
    micros = [f"{name}_micros / 1e6D AS {name}" for name in ("weight", "authenticity")]
    drawn = (
        "network",
        "actor_id",
        "target_id AS account_id",
        age,
        *micros,
        "is_newcomer",
        f"{ALL_REACTIONS} AS reactions",
    )
    found = pairs.selectExpr(*drawn).toArrow().to_pandas()
    number = accounts.reset_index(names="number")[["network", "account_id", "number"]]
    found = found.merge(number, on=["network", "account_id"])
    found["actor"] = pd.factorize(found["network"] + ":" + found["actor_id"], sort=True)[0]  # equal halves each time
    brings = ["number", "actor", "age", "weight", "authenticity", "is_newcomer", "reactions"]
    usual = manifest.find(tables, str(as_of)).usual_newcomers
    brought = Drawable(config, accounts, found[brings], usual)
    return draw_halves(brought, rows, seed=seed)


def _cuts(activity: Activity, plan: Plan) -> list[Cut]:
    rows = activity.rows
    if plan.protocol == "days" and len(rows):
        cuts = protocol.day_cuts(rows, ahead_days=plan.ahead_days, every_days=plan.every_days)
        found = protocol.last_cuts(cuts, plan.cuts)
    else:
        cut = protocol.stretched_cut(rows) if len(rows) else None
        found = [cut] if cut is not None and len(cut.truth) >= protocol.LEAST_ACCOUNTS else []
    if not found:
        expected = (
            f"a cut with {protocol.LEAST_ACCOUNTS} accounts of {protocol.LEAST_ACTORS} distinct actors before it, "
            "and a future"
        )
        said = f"none in {len(rows)} rows"
        is_short = plan.protocol == "days"
        remedy = "Short data sets are for --protocol stretched." if is_short else "Ingest more of it."
        raise InputError(INTERACTIONS.path(plan.network), expected=expected, found=said, remedy=remedy)
    return found


def _summary(plan: Plan, activity: Activity, found: Sequence[Tried], config: Config) -> dict[str, Any]:
    by_cut = [_of_cut(one) for one in found]
    spearman, ndcg = ({n: mean_of_known(c[what][n] for c in by_cut) for n in (SCORE, *BASELINES)} for what in MEASURES)
    best = max(BASELINES, key=lambda name: spearman[name])
    people = sum(sum(one.scored.in_ranges[i] for i in WHOLE) for one in found)
    in_ranges = [sum(one.scored.in_ranges[i] for one in found) for i in range(len(RANGES))]
    first, last = found[0], found[-1]
    stay = measures.same_range_share(first.scored.scores, last.scored.scores) if len(found) > 1 else None
    return {
        "network": plan.network,
        "protocol": plan.protocol,
        "fingerprint": config.fingerprint,
        "model_why": config.model.why,
        "ahead_days": plan.ahead_days if plan.protocol == "days" else None,
        "every_days": plan.every_days if plan.protocol == "days" else None,
        "rows": len(activity.rows),
        "incomplete_rows": activity.incomplete_rows,
        "self_rows": activity.self_rows,
        "accounts": sum(c["accounts"] for c in by_cut),
        "unscored": sum(c["unscored"] for c in by_cut),
        "spearman": spearman,
        "ndcg_at_100": ndcg,
        "best_half_life": _best_half_life(found) if plan.protocol == "days" else None,
        "best_baseline": best,
        "over_best_baseline": _gain(found, best),
        "over_u": _gain(found, "u"),
        "r_squared": _r_squared(found),
        "distribution": [
            {"from": low, "to": high, "people": n, "share": n / people, "real_share": real}
            for ((low, high), real), n in zip(RANGES.items(), in_ranges, strict=True)
        ],
        "same_range": None
        if stay is None
        else {"first": str(first.cut.as_of), "last": str(last.cut.as_of), "people": stay[0], "share": stay[1]},
        "bands": _bands(found),
        "cuts": by_cut,
        "compared": None,
        "daily": None,
        "outside": None,
    }


def _of_cut(one: Tried) -> dict[str, Any]:
    truth = one.cut.truth
    return {
        "as_of": str(one.cut.as_of),
        "past_rows": len(one.cut.past),
        "future_rows": len(one.cut.future),
        "accounts": len(truth),
        "unscored": measures.unscored(one.scored.scores, truth),
        **{what: {n: f(s, truth) for n, s in one.foretellers.items()} for what, f in MEASURES.items()},
    }


def _gain(found: Sequence[Tried], baseline: str) -> dict[str, float]:
    return asdict(measures.gain_over([Trial(t.scored.scores, t.baselines[baseline], t.cut.truth) for t in found]))


def _best_half_life(found: Sequence[Tried]) -> dict[str, float]:
    """The half-life whose weighted actors foretell best on average: chosen with the futures known, so flattered."""
    means = {
        days: mean_of_known(
            measures.spearman(fading_actors(t.cut.past, half_life_seconds=days * protocol.DAY_SECONDS), t.cut.truth)
            for t in found
        )
        for days in HALF_LIVES_DAYS
    }
    best = max(means, key=lambda days: means[days])
    return {"days": best, "spearman": means[best]}


def _r_squared(found: Sequence[Tried]) -> list[dict[str, Any]]:
    """Of each gauge: how many accounts have it and a score, and R2, a mean over the cuts that have any."""
    rows = []
    for name in sorted({name for one in found for name in one.gauges}):
        of_cuts = [measures.r_squared(t.scored.scores, t.gauges[name]) for t in found if name in t.gauges]
        accounts = sum(n for n, _ in of_cuts)
        rows.append({"gauge": name, "accounts": accounts, "r_squared": mean_of_known(r for _, r in of_cuts)})
    return rows


def _bands(found: Sequence[Tried]) -> dict[str, Any] | None:
    """How often scores of halves fall inside, over all cuts; None where the evidence could not be recomputed."""
    all_people = pd.concat([t.scored.inside.people for t in found], ignore_index=True)
    whole = Inside(all_people, max(t.scored.inside.difference for t in found))
    if not whole.coverage.is_known:
        return None
    in_ranges = by_range(whole.population, FOUR_RANGES)
    ends = [*[start - 1 for start in FOUR_RANGES[1:]], 100]
    return {
        **asdict(whole.coverage),
        "by_range": [
            {"from": low, "to": high, "people": n, "share": share}
            for low, high, (n, share) in zip(FOUR_RANGES, ends, in_ranges, strict=True)
        ],
    }


def _compared(found: Sequence[Tried], others: Sequence[Tried]) -> dict[str, Any]:
    """The same cuts with another configuration, and the score's own minus it."""
    trials = [Trial(a.scored.scores, b.scored.scores, a.cut.truth) for a, b in zip(found, others, strict=True)]
    return {
        "spearman": mean_of_known(measures.spearman(t.baseline, t.truth) for t in trials),
        "ndcg_at_100": mean_of_known(measures.ndcg_at_100(t.baseline, t.truth) for t in trials),
        "difference": asdict(measures.gain_over(trials)),
    }


def _daily(bench: Bench, config: Config, one: Tried, *, runs: int) -> dict[str, Any]:
    """The last of so many daily runs in one root, which the step limit holds, beside the run without a limit."""
    as_of, truth = one.cut.as_of, one.cut.truth
    with bench.root() as root:
        put_interactions(root, bench.network, one.cut.past)
        for age in reversed(range(runs)):
            day = as_of - timedelta(days=age)
            if (one.cut.past["occurred_at"] < pd.Timestamp(protocol.midnight(day))).any():
                run_day(root, config, as_of=day, run_id=bench.run_id, started_at=bench.started_at)
        held = scores_of(root, bench.network, as_of)
    return {
        "runs": runs,
        "spearman": measures.spearman(held, truth),
        "without_limit": measures.spearman(one.scored.scores, truth),
        "difference": asdict(measures.gain_over([Trial(held, one.scored.scores, truth)])),
    }


def _outside(bench: Bench, config: Config, rows: pd.DataFrame, ranking: Score, *, is_stretched: bool) -> dict[str, Any]:
    """Spearman with the outside ranking, of everybody who acts or is acted upon and stands in it.

    Stretched, the whole data fills the 90 days, and gauges are as last measured; in real days it is the 90 days before
    the day after the last row. Who has no score, no reaction or no measurement ranks last.
    """
    if is_stretched:
        as_of, known_before = protocol.STRETCHED_DAY, date.max
        past = rows.assign(occurred_at=protocol.stretch(rows, as_of=as_of))
        others = {GAUGES: _measured_on(bench.gauges, as_of - timedelta(days=1))} if len(bench.gauges) else {}
    else:
        as_of = known_before = protocol.day_after(rows)
        begin = pd.Timestamp(protocol.midnight(as_of - timedelta(days=protocol.PAST_DAYS)))
        past = rows.assign(occurred_at=protocol.moments(rows))
        past = past[past["occurred_at"] >= begin]
        others = bench.others_before(as_of)
    accounts = protocol.accounts_of(rows)
    truth = ranking.reindex(accounts[accounts.isin(ranking.index)])
    if len(truth) < protocol.LEAST_ACCOUNTS:
        remedy = "account_id must be the ids of the network's interactions."
        expected = f"{protocol.LEAST_ACCOUNTS} accounts of the interactions"
        raise InputError("--outside", expected=expected, found=str(len(truth)), remedy=remedy)
    scored = bench.score(config, past, as_of=as_of, others=others)
    gauges = {f"gauge {n}": s for n, s in bench.gauges_before(config, known_before).items()}
    baselines = {name: baseline(past) for name, baseline in BASELINES.items()}
    every = {SCORE: scored.scores, **baselines, **gauges}
    return {
        "as_of": str(as_of),
        "accounts": len(truth),
        "unscored": measures.unscored(scored.scores, truth),
        "spearman": {name: measures.spearman(series, truth) for name, series in every.items()},
        "over_u": asdict(measures.gain_over([Trial(scored.scores, baselines["u"], truth)])),
    }


def _measured_on(gauges: pd.DataFrame, day: date) -> pa.Table:
    """The newest value of each account and gauge, as if it had been measured on that day."""
    newest = gauges.sort_values("day").drop_duplicates(["account_id", "gauge"], keep="last").assign(day=day)
    schema = arrow_schema(GAUGES)
    return pa.Table.from_pandas(newest[schema.names], schema, preserve_index=False)


def _put(tables: Tables, contract: TableContract, network: str, rows: pa.Table) -> None:
    tables.ensure(contract, network)
    if rows.num_rows:
        tables.append(tables.spark.createDataFrame(rows), contract, network)


def _pandas(tables: Tables, contract: TableContract, network: str) -> pd.DataFrame:
    """An input table as it stands; of interactions the time is Unix seconds."""
    frame = tables.read(contract, version=tables.version(contract, network), network=network)
    if contract is INTERACTIONS:
        seconds = "unix_micros(occurred_at) / 1e6D AS occurred_at_seconds"
        frame = frame.selectExpr("interaction_id", "actor_id", "target_id", "kind", "post_id", seconds)
    rows: pd.DataFrame = frame.toArrow().to_pandas()
    return rows


def _without_nan(value: Any) -> Any:
    """JSON has no nan: what could not be measured is null."""
    if isinstance(value, Mapping):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value
