"""NW-01. Source: Kubernetes, "Default deny all traffic"; Cilium, "Policy enforcement modes"."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.item import Item
from controls.network.policies import DIRECTIONS, policies
from controls.settings import Settings
from controls.stack import Stack


def check(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    for cluster in stack.clusters:
        known = policies(stack, cluster)
        for namespace in stack.of_cluster(cluster, "Namespace"):
            place = (cluster, namespace.name)
            denied = {
                direction
                for rules in known
                if rules.reaches(place) and rules.selects_all(place, namespace.labels)
                for direction in rules.denies
            }
            missing = [direction for direction in DIRECTIONS if direction not in denied]
            if missing:
                yield (
                    namespace,
                    f"no policy that selects all its pods denies {' and '.join(missing)} by default; add one",
                )


BAD = """\
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: team}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""

GOOD = BAD.replace("[Ingress]", "[Ingress, Egress]")

CONTROL = Control(
    id="NW-01",
    title="Every namespace has a policy that selects all pods and turns on default deny for ingress and for egress",
    severity=Severity.CRITICAL,
    anchors=("CIS 5.3.2", "NSA/CISA network separation", "C-0030", "C-0054"),
    why="Without default deny, whatever no policy names is allowed, also for a pod that an intruder starts.",
    fix="Add a NetworkPolicy with an empty podSelector and both policyTypes to the namespace.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
