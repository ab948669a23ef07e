"""SR-06. Sources: Kyverno prevent-bare-pods and require-deployments-have-multiple-replicas; kubescape C-0073."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Unproved, seen, whole
from controls.item import Item
from controls.settings import Settings

_POD: Final = "Pod"
_COPIES: Final = 2


def check(item: Item, settings: Settings) -> Iterator[str]:
    if item.type == _POD:
        if item.metadata.values("ownerReferences") in ((), (Unproved.MALFORMED,)):
            yield "is a pod that nothing starts again; declare a Deployment, StatefulSet or Job"
        return
    if not settings.production:
        return
    replicas = item.spec.value("replicas")
    number = whole(replicas)
    if number is None or number < _COPIES:
        yield f"replicas {seen(replicas)}; state at least {_COPIES} in production"


BAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: team}
spec: {replicas: 1}
"""

GOOD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: team}
spec: {replicas: 2}
"""

CONTROL = Control(
    id="SR-06",
    title="No bare Pods; Deployments and StatefulSets state at least 2 replicas in production",
    severity=Severity.LOW,
    anchors=("Kyverno prevent-bare-pods", "C-0073"),
    why="One copy is an outage with every drain, and a bare pod is gone with its node.",
    fix="Run two copies at least, under a Deployment or a StatefulSet.",
    bad=BAD,
    good=GOOD,
    kinds=(_POD, "Deployment.apps", "StatefulSet.apps"),
    check=check,
)
