"""ID-09. Source: Kyverno deny-secret-service-account-token-type; Kubernetes, "Manually create a long-lived token"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Unproved, seen
from controls.item import Item
from controls.settings import Settings

_TOKEN: Final = "kubernetes.io/service-account-token"  # noqa: S105 - the type of a Secret


def check(secret: Item, _: Settings) -> Iterator[str]:
    kind = secret.fields.value("type")
    if isinstance(kind, Unproved):
        yield f"type {seen(kind)}; write it out"
    elif kind == _TOKEN:
        yield "type is that of a token without end; use a projected token or the TokenRequest API"


BAD = """\
apiVersion: v1
kind: Secret
metadata: {name: app-token, namespace: team, annotations: {kubernetes.io/service-account.name: app}}
type: kubernetes.io/service-account-token
"""

GOOD = """\
apiVersion: v1
kind: Secret
metadata: {name: app, namespace: team}
type: Opaque
"""

CONTROL = Control(
    id="ID-09",
    title="No Secret of type kubernetes.io/service-account-token",
    severity=Severity.HIGH,
    anchors=("Kyverno deny-secret-service-account-token-type",),
    why="Such a token never expires, and everybody who reads the Secret is the ServiceAccount from then on.",
    fix="Mount a projected token with an audience and an expiry, or ask the TokenRequest API for one.",
    bad=BAD,
    good=GOOD,
    kinds=("Secret",),
    check=check,
)
