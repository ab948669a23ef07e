"""From a request's method and path to its route. Pure; a request without a route is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from tracking_gate import routes
from tracking_gate.errors import denied
from tracking_gate.routes import Scope


class Body(Enum):
    """What is done with a request's body."""

    NONE = "there must be none"
    JSON = "an object, read before the decision and written anew"
    STREAM = "passed on as it comes"


@dataclass(frozen=True)
class Route:
    """`every`: all of the permissions are needed; otherwise any one of them is enough."""

    method: str
    pattern: str
    permissions: tuple[str, ...]
    scope: Scope
    body: Body
    every: bool = True


@dataclass(frozen=True)
class Found:
    """A request's route and what stands for the names in its pattern."""

    route: Route
    params: Mapping[str, str]


_NAME = re.compile(r"\{(\w+)(\.\.\.)?\}")
_ONE, _REST = "[^\0]+", ".+"


def declared() -> Iterator[Route]:
    """Every route of the table."""
    for permission, rows in routes.TABLE.items():
        for method, pattern, scope in rows:
            yield Route(method, pattern, (permission,), scope, _body(method, pattern))
    for pattern in routes.PAGES:
        yield Route("GET", pattern, routes.ANY_OF, routes.FREE, Body.NONE, every=False)
    method, pattern, scope = routes.ALL_OF
    yield Route(method, pattern, routes.ANY_OF, scope, _body(method, pattern))


def find(method: str, segments: Sequence[str]) -> Found:
    """The route of a request whose decoded path segments these are. Raises `Refused` when there is none."""
    parts = ("api", *segments[1:]) if segments[:1] == ("ajax-api",) else tuple(segments)
    exact = _EXACT.get((method, parts))
    if exact is not None:
        return Found(exact, MappingProxyType({}))
    path = "\0".join(parts)
    for pattern, route in _PATTERNS.get(method, ()):
        if match := pattern.fullmatch(path):
            params = {name: value.replace("\0", "/") for name, value in match.groupdict().items()}
            return Found(route, MappingProxyType(params))
    raise denied(refusal(parts) or "the tracking gate does not know this path or method")


def refusal(parts: Sequence[str]) -> str | None:
    """Why a known path is refused to everybody; None for a path that is not known at all."""
    for prefix, why in routes.DENIED:
        below = tuple(prefix.split("/"))
        if tuple(parts[: len(below)]) == below:
            return why
    return None


def _body(method: str, pattern: str) -> Body:
    if method == "GET":
        return Body.NONE
    return Body.STREAM if method in {"PUT", "POST"} and pattern in routes.STREAMED else Body.JSON


def _compiled(pattern: str) -> re.Pattern[str]:
    """Segments are joined by a NUL here: no segment can hold one, but one may be matched by its neighbour."""
    text = ""
    for part in pattern.split("/"):
        name = _NAME.fullmatch(part)
        one = re.escape(part) if name is None else f"(?P<{name[1]}>{_REST if name[2] else _ONE})"
        text += "\0" + one
    return re.compile(text.removeprefix("\0"), re.DOTALL)


_EXACT: Mapping[tuple[str, tuple[str, ...]], Route] = MappingProxyType(
    {
        (route.method, tuple(route.pattern.split("/")) if route.pattern else ()): route
        for route in declared()
        if "{" not in route.pattern
    }
)
_PATTERNS: Mapping[str, tuple[tuple[re.Pattern[str], Route], ...]] = MappingProxyType(
    {
        method: tuple(
            (_compiled(route.pattern), route)
            for route in declared()
            if route.method == method and "{" in route.pattern
        )
        for method in {route.method for route in declared()}
    }
)
