"""What changed between two sets of inputs, and what a program asked to ignore or to replace on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from engine.errors import RegistrationError
from engine.values import UNKNOWN, Properties, Secret

Path = tuple[str | int, ...]
_STEP = re.compile(r"""\.?([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]""")


def parse_path(text: str) -> Path:
    """A Pulumi property path: `spec.ports[0].port`, `metadata.annotations["a/b"]`, `*` for any step."""
    steps: list[str | int] = []
    position = 1 if text.startswith(".") else 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise RegistrationError(f"property path {text!r}: cannot be read from {text[position:]!r} on")
        name, index, quoted = match.groups()
        if index is not None:
            steps.append(index if index == "*" else int(index))
        else:
            steps.append(name if name is not None else quoted.replace('\\"', '"').replace("\\\\", "\\"))
        position = match.end()
    return tuple(steps)


def covers(pattern: Path, path: Path) -> bool:
    """Does a change at `path` lie within `pattern`, or replace all that `pattern` names?"""
    return all(p in ("*", s) for p, s in zip(pattern, path, strict=False))


def changed_paths(old: Any, new: Any, at: Path = ()) -> Iterator[Path]:
    """Where `new` differs from `old`, as deep as it can be told. Secretness is not a difference."""
    if old is new:
        return
    if isinstance(old, Secret):
        old = old.value
    if isinstance(new, Secret):
        new = new.value
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            if key not in old:
                yield (*at, key)
            else:
                yield from changed_paths(old[key], value, (*at, key))
        for key in old.keys() - new.keys():
            yield (*at, key)
    elif isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from changed_paths(before, after, (*at, index))
        for index in range(min(len(old), len(new)), max(len(old), len(new))):
            yield (*at, index)
    elif new is UNKNOWN or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield at


def text(path: Path) -> str:
    """A path as people write it."""
    result = ""
    for step in path:
        if isinstance(step, int):
            result += f"[{step}]"
        elif step.isidentifier():
            result += f".{step}" if result else step
        else:
            result += f'["{step}"]'
    return result


def keep_ignored(new: Properties, old: Properties, patterns: Iterable[str]) -> Properties:
    """`new` with what `patterns` (ignoreChanges) name as it was in `old`; neither argument is changed."""
    for pattern in patterns:
        new = _keep(new, old, parse_path(pattern))
    return new


_MISSING = object()


def _keep(new: Any, old: Any, path: Path) -> Any:
    if not path:
        return old
    step, rest = path[0], path[1:]
    if isinstance(new, Secret) or isinstance(old, Secret):
        inner = _keep(_open(new), _open(old), path)
        return Secret(inner)
    if isinstance(new, dict) and isinstance(old, dict):
        keys = list(new.keys() | old.keys()) if step == "*" else [step]
        result = dict(new)
        for key in keys:
            before = old.get(key, _MISSING)
            if not rest:
                if before is _MISSING:
                    result.pop(key, None)
                else:
                    result[key] = before
            elif before is not _MISSING and key in result:
                result[key] = _keep(result[key], before, rest)
        return result
    if isinstance(new, list) and isinstance(old, list):
        indexes = range(min(len(new), len(old))) if step == "*" else [step]
        items = list(new)
        for index in indexes:
            if isinstance(index, int) and index < min(len(new), len(old)):
                items[index] = _keep(items[index], old[index], rest)
        return items
    return new


def _open(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
