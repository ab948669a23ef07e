"""SE-04. Sources: Vault production hardening; the API of its Kubernetes auth method; the `audit` stanza of OpenBao's
server configuration, and which configuration its chart takes (`openbao.mode`, `openbao.config`)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, is_zero, quoted, seen, text
from controls.item import Item
from controls.mesh.names import charts
from controls.secrets.store_policies import POLICY
from controls.settings import Settings
from controls.stack import Stack, where

LOGIN: Final = "vault:kubernetes/authBackendRole:AuthBackendRole"
_AUDIT: Final = "vault:index/audit:Audit"
_LONGEST: Final = 3600
"""Seconds of a login."""


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    accounts = {(where(one)[1], one.name) for one in stack.of("ServiceAccount")}
    policies = {one.given_name for one in stack.of(POLICY)}
    audited = {one.cluster for one in stack.of(_AUDIT)}
    audits_itself = any(map(_audits_itself, charts(stack, "openbao")))
    told: set[str] = set()
    for login in sorted(stack.of(LOGIN), key=lambda one: one.resource):
        if not audits_itself and login.cluster not in audited | told:
            told.add(login.cluster)
            yield login, "its Vault has no audit device in the stack; declare one"
        for message in (
            *_bound(login, accounts, stack.hidden_namespaces),
            *_lifetime(login),
            *_policies(login, policies),
        ):
            yield login, message


def _audits_itself(openbao: Item) -> bool:
    """Whether the server's configuration has an audit device: OpenBao's API takes none."""
    configuration = _configuration(openbao.fields.section("values").section("server"))
    try:
        found = json.loads(configuration) if isinstance(configuration, str) else configuration
    except (ValueError, RecursionError):
        return any(line.split()[:1] == ["audit"] for line in text(configuration).splitlines())
    audit = found.get("audit") if isinstance(found, dict) else None
    return isinstance(audit, dict | list) and bool(audit)


def _configuration(server: Fields) -> object:
    """HCL, JSON or a mapping, as the chart gives it to the server: of a mode that is not on it gives none."""
    available = server.section("ha")
    if _is_on(server.section("dev")):
        return None
    if not _is_on(available):
        return server.section("standalone").value("config")
    raft = available.section("raft")
    return (raft if _is_on(raft) else available).value("config")


def _is_on(mode: Fields) -> bool:
    return mode.value("enabled") in (True, "true")


def _bound(login: Item, accounts: set[tuple[str, str]], hidden: frozenset[str]) -> Iterator[str]:
    names = login.fields.values("boundServiceAccountNames")
    namespaces = login.fields.values("boundServiceAccountNamespaces")
    if login.fields.value("boundServiceAccountNamespaceSelector") is not None:
        yield "boundServiceAccountNamespaceSelector is set; name the namespaces"
    exact = True
    for key, values in (("Names", names), ("Namespaces", namespaces)):
        if not values:
            yield f"boundServiceAccount{key} is not set; name them"
        for value in values:
            if not isinstance(value, str) or "*" in value or not value:
                exact = False
                what = value.value if isinstance(value, Unproved) else "holds what is no exact name"
                yield f"boundServiceAccount{key} {what}; name one"
    if exact:
        for namespace, name in itertools.product(map(text, namespaces), map(text, names)):
            seen_through = not namespace.startswith("kube-") and namespace not in hidden
            if seen_through and (namespace, name) not in accounts:
                yield f"binds {quoted(name)} of {quoted(namespace)}, which the stack does not declare; declare it"


def _lifetime(login: Item) -> Iterator[str]:
    for key, needed in (("tokenTtl", True), ("tokenMaxTtl", False)):
        value = login.fields.value(key)
        if not needed and (value is None or is_zero(value)):
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value <= _LONGEST:  # type: ignore[operator]
            yield f"{key} {seen(value)}; use at most {_LONGEST} seconds"
    period = login.fields.value("tokenPeriod")
    if period is not None and period != 0:
        yield "tokenPeriod is set, so that a login never ends; remove it"


def _policies(login: Item, known: set[str]) -> Iterator[str]:
    for value in login.fields.values("tokenPolicies"):
        if not isinstance(value, str):
            yield f"tokenPolicies {seen(value)}; name them"
        elif value != "default" and value not in known:
            yield f"tokenPolicies name {quoted(value)}, which the stack does not declare; declare it"


_REST = f"""\
- type: {_AUDIT}
  name: log
  properties: {{type: file}}
- type: {POLICY}
  name: app
  properties: {{name: app, policy: ""}}
- apiVersion: v1
  kind: ServiceAccount
  metadata: {{name: app, namespace: team}}
"""

_LOGIN = f"""\
- type: {LOGIN}
  name: app
  properties:
    boundServiceAccountNames: [app]
    tokenPolicies: [app]
    tokenTtl: 3600
"""

BAD = f"""\
{_LOGIN}    boundServiceAccountNamespaces: ["*"]
{_REST}"""

GOOD = f"""\
{_LOGIN}    boundServiceAccountNamespaces: [team]
{_REST}"""

CONTROL = Control(
    id="SE-04",
    title=(
        "Vault Kubernetes auth role: ServiceAccount names and namespaces exact, no `*`, and in the stack; TTL at most "
        "1 h; the policies it names exist; one audit device per Vault"
    ),
    severity=Severity.CRITICAL,
    anchors=("Vault production hardening",),
    why="Whoever makes a ServiceAccount that a role lets in logs in to the store as the workload it was made for.",
    fix="Name one ServiceAccount and namespace per role, for an hour, and declare the policies and an audit device.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
