"""ID-06. Source: CIS Kubernetes 5.1.5; a pod that names no ServiceAccount runs as `default`."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.fields import Fields, seen
from controls.identity.rbac import BINDINGS, subjects
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.pod is not None:
        name = account(item.pod.spec)
        if not isinstance(name, str) or name in {"", "default"}:
            what = "is default" if name == "default" else seen(name or None)
            yield f"serviceAccountName {what}; give the workload a ServiceAccount of its own"
        return
    for where, subject in subjects(item):
        kind, name = subject.value("kind"), subject.value("name")
        if kind == "ServiceAccount" and (name == "default" or not isinstance(name, str)):
            yield f"{where} is the ServiceAccount default; bind one of a workload of its own"


def account(pod: Fields) -> object:
    """The name of a pod's ServiceAccount, under its present or its former key."""
    name = pod.value("serviceAccountName")
    return pod.value("serviceAccount") if name is None or name == "" else name


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers: [{name: app, image: registry.example/app}]
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  serviceAccountName: app
  containers: [{name: app, image: registry.example/app}]
"""

CONTROL = Control(
    id="ID-06",
    title="No workload uses, and no binding names, the default ServiceAccount",
    severity=Severity.HIGH,
    anchors=("CIS 5.1.5", "CKV_K8S_42"),
    why="Pods that share an account cannot be told apart by RBAC, the mesh or the secret store.",
    fix="Declare a ServiceAccount for the workload and name it in `serviceAccountName`.",
    bad=BAD,
    good=GOOD,
    kinds=(*KINDS, *BINDINGS),
    check=check,
)
