"""docs/method.md says what the default model says, and its figures are drawn from it."""

import math
import re
import runpy
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from kloutspark.config import load

REPOSITORY = Path(__file__).parents[2]
FIGURES = REPOSITORY / "docs" / "figures"
PAGE = (REPOSITORY / "docs" / "method.md").read_text(encoding="utf-8")
MODEL = yaml.safe_load((REPOSITORY / "conf" / "models" / "default.yaml").read_text(encoding="utf-8"))
LETTERS = {
    "beta": "damping.exponent",
    "h": "selectivity.halving_reactions",
    "most": "standing.most",
    "p": "combine.exponent",
    "z": "bands.normal_quantile",
    "spread": "bands.spread",
    "d": "ranks.pages.damping",
}


def numbers(tree: Any, path: str = "") -> Iterator[tuple[str, list[float]]]:
    """Every number of the model by where it stands; a term stands under its signal."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from numbers(value, f"{path}.{key}".strip("."))
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        yield from ((f"{path}.{term['signal']}", [term["weight"]]) for term in tree)
    elif isinstance(tree, list):
        yield path, [number for item in tree for number in (item if isinstance(item, list) else [item])]
    elif not isinstance(tree, str | bool):
        yield path, [tree]


def said(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"\d[\d.]*(?:e-\d+)?", text)]


@pytest.fixture(scope="module")
def drawing() -> dict[str, Any]:
    return runpy.run_path(str(FIGURES / "draw.py"))


def test_every_number_of_the_model_stands_in_the_table_as_it_is() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    stated = {pattern: said(value) for names, value, _ in rows for pattern in re.findall("`(.+?)`", names)}
    found = dict(numbers(MODEL))
    for name, values in found.items():
        assert [stated[p] for p in stated if fnmatchcase(name, p)] == [values], name
    assert [p for p in stated if not any(fnmatchcase(name, p) for name in found)] == []


def test_numbers_between_the_lines_are_the_models() -> None:
    found = dict(numbers(MODEL))
    for letter, value in re.findall(r"`(\w+) = ([\d.]+)`", PAGE):
        assert [float(value)] == found[LETTERS[letter]], letter
    step, anchors = MODEL["step_limit"], MODEL["calibration"]["anchors"]
    assert f"at most {step['most_up_points']:g} points up and {step['most_down_points']:g} down a day" in PAGE
    assert f"a line through {', '.join(f'({x:g}, {y:g})' for x, y in anchors)}" in PAGE


def test_what_fans_and_followers_bring_is_worked_out(drawing: dict[str, Any]) -> None:
    config, windows = load(), MODEL["windows_days"]
    few, many = (drawing["calibrated"](drawing["weekly"](n, windows), config) for n in (1000, 2000))
    assert f"{many - few:.2f} points for twice" in PAGE
    assert f"{100 * (2 ** (1 / (many - few)) - 1):.0f} % more fans" in PAGE
    few, many = (drawing["calibrated"](drawing["weekly"](n, windows), config) for n in (50, 100))
    assert f"below {100 * (2 ** (1 / (many - few)) - 1):.0f} %" in PAGE
    silent = drawing["evidence"]({"followers_level": 100_000.0}, config)
    one = drawing["evidence"](drawing["once"](1.0, windows), config)
    assert f"bring {silent:.2f} of evidence, one person who reacted yesterday {one:.2f}" in PAGE
    assert math.isclose(drawing["evidence"]({}, config), 0)


def test_the_figures_are_current(drawing: dict[str, Any], tmp_path: Path) -> None:
    drawing["draw"](tmp_path)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == sorted(path.name for path in FIGURES.glob("*.svg"))
    for name in drawn:
        assert f"figures/{name}" in PAGE
        assert (tmp_path / name).read_bytes() == (FIGURES / name).read_bytes(), "make docs draws them again"
