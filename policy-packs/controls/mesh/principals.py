"""MS-04. Sources: Kiali KIA0106, KIA0108; Istio, "Trust domain migration"; SPIFFE identity of a ServiceAccount."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Unproved, quoted, text
from controls.item import Item
from controls.mesh.names import AUTHORIZATION, GATEWAY_API
from controls.network.endpoints import elsewhere
from controls.settings import Settings
from controls.stack import Stack

_FORM: Final = re.compile(r"([^/*]+)/ns/([^/*]+)/sa/([^/*]+)")
_IMPLICIT: Final = "default"
_WILDCARD: Final = "*"


def check(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    accounts = set(_accounts(stack))
    hidden = stack.hidden_namespaces | {namespace for namespace, _ in elsewhere(settings)}
    for policy in stack.of(AUTHORIZATION):
        for where, value in _principals(policy):
            if value == _WILDCARD:
                continue
            fault = _fault(value, settings, accounts, hidden)
            if fault:
                yield policy, f"{where} {fault}"


def _fault(
    value: object, settings: Settings, accounts: set[tuple[str, str]], hidden: frozenset[str]
) -> str | None:
    """What is wrong with a principal; a chart may bring the ServiceAccounts of its namespace."""
    found = _FORM.fullmatch(text(value))
    if value is Unproved.UNKNOWN:
        return "is not known in preview; write it out"
    if found is None:
        return "is not of the form TRUST-DOMAIN/ns/NAMESPACE/sa/NAME; write it out"
    domain, namespace, name = found.groups()
    if domain not in settings.trust_domains:
        return f"is of trust domain {quoted(domain)}, which is not the mesh's; use one of trustDomains"
    if (namespace, name) in accounts or name == _IMPLICIT or namespace in hidden:
        return None
    return f"names ServiceAccount {quoted(name)} of namespace {quoted(namespace)}, which is not in the stack"


def _principals(policy: Item) -> Iterator[tuple[str, object]]:
    for index, rule in enumerate(policy.spec.entries("rules")):
        for entry in rule.entries("from"):
            for key in ("principals", "notPrincipals"):
                for value in entry.section("source").values(key):
                    yield f"spec.rules[{index}].from.source.{key}", value
        for condition in rule.entries("when"):
            if condition.value("key") == "source.principal":
                for value in (*condition.values("values"), *condition.values("notValues")):
                    yield f"spec.rules[{index}].when[source.principal]", value


def _accounts(stack: Stack) -> Iterator[tuple[str, str]]:
    """Namespace and name of every ServiceAccount of any cluster: the clusters of a mesh share an identity.

    Istio makes that of a gateway, and calls it after the gateway and its class.
    """
    for account in stack.of("ServiceAccount"):
        yield account.namespace, account.name
    for gateway in stack.of(GATEWAY_API):
        yield gateway.namespace, f"{gateway.name}-{text(gateway.spec.value('gatewayClassName'))}"


BAD = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: team}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: team}
spec:
  rules: [{from: [{source: {principals: [cluster.local/ns/team/sa/wbe]}}]}]
"""

GOOD = BAD.replace("wbe", "web")

CONTROL = Control(
    id="MS-04",
    title=(
        "Every principal in an AuthorizationPolicy is trustdomain/ns/NAME/sa/NAME of a ServiceAccount in the stack, "
        "in the mesh trust domain"
    ),
    severity=Severity.HIGH,
    anchors=("KIA0106", "KIA0108"),
    why="A principal that nobody has today is one that somebody may take tomorrow, by making that account.",
    fix="Derive the principal from the ServiceAccount; trustDomains names the mesh's own.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
