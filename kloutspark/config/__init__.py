"""Configuration: closed, frozen, validated; units in names; values live in `conf/` alone.

`load` lies conf/base.yaml, conf/env/<env>.yaml and `--set a.b=c` over each other, reads the model and every network,
and refuses unknown keys with the nearest valid one. `Config.fingerprint` is the hash of everything scientific.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, PrivateAttr, model_validator

from kloutspark.config.blend import blend, check_alike
from kloutspark.config.blocks import NAME, Closed, Name, Science, digest, read_yaml, validated
from kloutspark.config.gate import Gate, Limit
from kloutspark.config.model import (
    COUNTING_NEWCOMERS,
    Authenticity,
    Bands,
    Calibration,
    Damping,
    Doubts,
    Model,
    Newcomers,
    Selectivity,
    Standing,
    StepLimit,
    Term,
    Walk,
)
from kloutspark.config.networks import AccountType, Classes, Gauge, Network
from kloutspark.domain.errors import ConfigError, unknown_key
from kloutspark.domain.signals import MEASURES, Signal, Subjects, catalogue

__all__ = [
    "AccountType",
    "Authenticity",
    "Bands",
    "Calibration",
    "Closed",
    "Config",
    "Damping",
    "Doubts",
    "Gate",
    "Gauge",
    "Limit",
    "Model",
    "Network",
    "Newcomers",
    "Science",
    "Selectivity",
    "SparkSettings",
    "Standing",
    "StepLimit",
    "TableSettings",
    "Term",
    "Walk",
    "conf_dir",
    "load",
    "read_yaml",
    "validated",
]


class TableSettings(Closed):
    """How long removed files, log entries and tiles are kept; `maintain` brings tables to it that stand already."""

    deleted_file_retention_days: Annotated[int, Field(ge=1)]
    log_retention_days: Annotated[int, Field(ge=1)]
    past_days: Annotated[int, Field(ge=0)]


class SparkSettings(Closed):
    """The session: nothing here changes a result (bit-equality is tested over partition counts)."""

    master: str | None = None
    shuffle_partitions: Annotated[int, Field(ge=1)]
    broadcast_pairs: Annotated[int, Field(ge=0)]
    driver_memory: str | None = None
    driver_java_options: str | None = None
    settles_in: Literal["memory", "table"] = "table"  # where a graph iteration keeps its state
    settings: dict[str, str] = Field(default_factory=dict)


class Config(Closed):
    """Everything that a run is told besides its day and its root."""

    model_name: str
    model: Model
    networks: dict[Name, Network]
    classes: Classes
    tables: TableSettings
    spark: SparkSettings
    gate: Gate
    _stated: Model | None = PrivateAttr(default=None)  # what the files say, where `model` is its blend for a day

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for network, page in self.networks.items():
            for kind, entry in page.kinds.items():
                if entry.reaction_class not in self.classes.values:
                    where = f"networks/{network}.yaml, kinds.{kind}.class"
                    raise unknown_key(where, entry.reaction_class, list(self.classes.values))
            for gauge in set(page.follow_gauges or ()) - page.gauges.keys():
                raise unknown_key(f"networks/{network}.yaml, follow_gauges", gauge, list(page.gauges))
        terms, scale = self.model.terms.networks, self.model.combine.scale
        for where, named in (("terms.networks", list(terms)), ("combine.scale", list(scale))):
            for network in named:
                if network not in self.networks:
                    raise unknown_key(f"the model's {where}", network, list(self.networks))
        return self

    @model_validator(mode="after")
    def _terms_carry_rising_signals(self) -> Self:
        weighty = set()
        for network in self.networks:
            signals = {s.name: s for s in self.signals(network)}
            if len(signals) < len(self.signals(network)):
                raise ValueError(f"networks/{network}.yaml: a kind or gauge has the name of something else")
            terms = self.terms(network)
            if len({t.signal for t in terms}) < len(terms):
                raise ValueError(
                    f"the model's terms of {network}: a signal stands there once, for a part is named by it"
                )
            for term in terms:
                for name in (n for n in (term.signal, term.at_most) if isinstance(n, str)):
                    if name not in signals:
                        raise unknown_key(f"the model's terms of {network}", name, sorted(signals))
                    if signals[name].response != "rising":
                        raise ValueError(f"{name} is shown_only: only rising signals may carry weight (P7, P9)")
                weighty.add(signals[term.signal].measure.title)
        for measure in MEASURES:
            if measure.response == "rising" and (measure.title in weighty) == (measure.title in self.model.terms.idle):
                raise ValueError(f"terms: {measure.title} either carries weight or is idle with a reason")
        for title in self.model.terms.idle:
            if title not in {m.title for m in MEASURES}:
                raise unknown_key("the model's terms.idle", title, [m.title for m in MEASURES])
        return self

    @model_validator(mode="after")
    def _a_model_follows_one_like_it(self) -> Self:
        if (phase := self.model.phase_in) is not None:
            check_alike(phase.from_model, self.model)
            self._between(self._of(phase.from_model), share=0.5)
        return self

    def on(self, as_of: date) -> "Config":
        """The configuration of a day: while a model is phased in, with its blend with the one that it follows.

        The same object from the last day of the phase on. The fingerprint stays that of what the files say: one for all
        days of a phase, since the share that a row was made with follows from its day.
        """
        phase = self.model.phase_in
        if phase is None or (share := phase.share(as_of)) >= 1:
            return self
        before = self._of(phase.from_model).on(as_of)
        found = self._of(before.model) if share <= 0 else self._between(before, share=share)
        found._stated = self._stated or self.model
        return found

    def _of(self, model: Model) -> "Config":
        """The same with another model, checked."""
        return Config.model_validate({**dict(self), "model": model})

    def _between(self, before: "Config", *, share: float) -> "Config":
        terms = {network: (before.terms(network), self.terms(network)) for network in self.scored}
        return self._of(blend(before.model, self.model, share=share, terms=terms))

    def subjects(self, network: str) -> Subjects:
        """What a network has signals of."""
        page = self.networks[network]
        gauges = tuple((name, gauge.response) for name, gauge in page.gauges.items())
        votes = tuple(name for name, gauge in page.gauges.items() if gauge.are_votes)
        return Subjects(kinds=tuple(page.kinds), gauges=gauges, has_pages=page.has_pages, votes=votes)

    def signals(self, network: str) -> tuple[Signal, ...]:
        """The catalogue of a network in the order of its stored vectors."""
        return catalogue(network, self.subjects(network), self.model.windows_days)

    def terms(self, network: str) -> tuple[Term, ...]:
        """The addends of a network's evidence, times its scale; none of a network that is not scored."""
        if self.networks[network].status != "scored":
            return ()
        scale = self.model.combine.scale.get(network, 1.0)
        terms = self.model.terms.of(network, self.subjects(network))
        return tuple(t.model_copy(update={"weight": scale * t.weight}) for t in terms)

    @property
    def scored(self) -> tuple[str, ...]:
        """Networks that enter scores, by name."""
        return tuple(sorted(n for n, page in self.networks.items() if page.status == "scored"))

    def kind_values(self, network: str) -> dict[str, float]:
        """What one reaction of each kind of a network is worth before damping."""
        return {k: self.classes.values[e.reaction_class] for k, e in self.networks[network].kinds.items()}

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the hash of everything scientific: no reasons, no paths, no partition counts."""
        networks = {
            n: [
                *(page.status, page.account_types, self.kind_values(n), asdict(self.subjects(n))),
                *(page.carry_days, page.hold_days, page.follow_gauges),
            ]
            for n, page in self.networks.items()
        }
        return digest({"model": _science(self._stated or self.model), "networks": networks})

    @property
    def tile_fingerprint(self) -> str:
        """The same for what stored tiles depend on: another one means that they are built again."""
        model = self.model.model_dump(
            include={"damping", "selectivity", "standing", "authenticity"},
            exclude={"authenticity": {"newcomers": COUNTING_NEWCOMERS}},
        )
        pages = {n: self.networks[n] for n in self.scored}
        networks = {n: [p.account_types, self.kind_values(n), p.follow_gauges] for n, p in pages.items()}
        return digest({"model": model, "networks": networks, "history_days": self.model.history_days})

    def network(self, name: str) -> Network:
        """The page of a network.

        Raises:
            ConfigError: no file of that name in conf/networks.
        """
        if name not in self.networks:
            raise unknown_key("--network", name, sorted(self.networks))
        return self.networks[name]


def _science(model: Model) -> dict[str, Any]:
    """What of a model moves scores, the models that it follows with it."""
    found = model.model_dump(mode="json", exclude={"terms": {"idle"}, "phase_in": {"from_model"}})
    if model.phase_in is not None:
        found["phase_in"]["from_model"] = _science(model.phase_in.from_model)
    return found


def conf_dir() -> Traversable:
    """The configuration that comes with the package: beside it in a checkout, inside it in a wheel, unpacked or not."""
    inside = files("kloutspark") / "conf"
    return inside if inside.is_dir() else Path(__file__).parent.parent.parent / "conf"


def load(*, conf: Traversable | None = None, env: str = "local", overrides: Sequence[str] = ()) -> Config:
    """The configuration of a run.

    Raises:
        ConfigError: a file is missing or malformed, a key is unknown, a value is out of its bounds.
    """
    folder = conf or conf_dir()
    if not folder.is_dir():
        raise ConfigError("--conf", expected="a folder", found=str(folder), remedy="Give the folder of base.yaml.")
    base = _merge(read_yaml(folder / "base.yaml"), _environment(folder, env))
    networks = {name: read_yaml(page) for name, page in _pages(folder / "networks").items()}
    for name in networks:
        if not re.fullmatch(NAME, name):
            where, expected = f"networks/{name}.yaml", f"a name like {NAME}"
            raise ConfigError(where, expected=expected, found=name, remedy="Rename the file.")
    set_values = [_override(text) for text in overrides]
    name = next((value for key, value in reversed(set_values) if key == "model"), base.get("model", "default"))
    tree: dict[str, Any] = {
        **{k: v for k, v in base.items() if k != "model"},
        "model_name": str(name),
        "model": read_yaml(_model_path(folder, str(name))),
        "networks": networks,
        "gate": read_yaml(folder / "gate.yaml"),
    }
    for key, value in set_values:
        if key != "model":
            tree = _merge(tree, _nested(key.split("."), value))
    return validated(Config, {**tree, "model": _with_followed(tree["model"], folder, (str(name),))})


def _with_followed(model: Any, folder: Traversable, names: tuple[str, ...]) -> Any:
    """A model's tree with the one that it follows, read from its file, in the place of that one's name.

    Raises:
        ConfigError: a model follows itself, through others or at once.
    """
    phase = model.get("phase_in") if isinstance(model, Mapping) else None
    if not isinstance(phase, Mapping) or not isinstance(name := phase.get("from_model"), str):
        return model  # none, or a fault that validation names
    if name in names:
        remedy = "Name the model that was published before, by a file of its own."
        raise ConfigError("phase_in.from_model", expected="another model", found=name, remedy=remedy)
    followed = _with_followed(read_yaml(_model_path(folder, name)), folder, (*names, name))
    return {**model, "phase_in": {**phase, "from_model": followed}}


def _pages(folder: Traversable) -> dict[str, Traversable]:
    """The YAML files of a folder by their names without the ending; none where there is no folder."""
    found = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    return {name.removesuffix(".yaml"): found[name] for name in sorted(found) if name.endswith(".yaml")}


def _environment(folder: Traversable, env: str) -> dict[str, Any]:
    known = _pages(folder / "env")
    if env not in known:
        raise unknown_key("--env", env, list(known))
    return read_yaml(known[env])


def _model_path(folder: Traversable, name: str) -> Traversable:
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    known = _pages(folder / "models")
    if name not in known:
        raise unknown_key("model", name, list(known))
    return known[name]


def _override(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError("--set", expected="a.b=c", found=text, remedy="Write for example model.damping.exponent=1.")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError:
        raise ConfigError(f"--set {key}", expected="a YAML value", found=value, remedy="Quote it.") from None


def _nested(keys: Sequence[str], value: object) -> dict[str, Any]:
    return {keys[0]: value if len(keys) == 1 else _nested(keys[1:], value)}


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {k: _merge(below[k], v) if _are_mappings(below.get(k), v) else v for k, v in above.items()}
    return {**below, **both}


def _are_mappings(*values: object) -> bool:
    return all(isinstance(v, Mapping) for v in values)
