"""From signals to evidence, and from evidence to a score with its parts and reasons.

Long expressions are SQL texts, as in features.py: built node by node from Python they take a second of round trips.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from kloutspark.config import Calibration, Model, StepLimit, Term
from kloutspark.domain.contracts import ACCOUNT_LIST, EVIDENCE, PARTS, PAST_SCORES, SCORES
from kloutspark.domain.signals import Signal
from kloutspark.transforms import bands, shapes
from kloutspark.transforms.conform import conform
from kloutspark.transforms.identity import UNLINKED

REASONS = 3  # the strongest reasons of a score that are said in words
EMPTY_NETWORKS = f"cast(array() as {EVIDENCE.columns[1].type})"
NO_TERMS = "cast(array() as array<struct<signal:string,evidence:double,value:float>>)"


def weigh_evidence(
    vectors: DataFrame, *, signals: Mapping[str, Sequence[Signal]], terms: Mapping[str, Sequence[Term]]
) -> DataFrame:
    """What speaks for each person, by network and term (EVIDENCE).

        E_n = sum over the network's terms of weight * shape(ln(1 + min(signal, at_most))), in the model's order

    `vectors` has person_id, network and signals in the order of the network's catalogue, which `signals` gives.
    Networks whose terms stand at the same places share one expression. The variance of E_n: `bands.variance`.
    """
    networks_of: dict[tuple[tuple[_Placed, ...], str], list[str]] = {}
    for network, its_terms in terms.items():
        place = {s.name: i for i, s in enumerate(signals[network])}
        placed = tuple(_Placed(t, place[t.signal], _most(t.at_most, place)) for t in its_terms)
        variance = bands.variance(signals[network], its_terms)
        networks_of.setdefault((placed, variance), []).append(network)
    of_network, variances = {}, {}
    for (placed, variance), networks in networks_of.items():
        if placed:
            is_one = f"network IN ({', '.join(map(repr, networks))})"
            of_network[is_one], variances[is_one] = f"array({', '.join(map(_term, placed))})", variance
    by_network = vectors.selectExpr("person_id", "network", "signals", f"{_case(of_network, NO_TERMS)} AS terms")
    by_network = by_network.selectExpr("person_id", "network", "terms", f"{_case(variances, '0D')} AS variance")
    entry = "struct(network, aggregate(terms, 0D, (sum, term) -> sum + term.evidence) AS evidence, variance, terms)"
    people = by_network.groupBy("person_id").agg(F.expr(f"sort_array(collect_list({entry})) AS networks"))
    return conform(people, EVIDENCE)


def _case(texts: Mapping[str, str], otherwise: str) -> str:
    """SQL for the text of the first condition that holds."""
    cases = " ".join(f"WHEN {condition} THEN {text}" for condition, text in texts.items())
    return f"CASE {cases} ELSE {otherwise} END" if cases else otherwise


@dataclass(frozen=True)
class _Placed:
    """A term with the places of its signals in the vector; `most` is a place or a number."""

    term: Term
    place: int
    most: int | float | None


def _most(at_most: str | float | None, place: Mapping[str, int]) -> int | float | None:
    return place[at_most] if isinstance(at_most, str) else at_most


def _term(placed: _Placed) -> str:
    value, term = f"signals[{placed.place}]", placed.term
    if placed.most is not None:
        most = f"signals[{placed.most}]" if isinstance(placed.most, int) else repr(placed.most)
        most = f"CAST({most if term.at_most_times == 1 else f'{most} * {term.at_most_times!r}'} AS float)"
        value = f"least({value}, {most})"
    evidence = f"{term.weight!r}D * {shapes.height(term, f'log1p(CAST({value} AS double))')}"
    return f"named_struct('signal', '{term.signal}', 'evidence', {evidence}, 'value', {value})"


@dataclass(frozen=True)
class Words:
    """Titles of networks, and what reasons say of the signals that carry weight: of many, of one.

    `held` gives the networks that are waited for, each with the day through which it was delivered.
    """

    titles: Mapping[str, str]
    phrases: Mapping[str, tuple[str, str]]
    held: Mapping[str, date] = field(default_factory=dict)


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
        band = calibrated E -+ its half width (`bands.half_width`), moved by what the step limit moved the score

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
    power = f"{model.combine.exponent!r}D"
    rows = rows.withColumns(
        {
            "networks": F.expr(f"coalesce(networks, {EMPTY_NETWORKS})"),
            "accounts": F.expr(f"if(size(linked_accounts) > 0, linked_accounts, {_own_account(words.titles)})"),
        }
    )
    rows = rows.withColumn("mass", F.expr(f"aggregate(networks, 0D, (sum, n) -> sum + power(n.evidence, {power}))"))
    rows = rows.withColumn("evidence", F.round(F.pow("mass", F.lit(1 / model.combine.exponent)), 9))
    rows = rows.withColumn("half_width", F.expr(bands.half_width(model.bands, power=model.combine.exponent)))
    ends = {"calibrated": "evidence", "low": "greatest(evidence - half_width, 0)", "high": "evidence + half_width"}
    for name, text in ends.items():
        rows = rows.withColumn(name, hundredths(calibrate(F.expr(text), calibration=model.calibration)))
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


def _own_account(titles: Mapping[str, str]) -> str:
    """The account that an unlinked person's id names, if it does; names of networks hold no quote."""
    network, networks = "substring_index(person_id, ':', 1)", ", ".join(map(repr, titles))
    own = f"array(struct({network} AS network, substr(person_id, instr(person_id, ':') + 1) AS account_id))"
    is_account = f"{network} IN ({networks}) AND contains(person_id, ':')"
    return f"if({is_account}, {own}, CAST(array() AS {ACCOUNT_LIST}))"


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
    base = int(model.calibration.anchors[0][1] * 100)
    rows = _distribute(rows, base=base, power=model.combine.exponent)
    rows = rows.withColumn("held", F.expr("published - calibrated"))
    parts = f"""concat(
        array({_part("''", "'base'", f"{base}L")}),
        transform(shares, s -> {_part("s.network", "s.signal", "s.hundredths")}),
        if(held != 0, array({_part("''", "'step_limit'", "held")}), CAST(array() AS {PARTS}))
    )"""
    return conform(
        rows.select(
            F.lit(as_of).alias("as_of"),
            "person_id",
            F.expr("published / 100 AS score"),
            F.expr("greatest(low + held, 100) / 100 AS band_low"),
            F.expr("least(high + held, 10000) / 100 AS band_high"),
            F.expr("(published - last_hundredths) / 100 AS change"),
            "evidence",
            F.expr(f"CAST({parts} AS {PARTS}) AS parts"),
            _reasons(words).alias("reasons"),
            F.expr(f"CAST(accounts AS {ACCOUNT_LIST}) AS accounts"),
            F.lit(run_id).alias("run_id"),
            F.lit(fingerprint).alias("fingerprint"),
        ),
        SCORES,
    )


