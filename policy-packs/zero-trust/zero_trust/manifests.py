"""Reading Kubernetes objects and the pack's settings out of files. No message repeats what a file holds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import yaml

from zero_trust.objects import Object, objects
from zero_trust.settings import PACK_NAME, Settings, parse

STDIN: Final = "-"
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEPTH: Final = 1000


class InputError(Exception):
    """Files that cannot be judged; one problem a line, each naming its file and where known the line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_objects(paths: Iterable[str], stdin: BinaryIO | None) -> list[tuple[str, Object]]:
    """Every object of the files, folders (with all below them) and `-` given, in a fixed order.

    Documents that hold no Kubernetes object are left out. Raises InputError naming all files that cannot
    be read.
    """
    found: list[tuple[str, Object]] = []
    problems: list[str] = []
    for file in _files(paths, problems):
        try:
            found += [(file, item) for document in _documents(file, stdin) for item in objects(document)]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def read_settings(file: str) -> Settings:
    """The pack's settings, from a file as `pulumi --policy-pack-config` takes it, or its like in YAML.

    Raises InputError when the file cannot be read or holds anything that is not known.
    """
    documents = [document for document in _documents(file, None) if document is not None]
    content = documents[0] if documents else {}
    if len(documents) > 1 or not isinstance(content, Mapping):
        raise InputError([f"{shown(file)}: must be one mapping with the key {PACK_NAME}"])
    problems = [f"{key}: unknown key; the only one is {PACK_NAME}" for key in content if key != PACK_NAME]
    settings = parse(content.get(PACK_NAME))
    problems += [f"{PACK_NAME}.{problem}" for problem in settings.problems]
    if problems:
        raise InputError([shown(f"{file}: {problem}") for problem in problems])
    return settings


def shown(text: str) -> str:
    """The text without what could steer a terminal; file names and manifests are foreign input."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _files(paths: Iterable[str], problems: list[str]) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        problems.append(shown(f"{error.filename}: cannot be read: {error.strerror}"))

    for path in paths:
        if path == STDIN or not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path, onerror=refuse):
            folders.sort()
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(_SUFFIXES))


def _documents(file: str, stdin: BinaryIO | None) -> Iterator[Any]:
    try:
        content = stdin.read() if stdin and file == STDIN else Path(file).read_bytes()
        if file.endswith(".json"):
            yield json.loads(content)
        elif _too_deep(content):
            raise RecursionError
        else:
            yield from yaml.load_all(content, Loader=_LOADER)
    except OSError as error:
        raise InputError([shown(f"{file}: cannot be read: {error.strerror}")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else file
        problem = getattr(error, "problem", None) or "it holds bytes that are no text"
        raise InputError([shown(f"{where}: is not YAML: {problem}")]) from None
    except json.JSONDecodeError as error:
        raise InputError([shown(f"{file}:{error.lineno}: is not JSON: {error.msg}")]) from None
    except RecursionError:
        raise InputError([shown(f"{file}: is nested too deep")]) from None
    except (ValueError, OverflowError):
        raise InputError([shown(f"{file}: holds a date, number or text that is not valid")]) from None


def _too_deep(content: bytes) -> bool:
    """Whether a document nests beyond _DEPTH: libyaml would overflow the C stack instead of raising.

    A level costs a bracket, or a column of indentation for at most two levels, so most files are cleared
    without being parsed; parsing into events does not recurse.
    """
    longest_line = max(map(len, content.splitlines()), default=0)
    if content.count(b"[") + content.count(b"{") + 2 * longest_line < _DEPTH:
        return False
    depth = 0
    for event in yaml.parse(content, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH:
            return True
    return False
