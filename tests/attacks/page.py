"""docs/attacks.md and docs/attacks.svg from what tests/attacks/__main__.py measured."""

import runpy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kloutspark.sources.attacks import FAMILIES
from tests.attacks.bars import AUC, POINTS, RING, bar_of
from tests.attacks.grounds import PLACES

DOCS = Path(__file__).parents[2] / "docs"
BUDGETS = (100, 1_000, 10_000)
OTHERS = ("alone", "shifted", "once", "ring", "times", "newcomers")  # further measurements of a place (__main__.py)
COURSE_OF_FARMS = "demo-course"
FAKES, MANY_FAKES = 1_000, 10_000  # of a farm, as the bars mean it
FARM, DEVOTED, RING_OF, STOLEN = "click_farm", "devoted_account", "ring", "stolen_times"
SCORES = (15.0, 30.0, 50.0, 70.0)
Found = Mapping[str, Any]  # measurements by name
Price = Mapping[str, Any]  # as kloutspark.learning.prices.Price.as_row gives it

HEAD = """# What fakes buy

Written by `make attacks`; nothing here by hand. The attacks are `conf/attacks.yaml`, committed before authenticity was
written; `stolen_times` was not looked at while authenticity was first tuned. Its prices had been seen before two
vouchers, `times_usual` of 4 and the share of known ones came in; they were not used for these. `kloutspark attack`
prices any root so.

Each attack meets somebody of its own, whose score is nearest to the wanted one and within 3 points of it. Scores are
before the step limit and without standing: a scratch root with the same input tables, scored without and with the
fakes. Points are what the target gained as of the day after the attack's last one, where every window holds most of
it. A step limit of 20 points a day would hide more; standing is what a past would add to real reactions.

In brackets: what the same fakes would gain if plain counting were the score, turned into the same 1 to 100 by place
(who receives as much as the thousandth account has the thousandth score): reactions n / distinct actors u / PageRank
.85. Beyond the highest account's count it is the highest score: these gains are cut there, ours are not.
"""

ALONE = """\
Attacks share runs, each on somebody of its own. A click farm alone, as the bars mean it, and among all of its
budget, where farms on people to whom many react make newcomers more usual for everybody:
"""
SHIFTED = """
The same farm as of a day on which half of its days are to come, on which it ends, and a week later, beside one on
the other target. These roots have no past: who reacts in the first 60 of their 90 days is nobody's newcomer, and a
week later the farm's first days lie among them. In a root that is scored daily each day was judged in its turn; in
a new root this is what a farm of its first days gains. The next table is of one with a past.
"""
COURSE = """
Farms of 1,000 on both targets at once, in a demo world of 180 days: a whole window lies before their first day, and
who reacts on a day is judged by the days before that one. Points before the step limit, against the same days without
farms, so many days after their end.
"""
ONCE = """
Of a devoted account's reactions the last one alone, of the last day, and all of them. One is what somebody's fan
brings by coming back: where that is above the bar, the bar cannot be met together with P5 and P7.
"""


def write_page(found: Found) -> None:
    """The page and its plot."""
    (DOCS / "attacks.md").write_text("\n".join(lines(found)).rstrip() + "\n", encoding="utf-8")
    draw(found, DOCS / "attacks.svg")


def lines(found: Found) -> Iterator[str]:
    """The page."""
    yield HEAD
    yield "![Points that a click farm and stolen times buy, and what newcomers pay for it](attacks.svg)\n"
    wanted = [f"{place}-{what}" for place in PLACES for what in (*BUDGETS, *OTHERS)]
    wanted.append(COURSE_OF_FARMS)
    if missing := [name for name in wanted if not any(f"{of}-".startswith(f"{name}-") for of in found)]:
        yield f"Not measured yet: {', '.join(missing)}.\n"
    yield "## Against the bars\n"
    yield from _bars(found)
    for place, about in PLACES.items():
        for budget in BUDGETS:
            if listed := found.get(f"{place}-{budget}"):
                yield f"## {about.title}, {budget:,} fakes\n"
                yield from _price_list(listed)
    yield "## Fake accounts told from people\n"
    yield from _told_apart(found)
    yield "## Alone, and before and after the end\n"
    yield from _checks(found)
    yield "## What newcomers pay\n"
    yield from _trade_off(found)


