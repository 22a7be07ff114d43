"""What a fit came to, for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from kloutspark.reporting.texts import shown, table


def show_fit(console: Console, found: Mapping[str, Any]) -> None:
    """How well the fitted model does beside simple ones, from what, and where it lies."""
    lines = [
        (
            q["name"],
            f"{q['auc_by_people']:.4f}",
            f"{q['auc_by_pairs']:.4f}",
            "" if q["loss"] is None else f"{q['loss']:.4f}",
        )
        for q in found["quality"]
    ]
    headings = ("", "AUC by people", "AUC by pairs", "log loss by people")
    title = f"{found['pairs']} pairs of {found['people']} people, signals of {found['as_of']}"
    console.print(
        table(f"{title}; {found['pairs_tested_by_people']} tested by people", headings, lines, right=(1, 2, 3))
    )
    left_out = (found["pairs_left_out"], found["unknown_people"], found["people_with_several_accounts"])
    if any(left_out):
        console.print(
            "{} pairs left out: {} people without a score that day, {} with several accounts on a network".format(
                *left_out
            )
        )
    levels = ", ".join(f"{q['share']:g}: {q['current']:.2f} -> {q['fitted']:.2f}" for q in found["evidence_quantiles"])
    console.print(f"quantiles of evidence, current model -> fitted: {levels}")
    fitted = ", ".join(f"{network} ({n} terms)" for network, n in found["terms"].items())
    console.print(f"fitted: {fitted}; ridge {found['ridge']:g}, exponent {found['exponent']:g}")
    console.print(shown(f"Data fingerprint {found['fingerprint']}. Model: {found['out']}"))


def show_doubts(console: Console, found: Mapping[str, Any]) -> None:
    """What labelled accounts say of each doubt."""
    doubts = found["authenticity"]["doubts"]
    lines = [(n, f"{d['usual']:g}", f"{d['weight']:.3g}") for n, d in doubts.items() if isinstance(d, dict)]
    title = f"{found['accounts']} labelled accounts as of {found['as_of']}, AUC {found['auc_by_folds']:.3f} over folds"
    console.print(table(title, ("doubt", "usual", "weight"), lines, right=(1, 2)))
    if found["unknown"]:
        console.print(shown(f"{found['unknown']} labelled accounts did nothing in the window."))
