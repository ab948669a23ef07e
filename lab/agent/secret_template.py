"""The texts that an ExternalSecret's `target.template.data` has filled in. Pure.

Subset of external-secrets' templates: plain fields, `{{ .name }}`. Whatever else stands between braces is
refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lab.agent.errors import SyncError

_ACTION = re.compile(rb"\{\{(.*?)\}\}", re.DOTALL)
_FIELD = re.compile(rb"\s*\.([A-Za-z_]\w*)\s*")
_TEMPLATE = frozenset({"data", "engineVersion", "mergePolicy", "metadata", "type"})


def check_template(template: Mapping[str, Any]) -> None:
    """Raises SyncError for what the lab does not support."""
    if unknown := sorted(set(template) - _TEMPLATE):
        raise SyncError(f"target.template.{unknown[0]} is not supported by the lab")
    if (policy := template.get("mergePolicy") or "Replace") != "Replace":
        raise SyncError(f"target.template.mergePolicy {policy} is not supported by the lab: use Replace")
    if (engine := template.get("engineVersion") or "v2") != "v2":
        raise SyncError(f"target.template.engineVersion {engine} is not supported by the lab: use v2")


def render(texts: Mapping[str, str], data: Mapping[str, bytes], hosts: Mapping[str, str]) -> dict[str, bytes]:
    """Each text with the values of `data` in it, and with the lab's servers by their address; what comes from
    `data` stays as it is. Raises SyncError that names the text and the field, never a value."""
    return {name: _filled(name, resolved(text, hosts).encode(), data) for name, text in texts.items()}


def resolved(text: str, hosts: Mapping[str, str]) -> str:
    """The text with the names of `hosts` (both sides `host:port`) replaced by where they answer, in the two
    ways in which files name a server: `host:port`, and libpq's `host=` with `port=` right after it."""
    for name, address in hosts.items():
        (host, port), (real_host, real_port) = name.rsplit(":", 1), address.rsplit(":", 1)
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?!\d)", address, text)
        text = re.sub(
            rf"(?<!\w)host(\s*=\s*){re.escape(host)}(\s+)port(\s*=\s*){port}(?!\d)",
            rf"host\g<1>{real_host}\g<2>port\g<3>{real_port}",
            text,
        )
    return text


def _filled(name: str, text: bytes, data: Mapping[str, bytes]) -> bytes:
    where = f"target.template.data.{name}"

    def value(match: re.Match[bytes]) -> bytes:
        field = _FIELD.fullmatch(match.group(1))
        if field is None:
            raise SyncError(
                f"{where}: {match.group().decode()} is not supported by the lab: use {{{{ .name }}}}"
            )
        key = field.group(1).decode()
        if key not in data:
            raise SyncError(f"{where}: there is no value {key!r} among {', '.join(sorted(data)) or 'none'}")
        return data[key]

    if b"{{" in _ACTION.sub(b"", text):
        raise SyncError(f"{where}: '{{{{' is not closed")
    return _ACTION.sub(value, text)
