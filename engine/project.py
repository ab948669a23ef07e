"""A Pulumi project's files: Pulumi.yaml and Pulumi.<stack>.yaml, read as the pulumi command reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from engine.errors import ProjectError

_DECLARATION_KEYS = {"type", "description", "items", "default", "value", "secret"}


class _Loader(yaml.SafeLoader):
    """YAML 1.2's idea of scalars, as Pulumi has it: no dates, and `yes` is a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _word in ("true", "True", "TRUE", "false", "False", "FALSE"):
    _Loader.yaml_implicit_resolvers.setdefault(_word[0], [])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError as error:
        raise ProjectError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProjectError(f"{path}: cannot be read: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ProjectError(f"{path}: must be a mapping, is a {type(document).__name__}")
    return document


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project: its root folder, its name, the program's file and the project-wide configuration."""

    root: Path
    name: str
    program: Path
    config: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path) -> Project:
        """Read `root`/Pulumi.yaml. Raises ProjectError for a missing file, name or program."""
        root = root.resolve()
        path = root / "Pulumi.yaml"
        document = _read(path)
        name = document.get("name")
        if not isinstance(name, str) or not name:
            raise ProjectError(f"{path}: name: a project needs a name")
        runtime = document.get("runtime")
        language = runtime.get("name") if isinstance(runtime, dict) else runtime
        if language != "python":
            raise ProjectError(f"{path}: runtime: given {language!r}, only python programs can be run")
        program = (root / str(document.get("main", "."))).resolve()
        if program.is_dir():
            program = program / "__main__.py"
        if not program.is_file():
            raise ProjectError(f"{path}: the program {program} does not exist")
        config = document.get("config") or {}
        if not isinstance(config, dict):
            raise ProjectError(f"{path}: config: must be a mapping")
        return cls(root=root, name=name, program=program, config=config)

    def stack_config(self, stack: str) -> dict[str, str]:
        """The configuration a program of this stack sees: full keys, structured values as JSON text.

        Raises ProjectError for a stack without a file, and for encrypted (`secure:`) values, which need
        the pulumi command.
        """
        path = self.root / f"Pulumi.{stack}.yaml"
        if not path.is_file():
            known = sorted(p.name[len("Pulumi.") : -len(".yaml")] for p in self.root.glob("Pulumi.*.yaml"))
            stacks = ", ".join(known) or "none"
            raise ProjectError(f"{path}: no such stack; the stacks of this project: {stacks}")
        values: dict[str, str] = {}
        for key, given in self.config.items():
            value = _declared(given, own=":" not in key)
            if value is not None:
                values[self._full(key)] = _text(value, self.root / "Pulumi.yaml", key)
        config = _read(path).get("config") or {}
        if not isinstance(config, dict):
            raise ProjectError(f"{path}: config: must be a mapping")
        for key, value in config.items():
            values[self._full(key)] = _text(value, path, key)
        return values

    def _full(self, key: str) -> str:
        return key if ":" in key else f"{self.name}:{key}"


def _declared(given: Any, *, own: bool) -> Any:
    """The value of a project-wide entry: a plain one, or `value:`/`default:` of a declaration."""
    if isinstance(given, dict) and given.keys() <= _DECLARATION_KEYS:
        return given.get("value", given.get("default") if own else None)
    return given


def _text(value: Any, path: Path, key: str) -> str:
    if _is_encrypted(value):
        raise ProjectError(
            f"{path}: config.{key}: is encrypted for the pulumi command, which this engine cannot read; "
            "keep secrets in the secret store, or run with --engine pulumi"
        )
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return "" if value is None else str(value)


def _is_encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        return value.keys() == {"secure"} or any(map(_is_encrypted, value.values()))
    return isinstance(value, list) and any(map(_is_encrypted, value))


def denied_default_providers(config: Mapping[str, str]) -> frozenset[str]:
    """The packages (or `*`) whose default provider `pulumi:disable-default-providers` forbids."""
    text = config.get("pulumi:disable-default-providers", "")
    if not text:
        return frozenset()
    try:
        names = json.loads(text)
    except ValueError as error:
        raise ProjectError(
            f"pulumi:disable-default-providers: given {text!r}, needs a list of names"
        ) from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProjectError(f"pulumi:disable-default-providers: given {text!r}, needs a list of names")
    return frozenset(name.strip() for name in names)
