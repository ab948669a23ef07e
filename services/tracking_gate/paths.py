"""Paths in one spelling only.

The gate judges what MLflow will act on, so a path that two servers could read in two ways is refused rather
than repaired: an empty or dot segment, an encoded slash or backslash, a second layer of encoding, a control
character, bytes that are not UTF-8.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from urllib.parse import quote, unquote_to_bytes

from tracking_gate.errors import invalid

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_LONGEST = 4096
_AS_SENT = frozenset((string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@/%").encode())


def segments(raw: bytes) -> tuple[str, ...]:
    """The decoded segments of a request's path; `/` has none. Raises `Refused` for an ambiguous path."""
    if len(raw) > _LONGEST or not raw.startswith(b"/") or not _AS_SENT.issuperset(raw):
        raise invalid("the path is too long or holds bytes that a path cannot hold")
    if re.search(rb"%(?![0-9A-Fa-f]{2})", raw):
        raise invalid("the path holds a percent sign that encodes nothing")
    if raw == b"/":
        return ()
    return tuple(_segment(part) for part in raw[1:].split(b"/"))


def joined(parts: Sequence[str]) -> str:
    """The one spelling of these segments as a path."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def relative(path: str) -> tuple[str, ...]:
    """The segments of an artifact's path in a query or a body. Raises `Refused` as `segments` does."""
    if len(path) > _LONGEST:
        raise invalid("an artifact path is too long")
    return tuple(_checked(part) for part in path.removesuffix("/").split("/"))


def _segment(raw: bytes) -> str:
    try:
        return _checked(unquote_to_bytes(raw).decode("utf-8"))
    except UnicodeDecodeError:
        raise invalid("the path is not UTF-8") from None


def _checked(part: str) -> str:
    if part in {"", ".", ".."} or "/" in part or "\\" in part:
        raise invalid("the path has an empty or relative segment, or a slash that is encoded")
    if _CONTROL.search(part) or _ENCODED.search(part):
        raise invalid("the path has a control character or is encoded twice")
    return part
