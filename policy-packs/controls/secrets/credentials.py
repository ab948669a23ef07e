"""What looks like a credential written down: by a shape that nothing else has, or as a literal under its name.

Sources: the issuers' own documents, for the shapes of their keys.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from controls.secrets.names import is_named_credential

_SHAPES: Final = re.compile(
    r"""(?x)
      \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                       # AWS access key id
    | BEGIN\ (?:[A-Z0-9]+\ ){0,3}PRIVATE\ KEY             # PEM
    | \beyJhbGciO[\w-]*                                   # JSON web token: {"alg":…
    | \b[Bb]earer\ [\w.~+/=-]{16,}
    | \A\s*[Bb]earer\ (?=\D{0,15}\d)[\w.~+/=-]{8,}\s*\Z   # a whole header, of a short token too
    | \bgh[pousr]_[0-9A-Za-z]{36}
    | \bgithub_pat_[0-9A-Za-z_]{22}
    | \bglpat-[\w-]{20}
    | \bxox[abeoprs]-[0-9A-Za-z-]{10}
    | \bAIza[\w-]{35}                                     # Google API key
    | \b[rs]k_live_[0-9A-Za-z]{16}
    | \bhv[sbr]\.[\w-]{24}                                # Vault token
    | \bhf_[0-9A-Za-z]{30}
    | \bnpm_[0-9A-Za-z]{36}
    | \bSG\.[\w-]{16,}\.[\w-]{16,}
    | \bAccountKey=[0-9A-Za-z+/]{20}                      # Azure storage
    """,
    re.ASCII,
)
_LOGIN_IN_ADDRESS: Final = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"]{0,64}:([^\s/@'\"]{1,256})@", re.ASCII
)
_LOGIN_IN_QUERY: Final = re.compile(
    r"[?&;](?:password|passwd|pwd|token|api_?key)=([^\s&;'\"]+)", re.IGNORECASE
)

_PLACEHOLDER: Final = re.compile(
    r"\$\{|\$\(|\{\{|%\(|^\$[A-Za-z_]\w*$|^<[^<>]+>$|^@[\w.]+@$|^%\w+%$", re.ASCII
)
_REFERENCE: Final = re.compile(r"(?:vault:|ref\+|arn:aws|ssm:|op://|sm://|file:|env:|secretref:)", re.ASCII)
_PATH: Final = re.compile(r"(?:~|\.{1,2})?/[\w./@:+-]*|[A-Za-z]:\\[\w.\\ -]*", re.ASCII)
_PLAIN_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^@\s]*", re.ASCII)
_NOTHING: Final = frozenset({"", "true", "false", "yes", "no", "null", "none", "nil"})

_LINE: Final = 4096
"""Characters of a line that are read: what is longer is data."""

_ASSIGNMENT: Final = re.compile(
    r"""^\s*(?:export\s+|-\s+)?["']?([A-Za-z_][\w.-]{0,63})["']?\s*(?:=>|:=|[:=])\s*(\S.*?)[,;]?\s*$""",
    re.ASCII,
)
_JSON_PAIR: Final = re.compile(r'"([A-Za-z_][\w.-]{0,63})"\s*:\s*"([^"]*)"', re.ASCII)
_XML_PAIR: Final = re.compile(r"<([A-Za-z_][\w.-]{0,63})>([^<]*)</\1>", re.ASCII)
_FLAG: Final = re.compile(r"""(?:^|\s)--?([A-Za-z][\w.-]{0,63})=["']?([^\s"']+)""", re.ASCII)
_QUOTED: Final = re.compile(r"""(["'])(.*)\1""", re.ASCII)
_CODE: Final = re.compile(r"[\s(){}\[\]<>|&$*]|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$", re.ASCII)


def is_literal(value: object) -> bool:
    """Whether a value stands for itself: not empty, no placeholder, no path and no address of it elsewhere."""
    if value is None or isinstance(value, bool):
        return False
    if not isinstance(value, str):
        return isinstance(value, int | float)
    text = value.strip()
    if text.lower() in _NOTHING or set(text) <= {"*"}:
        return False
    harmless = _PLACEHOLDER.search(text) or _REFERENCE.match(text) or _PATH.fullmatch(text)
    return not harmless and _PLAIN_ADDRESS.fullmatch(text) is None


def has_credential_shape(value: str) -> bool:
    """Whether a text holds, in clear or as base64, what only a credential looks like."""
    if _SHAPES.search(value) or any(_logins(value)):
        return True
    decoded = _decoded(value)
    return bool(decoded) and _SHAPES.search(decoded) is not None


def assigns_credential(document: str) -> bool:
    """Whether a line of a configuration file gives a literal to the name of a credential."""
    for whole in document.splitlines():
        line = whole[:_LINE]
        if line.lstrip().startswith(("#", "//", ";")):
            continue
        pairs = [
            (*pair, True) for pattern in (_JSON_PAIR, _XML_PAIR, _FLAG) for pair in pattern.findall(line)
        ]
        if not pairs and (found := _ASSIGNMENT.match(line)):
            quoted = _QUOTED.fullmatch(found[2])
            pairs = [(found[1], quoted[2] if quoted else found[2], quoted is not None)]
        for name, value, exact in pairs:
            named = name.lower() != "secret" and is_named_credential(name)
            if named and is_literal(value) and (exact or not _CODE.search(value)):
                return True
    return False


def _logins(value: str) -> Iterator[bool]:
    for pattern in (_LOGIN_IN_ADDRESS, _LOGIN_IN_QUERY):
        for secret in pattern.findall(value):
            yield is_literal(secret)


def _decoded(value: str) -> str:
    text = value.strip()
    if not 16 <= len(text) <= 65_536 or re.fullmatch(r"[0-9A-Za-z+/\s]+={0,2}", text, re.ASCII) is None:
        return ""
    try:
        return base64.b64decode(text, validate=False).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
