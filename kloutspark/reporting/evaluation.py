"""How a network's score fared against the future, as tables and as a page: an evaluation's report, without ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.console import Console

from kloutspark.reporting.texts import plain, shown, table

Row: TypeAlias = Mapping[str, Any]
Xy: TypeAlias = tuple[Sequence[float], Sequence[float]]
Section: TypeAlias = tuple[str, Sequence[str], list[tuple[str, ...]]]

PAGES = Environment(
    loader=PackageLoader("kloutspark.reporting", "."),
    autoescape=True,
    finalize=lambda value: value if hasattr(value, "__html__") else plain(value),  # the plots alone are called safe
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Dots:
    """Accounts as points: score and future actors; and by gauge its value and the score."""

    future: Xy
    gauges: Mapping[str, Xy]


def show_evaluation(console: Console, report: Row) -> None:
    """Tables for a terminal."""
    console.print(shown(headline(report)))
    for title, headings, rows in sections(report):
        console.print(table(title, headings, rows, right=range(1, len(headings))))
    for line in remarks(report):
        console.print(shown(line))


def evaluation_page(report: Row, dots: Dots) -> str:
    """The same with plots, one HTML file that loads nothing."""
    from kloutspark.reporting.plots import evaluation_plots  # matplotlib takes a second, and only a page needs it

    return PAGES.get_template("evaluation.html.j2").render(
        network=report["network"],
        headline=headline(report),
        sections=sections(report),
        remarks=remarks(report),
        plots=evaluation_plots(report, dots),
    )


def headline(report: Row) -> str:
    """What was held against what."""
    n, cuts = report["accounts"], len(report["cuts"])
    told = (
        "past and future halves of the rows, the past stretched onto 90 days"
        if report["protocol"] == "stretched"
        else f"{cuts} cuts, 90 real days before and {report['ahead_days']} after each"
    )
    dropped = f"{report['incomplete_rows']} rows without an actor, target or time and {report['self_rows']} self rows"
    unscored = f", {report['unscored']} without a score" if report["unscored"] else ""
    return f"{report['network']}: {told}; {n:,} accounts{unscored}; {report['rows']:,} rows, besides {dropped}."


def sections(report: Row) -> list[Section]:
    """Title, headings and rows of each table."""
    ways: list[tuple[str, ...]] = [
        (name, number(spearman), number(report["ndcg_at_100"][name])) for name, spearman in report["spearman"].items()
    ]
    compared = report["compared"]
    if compared is not None:
        other = f"score with {', '.join(report['compared_settings'])}"
        ways.append((other, number(compared["spearman"]), number(compared["ndcg_at_100"])))
    found: list[Section] = [("Who foretells the distinct actors of the future", ("", "Spearman", "NDCG@100"), ways)]
    gains = [(f"score minus {report['best_baseline']}, the best", report["over_best_baseline"])]
    gains += [("score minus u", report["over_u"])]
    gains += [(f"score minus {other}", compared["difference"])] if compared is not None else []
    if report["daily"] is not None:
        gains.append((f"{report['daily']['runs']} daily runs minus one without a limit", report["daily"]["difference"]))
    found.append(
        ("By how much (Spearman)", ("", "difference", "95 % interval"), [(n, signed(g), interval(g)) for n, g in gains])
    )
    if len(report["cuts"]) > 1:
        names = ("score", "u", report["best_baseline"])
        rows: list[tuple[str, ...]] = [
            (c["as_of"], str(c["accounts"]), *[number(c["spearman"][n]) for n in names]) for c in report["cuts"]
        ]
        found.append(("Cut by cut (Spearman)", ("cut", "accounts", *names), rows))
    spread: list[tuple[str, ...]] = [
        (f"{r['from']}-{r['to']}", str(r["people"]), share(r["share"]), share(r["real_share"]))
        for r in report["distribution"]
    ]
    found.append(
        (
            "Scores beside a real distribution (Belgium 2014, 100,258 accounts)",
            ("score", "people", "share", "real share"),
            spread,
        )
    )
    if report["bands"] is not None:
        bands: list[tuple[str, ...]] = [
            (f"{r['from']}-{r['to']}", str(r["people"]), share(r["share"])) for r in report["bands"]["by_range"]
        ]
        bands.append(("all", str(report["bands"]["people"]), share(report["bands"]["of_population"])))
        title = "Bands of 90 %: scores of random halves of the actors that fall inside"
        found.append((title, ("score", "accounts", "inside"), bands))
    if report["outside"] is not None:
        rows = [(name, number(value)) for name, value in report["outside"]["spearman"].items()]
        title = f"Against the ranking from elsewhere: {report['outside']['accounts']} accounts of both"
        found.append((title, ("", "Spearman"), rows))
    return found


def remarks(report: Row) -> list[str]:
    """What needs no table, and what could not be measured."""
    found = [
        f"R2 of the score against the logarithm of {r['gauge']}: {number(r['r_squared'])} ({r['accounts']} accounts)."
        for r in report["r_squared"]
    ]
    if not found:
        found = ["R2 against the logarithm of followers: the network has no gauge with values before a cut."]
    if report["best_half_life"] is not None:
        best = report["best_half_life"]
        told = "chosen afterwards, so flattered"
        found.append(
            f"Best single half-life ({told}): {best['days']} days, Spearman {number(best['spearman'])}, "
            f"the score {number(report['spearman']['score'])}."
        )
    if report["same_range"] is not None:
        same = report["same_range"]
        found.append(
            f"In the same one of four ranges (1-19, 20-49, 50-64, 65-100) on {same['first']} and {same['last']}: "
            f"{share(same['share'])} of {same['people']} people; 89 % of a real population a year apart."
        )
    if report["bands"] is None:
        found.append("Bands: not held against halves: the published evidence could not be recomputed from its pairs.")
    if report["daily"] is not None:
        daily = report["daily"]
        found.append(
            f"Step limit: the last of {daily['runs']} daily runs comes to {number(daily['spearman'])}, a run without a "
            f"limit to {number(daily['without_limit'])}."
        )
    found.append("One formula was tried here, the model as it is configured.")
    found.append(f"How it was chosen: {report['model_why']}")
    return found


def number(value: float | None) -> str:
    """.5611; a dash where it could not be measured."""
    return "\N{EN DASH}" if value is None else f"{value:.4f}".replace("0.", ".", 1)


def signed(gain: Row) -> str:
    """+.0389."""
    return "\N{EN DASH}" if gain["measured"] is None else f"{gain['measured']:+.4f}".replace("0.", ".", 1)


def interval(gain: Row) -> str:
    """+.0258 .. +.0527."""
    if gain["lowest"] is None:
        return "\N{EN DASH}"
    return " .. ".join(f"{gain[end]:+.4f}".replace("0.", ".", 1) for end in ("lowest", "highest"))


def share(value: float | None) -> str:
    """3.8 %; nothing where it is not known."""
    return "" if value is None else f"{value:.1%}"