def _part(network: str, signal: str, whole: str) -> str:
    return f"struct({network} AS network, {signal} AS signal, {whole} / 100 AS points)"


def _distribute(rows: DataFrame, *, base: int, power: float) -> DataFrame:
    """Adds `shares`: hundredths by network and signal that sum to calibrated - base, largest remainder, ties by name.

    A network's share is E_n ** p of the mass, a term's share is its part of E_n. Shares of nothing are left out.
    Every step is a column of its own: a step inside a lambda would be computed again for every element.
    """
    part = f"(calibrated - {base}L) * (power(n.evidence, {power!r}D) / mass)"
    share = "n.network AS network, t.signal AS signal, t.value AS value"
    steps = {
        "raw_shares": f"""flatten(transform(filter(networks, n -> n.evidence > 0),
            n -> transform(n.terms, t -> struct({share}, {part} * (t.evidence / n.evidence) AS raw))))""",
        "ordered": """sort_array(transform(raw_shares, s -> struct(
            floor(s.raw) - s.raw AS minus_remainder, s.network, s.signal, s.value, floor(s.raw) AS whole)))""",
        "left_over": f"calibrated - {base}L - aggregate(ordered, 0L, (sum, s) -> sum + s.whole)",
        "shares": """sort_array(filter(transform(ordered, (s, i) -> struct(
            s.network, s.signal, s.value, s.whole + if(i < left_over, 1, 0) AS hundredths)), s -> s.hundredths > 0))""",
    }
    for name, text in steps.items():
        rows = rows.withColumn(name, F.expr(text))
    return rows


def _reasons(words: Words) -> Column:
    """The strongest shares in words, what the step limit does, which networks are held.

    Texts are made by casts, which cost a tenth of formats.
    """
    halves = {name: many.split("{value}") for name, (many, _) in words.phrases.items()}
    names, befores, afters, ones = (
        f"element_at({_texts(texts)}, s.share.{of})"
        for of, texts in (
            ("network", words.titles),
            ("signal", {name: before for name, (before, _) in halves.items()}),
            ("signal", {name: after for name, (_, after) in halves.items()}),
            ("signal", {name: one for name, (_, one) in words.phrases.items()}),
        )
    )
    value = "s.share.value"
    what = f"if({value} = 1, {ones}, concat({befores}, {_number(value)}, {afters}))"
    points = f"{_points('s.share.hundredths')}, ' of ', {_points('published')}, ' points'"
    ranked = "sort_array(transform(shares, s -> struct(-s.hundredths AS rank, s AS share)))"
    said = f"transform(slice({ranked}, 1, {REASONS}), s -> concat('On ', {names}, ', ', {what}, ': ', {points}))"
    verb = "if(held > 0, 'held up by the step limit: ', 'held back by the step limit: ')"
    limit = f"array(concat({verb}, {_points('abs(held)')}, ' points'))"
    nothing = "CAST(array() AS array<string>)"
    waiting = [
        f"if(exists(networks, n -> n.network = '{n}'), array({_text(_waiting(words.titles[n], day))}), {nothing})"
        for n, day in words.held.items()
    ]
    return F.expr(f"concat({', '.join([said, f'if(held != 0, {limit}, {nothing})', *waiting])})")


def _waiting(title: str, day: date) -> str:
    return f"{title} is held: it is counted as of {day}, the last day that it delivered"


def _points(whole: str) -> str:
    return f"CAST(CAST({whole} / 100 AS decimal(9,2)) AS string)"


def _number(value: str) -> str:
    """With one decimal below a hundred, whole numbers and larger ones without."""
    tenths, whole = f"CAST({value} AS decimal(20,1))", f"CAST({value} AS decimal(20,0))"
    return f"if({whole} = {tenths} OR {value} >= 100, CAST({whole} AS string), CAST({tenths} AS string))"


def _texts(by_name: Mapping[str, str]) -> str:
    """A map of texts, which may hold anything, as SQL."""
    return f"map({', '.join(_text(part) for pair in by_name.items() for part in pair)})"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
