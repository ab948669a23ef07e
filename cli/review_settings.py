"""A stack's settings as its file has them: which keys two revisions have otherwise, and on which line each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.review_changes import by_name
from config.checks import as_key
from config.errors import SettingsError
from config.load import FULL_KEY
from config.source import Source, read_stack_file
from engine.diff import changed_paths

Key = tuple[str | int, ...]
"""A path of settings; elements of lists by name where they have one: `("clusters", "east", "region")`."""


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """The settings of one stack at one revision, unchecked; empty where the revision has no such stack."""

    data: Mapping[str, Any] = field(default_factory=dict)
    source: Source = field(default_factory=lambda: Source(file="", lines={}))

    def place(self, key: Key) -> tuple[str, str, int | None]:
        """The file, the key as people write it and its line, or that of the nearest key above it."""
        indexed = _indexed(self.data, key)
        return self.source.file, as_key("", indexed), self.source.line(indexed)

    def value(self, key: Key) -> Any:
        """What stands there; None where nothing does."""
        found: Any = by_name(self.data)
        for step in key:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found


def stack_settings(root: Path, stack: str) -> StackSettings:
    """The settings in `Pulumi.<stack>.yaml` below `root`; without that file, or where it is no YAML, empty ones."""
    try:
        document, source = read_stack_file(root, stack)
    except SettingsError:
        return StackSettings()
    config = document.get("config")
    data = config.get(FULL_KEY) if isinstance(config, Mapping) else None
    if not isinstance(data, Mapping):
        return StackSettings()
    return StackSettings(data=data, source=source.below("config", FULL_KEY))


def changed_keys(before: StackSettings, after: StackSettings) -> list[Key]:
    """The keys whose values differ, as deep as can be told, with those that are gone."""
    return list(changed_paths(by_name(before.data), by_name(after.data)))


def _indexed(data: Any, key: Key) -> Key:
    """The path in the file, elements of lists by number; it ends where the file has nothing more."""
    steps: list[str | int] = []
    for name in key:
        step = name
        if isinstance(data, list):
            names = [one.get("name") if isinstance(one, Mapping) else None for one in data]
            step = names.index(name) if name in names else name
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        steps.append(step)
    return tuple(steps)
