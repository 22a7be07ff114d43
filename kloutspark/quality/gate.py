"""The gate: Great Expectations on one metrics table; the only place that imports it.

The number of evaluated expectations is compared with the YAML: an unknown type or severity is dropped silently by the
library and an empty suite succeeds (TECH.md). An expectation that could not be evaluated is a failed one.
"""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kloutspark.config import Gate, Limit
from kloutspark.domain.errors import ContractError

SEVERITY = {"block": "critical", "warn": "warning"}


@dataclass(frozen=True)
class Finding:
    """One expectation with what it saw."""

    limit: Limit
    observed: float | None
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """All findings of a candidate; it passes when nothing that blocks has failed."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the day may be published."""
        return not self.blocking

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What refuses the day."""
        return tuple(f for f in self.findings if not f.passed and f.limit.severity == "block")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is said although the day is published."""
        return tuple(f for f in self.findings if not f.passed and f.limit.severity == "warn")


def judge_candidate(vitals: Mapping[str, float], *, gate: Gate) -> Verdict:
    """Evaluates every expectation of conf/gate.yaml on the vitals.

    Raises:
        ContractError: not every expectation was evaluated.
    """
    import pandas as pd

    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (
        context.data_sources.add_pandas("vitals").add_dataframe_asset("day").add_batch_definition_whole_dataframe("all")
    )
    expectations = [
        gx.expectations.ExpectColumnValuesToBeBetween(
            column=limit.vital, min_value=limit.min, max_value=limit.max, severity=SEVERITY[limit.severity]
        )
        for limit in gate.expectations
    ]
    suite = context.suites.add(gx.ExpectationSuite("gate", expectations=expectations))
    definition = gx.ValidationDefinition(name="gate", data=batch, suite=suite)
    result = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": pd.DataFrame([dict(vitals)])}, result_format="BOOLEAN_ONLY"
    )
    evaluated = result.statistics["evaluated_expectations"]
    if evaluated != len(gate.expectations) or len(result.results) != len(gate.expectations):
        raise ContractError(
            "gate",
            expected=f"{len(gate.expectations)} evaluated expectations",
            found=str(evaluated),
            remedy="Compare conf/gate.yaml with what Great Expectations knows.",
        )
    passed = {_key(r.expectation_config): bool(r.success) for r in result.results}
    return Verdict(
        tuple(
            Finding(limit, vitals.get(limit.vital), passed[limit.vital, limit.min, limit.max])
            for limit in gate.expectations
        )
    )


def _key(configuration: object) -> tuple[str, float | None, float | None]:
    kwargs = configuration.kwargs  # type: ignore[attr-defined]
    return kwargs["column"], kwargs.get("min_value"), kwargs.get("max_value")


def _great_expectations() -> Any:
    """The library, imported here because it takes 2 to 4 s and nobody but the gate should pay for it.

    It tries pyspark's Connect part; where grpc is missing and the main module has no file (python -c, an embedding
    process) pyspark 4.2 takes that for its own doctests and ends the process with 0. A file name prevents that.
    """
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = "<embedded>"
    return importlib.import_module("great_expectations")
