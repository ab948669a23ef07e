"""NW-02. Source: kubescape C-0260, of pods and of all that makes pods."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.fields import EMPTY
from controls.item import Item
from controls.network.endpoints import labels_of
from controls.network.policies import policies
from controls.settings import Settings
from controls.stack import Stack


def check(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    known = {cluster: policies(stack, cluster) for cluster in stack.clusters}
    for place, bearers in stack.bearers.items():
        namespace = stack.find("Namespace", place[1], (place[0], ""))
        labels = namespace.labels if namespace else EMPTY
        near = [rules for rules in known[place[0]] if rules.denies and rules.reaches(place)]
        for item in bearers:
            answers = {rules.selects(labels_of(item), place, labels) for rules in near}
            if True not in answers:
                doubt = "is known to select" if None in answers else "selects"
                yield item, f"no network policy that is in effect {doubt} its pods; add one for its labels"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team, labels: {app: api}}
spec: {containers: [{name: app}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: team}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
"""

GOOD = BAD.replace("{app: api}", "{app: web}")

CONTROL = Control(
    id="NW-02",
    title="Every workload is selected by at least one policy of its own namespace or by a cluster-wide one",
    severity=Severity.HIGH,
    anchors=("C-0260", "CKV2_K8S_6", "Polaris missingNetworkPolicy"),
    why="A pod that no policy selects may talk to everything and be reached by everything.",
    fix="Select the pod by its labels in a NetworkPolicy, or by default deny for the whole namespace.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
