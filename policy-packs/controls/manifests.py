"""Reading items and the packs' configuration out of files. No message repeats what a file holds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import yaml

from controls import remediation
from controls.catalogue import CONTROLS, PACKS
from controls.configuration import Configuration, parse
from controls.item import Item
from controls.objects import items

STDIN: Final = "-"
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEPTH: Final = 1000
LARGEST: Final = 32 * 2**20
"""Bytes of a file: a rendered chart with its CRDs takes a tenth of it, and parsing one of that size a minute."""


class InputError(Exception):
    """Files that cannot be judged; one problem a line, each naming its file and where known the line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_items(paths: Iterable[str], stdin: BinaryIO | None) -> list[tuple[str, Item]]:
    """Every item of the files, folders (with all below them) and `-` given, with its file, in a fixed order.

    Documents that hold no item are left out. Raises InputError naming all files that cannot be read.
    """
    found: list[tuple[str, Item]] = []
    problems: list[str] = []
    for file in _files(paths, problems):
        try:
            found += [(file, item) for document in _documents(file, stdin) for item in items(document)]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def read_configuration(file: str) -> dict[str, Configuration]:
    """The configuration of every pack, from JSON or YAML in one of two forms.

    By pack, as `pulumi --policy-pack-config` takes it (`{"zero-trust": {...}}`), or flat, for all packs
    (`{"allowedRegistries": [...]}`). Raises InputError when the file cannot be read or holds what is not known.
    """
    documents = [document for document in _documents(file, None) if document is not None]
    content = documents[0] if documents else {}
    if len(documents) > 1 or not isinstance(content, Mapping):
        raise InputError([f"{shown(file)}: must be one mapping, of settings or of packs"])
    by_pack = any(key in PACKS for key in content)
    found = _by_pack(content) if by_pack else {"": parse(content, CONTROLS)}
    problems = [
        f"{pack}.{problem}" if by_pack else problem for pack, one in found.items() for problem in one.problems
    ]
    if by_pack:
        listed = ", ".join(PACKS)
        stray = [key for key in content if key not in PACKS and key not in _REMEDIATIONS]
        problems += [f"{key}: unknown key beside packs; packs are {listed}" for key in stray]
    if problems:
        raise InputError([shown(f"{file}: {problem}") for problem in problems])
    return found if by_pack else {pack: found[""].narrowed(ids) for pack, ids in _ids().items()}


_REMEDIATIONS: Final = frozenset(f"{pack}{remediation.SUFFIX}" for pack in (*PACKS, "platform"))
"""Policies of the same file that mend resources of a program, and no manifest."""


def _by_pack(content: Mapping[Any, object]) -> dict[str, Configuration]:
    return {pack: parse(content.get(pack), ids) for pack, ids in _ids().items()}


def _ids() -> dict[str, list[str]]:
    return {pack: [control.id for control in controls] for pack, controls in PACKS.items()}


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
        content = stdin.read(LARGEST + 1) if stdin and file == STDIN else _content(file)
        if len(content) > LARGEST:
            raise InputError([shown(f"{file}: is larger than {LARGEST // 2**20} MiB; split it")])
        if file.endswith(".json"):
            yield json.loads(content)
        elif _too_deep(content):
            raise RecursionError
        else:
            for document in yaml.load_all(content, Loader=_LOADER):
                if _holds_itself(document):
                    raise InputError([shown(f"{file}: holds an anchor inside of itself")])
                yield document
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


def _content(file: str) -> bytes:
    """No more than tells that there is too much."""
    with Path(file).open("rb") as opened:
        return opened.read(LARGEST + 1)


def _holds_itself(document: object) -> bool:
    """Whether following values down from the document comes back to one that is open."""
    open_: set[int] = set()
    closed: set[int] = set()
    pending: list[tuple[object, bool]] = [(document, False)]
    while pending:
        value, leaving = pending.pop()
        if leaving:
            open_.discard(id(value))
            closed.add(id(value))
        elif isinstance(value, dict | list) and id(value) not in closed:
            if id(value) in open_:
                return True
            open_.add(id(value))
            pending.append((value, True))
            pending += [(one, False) for one in (value.values() if isinstance(value, dict) else value)]
    return False


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
