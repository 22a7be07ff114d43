"""Configuration: closed, frozen, validated; units in names; values live in `conf/` alone.

`load` lies conf/base.yaml, conf/env/<env>.yaml and `--set a.b=c` over each other, reads the model and every network,
and refuses unknown keys with the nearest valid one. `Config.fingerprint` is the hash of everything scientific.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kloutspark.domain.errors import ConfigError, unknown_key
from kloutspark.domain.signals import Signal, catalogue
from kloutspark.domain.vitals import VITALS

NETWORK_NAME = re.compile(r"[a-z][a-z0-9_]*")
Positive = Annotated[float, Field(gt=0)]
Hundredths = Annotated[float, Field(gt=0, le=99, multiple_of=0.01)]
AccountType = Literal["personal", "page", "company", "bot"]


class Closed(BaseModel):
    """A block of configuration: no unknown keys, no changes after loading, no infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Block = TypeVar("Block", bound=Closed)


class Science(Closed):
    """Numbers that move scores: they make the fingerprint, and each block gives its reason."""

    why: Annotated[str, Field(min_length=20)]


class Damping(Science):
    """How repeats of one actor towards one target on one day count less than linearly (P12)."""

    exponent: Annotated[float, Field(gt=0, le=1)]


class Selectivity(Science):
    """How quickly a busy day makes each of its reactions cheaper (P11)."""

    halving_reactions: Annotated[float, Field(ge=1)]  # below 1, one more could hurt its target (P7)


class Standing(Science):
    """What a reaction of the highest-scored person is worth beside an unknown person's (P8)."""

    most: Annotated[float, Field(ge=1, le=2)]  # below 1 a low score would hurt; above 2 was measured to hurt


class Term(Closed):
    """One addend of a network's evidence: weight * ln(1 + signal), the signal at most another one."""

    signal: str
    weight: Positive
    at_most: str | None = None


class Terms(Science):
    """The addends of E_n: the default list, and lists of networks that need others."""

    default: Annotated[tuple[Term, ...], Field(min_length=1)]
    networks: dict[str, tuple[Term, ...]] = {}

    def of(self, network: str) -> tuple[Term, ...]:
        """The terms of a network."""
        return self.networks.get(network, self.default)


class Combine(Science):
    """How the evidence of networks becomes one: the p of a p-norm (P2)."""

    exponent: Annotated[float, Field(ge=1, le=20)]


