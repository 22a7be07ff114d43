"""The notebook follows one person of the promises' world from rows to the published score; its asserts hold there."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.promises.conftest import Scored
from tests.promises.world import CLUB, SECOND, STEEP

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "how_a_score_is_made.ipynb"


@pytest.mark.parametrize("person", ["", "p2.both"])  # the highest one; somebody on two networks
def test_the_road_from_rows_to_a_score_ends_at_the_published_one(
    scored: Scored, monkeypatch: pytest.MonkeyPatch, person: str
) -> None:
    monkeypatch.setenv("KLOUTSPARK_ROOT", str(scored.root))
    monkeypatch.setenv("KLOUTSPARK_SET", "\n".join((CLUB, STEEP)))
    monkeypatch.setenv("KLOUTSPARK_PERSON", person)
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells), "committed without outputs"
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.get("text", "") for output in outputs)
    row = scored.second[person] if person else max(scored.second.values(), key=lambda row: float(row["score"]))
    assert f"Published: {row['person_id']} has {row['score']:.2f} points on {SECOND}" in said
    tables = "".join(output["data"]["text/plain"] for output in outputs if "text/plain" in output.get("data", {}))
    assert "actor 1" in tables
    assert "fan0" not in said + tables, "other people are masked"