def _bars(found: Found) -> Iterator[str]:
    yield "| attack | fakes | where | target | points | bar | |\n|---|--:|---|--:|--:|--:|---|"
    for place, about in PLACES.items():
        shared = [p for n in BUDGETS for p in _prices(found, f"{place}-{n}") if p["attack"] != FARM]
        for p in [*_prices(found, f"{place}-alone"), *shared]:
            if (bar := bar_of(p)) is not None:
                shown = (p["attack"], f"{p['budget']:,}", about.title, f"{p['before']:.1f}", _signed(p["points"]))
                yield f"| {' | '.join(shown)} | {bar:g} | {_verdict(p['points'] <= bar)} |"
        if ring := found.get(f"{place}-ring"):
            best, median = ring["highest"], ring["median_of_ordinary"]
            said = f"best member {best:.1f} | median {median:.1f}"
            yield f"| ring of new accounts, alone | {RING} | {about.title} | | {said} | {_verdict(best <= median)} |"
        around = [p["highest_fake"] for p in _prices(found, f"{place}-{RING}") if p["attack"] == RING_OF]
        if around:
            said = f"best member {max(around):.1f} | no bar"
            yield f"| rings around people, among all attacks | {RING} | {about.title} | | {said} | |"
    yield ""


def _prices(found: Found, name: str) -> list[Price]:
    """The prices of a measurement, none where it was not made."""
    return list(found.get(name, {"prices": []})["prices"])


def _price_list(listed: Mapping[str, Any]) -> Iterator[str]:
    scores = sorted({p["wanted"] for p in listed["prices"]})
    by_target = {(p["attack"], p["wanted"]): p for p in listed["prices"]}
    yield f"| attack | {' | '.join(f'target of {score:g}' for score in scores)} |"
    yield f"|---|{'---|' * len(scores)}"
    for attack in FAMILIES:
        if attack not in listed["without_gauge"]:
            cells = [_cell(by_target[attack, score]) for score in scores]
            yield f"| {attack} | {' | '.join(cells)} |"
    yield ""
    for score in listed["without_target"]:
        yield f"Nobody stands within 3 points of {score:g}.\n"
    for name in listed["without_gauge"]:
        yield f"{name} is left out: the network has no such gauge.\n"


def _cell(p: Price) -> str:
    under = " / ".join(_signed(of_measure["points"]) for of_measure in p["under"].values())
    return f"{p['before']:.1f} **{_signed(p['points'])}** ({under})"


def _told_apart(found: Found) -> Iterator[str]:
    yield (
        "The chance that a reaction of somebody real counts more than one of a fake account, ties counting half.\n"
        "Times are stolen from the place's own accounts or, where it says so, from real ones of Higgs.\n"
    )
    yield "| attack | where | fakes | AUC by target | bar | |\n|---|---|--:|---|--:|---|"
    for place, about in PLACES.items():
        shared = [(attack, n, f"{place}-{n}", attack) for attack in FAMILIES for n in BUDGETS]
        for attack, budget, name, said in [*shared, (STOLEN, FAKES, f"{place}-times", f"{STOLEN} from Higgs")]:
            aucs = [p["auc"] for p in _prices(found, name) if p["attack"] == attack and p["auc"] is not None]
            if aucs:
                bar = AUC.get(attack)
                shown = ", ".join(f"{auc:.3f}" for auc in aucs)
                verdict = "" if bar is None else _verdict(min(aucs) >= bar)
                bar_shown = "" if bar is None else f"{bar:g}"
                yield f"| {said} | {about.title} | {budget:,} | {shown} | {bar_shown} | {verdict} |"
    yield ""


def _checks(found: Found) -> Iterator[str]:
    yield ALONE
    yield "| where | target | fakes | alone | among all |\n|---|--:|--:|--:|--:|"
    for place, about in PLACES.items():
        among = {
            (p["account_id"], n): p for n in BUDGETS for p in _prices(found, f"{place}-{n}") if p["attack"] == FARM
        }
        for p in _prices(found, f"{place}-alone"):
            other = among.get((p["account_id"], p["budget"]))
            both = (_signed(p["points"]), "not measured" if other is None else _signed(other["points"]))
            yield f"| {about.title} | {p['before']:.1f} | {p['budget']:,} | {' | '.join(both)} |"
    yield SHIFTED
    yield "| where | target | half | end | a week later |\n|---|--:|--:|--:|--:|"
    for place, about in PLACES.items():
        shifted = _prices(found, f"{place}-shifted")
        for account in dict.fromkeys(p["account_id"] for p in shifted):
            mine = {p["days"]: p for p in shifted if p["account_id"] == account}
            cells = [_signed(mine[days]["points"]) for days in sorted(mine, reverse=True)]
            yield f"| {about.title} | {mine[0]['before']:.1f} | {' | '.join(cells)} |"
    yield from _course(found)
    yield ONCE
    yield "| where | target | one reaction | all |\n|---|--:|--:|--:|"
    for place, about in PLACES.items():
        devoted = _prices(found, f"{place}-once")
        for account in dict.fromkeys(p["account_id"] for p in devoted):
            cells = [_signed(p["points"]) for p in devoted if p["account_id"] == account]
            before = next(p["before"] for p in devoted if p["account_id"] == account)
            yield f"| {about.title} | {before:.1f} | {' | '.join(cells)} |"
    yield ""


