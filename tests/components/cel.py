"""Admission policies read as the API server reads them: what their CEL says about one request.

The part of CEL that the platform's policies use, by way of Python's own expressions. A field that an object does
not have is an error here as there, which `failurePolicy: Fail` turns into a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import CodeType
from typing import Any

_TOKEN = re.compile(r"\s*('[^']*'|&&|\|\||==|!=|[?:(),+!\[\]]|[\w.]+)")
_WORDS: Mapping[str, str] = {"&&": " and ", "||": " or ", "!": " not ", "in": " in "}
_CLOSING: Mapping[str, str] = {"(": ")", "[": "]"}
_FROM = re.compile(r"[.]from\b")
"""A field that Python has a word for."""

_MACROS: Mapping[str, str] = {
    "exists": "any({0} for {1} in {2})",
    "all": "all({0} for {1} in {2})",
    "map": "[{0} for {1} in {2}]",
    "filter": "[{1} for {1} in {2} if {0}]",
}
_Part = str | list[Any]


class Text(str):
    """A string with CEL's own methods."""

    __slots__ = ()

    def startsWith(self, prefix: str) -> bool:  # noqa: N802 - CEL's spelling
        return self.startswith(prefix)

    def substring(self, start: int) -> Text:
        return Text(self[start:])

    def matches(self, pattern: str) -> bool:
        return re.search(pattern, self) is not None


class Fields(dict[Any, Any]):
    """A message or a map; a field that is not there is None, which `has` tells and nothing else can use."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        return dict.get(self, name.removesuffix("_"))


def value(data: Any) -> Any:
    """Plain data as CEL sees it."""
    if isinstance(data, Mapping):
        return Fields({value(key): value(item) for key, item in data.items()})
    if isinstance(data, list | tuple):
        return [value(item) for item in data]
    return Text(data) if isinstance(data, str) else data


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """The expression's value. Raises TypeError where it uses a field that is not there."""
    known = {"true": True, "false": False, "has": lambda field: field is not None}
    return eval(_compiled(expression), {"__builtins__": {"any": any, "all": all}, **known, **names})


def admits(policy: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Whether the policy lets an AdmissionRequest (`operation`, `resource`, `kind`, `userInfo`, objects) pass."""
    spec = policy["spec"]
    if not any(_matches(rule, request) for rule in spec["matchConstraints"]["resourceRules"]):
        return True
    names = {"request": value(request), "object": value(request.get("object"))}
    names |= {"oldObject": value(request.get("oldObject")), "variables": Fields()}
    try:
        if not all(evaluate(one["expression"], names) for one in spec.get("matchConditions", ())):
            return True
        for variable in spec.get("variables", ()):
            names["variables"][Text(variable["name"])] = evaluate(variable["expression"], names)
        return all(evaluate(one["expression"], names) is True for one in spec["validations"])
    except (TypeError, AttributeError, KeyError):
        return bool(spec["failurePolicy"] != "Fail")


def _matches(rule: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    group, version, resource = request["resource"]
    return (
        group in rule["apiGroups"]
        and version in rule["apiVersions"]
        and resource in rule["resources"]
        and request["operation"] in rule["operations"]
    )


@cache
def _compiled(expression: str) -> CodeType:
    assert re.sub(_TOKEN, "", expression).strip() == "", f"not in the part of CEL that is known: {expression}"
    tokens = iter(_TOKEN.findall(expression))
    return compile(_rendered(_nested(tokens, "")).strip(), expression, "eval")


def _nested(tokens: Iterator[str], closing: str) -> list[_Part]:
    parts: list[_Part] = []
    for token in tokens:
        if token == closing:
            return parts
        parts.append([token, *_nested(tokens, _CLOSING[token])] if token in _CLOSING else token)
    assert not closing, "a bracket is left open"
    return parts


def _rendered(parts: list[_Part]) -> str:
    if "?" in parts:
        asked = parts.index("?")
        other = parts.index(":", asked)
        yes, condition, no = parts[asked + 1 : other], parts[:asked], parts[other + 1 :]
        return f"(({_rendered(yes)}) if ({_rendered(condition)}) else ({_rendered(no)}))"
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += _WORDS.get(part, part if part.startswith("'") else _FROM.sub(".from_", part))
        elif macro := re.search(r"((?:[\w.]|\[\w+\])+)[.](exists|all|map|filter)$", text):
            receiver, called = macro.groups()
            _, name, _, *body = part
            text = text[: macro.start()] + _MACROS[called].format(_rendered(body), name, receiver)
        else:
            opening, *inner = part
            text += f"{opening}{_rendered(inner)}{_CLOSING[opening]}"
    return text
