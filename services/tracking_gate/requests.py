"""What a request says, read once and written anew, so that MLflow sees exactly what was judged. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tracking_gate.errors import invalid
from tracking_gate.matching import Body, Found, Route

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes of a JSON body. MLflow takes batches of 1 MB; files are streamed and not bound by this."""
DEEPEST_BODY = 100
_MOST_FIELDS = 1000

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """A request with a known route. `body` is None unless the route's body is JSON."""

    found: Found
    query: Query = ()
    body: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def route(self) -> Route:
        return self.found.route

    @property
    def read_query(self) -> Query:
        """The part of the query that MLflow acts on: a request with a JSON body has its parameters there."""
        return () if self.route.body is Body.JSON else self.query

    def query_string(self) -> bytes:
        return urlencode(self.query).encode()

    def content(self) -> bytes:
        """The JSON body, with each name once."""
        return json.dumps(self.body, separators=(",", ":")).encode()


def parse_query(raw: bytes) -> Query:
    """The pairs of a query in their order. Raises `Refused` when it cannot be read."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise invalid("the query is not UTF-8 or has too many fields") from None
    return tuple(pairs)


def parse_body(raw: bytes) -> dict[str, Any]:
    """The object that a JSON body holds, empty for an empty body. Raises `Refused` for anything else."""
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise invalid("the body is not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise invalid("the body must be a JSON object")
    if _deep(value):
        raise invalid(f"the body is nested more than {DEEPEST_BODY} times")
    return value


def _deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST_BODY):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)
