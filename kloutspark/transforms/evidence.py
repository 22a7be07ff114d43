"""From signals to evidence, and from evidence to a score with its parts and reasons."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Calibration, Model, StepLimit, Term
from kloutspark.domain.contracts import ACCOUNT_LIST, EVIDENCE, PARTS, PAST_SCORES, SCORES
from kloutspark.domain.signals import Signal
from kloutspark.transforms.conform import conform
from kloutspark.transforms.identity import UNLINKED

REASONS = 3  # the strongest reasons of a score that are said in words
EMPTY_NETWORKS = f"cast(array() as {EVIDENCE.columns[1].type})"
NO_TERMS = "cast(array() as array<struct<signal:string,evidence:double,value:float>>)"


def weigh_evidence(
    vectors: DataFrame, *, signals: Mapping[str, Sequence[Signal]], terms: Mapping[str, Sequence[Term]]
) -> DataFrame:
    """What speaks for each person, by network and term (EVIDENCE).

        E_n = sum over the network's terms of weight * ln(1 + min(signal, at_most)), in the model's order

    `vectors` has person_id, network and signals in the order of the network's catalogue, which `signals` gives.
    Networks whose terms stand at the same places share one expression.
    """
    networks_of: dict[tuple[_Placed, ...], list[str]] = {}
    for network, of_network in terms.items():
        place = {s.name: i for i, s in enumerate(signals[network])}
        placed = tuple(_Placed(t.signal, place[t.signal], t.weight, _most(t.at_most, place)) for t in of_network)
        networks_of.setdefault(placed, []).append(network)
    cases = [
        F.when(F.col("network").isin(*networks), F.array(*[_term(term) for term in placed]))
        for placed, networks in networks_of.items()
        if placed
    ]
    total = F.aggregate("terms", F.lit(0.0), lambda sum_, term: sum_ + term["evidence"])
    by_network = vectors.select("person_id", "network", F.coalesce(*cases, F.expr(NO_TERMS)).alias("terms"))
    entry = F.struct("network", total.alias("evidence"), "terms")
    people = by_network.groupBy("person_id").agg(F.sort_array(F.collect_list(entry)).alias("networks"))
    return conform(people, EVIDENCE)


@dataclass(frozen=True)
class _Placed:
    """A term with the places of its signals in the vector; `most` is a place or a number."""

    signal: str
    place: int
    weight: float
    most: int | float | None


def _most(at_most: str | float | None, place: Mapping[str, int]) -> int | float | None:
    return place[at_most] if isinstance(at_most, str) else at_most


def _term(term: _Placed) -> Column:
    value = F.col("signals")[term.place]
    if term.most is not None:
        most = F.col("signals")[term.most] if isinstance(term.most, int) else F.lit(term.most).cast("float")
        value = F.least(value, most)
    evidence = F.lit(term.weight) * F.log1p(value.cast("double"))
    return F.struct(F.lit(term.signal).alias("signal"), evidence.alias("evidence"), value.alias("value"))


@dataclass(frozen=True)
class Words:
    """Titles of networks, and what reasons say of the signals that carry weight: of many, of one."""

    titles: Mapping[str, str]
    phrases: Mapping[str, tuple[str, str]]


def keep_past(newest: DataFrame, *, last_published: date, step: StepLimit) -> DataFrame:
    """What is left of each person's newest published score on the root's last published day (PAST_SCORES).

        base = max(1, last - down * days without a row)

    `newest` has person_id, as_of and score, one row a person.
    """
    last = hundredths(F.col("score"))
    base = F.greatest(F.lit(100), last - step.down_hundredths * F.date_diff(F.lit(last_published), F.col("as_of")))
    kept = newest.select("person_id", last.alias("last_hundredths"), base.cast("bigint").alias("base_hundredths"))
    return conform(kept, PAST_SCORES)


def score(
    evidence: DataFrame,
    past: DataFrame | None,
    owners: DataFrame,
    *,
    as_of: date,
    days_since: int,
    model: Model,
    words: Words,
    run_id: str,
    fingerprint: str,
) -> DataFrame:
    """The candidate of a day: of whom anything is known, who has a linked account, who is held above 1 (SCORES).

        E = (sum over networks of E_n ** p) ** (1 / p), rounded half up to 9 decimals
        score = calibrated E, rounded half up to hundredths, held within base - down * m .. base + up * m

    `days_since` is m, the days from the last published day to as_of; `past` (PAST_SCORES) is None where nothing was
    published before, and then there is no limit. A newly linked person starts from the highest of its accounts' own.
    """
    step = model.step_limit
    account = F.struct("network", "account_id")
    members = owners.groupBy("person_id").agg(F.sort_array(F.collect_list(account)).alias("linked_accounts"))
    rows = evidence.join(members, "person_id", how="full")
    if past is not None:
        rows = rows.join(_inherit(past, owners), "person_id", how="full")
        is_held = F.col("base_hundredths") - step.down_hundredths * days_since > 100
        rows = rows.where(F.col("networks").isNotNull() | F.col("linked_accounts").isNotNull() | is_held)
    else:
        rows = rows.withColumn("last_hundredths", F.lit(None).cast("bigint"))
    rows = rows.withColumn("networks", F.coalesce("networks", F.expr(EMPTY_NETWORKS)))
    is_linked = F.coalesce(F.size("linked_accounts") > 0, F.lit(False))
    rows = rows.withColumn(
        "accounts", F.when(is_linked, F.col("linked_accounts")).otherwise(_own_account(words.titles))
    )
    power = model.combine.exponent
    mass = F.aggregate("networks", F.lit(0.0), lambda sum_, n: sum_ + F.pow(n["evidence"], F.lit(power)))
    rows = rows.withColumn("mass", mass)
    rows = rows.withColumn("evidence", F.round(F.pow("mass", F.lit(1 / power)), 9))
    calibrated = hundredths(calibrate(F.col("evidence"), calibration=model.calibration))
    rows = rows.withColumn("calibrated", calibrated)
    published = F.col("calibrated") if past is None else _limited(step, days_since=days_since)
    rows = rows.withColumn("published", published)
    return _explain(rows, as_of=as_of, model=model, words=words, run_id=run_id, fingerprint=fingerprint)


def _inherit(past: DataFrame, owners: DataFrame) -> DataFrame:
    """Past scores of accounts that are linked by now pass to their persons, who had none of their own (PAST_SCORES)."""
    owned = owners.select(F.expr(UNLINKED).alias("person_id"), F.col("person_id").alias("owner"))
    is_own, base = F.col("owner").isNull(), F.col("base_hundredths")
    rows = past.join(owned, "person_id", how="left")
    left = rows.groupBy(F.coalesce("owner", "person_id").alias("person_id")).agg(
        F.max(F.when(is_own, F.col("last_hundredths"))).alias("last_hundredths"),
        F.coalesce(F.max(F.when(is_own, base)), F.max(base)).alias("base_hundredths"),
    )
    return conform(left, PAST_SCORES)


def _limited(step: StepLimit, *, days_since: int) -> Column:
    """The calibrated score within the step limit, whole hundredths."""
    base = F.coalesce("base_hundredths", F.lit(100))
    low, high = base - step.down_hundredths * days_since, base + step.up_hundredths * days_since
    return F.least(F.greatest("calibrated", low, F.lit(100)), high, F.lit(10_000)).cast("bigint")


def _own_account(titles: Mapping[str, str]) -> Column:
    network = F.substring_index("person_id", ":", 1)
    account_id = F.expr("substr(person_id, instr(person_id, ':') + 1)")
    is_account = network.isin(*titles) & F.col("person_id").contains(":")
    own = F.array(F.struct(network.alias("network"), account_id.alias("account_id")))
    return F.when(is_account, own).otherwise(F.expr(f"cast(array() as {ACCOUNT_LIST})"))


def calibrate(evidence: Column, *, calibration: Calibration) -> Column:
    """Evidence to 1..100, linear between anchors, 100 beyond the last.

    >>> anchors = Calibration(anchors=((0, 1), (45, 90), (100, 100)), why="the example of the design page")
    >>> evaluate(*[calibrate(F.lit(e), calibration=anchors) for e in (0.0, 22.5, 45.0, 500.0)])
    [1.0, 45.5, 90.0, 100.0]
    """
    anchors = calibration.anchors
    result: Column = F.lit(float(anchors[-1][1]))
    for (x0, y0), (x1, y1) in reversed(list(itertools.pairwise(anchors))):
        result = F.when(evidence < x1, y0 + (evidence - x0) * ((y1 - y0) / (x1 - x0))).otherwise(result)
    return result


def hundredths(value: Column) -> Column:
    """Whole hundredths, rounded half up."""
    return F.floor(value * 100 + 0.5).cast("bigint")


def _explain(rows: DataFrame, *, as_of: date, model: Model, words: Words, run_id: str, fingerprint: str) -> DataFrame:
    start = int(model.calibration.anchors[0][1] * 100)
    base, nobody = F.lit(start), F.lit("")
    rows = _distribute(rows, F.col("calibrated") - base, power=model.combine.exponent)
    held = F.col("published") - F.col("calibrated")
    parts = F.concat(
        F.array(_part(nobody, F.lit("base"), base)),
        F.transform("shares", lambda s: _part(s["network"], s["signal"], s["hundredths"])),
        F.when(held != 0, F.array(_part(nobody, F.lit("step_limit"), held))).otherwise(
            F.expr(f"cast(array() as {PARTS})")
        ),
    )
    return conform(
        rows.select(
            F.lit(as_of).alias("as_of"),
            "person_id",
            (F.col("published") / 100).alias("score"),
            F.lit(None).cast("double").alias("band_low"),
            F.lit(None).cast("double").alias("band_high"),
            ((F.col("published") - F.col("last_hundredths")) / 100).alias("change"),
            "evidence",
            parts.cast(PARTS).alias("parts"),
            _reasons(held, words=words).alias("reasons"),
            F.col("accounts").cast(ACCOUNT_LIST).alias("accounts"),
            F.lit(run_id).alias("run_id"),
            F.lit(fingerprint).alias("fingerprint"),
        ),
        SCORES,
    )


def _part(network: Column, signal: Column, whole: Column) -> Column:
    return F.struct(network.alias("network"), signal.alias("signal"), (whole / 100).alias("points"))


def _distribute(rows: DataFrame, total: Column, *, power: float) -> DataFrame:
    """Adds `shares`: hundredths by network and signal that sum to `total`, largest remainder, ties by name.

    A network's share is E_n ** p of the mass, a term's share is its part of E_n. Shares of nothing are left out.
    Every step is a column of its own: a step inside a lambda would be computed again for every element.
    """

    def raw(network: Column) -> Column:
        part = total * (F.pow(network["evidence"], F.lit(power)) / F.col("mass"))
        return F.transform(
            network["terms"],
            lambda term: F.struct(
                network["network"].alias("network"),
                term["signal"].alias("signal"),
                term["value"].alias("value"),
                (part * (term["evidence"] / network["evidence"])).alias("raw"),
            ),
        )

    speaking = F.filter("networks", lambda network: network["evidence"] > 0)
    by_remainder = F.transform(
        "raw_shares",
        lambda share: F.struct(
            (F.floor(share["raw"]) - share["raw"]).alias("minus_remainder"),
            share["network"].alias("network"),
            share["signal"].alias("signal"),
            share["value"].alias("value"),
            F.floor(share["raw"]).alias("whole"),
        ),
    )
    whole = F.transform(
        "ordered",
        lambda share, i: F.struct(
            share["network"].alias("network"),
            share["signal"].alias("signal"),
            share["value"].alias("value"),
            (share["whole"] + F.when(i < F.col("left_over"), 1).otherwise(0)).alias("hundredths"),
        ),
    )
    rows = rows.withColumn("raw_shares", F.flatten(F.transform(speaking, raw)))
    rows = rows.withColumn("ordered", F.sort_array(by_remainder))
    given = F.aggregate("ordered", F.lit(0).cast("bigint"), lambda sum_, share: sum_ + share["whole"])
    rows = rows.withColumn("left_over", total - given)
    return rows.withColumn("shares", F.sort_array(F.filter(whole, lambda share: share["hundredths"] > 0)))


def _reasons(held: Column, *, words: Words) -> Column:
    """The strongest shares in words, then what the step limit does; texts by cast, which costs a tenth of formats."""
    names = _texts(words.titles)
    many = {name: phrase.split("{value}") for name, (phrase, _) in words.phrases.items()}
    befores, afters = (_texts({name: halves[i] for name, halves in many.items()}) for i in (0, 1))
    ones = _texts({name: phrase for name, (_, phrase) in words.phrases.items()})
    ranked = F.transform("shares", lambda s: F.struct((-s["hundredths"]).alias("rank"), s.alias("share")))
    of_score = F.concat(F.lit(" of "), _points(F.col("published")), F.lit(" points"))

    def say(share: Column) -> Column:
        signal, value = share["signal"], share["value"]
        what = F.concat(befores[signal], _number(value), afters[signal])
        where = F.concat(F.lit("On "), names[share["network"]], F.lit(", "))
        points = F.concat(F.lit(": "), _points(share["hundredths"]), of_score)
        return F.concat(where, F.when(value == 1, ones[signal]).otherwise(what), points)

    said = F.transform(F.slice(F.sort_array(ranked), 1, REASONS), lambda r: say(r["share"]))
    verb = F.when(held > 0, "held up by the step limit: ").otherwise("held back by the step limit: ")
    limit = F.array(F.concat(verb, _points(F.abs(held)), F.lit(" points")))
    return F.concat(said, F.when(held != 0, limit).otherwise(F.expr("cast(array() as array<string>)")))


def _points(whole: Column) -> Column:
    return (whole / 100).cast("decimal(9,2)").cast("string")


def _number(value: Column) -> Column:
    """With one decimal below a hundred, whole numbers and larger ones without."""
    tenths, whole = value.cast("decimal(20,1)"), value.cast("decimal(20,0)")
    return F.when((whole == tenths) | (value >= 100), whole.cast("string")).otherwise(tenths.cast("string"))


def _texts(by_name: Mapping[str, str]) -> Column:
    return F.create_map(*[F.lit(text) for pair in by_name.items() for text in pair])
