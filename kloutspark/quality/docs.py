"""The verdict of a run as Data Docs of Great Expectations: static HTML, made again from what `gate_results` keeps."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kloutspark.config import Limit
from kloutspark.quality.gate import column, evaluate


def write_docs(findings: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Writes index.html and its pages for the findings of one run (GATE_RESULTS)."""
    limits = {
        column(f["vital"], f["network"]): Limit(min=f["least"], max=f["most"], severity=f["severity"], why=f["why"])
        for f in findings
    }
    evaluate({column(f["vital"], f["network"]): f["observed"] for f in findings}, limits, docs=folder)
