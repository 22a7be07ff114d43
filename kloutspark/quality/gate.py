"""The gate: Great Expectations on one metrics table; the only place that imports it.

The number of evaluated expectations is compared with the YAML: an unknown type or severity is dropped silently by the
library and an empty suite succeeds (TECH.md). An expectation that could not be evaluated is a failed one.
"""

import importlib
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kloutspark.config import Gate, Limit
from kloutspark.domain.errors import ContractError

SEVERITY = {"block": "critical", "warn": "warning"}


@dataclass(frozen=True)
class Finding:
    """One expectation with what it saw; `note` says why a failed one that blocks does not."""

    vital: str
    network: str
    limit: Limit
    severity: Literal["block", "warn"]
    observed: float | None
    passed: bool
    note: str | None = None

    def as_row(self) -> dict[str, Any]:
        """What `gate_results` and reports keep of it."""
        seen = {"vital": self.vital, "network": self.network, "severity": self.severity, "observed": self.observed}
        limit = {"least": self.limit.min, "most": self.limit.max, "why": self.limit.why}
        return {**seen, **limit, "passed": self.passed, "note": self.note}

    @property
    def refuses(self) -> bool:
        """Whether it keeps the day from being published."""
        return not self.passed and self.severity == "block" and self.note is None

    @property
    def name(self) -> str:
        """The vital, with its network where it is a network's."""
        return column(self.vital, self.network)


@dataclass(frozen=True)
class Verdict:
    """All findings of a candidate; it passes when nothing refuses it."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the day may be published."""
        return not self.blocking

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What refuses the day."""
        return tuple(f for f in self.findings if f.refuses)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is said although the day is published."""
        return tuple(f for f in self.findings if not f.passed and not f.refuses)

    @property
    def accepted(self) -> tuple[Finding, ...]:
        """What blocked and was accepted by a person."""
        return tuple(f for f in self.findings if not f.passed and f.severity == "block" and f.note is not None)


def judge_candidate(
    vitals: Mapping[tuple[str, str], float], *, gate: Gate, past_days: int, accepted: Mapping[str, str]
) -> Verdict:
    """Evaluates every expectation of conf/gate.yaml, a network's vitals once for each network.

    `vitals` by name and network; `past_days` were published before; `accepted` gives reasons by vital.

    Raises:
        ContractError: not every expectation was evaluated, or a vital was not measured.
    """
    checks = _checks(vitals, gate=gate)
    limits = {name: gate.expectations[vital] for name, (vital, _) in checks.items()}
    passed = evaluate({name: vitals[key] for name, key in checks.items()}, limits)
    findings = []
    for name, (vital, network) in checks.items():
        limit, severity, note = limits[name], limits[name].severity, None
        if limit.is_drift and past_days < gate.drift.past_days_min:
            severity = "warn"
            note = f"drift warns until {gate.drift.past_days_min} days are published, {past_days} are"
        elif severity == "block" and not passed[name] and vital in accepted:
            note = f"accepted: {accepted[vital]}"
        observed = vitals[vital, network]
        findings.append(Finding(vital, network, limit, severity, observed, passed[name], note))
    return Verdict(tuple(findings))


def evaluate(vitals: Mapping[str, float], limits: Mapping[str, Limit], *, docs: Path | None = None) -> dict[str, bool]:
    """Whether each vital keeps its limit, as Great Expectations finds it on one row; Data Docs go to `docs` if given.

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
            column=name, min_value=limit.min, max_value=limit.max, severity=SEVERITY[limit.severity], notes=limit.why
        )
        for name, limit in limits.items()
    ]
    suite = context.suites.add(gx.ExpectationSuite("gate", expectations=expectations))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="gate", data=batch, suite=suite))
    row = {"dataframe": pd.DataFrame([dict(vitals)])}
    if docs is None:
        result = definition.run(batch_parameters=row, result_format="BOOLEAN_ONLY")
    else:
        result = _run_with_docs(gx, context, definition, row, docs)
    evaluated = result.statistics["evaluated_expectations"]
    if evaluated != len(limits) or len(result.results) != len(limits):
        raise ContractError(
            "gate",
            expected=f"{len(limits)} evaluated expectations",
            found=str(evaluated),
            remedy="Compare conf/gate.yaml with what Great Expectations knows.",
        )
    return {r.expectation_config.kwargs["column"]: bool(r.success) for r in result.results}


def _run_with_docs(gx: Any, context: Any, definition: Any, row: Mapping[str, Any], docs: Path) -> Any:
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())},
    }
    context.add_data_docs_site(site_name="verdict", site_config=site)
    checkpoint = gx.Checkpoint(name="gate", validation_definitions=[definition], result_format="COMPLETE")
    results = context.checkpoints.add(checkpoint).run(batch_parameters=row)
    context.build_data_docs(site_names=["verdict"])
    return next(iter(results.run_results.values()))


def _checks(vitals: Mapping[tuple[str, str], float], *, gate: Gate) -> dict[str, tuple[str, str]]:
    checks: dict[str, tuple[str, str]] = {}
    for vital in gate.expectations:
        networks = sorted(network for name, network in vitals if name == vital)
        if not networks:
            known = ", ".join(sorted({name for name, _ in vitals}))
            remedy = "Correct its name in conf/gate.yaml."
            raise ContractError(f"gate.expectations.{vital}", expected=f"one of {known}", found=vital, remedy=remedy)
        checks |= {column(vital, network): (vital, network) for network in networks}
    return checks


def column(vital: str, network: str) -> str:
    """How a vital is called where all are in one row."""
    return f"{vital} of {network}" if network else vital


def _great_expectations() -> Any:
    """The library, imported here because it takes 2 to 4 s and nobody but the gate should pay for it.

    It tries pyspark's Connect part; where grpc is missing and the main module has no file (python -c, an embedding
    process) pyspark 4.2 takes that for its own doctests and ends the process with 0. A file name prevents that.
    """
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = "<embedded>"
    library = importlib.import_module("great_expectations")
    for name in ("great_expectations", "great_expectations.data_context.types.base"):  # the second sets its own level
        logging.getLogger(name).setLevel(logging.WARNING)
    return library
