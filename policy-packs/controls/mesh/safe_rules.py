"""MS-03. Source: Istio, "Security best practices", safer authorization policy patterns; path normalization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, text
from controls.item import Item
from controls.mesh.names import AUTHORIZATION
from controls.settings import Settings

_IDENTITIES: Final = ("principals", "requestPrincipals", "namespaces", "serviceAccounts")
_SOURCES: Final = (*_IDENTITIES, "ipBlocks", "remoteIpBlocks")
_CONDITIONS: Final = ("source.", "request.auth.", "remote.ip")


def check(item: Item, settings: Settings) -> Iterator[str]:
    action = item.spec.value("action")
    if isinstance(action, Unproved):
        yield f"spec.action {action.value}; write it out"
    gateway = item.namespace in settings.gateway_namespaces
    for index, rule in enumerate(item.spec.entries("rules")):
        where = f"spec.rules[{index}]"
        if rule.unproved:
            yield f"{where} {rule.unproved.value}; write it out"
        elif action in (None, "ALLOW") and not gateway:
            yield from (f"{where} {fault}" for fault in _allows(rule))
        elif (
            action == "DENY"
            and not settings.path_normalization
            and any(map(_only_not_paths, rule.entries("to")))
        ):
            yield (
                f"{where}.to denies by notPaths alone, which another spelling of a path gets round; "
                "normalize paths in the mesh (pathNormalization), or allow by paths"
            )


def _allows(rule: Fields) -> Iterator[str]:
    entries = rule.entries("from")
    sources = [entry.section("source") for entry in entries]
    conditions = [
        one
        for one in rule.entries("when")
        if text(one.value("key")).startswith(_CONDITIONS) and one.values("values")
    ]
    if not conditions and not (sources and all(any(one.values(key) for key in _SOURCES) for one in sources)):
        yield "allows without a source; name principals, namespaces or request principals"
    for number, source in enumerate(sources):
        for key in _IDENTITIES:
            if any(value == "*" or isinstance(value, Unproved) for value in source.values(key)):
                yield f"from[{number}].source.{key} has a *, or is not known; name who may call"
    for condition in conditions:
        if "*" in condition.values("values"):
            yield "when has a condition on its source of *; name who may call"


def _only_not_paths(entry: Fields) -> bool:
    given = [key for key, _ in entry.section("operation").present()]
    return "notPaths" in given and all(key.startswith("not") for key in given)


BAD = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: team}
spec:
  action: ALLOW
  rules: [{to: [{operation: {methods: [GET]}}]}]
"""

GOOD = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: team}
spec:
  action: ALLOW
  rules:
  - from: [{source: {principals: [cluster.local/ns/team/sa/web]}}]
    to: [{operation: {methods: [GET]}}]
"""

CONTROL = Control(
    id="MS-03",
    title=(
        "No ALLOW rule without a source; no principals, requestPrincipals or namespaces of `*` outside the gateway; "
        "no DENY that only uses not-fields on paths without normalization"
    ),
    severity=Severity.CRITICAL,
    anchors=("Istio best practices (safe patterns)",),
    why="A rule without a source lets every pod in, and a * lets in every one that has any identity.",
    fix="Name each caller by principal; outside the mesh by request principal.",
    bad=BAD,
    good=GOOD,
    kinds=(AUTHORIZATION,),
    check=check,
)
