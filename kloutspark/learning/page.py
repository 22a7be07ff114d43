"""A fitted model as the file that `--set model=FILE` reads: the current one with other terms and scales, and why."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import yaml

from kloutspark.config import Config, Term
from kloutspark.domain.signals import MEASURES
from kloutspark.learning.fit import NEGLIGIBLE, NEVER_OFFERED, OnNetwork
from kloutspark.learning.pairs import Numbers
from kloutspark.learning.selection import EXPONENTS, RIDGES, Fitted, People
from kloutspark.learning.shapes import bent

WIDTH = 115


def model_page(config: Config, people: People, fitted: Fitted, *, as_of: date, labels: str) -> str:
    """YAML of a whole model; `labels` says where the labels come from.

    Networks that were fitted name all their terms, the others keep theirs. A term's comment tells its share of what
    people on the network differ by: of the sum over terms of standard deviations.
    """
    model, learned = config.model, fitted.learned
    tree = model.model_dump(mode="json", exclude_none=True, exclude={"phase_in"})
    of_networks = {**model.terms.networks, **learned.terms}
    source = f"{len(fitted.pairs)} comparisons of {fitted.people} people ({labels}), signals of {as_of}"
    tree["why"] = f"Fitted by kloutspark fit to {source}; its head tells how well it does. Before: {_first(model.why)}"
    tree["terms"]["why"] = (
        f"Weights and shapes of {', '.join(sorted(learned.terms))}: {source}; logistic on left minus right, no slope "
        f"below 0, ridge {fitted.ridge:g} of {', '.join(f'{r:g}' for r in RIDGES)} by folds of people; a signal under "
        f"{NEGLIGIBLE:.0%} of what people differ by is left out. Others as before: {_first(model.terms.why)}"
    )
    tree["terms"]["idle"] = _idle(config, of_networks)
    tree["combine"] |= {"exponent": learned.exponent, "scale": {**tree["combine"].get("scale", {}), **learned.scale}}
    tree["combine"]["why"] = _why_combined(config, fitted)
    terms = {"networks": tree["terms"].pop("networks"), **tree.pop("terms")}
    terms.pop("networks")
    head = "".join(f"# {line}\n" for line in _head(fitted, source))
    text = [head, _yaml({"why": tree.pop("why"), "windows_days": tree.pop("windows_days")})]
    combined = {"combine": tree.pop("combine")}
    text += [_yaml({"terms": terms}), "  networks:\n"]
    for network, of_one in sorted(of_networks.items()):
        note = "fitted" if network in learned.terms else "as before"
        text += [f"    {json.dumps(network)}:  # {note}\n", *_lines(of_one, people.networks.get(network))]
    return "".join([*text, _yaml(combined), _yaml(tree)])


def _head(fitted: Fitted, source: str) -> Iterator[str]:
    yield f"Fitted by kloutspark fit to {source}."
    unknown, left_out = fitted.pairs.unknown_people, fitted.pairs.left_out
    if left_out:
        yield f"{left_out} pairs were left out: of {unknown} people there is no score that day, or several accounts."
    yield f"data fingerprint: {fitted.fingerprint}    pairs tested by people: {fitted.tested}"
    yield f"{'':24} AUC by people   AUC by pairs   log loss by people (.693 knows nothing)"
    for q in fitted.qualities:
        loss = "" if q.loss is None else f"{q.loss:14.4f}"
        yield f"{q.name:24} {q.auc_by_people:13.4f} {q.auc_by_pairs:14.4f} {loss}".rstrip()
    yield "evidence of a sample of everybody, quantile: current model, this model"
    yield ", ".join(f"{share:g}: {a:.2f}, {b:.2f}" for share, a, b in fitted.quantiles)
    yield "So that nobody moves overnight, add: phase_in: {from_model: NAME, first_day: DAY, days: 14, why: ...}"


def _why_combined(config: Config, fitted: Fitted) -> str:
    learned, current = fitted.learned, config.model.combine
    if len(learned.scale) == 1:
        said = "One network alone had people, so the exponent stays; its scale"
    elif learned.exponent == current.exponent:
        said = (
            f"Exponent {learned.exponent:g} stays, or was the best of {EXPONENTS}; scales were fitted on all pairs and"
        )
    else:
        said = (
            f"Exponent {learned.exponent:g} had the least log loss of {EXPONENTS}; scales were fitted on all pairs and"
        )
    return f"{said} keeps the evidence of the median person who has any. Before: {_first(current.why)}"


def _first(why: str) -> str:
    """The reason of before any fit: a model fitted again does not pile them up."""
    return why.replace("Others as before: ", "Before: ").rpartition("Before: ")[2]


def _idle(config: Config, of_networks: Mapping[str, Sequence[Term]]) -> dict[str, str]:
    """A reason for each rising measure without weight on any scored network, the current one where there is one."""
    terms = config.model.terms.model_copy(update={"networks": dict(of_networks)})
    weighty = {
        signal.measure.title
        for network in config.scored
        for signals in [{s.name: s for s in config.signals(network)}]
        for signal in (signals[t.signal] for t in terms.of(network, config.subjects(network)))
    }
    without = [m for m in MEASURES if m.response == "rising" and m.title not in weighty]
    said = {m.title: NEVER_OFFERED.get(m.name, "Labels gave it a negligible weight on every network.") for m in without}
    return {title: terms.idle.get(title, reason) for title, reason in said.items()}


def _lines(terms: Sequence[Term], seen: OnNetwork | None) -> Iterator[str]:
    spreads = np.zeros(len(terms)) if seen is None else _spreads(terms, seen)
    for term, spread in zip(terms, spreads / max(spreads.sum(), 1e-300), strict=True):
        entry = json.loads(term.model_dump_json(exclude_defaults=True))
        shape = entry.pop("shape", None)
        text = f"      - {json.dumps(entry)}" if shape is None else f"      - {json.dumps(entry)[:-1]},"
        yield text.replace('"', "") + (f"  # {spread:.0%} of what people differ by there\n" if spread else "\n")
        if shape is not None:
            yield f"         shape: {json.dumps(shape)}}}\n"


def _spreads(terms: Sequence[Term], seen: OnNetwork) -> Numbers:
    inputs = seen.inputs(terms).T
    return np.array([t.weight * bent(x, t.shape).std() for t, x in zip(terms, inputs, strict=True)])


def _yaml(tree: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True, width=WIDTH))
