"""The notebook runs from top to bottom on the promises' world and shows what it says."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.promises.conftest import Scored

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "first_look.ipynb"


def test_the_first_look_shows_the_top_the_distribution_an_explanation_and_a_history(
    scored: Scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLOUTSPARK_ROOT", str(scored.root))
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.get("text", "") for output in outputs)
    assert f"{len(scored.second)} people on 2026-03-31, 2 published days" in said
    assert "On Twitter, " in said
    charts = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(charts) == 3