class Calibration(Science):
    """A rising, concave map from evidence to 1..100 through anchors, linear between (P1, P17)."""

    anchors: Annotated[tuple[tuple[float, float], ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _rises_ever_more_slowly(self) -> Self:
        (x0, y0), (_, y_last) = self.anchors[0], self.anchors[-1]
        if (x0, y0) != (0, 1) or y_last != 100:
            raise ValueError("the first anchor is (0, 1) and the last one ends at 100 (P1)")
        steps = list(zip(self.anchors, self.anchors[1:], strict=False))
        if any(b[0] <= a[0] or b[1] <= a[1] for a, b in steps):
            raise ValueError("anchors rise in both numbers (P1)")
        slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in steps]
        if any(later > earlier for earlier, later in itertools.pairwise(slopes)):
            raise ValueError("the slope never grows: the higher the score, the harder the next point (P17)")
        return self


class StepLimit(Science):
    """How far a published score may move in a day, in points with two decimals (P5, P6)."""

    most_up_points: Hundredths
    most_down_points: Hundredths

    @property
    def up_hundredths(self) -> int:
        """Whole hundredths up a day."""
        return round(self.most_up_points * 100)

    @property
    def down_hundredths(self) -> int:
        """Whole hundredths down a day."""
        return round(self.most_down_points * 100)


class Model(Science):
    """A scoring model: conf/models/*.yaml."""

    windows_days: Annotated[tuple[Annotated[int, Field(ge=1, le=90)], ...], Field(min_length=1)]
    damping: Damping
    selectivity: Selectivity
    standing: Standing
    terms: Terms
    combine: Combine
    calibration: Calibration
    step_limit: StepLimit

    @property
    def history_days(self) -> int:
        """The longest window: how far back a day looks."""
        return max(self.windows_days)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The catalogue in the order of the stored vectors."""
        return catalogue(self.windows_days)

    @model_validator(mode="after")
    def _terms_carry_rising_signals(self) -> Self:
        responses = {s.name: s.measure.response for s in self.signals}
        for term in (t for terms in (self.terms.default, *self.terms.networks.values()) for t in terms):
            for name in filter(None, (term.signal, term.at_most)):
                if name not in responses:
                    raise unknown_key("the model's terms", name, sorted(responses))
                if responses[name] != "rising":
                    raise ValueError(f"{name} is {responses[name]}: only rising signals may carry weight (P7, P9)")
        return self


class Kind(Closed):
    """A kind of interaction of a network: its weight class, codes of files that mean it, its meaning."""

    reaction_class: Annotated[str, Field(alias="class")]
    meaning: Annotated[str, Field(min_length=3)]
    codes: tuple[str, ...] = ()


class Network(Closed):
    """One network, one page: conf/networks/<name>.yaml."""

    title: str
    status: Literal["scored", "announced"]
    account_types: Annotated[tuple[AccountType, ...], Field(min_length=1)]
    kinds: dict[str, Kind] = {}
    columns: dict[str, dict[str, str]] = {}

    @property
    def kind_by_code(self) -> dict[str, str]:
        """What a file's code means."""
        return {code: name for name, kind in self.kinds.items() for code in kind.codes}


class Classes(Science):
    """What one reaction of each class is worth before damping."""

    values: Annotated[dict[str, Positive], Field(min_length=1)]


class TableSettings(Closed):
    """How long removed files and log entries of every table are kept."""

    deleted_file_retention_days: Annotated[int, Field(ge=1)]
    log_retention_days: Annotated[int, Field(ge=1)]


class SparkSettings(Closed):
    """The session: nothing here changes a result (bit-equality is tested over partition counts)."""

    master: str | None = None
    shuffle_partitions: Annotated[int, Field(ge=1)]
    broadcast_pairs: Annotated[int, Field(ge=0)]
    driver_memory: str | None = None
    driver_java_options: str | None = None
    settings: dict[str, str] = {}


class Limit(Closed):
    """One expectation of the gate on one vital.

    `is_drift`: it compares with the past, and only warns while there is too little of it. `may_be_accepted`: a person
    may publish past it with a reason (score --accept); what makes a row wrong in itself never is.
    """

    min: float | None = None
    max: float | None = None
    severity: Literal["block", "warn"]
    is_drift: bool = False
    may_be_accepted: bool = False
    why: Annotated[str, Field(min_length=20)]


class EqualScores(Science):
    """From how many people on equal scores are refused although their evidence is equal too."""

    people_min: Annotated[int, Field(ge=2)]


class Drift(Science):
    """What a day is compared with."""

    past_days_min: Annotated[int, Field(ge=1)]  # published days before drift may block
    mover_points: Positive  # who moved by more is a mover
    volume_days: Annotated[int, Field(ge=1, le=90)]  # yesterday's volume is held against the median of so many days


class Gate(Closed):
    """conf/gate.yaml: limits by vital."""

    expectations: Annotated[dict[str, Limit], Field(min_length=1)]
    equal_scores: EqualScores
    drift: Drift

    @model_validator(mode="after")
    def _vitals_are_known(self) -> Self:
        for vital in self.expectations:
            if vital not in VITALS:
                raise unknown_key("gate.expectations", vital, list(VITALS))
        return self

    def acceptable(self, vital: str) -> str:
        """The vital, if a person may publish past it.

        Raises:
            ConfigError: nobody may, or there is no such vital.
        """
        allowed = [name for name, limit in self.expectations.items() if limit.may_be_accepted]
        if vital not in allowed:
            raise unknown_key("--accept", vital, allowed)
        return vital


class Config(Closed):
    """Everything that a run is told besides its day and its root."""

    model_name: str
    model: Model
    networks: dict[str, Network]
    classes: Classes
    tables: TableSettings
    spark: SparkSettings
    gate: Gate

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for network, page in self.networks.items():
            for kind, entry in page.kinds.items():
                if entry.reaction_class not in self.classes.values:
                    where = f"networks/{network}.yaml, kinds.{kind}.class"
                    raise unknown_key(where, entry.reaction_class, list(self.classes.values))
        for network in self.model.terms.networks:
            if network not in self.networks:
                raise unknown_key("the model's terms.networks", network, list(self.networks))
        return self

    @property
    def scored(self) -> tuple[str, ...]:
        """Networks that enter scores, by name."""
        return tuple(sorted(n for n, page in self.networks.items() if page.status == "scored"))

    def kind_values(self, network: str) -> dict[str, float]:
        """What one reaction of each kind of a network is worth before damping."""
        return {k: self.classes.values[e.reaction_class] for k, e in self.networks[network].kinds.items()}

    @property
    def all_kinds(self) -> tuple[str, ...]:
        """Every kind of every network, sorted."""
        return tuple(sorted({kind for page in self.networks.values() for kind in page.kinds}))

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the hash of everything scientific: no reasons, no paths, no partition counts."""
        networks = {n: [page.status, page.account_types, self.kind_values(n)] for n, page in self.networks.items()}
        return digest({"model": self.model.model_dump(), "networks": networks})

    @property
    def tile_fingerprint(self) -> str:
        """The same for what stored tiles depend on: another one means that they are built again."""
        model = self.model.model_dump(include={"damping", "selectivity", "standing"})
        networks = {n: [self.networks[n].account_types, self.kind_values(n)] for n in self.scored}
        return digest({"model": model, "networks": networks, "history_days": self.model.history_days})

    def network(self, name: str) -> Network:
        """The page of a network.

        Raises:
            ConfigError: no file of that name in conf/networks.
        """
        if name not in self.networks:
            raise unknown_key("--network", name, sorted(self.networks))
        return self.networks[name]


def digest(content: object) -> str:
    """16 hex digits of the SHA-256 of canonical JSON, without the reasons."""
    canonical = json.dumps(_without_reasons(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _without_reasons(content: object) -> object:
    if isinstance(content, Mapping):
        return {k: _without_reasons(v) for k, v in content.items() if k != "why"}
    if isinstance(content, list | tuple):
        return [_without_reasons(v) for v in content]
    return content


def conf_dir() -> Path:
    """The configuration that comes with the package: beside it in a checkout, inside it in a wheel."""
    inside = Path(__file__).parent / "conf"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "conf"


def load(*, conf: Path | None = None, env: str = "local", overrides: Sequence[str] = ()) -> Config:
    """The configuration of a run.

    Raises:
        ConfigError: a file is missing or malformed, a key is unknown, a value is out of its bounds.
    """
    folder = conf or conf_dir()
    if not folder.is_dir():
        raise ConfigError("--conf", expected="a folder", found=str(folder), remedy="Give the folder of base.yaml.")
    base = _merge(read_yaml(folder / "base.yaml"), _environment(folder, env))
    networks = {path.stem: read_yaml(path) for path in sorted((folder / "networks").glob("*.yaml"))}
    for name in networks:
        if not NETWORK_NAME.fullmatch(name):
            where, expected = f"networks/{name}.yaml", "a name like [a-z][a-z0-9_]*"
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
    return validated(Config, tree)


def validated(model: type[Block], tree: Mapping[str, Any]) -> Block:
    """A block from what stands in files.

    Raises:
        ConfigError: a key is unknown, a value is missing or out of its bounds; the first fault is named.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise _first_fault(error, model) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping from a YAML file.

    Raises:
        ConfigError: the file is missing, malformed or holds something else.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), expected="a file", found="none", remedy="Restore it or name another.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        found = " ".join(str(error).split())
        raise ConfigError(
            str(path), expected="valid YAML", found=found, remedy="Mend the line that it names."
        ) from None
    if not isinstance(content, dict):
        found = type(content).__name__
        raise ConfigError(str(path), expected="a mapping of keys", found=found, remedy="See the file beside it.")
    return content


