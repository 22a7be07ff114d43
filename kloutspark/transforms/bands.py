"""How sure a score is: the spread that its evidence would have, had other people like these happened to react.

Whoever reacts is taken as drawn independently of the others (Poisson), and brings of each signal of a window what the
window's actors brought on average (docs/decisions/014; measured against halves of the actors: tests/realdata).
"""

from collections.abc import Sequence

from kloutspark.config import Bands, Term
from kloutspark.domain.signals import Signal
from kloutspark.transforms import shapes


def variance(signals: Sequence[Signal], terms: Sequence[Term]) -> str:
    """SQL for the variance of a network's evidence E_n, over rows with `signals` and `terms` (EVIDENCE).

        dE(w) = sum over terms of window w of weight * shape' * x / (1 + x) / U_w     what an actor of w brings by them
        c(w) = sum over windows v >= w of dE(v)                                 what one seen within w brings in all
        variance = sum over windows w of (U_w - U_(next shorter window)) * c(w) ** 2

    U_w are the window's distinct actors, x a term's value, shape' the slope of its shape at ln(1 + x), 1 without (at a
    knot the slope below it: what goes with an actor). An active day is lost with an actor only where nobody else came
    on it: its x / (1 + x) is multiplied by exp(1 - reactions a day). What is not drawn with actors (gauges, pages,
    ranks, networks) has no variance.
    """
    place = {s.name: i for i, s in enumerate(signals)}
    gains: dict[int, list[str]] = {
        s.window_days: [] for s in signals if s.measure.name == "actors_distinct" and s.window_days
    }
    by_name = {s.name: s for s in signals}
    for i, term in enumerate(terms):
        signal = by_name[term.signal]
        if signal.window_days is None or signal.measure.name == "networks_count":
            continue
        gain = f"{term.weight!r}D * terms[{i}].value / (1 + terms[{i}].value)"
        if (slope := shapes.steepness(term, f"log1p(CAST(terms[{i}].value AS double))")) is not None:
            gain += f" * {slope}"
        if signal.measure.name == "active_days_count":
            days, reactions = (
                f"signals[{place[f'{name}_{signal.window_days}d']}]" for name in ("active_days_count", "reactions_sum")
            )
            alone = f"exp(1 - greatest({reactions} / greatest({days}, 1), 1))"
            gain += f" * if({days} <= terms[{i}].value, {alone}, 1)"
        gains[signal.window_days].append(gain)
    rings, shorter = [], "0"
    for window in sorted(gains):
        actors = f"signals[{place[f'actors_distinct_{window}d']}]"
        each = f"if({actors} > 0, ({' + '.join(gains[window]) or '0D'}) / {actors}, 0D)"
        rings.append(
            f"struct(CAST(greatest({actors} - {shorter}, 0) AS double) AS actors, CAST({each} AS double) AS each)"
        )
        shorter = actors
    if not rings:
        return "0D"
    longest_first = ", ".join(reversed(rings))
    add = "named_struct('c', s.c + r.each, 'v', s.v + r.actors * (s.c + r.each) * (s.c + r.each))"
    return f"aggregate(array({longest_first}), named_struct('c', 0D, 'v', 0D), (s, r) -> {add}, s -> s.v)"


def half_width(bands: Bands, *, power: float) -> str:
    """SQL for half of a band in evidence, over rows with `networks` (EVIDENCE) and `mass`, the sum of E_n ** p.

    normal_quantile * spread * sqrt(sum over networks of (E_n / E) ** (2 * (p - 1)) * variance of E_n)
    """
    factor, up = bands.normal_quantile * bands.spread, f"{2 * (power - 1)!r}D"
    total = f"aggregate(networks, 0D, (sum, n) -> sum + power(n.evidence, {up}) * n.variance)"
    return f"if(mass > 0, {factor!r}D * sqrt({total}) / power(mass, {(power - 1) / power!r}D), 0D)"
