"""ID-07. Source: CIS Kubernetes 5.1.6; the pod's own word wins over its ServiceAccount's, so both write it out."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.fields import seen, text
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings


def check(item: Item, settings: Settings) -> Iterator[str]:
    account = item.name if item.pod is None else text(item.pod.spec.value("serviceAccountName"))
    if f"{item.namespace}/{account}" in settings.controllers:
        return
    value = (item.fields if item.pod is None else item.pod.spec).value("automountServiceAccountToken")
    if value is not False:
        yield f"automountServiceAccountToken {seen(value)}; set it to false"


BAD = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: team}
"""

GOOD = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: team}
automountServiceAccountToken: false
"""

CONTROL = Control(
    id="ID-07",
    title=(
        "automountServiceAccountToken false, written out, on pods and ServiceAccounts; true only for a listed "
        "controller"
    ),
    severity=Severity.HIGH,
    anchors=("CIS 5.1.6", "CKV_K8S_38"),
    why="A mounted token is a login to the API server for whoever breaks into the container.",
    fix=(
        "Set it to false. A controller that calls the API server gets a projected token of short life and its own "
        "audience, or its account is listed in `controllers`."
    ),
    bad=BAD,
    good=GOOD,
    kinds=(*KINDS, "ServiceAccount"),
    check=check,
)
