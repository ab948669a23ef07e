"""Secrets that a server gives when it is asked by HTTP: external-secrets' Webhook generator.

Subset of generators.external-secrets.io/v1alpha1: url, method, plain headers, a body with fields of labelled
Secrets, and a whole JSON object as the answer. Whatever else is asked for is refused by name.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from lab.agent.errors import SyncError
from lab.agent.generators import Lease
from lab.agent.secret_template import resolved

Object = Mapping[str, Any]
_SUPPORTED = frozenset({"url", "method", "headers", "body", "result", "timeout", "caBundle", "secrets"})
_LABEL = "external-secrets.io/type"
_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FIELD = re.compile(r"\s*\.([A-Za-z_]\w*)\.([A-Za-z_]\w*)\s*")
_TIMEOUT = 10.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is sent. `body` may hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str = field(repr=False)


def needed_secrets(generator: Object) -> dict[str, str]:
    """Of each name that the body uses the Secret. Raises SyncError for what the lab does not support."""
    spec, what = generator.get("spec") or {}, _what(generator)
    if unknown := sorted(key for key, value in spec.items() if value and key not in _SUPPORTED):
        raise SyncError(f"{what}: spec.{unknown[0]} is not supported by the lab")
    if (path := (spec.get("result") or {}).get("jsonPath", "$")) != "$":
        raise SyncError(f"{what}: result.jsonPath {path} is not supported by the lab: use $")
    return {one["name"]: str(one["secretRef"]["name"]) for one in spec.get("secrets") or []}


def request(generator: Object, secrets: Mapping[str, Object], hosts: Mapping[str, str]) -> Request:
    """The request, with the Secrets by the names that the body uses. Raises SyncError, which never holds a value."""
    spec, what = generator["spec"], _what(generator)
    known: dict[tuple[str, str], str] = {}
    for name, secret in secrets.items():
        if (secret["metadata"].get("labels") or {}).get(_LABEL) != "webhook":
            raise SyncError(f"{what}: Secret {secret['metadata']['name']!r} has no label {_LABEL}: webhook")
        for key, value in (secret.get("data") or {}).items():
            known[name, key] = base64.b64decode(value).decode()

    def filled(match: re.Match[str]) -> str:
        found = _FIELD.fullmatch(match.group(1))
        if found is None or (found[1], found[2]) not in known:
            raise SyncError(f"{what}: there is no {match.group()} for its body")
        return known[found[1], found[2]]

    if "{{" in spec["url"] or any("{{" in value for value in (spec.get("headers") or {}).values()):
        raise SyncError(f"{what}: the lab supports templates in the body alone")
    return Request(
        method=spec.get("method") or "GET",
        url=resolved(spec["url"], hosts),
        headers=dict(spec.get("headers") or {}),
        body=_ACTION.sub(filled, spec.get("body") or ""),
    )


async def ask(wanted: Request, authority: Path) -> Lease:
    """The answer's keys, which last until the next refresh. Raises SyncError without any of the answer."""
    try:
        context = ssl.create_default_context(cafile=str(authority))
        async with httpx.AsyncClient(verify=context, trust_env=False, timeout=_TIMEOUT) as client:
            answer = await client.request(
                wanted.method, wanted.url, headers=dict(wanted.headers), content=wanted.body
            )
            content = answer.json() if answer.is_success else None
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise SyncError(f"{wanted.url} cannot be asked: {type(error).__name__}") from error
    if not isinstance(content, dict):
        raise SyncError(f"{wanted.url} answered {answer.status_code}")
    return Lease(data=content, seconds=0)


def _what(generator: Object) -> str:
    return f"Webhook {generator['metadata']['name']!r}"
