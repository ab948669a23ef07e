"""NW-08. Sources: Gatekeeper block-wildcard-ingress; Kyverno disallow-empty-ingress-host, -default-backend."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.fields import Unproved, seen
from controls.item import Item
from controls.settings import Settings


def check(item: Item, _: Settings) -> Iterator[str]:
    for key in ("defaultBackend", "backend"):
        if item.spec.value(key) is not None and not item.spec.unproved:
            yield f"spec.{key} is set, so it serves every name; remove it and name hosts"
    if item.spec.unproved:
        yield f"spec {item.spec.unproved.value}; write it out"
    for index, rule in enumerate(item.spec.entries("rules")):
        host = rule.value("host")
        if host is None or host == "" or isinstance(host, Unproved) or not isinstance(host, str):
            yield f"spec.rules[{index}].host {seen(host)}; name one"
        elif "*" in host:
            yield f"spec.rules[{index}].host has a *; name each host"


BAD = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: team}
spec:
  rules: [{host: "*.example.com"}]
"""

GOOD = BAD.replace("*.example.com", "www.example.com")

CONTROL = Control(
    id="NW-08",
    title="Every Ingress rule names a host, without `*`; no default backend",
    severity=Severity.MEDIUM,
    anchors=("Gatekeeper block-wildcard-ingress", "Kyverno disallow-empty-ingress-host"),
    why="A rule without a name answers for the names of others, and takes their visitors.",
    fix="Write one rule for each host name.",
    bad=BAD,
    good=GOOD,
    kinds=("Ingress.networking.k8s.io",),
    check=check,
)
