"""A stack's file as data with line numbers; what YAML lets pass in silence (duplicate keys) is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from config.checks import Path as KeyPath
from config.checks import as_key
from config.closest import closest
from config.errors import Problem, SettingsError


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where data came from: the file and the line of each key path, as far as known."""

    file: str
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int | None:
        """The line of the key, or of the nearest key above it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def below(self, *prefix: str | int) -> Source:
        """The same file seen from a key: paths start there."""
        size = len(prefix)
        inner = {path[size:]: line for path, line in self.lines.items() if path[:size] == prefix}
        return Source(file=self.file, lines=inner)


def stacks(root: Path) -> list[str]:
    """The stacks that have a file below `root`."""
    return sorted(path.name[len("Pulumi.") : -len(".yaml")] for path in root.glob("Pulumi.*.yaml"))


def read_stack_file(root: Path, stack: str) -> tuple[dict[str, Any], Source]:
    """The content of `Pulumi.<stack>.yaml` and its lines. Raises SettingsError if it is no YAML mapping."""
    name = f"Pulumi.{stack}.yaml"
    try:
        text = (root / name).read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise _refused(name, None, "there is no such file", _other_stacks(root, stack)) from None
    except UnicodeDecodeError as error:
        raise _refused(name, None, f"byte {error.start} is not UTF-8", "save the file as UTF-8") from None
    except OSError as error:
        raise _refused(name, None, f"it cannot be read: {error.strerror}", "make it readable") from None
    try:
        return _parsed(name, text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _refused(name, line, f"it is not valid YAML: {error.problem}", "correct it there") from None
    except yaml.YAMLError as error:
        what = str(error).partition("\n")[0]
        raise _refused(name, None, f"it is not valid YAML: {what}", "correct it") from None
    except RecursionError:
        raise _refused(name, None, "it is nested too deeply", "take out the loop of YAML aliases") from None


class _Loader(yaml.SafeLoader):
    """Safe, and says where a date or number stands that cannot be."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError):
            problem = f"there is no {node.tag.rpartition(':')[2]} like that"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None


def _parsed(name: str, text: str) -> tuple[dict[str, Any], Source]:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        kind = {yaml.SequenceNode: "it holds a list", yaml.ScalarNode: "it holds a single value"}
        raise _refused(name, None, kind.get(type(node), "it is empty"), "start it with the key 'config'")
    lines: dict[KeyPath, int] = {}
    problems = list(_walk(node, (), lines, name))
    if problems:
        raise SettingsError(problems)
    return yaml.load(text, Loader=_Loader), Source(file=name, lines=lines)  # noqa: S506 - it is a SafeLoader


def _walk(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], file: str) -> Iterator[Problem]:
    """Fills `lines`; yields the keys that are given twice."""
    lines.setdefault(path, node.start_mark.line + 1)
    if len(lines) > _MOST_NODES:
        raise _refused(file, None, f"it has more than {_MOST_NODES} values", "take out the YAML aliases")
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*path, index), lines, file)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                remedy = f"keep one of them: line {lines[inner]} gives it already"
                yield Problem(file=file, line=line, key=as_key("", inner), given="given twice", remedy=remedy)
                continue
            lines[inner] = line
            yield from _walk(value, inner, lines, file)


_MOST_NODES = 100_000
"""Far more than any stack needs; a few lines of nested aliases can make billions."""


def _other_stacks(root: Path, stack: str) -> str:
    known = stacks(root)
    near = closest(stack, known)
    if not known:
        return f"{root} has no Pulumi.<stack>.yaml at all"
    question = f"did you mean {near!r}? " if near else ""
    return f"{question}the stacks here are {', '.join(known)}"


def _refused(file: str, line: int | None, given: str, remedy: str) -> SettingsError:
    return SettingsError([Problem(file=file, line=line, key="", given=given, remedy=remedy)])