def _course(found: Found) -> Iterator[str]:
    if (measured := found.get(COURSE_OF_FARMS)) is None:
        return
    yield COURSE
    days = measured["days"]
    yield f"| target | {' | '.join(str(day['days_after_end']) for day in days)} | highest | bar | |"
    yield f"|--:|{'--:|' * len(days)}--:|--:|---|"
    for wanted, score in measured["targets"].items():
        points = [day["points"][wanted] for day in days]
        bar = POINTS[FARM, FAKES][float(wanted)]
        cells = [*map(_signed, points), f"**{_signed(max(points))}**", f"{bar:g}", _verdict(max(points) <= bar)]
        yield f"| {score:.1f} | {' | '.join(cells)} |"


def _trade_off(found: Found) -> Iterator[str]:
    yield (
        "Fresh honest accounts and farm accounts look alike on their first day. The more newcomers count in full on\n"
        "any target (authenticity.newcomers.in_full), the more a farm of 1,000 buys. Mean weight: of real accounts\n"
        "whose first reaction is at most 28 days old (how many). Lose half: of all real accounts. Fakes of two\n"
        "targets share a run, so that newcomers are more usual than alone.\n"
    )
    yield "| where | in full | mean weight of newcomers | lose half | points by target |\n|---|--:|--:|--:|---|"
    for place, about in PLACES.items():
        for weight, one in _grid(found, place):
            points = ", ".join(f"{p['before']:.1f}: {_signed(p['points'])}" for p in one["prices"])
            weighed = f"{one['mean_weight']:.3f} ({one['newcomers']:,})"
            half = f"{one['lose_half']:.1%}" if "lose_half" in one else "not measured"
            yield f"| {about.title} | {weight:g} | {weighed} | {half} | {points} |"
    yield ""


def _grid(found: Found, place: str) -> list[tuple[float, Any]]:
    start = f"{place}-newcomers-"
    return sorted((float(name.removeprefix(start)), one) for name, one in found.items() if name.startswith(start))


def _signed(points: float) -> str:
    return f"{points:+.1f}"


def _verdict(is_met: bool) -> str:
    return "meets" if is_met else "**misses**"


def draw(found: Found, file: Path) -> None:
    """Points against fakes by target, ours and under u, a panel a place; the trade-off of newcomers in the last one."""
    drawing = runpy.run_path(str(DOCS / "figures" / "draw.py"))  # its look: one for all figures
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(drawing["LOOK"])
        colours = (drawing["BLUE"], drawing["ORANGE"], drawing["GREEN"], drawing["GREY"])
        figure = Figure(figsize=(11.0, 5.6), layout="constrained")
        axes = figure.subplots(2, 3).ravel()
        for axis, (place, about) in zip(axes, PLACES.items(), strict=False):
            _draw_prices(axis, found, place, colours)
            axis.set(title=about.title, xlabel="fakes of a click farm", ylabel="points", xscale="log")
        key = axes[len(PLACES)]  # a panel that no place needs
        key.set_axis_off()
        key.legend(*axes[0].get_legend_handles_labels(), loc="center", fontsize=7)
        for (place, about), colour in zip(PLACES.items(), colours, strict=False):
            for wanted, style in ((15.0, "-"), (50.0, "--")):
                points = [
                    (w, p["points"]) for w, one in _grid(found, place) for p in one["prices"] if p["wanted"] == wanted
                ]
                if points:
                    axes[-1].plot(*zip(*points, strict=True), style, color=colour, label=f"{about.title}, {wanted:g}")
        axes[-1].set(
            title="1,000 fakes against newcomers", xlabel="newcomers that count in full on any target", ylabel="points"
        )
        if axes[-1].lines:
            axes[-1].set_ylim(top=1.4 * axes[-1].get_ylim()[1])  # room for the key
            axes[-1].legend(loc="upper left", fontsize=7)
        figure.savefig(file, metadata={"Date": None, "Creator": None})


def _draw_prices(axis: Axes, found: Found, place: str, colours: Sequence[str]) -> None:
    for wanted, colour in zip(SCORES, colours, strict=True):
        mine = [
            p
            for budget in BUDGETS
            for p in _prices(found, f"{place}-{budget}")
            if p["attack"] == FARM and p["wanted"] == wanted
        ]
        if mine:
            fakes = [p["budget"] for p in mine]
            axis.plot(fakes, [p["points"] for p in mine], "o-", color=colour, label=f"target of {wanted:g}")
            axis.plot(fakes, [p["under"]["u"]["points"] for p in mine], ":", color=colour, label="the same under u")