def _environment(folder: Path, env: str) -> dict[str, Any]:
    known = sorted(p.stem for p in (folder / "env").glob("*.yaml"))
    if env not in known:
        raise unknown_key("--env", env, known)
    return read_yaml(folder / "env" / f"{env}.yaml")


def _model_path(folder: Path, name: str) -> Path:
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    known = sorted(p.stem for p in (folder / "models").glob("*.yaml"))
    if name not in known:
        raise unknown_key("model", name, known)
    return folder / "models" / f"{name}.yaml"


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


def _first_fault(error: ValidationError, root: type[Closed]) -> ConfigError:
    faults = error.errors()  # a misspelt key is unknown and missing: that it is unknown says more
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    where = ".".join(str(part) for part in fault["loc"]) or "configuration"
    if fault["type"] == "extra_forbidden":
        *parents, key = fault["loc"]
        return unknown_key(".".join(map(str, parents)) or "configuration", str(key), _allowed(root, parents))
    if fault["type"] == "missing":
        return ConfigError(where, expected="a value", found="none", remedy="Every key without a default is needed.")
    return ConfigError(where, expected=fault["msg"], found=repr(fault["input"])[:200], remedy="Change the value.")


def _allowed(root: type[Closed], location: Iterable[int | str]) -> list[str]:
    """The valid keys of the block at a location: follows the models' fields, through lists and mappings."""
    block: Any = root
    for part in location:
        fields = getattr(block, "model_fields", None)
        found = None if fields is None else fields.get(str(part))
        block = _inner_model(found.annotation) if found else block
    return [f.alias or name for name, f in block.model_fields.items()]


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_inner_model(a) for a in getattr(annotation, "__args__", ()))
    return next((m for m in inner if m is not None), None)
