"""MS-02. Source: Istio, "Security best practices": default deny, and STRICT for the whole mesh."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.item import Item
from controls.mesh.names import AUTHORIZATION, PEER_AUTHENTICATION, meshed
from controls.settings import Settings
from controls.stack import Stack


def check(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    root = settings.mesh_root_namespace
    for cluster in stack.clusters:
        namespaces = list(meshed(stack, cluster))
        if not namespaces:
            continue
        wide = [one for one in stack.of_namespace((cluster, root), PEER_AUTHENTICATION) if _selects_all(one)]
        strict = [one for one in wide if one.spec.section("mtls").value("mode") == "STRICT"]
        if not strict:
            at = stack.find("Namespace", root, (cluster, "")) or namespaces[0]
            yield at, f"no PeerAuthentication of namespace {root} makes the whole mesh STRICT; add one"
        for extra in wide[1:]:
            yield extra, "a second PeerAuthentication for the whole mesh, and only one counts; remove it"
        for namespace in namespaces:
            policies = stack.of_namespace((cluster, namespace.name), AUTHORIZATION)
            if not any(_allows_nothing(one) for one in policies):
                yield namespace, "no AuthorizationPolicy allows nothing; add one with an empty spec"


def _selects_all(item: Item) -> bool:
    return item.spec.value("selector") is None and not item.spec.unproved


def _allows_nothing(item: Item) -> bool:
    spec = item.spec
    return (
        not spec.unproved
        and spec.value("action") in (None, "ALLOW")
        and all(spec.value(key) is None for key in ("selector", "targetRef", "targetRefs"))
        and not spec.values("rules")
    )


BAD = """\
apiVersion: v1
kind: Namespace
metadata: {name: team, labels: {istio.io/rev: stable}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""

GOOD = f"""\
{BAD}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: allow-nothing, namespace: team}}
spec: {{}}
"""

CONTROL = Control(
    id="MS-02",
    title=(
        "Each cluster has one mesh-wide STRICT PeerAuthentication in the root namespace, and each meshed namespace "
        "an allow-nothing AuthorizationPolicy"
    ),
    severity=Severity.CRITICAL,
    anchors=("Istio best practices (default deny)", "KIA0205-0206"),
    why="A namespace without any policy is open to every identity of the mesh.",
    fix="Add an AuthorizationPolicy with an empty spec to the namespace, and allow callers one by one.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
