"""Who may call an application's ports, by identity: the mesh's side of `components.network.traffic.Served`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part


@dataclass(frozen=True, kw_only=True)
class ServedAccessArgs:
    """`callers` are identities by the port that they may call; an application of several members is among its own
    callers."""

    app: str
    namespace: NamespaceRef
    callers: Mapping[int, Sequence[str]]


class ServedAccess(Component, token="mlops:index:ServedAccess"):
    """The exception to allow-nothing that the application needs."""

    policy: pulumi.Output[str]

    def __init__(self, name: str, args: ServedAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.policy = part(self, "policy", allow_callers(args.app, args.callers, args.namespace))
        self.register_outputs({"policy": self.policy})


def allow_callers(app: str, callers: Mapping[int, Sequence[str]], namespace: NamespaceRef) -> Manifest:
    """One rule for each port. A port without callers has none: a rule without a source would let everybody in."""
    rules = [
        {
            "from": [{"source": {"principals": list(principals)}}],
            "to": [{"operation": {"ports": [str(port)]}}],
        }
        for port, principals in callers.items()
        if principals
    ]
    spec = {"selector": {"matchLabels": selector(app)}, "action": "ALLOW", "rules": rules}
    return kubernetes_object(
        "security.istio.io/v1", "AuthorizationPolicy", f"{app}-callers", namespace=namespace, spec=spec
    )
