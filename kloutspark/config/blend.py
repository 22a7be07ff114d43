"""A model on its way to another one: on every day a model like any, with terms of both and one scale of evidence."""

from collections.abc import Mapping, Sequence

from kloutspark.config.blocks import digest
from kloutspark.config.model import Calibration, Model, Term
from kloutspark.domain.curves import GAP, Point, height, majorant
from kloutspark.domain.errors import ConfigError

# Evidence of the two models is taken as equal where it gives this score: below it stand two thirds of a real
# population (SCORE.md), so most people are moved least.
EQUAL_AT_SCORE = 20.0
BLENDED = ("terms", "combine", "calibration", "phase_in")  # all other blocks are the same in both


def check_alike(old: Model, new: Model) -> None:
    """What tiles, windows, walks and limits follow from has no half way.

    Raises:
        ConfigError: a block that is not blended differs; it is named.
    """
    before, after = (model.model_dump(mode="json", exclude=set(BLENDED)) for model in (old, new))
    for name in after:
        if digest({name: before[name]}) != digest({name: after[name]}):
            remedy = "Change that block in a release of its own, or phase in a model that keeps it."
            expected, found = f"the {name} of phase_in.from_model", "others"
            raise ConfigError(f"the model's {name}", expected=expected, found=found, remedy=remedy)


def blend(old: Model, new: Model, *, share: float, terms: Mapping[str, tuple[Sequence[Term], Sequence[Term]]]) -> Model:
    """The model of a day on which the new one has reached a share s, 0 < s < 1; idle is what is idle in both.

        E_n = (1 - s) * E_n(old) * u ** -s + s * E_n(new) * u ** (1 - s)
        score = (1 - s) * f_old(E * u ** s) + s * f_new(E * u ** (s - 1));     p = (1 - s) * p_old + s * p_new

    u is the old model's evidence of a score of 20 to the new one's: a new model that says the same in other units
    moves nobody on any day. `terms` are both models' by network, scaled already (`Config.terms`). A sum of rising
    shapes rises (P1, P7), a sum of rising, concave maps of one evidence is both (P17).

    Raises:
        ConfigError: a signal has another at_most in the new model.
    """
    unit = _evidence_of(EQUAL_AT_SCORE, old.calibration) / _evidence_of(EQUAL_AT_SCORE, new.calibration)
    in_old, in_new = unit**-share, unit ** (1 - share)
    networks = {
        network: _blend_terms(before, after, (1 - share) * in_old, share * in_new, network=network)
        for network, (before, after) in terms.items()
    }
    idle = {title: why for title, why in new.terms.idle.items() if title in old.terms.idle}
    exponent = (1 - share) * old.combine.exponent + share * new.combine.exponent
    return new.model_copy(
        update={
            "terms": new.terms.model_copy(update={"networks": networks, "idle": idle}),
            "combine": new.combine.model_copy(update={"exponent": exponent, "scale": {}}),
            "calibration": _blend_maps(
                [(x * in_old, y) for x, y in old.calibration.anchors],
                [(x * in_new, y) for x, y in new.calibration.anchors],
                share=share,
                why=new.calibration.why,
            ),
            "phase_in": None,
        }
    )


def _evidence_of(score: float, calibration: Calibration) -> float:
    return height([(y, x) for x, y in calibration.anchors], score)


def _blend_terms(
    old: Sequence[Term], new: Sequence[Term], of_old: float, of_new: float, *, network: str
) -> tuple[Term, ...]:
    """The new model's terms, each with what the old one has of its signal, then what the old one alone has."""
    before, after = {t.signal: t for t in old}, {t.signal: t for t in new}
    found = []
    for signal in {**after, **before}:
        a, b = before.get(signal), after.get(signal)
        if a is not None and b is not None:
            if (a.at_most, a.at_most_times) != (b.at_most, b.at_most_times):
                where = f"the model's terms of {network}, {signal}"
                expected, remedy = (
                    f"at_most: {_limit(a)}, as in phase_in.from_model",
                    "A limit has no half way: keep it.",
                )
                raise ConfigError(where, expected=expected, found=_limit(b), remedy=remedy)
            found.append(_add(a, b, of_old, of_new))
        elif b is not None:
            found.append(b.model_copy(update={"weight": of_new * b.weight}))
        elif a is not None:
            found.append(a.model_copy(update={"weight": of_old * a.weight}))
    return tuple(found)


def _limit(term: Term) -> str:
    times = "" if term.at_most_times == 1 else f" times {term.at_most_times:g}"
    return f"{term.at_most}{times}"


def _add(a: Term, b: Term, of_a: float, of_b: float) -> Term:
    """Two terms of one signal as one, on the knots of both: up to twice as many as a file may have."""
    if a.shape is None and b.shape is None:
        return b.model_copy(update={"weight": of_a * a.weight + of_b * b.weight})
    line: tuple[Point, ...] = ((0.0, 0.0), (1.0, 1.0))
    shapes = (a.shape or line, b.shape or line)
    knots: list[float] = []
    for x in sorted({x for term in (a, b) for x, _ in term.shape or ()}):
        if len(knots) > 1 and x - knots[-1] < GAP:
            knots.pop()
        knots.append(x)
    heights = [of_a * a.weight * height(shapes[0], x) + of_b * b.weight * height(shapes[1], x) for x in knots]
    return b.model_copy(update={"weight": 1.0, "shape": tuple(zip(knots, heights, strict=True))})


def _blend_maps(old: Sequence[Point], new: Sequence[Point], *, share: float, why: str) -> Calibration:
    """(1 - s) * f_old + s * f_new through the anchors of both; what rounding bends the other way is left out."""
    corners, end = [(0.0, 1.0)], max(old[-1][0], new[-1][0])
    for x in sorted({x for x, _ in (*old, *new)} - {end}):
        y = (1 - share) * min(height(old, x), 100.0) + share * min(height(new, x), 100.0)
        if corners[-1][1] < y < 100:
            corners.append((x, y))
    return Calibration(anchors=majorant([*corners, (end, 100.0)]), why=why)
