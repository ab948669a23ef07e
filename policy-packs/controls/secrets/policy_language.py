"""Policies of Vault and OpenBao, read into paths and capabilities. Source: Vault documentation, "Policies"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?xs)
      (?P<space>\s+ | \#[^\n]* | //[^\n]* | /\*.*?\*/)
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<mark>[{}\[\]=:,])
    | (?P<word>[\w.-]+)
    """,
)
_WRITE: Final = frozenset({"create", "read", "update", "delete", "list"})
_SHORTHAND: Final = {
    "write": _WRITE,
    "sudo": _WRITE | {"sudo"},
    "read": frozenset({"read", "list"}),
    "deny": frozenset({"deny"}),
}
"""The words of the former key `policy`."""


@dataclass(frozen=True, slots=True)
class PathRule:
    """One `path` with what it allows."""

    path: str
    capabilities: frozenset[str]


def parse(policy: str) -> list[PathRule] | None:
    """The rules of a policy, in HCL or JSON; None for a text that is neither."""
    if policy.lstrip().startswith("{"):
        return _from_json(policy)
    tokens = list(_tokens(policy))
    if None in tokens:
        return None
    return _from_tokens([one for one in tokens if one is not None])


def _tokens(policy: str) -> Iterator[str | None]:
    position = 0
    while position < len(policy):
        found = _TOKEN.match(policy, position)
        if found is None:
            yield None
            return
        position = found.end()
        if found.lastgroup != "space":
            yield found[0]


def _from_tokens(tokens: list[str]) -> list[PathRule] | None:
    rules: list[PathRule] = []
    position = 0
    while position < len(tokens):
        head = tokens[position : position + 3]
        if len(head) != 3 or head[0] not in {"path", '"path"'} or head[1][0] != '"' or head[2] != "{":
            return None
        end = _closing(tokens, position + 2)
        if end is None:
            return None
        rules.append(PathRule(head[1][1:-1], _capabilities(tokens[position + 3 : end])))
        position = end + 1
    return rules


def _closing(tokens: list[str], start: int) -> int | None:
    depth = 0
    for index in range(start, len(tokens)):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(tokens[index], 0)
        if depth == 0:
            return index
    return None


def _capabilities(body: list[str]) -> frozenset[str]:
    """What a block allows at its own level; parameters that are limited stand deeper."""
    found: set[str] = set()
    depth = 0
    for index, token in enumerate(body):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if (
            depth
            or token.strip('"') not in {"capabilities", "policy"}
            or body[index + 1 : index + 2] != ["="]
        ):
            continue
        if token.strip('"') == "policy":
            found |= _SHORTHAND.get("".join(body[index + 2 : index + 3]).strip('"'), frozenset())
        elif body[index + 2 : index + 3] == ["["]:
            end = _closing(body, index + 2) or len(body)
            found |= {one.strip('"') for one in body[index + 3 : end] if one != ","}
    return frozenset(found)


def _from_json(policy: str) -> list[PathRule] | None:
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        return None
    paths = document.get("path") if isinstance(document, dict) else None
    if not isinstance(paths, dict):
        return None
    rules = []
    for path, body in paths.items():
        given = body.get("capabilities") if isinstance(body, dict) else None
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            return None
        rules.append(PathRule(path, frozenset(given)))
    return rules
