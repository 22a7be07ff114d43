"""Blocks of configuration: closed, frozen, read from YAML; the first fault is said plainly."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kloutspark.domain.errors import ConfigError, unknown_key

Positive = Annotated[float, Field(gt=0)]
NAME = "[a-z][a-z0-9_]*"
Name = Annotated[str, Field(pattern=f"^{NAME}$")]  # of networks, kinds, gauges: they stand in SQL texts


class Closed(BaseModel):
    """A block of configuration: no unknown keys, no changes after loading, no infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Block = TypeVar("Block", bound=Closed)


class Science(Closed):
    """Numbers that move scores: they make the fingerprint, and each block gives its reason."""

    why: Annotated[str, Field(min_length=20)]


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


def validated(model: type[Block], tree: Mapping[str, Any]) -> Block:
    """A block from what stands in files.

    Raises:
        ConfigError: a key is unknown, a value is missing or out of its bounds; the first fault is named.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise _first_fault(error, model) from None


def read_yaml(path: Traversable) -> dict[str, Any]:
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
