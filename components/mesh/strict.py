"""What holds for every workload of the mesh: mutual TLS, nothing allowed, and what is told of each request."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.mesh.allow_nothing import allow_nothing
from components.mesh.istiod_values import LOGS, TRACES


@dataclass(frozen=True, kw_only=True)
class StrictArgs:
    """`namespace` is the control plane's: what stands there holds everywhere. `sampling` is in percent."""

    namespace: NamespaceRef
    sampling: float


class StrictMesh(Component, token="mlops:index:StrictMesh"):
    """`policy` is known once the mesh is strict and closed: whoever opens a way comes after it."""

    policy: pulumi.Output[str]

    def __init__(self, name: str, args: StrictArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        part(self, "mtls", strict_mtls(args.namespace))
        part(self, "telemetry", telemetry(args.sampling, args.namespace))
        self.policy = part(self, "deny", allow_nothing(args.namespace))
        self.register_outputs({"policy": self.policy})


def strict_mtls(namespace: NamespaceRef) -> Manifest:
    """Plain text is refused on every port (MS-01, MS-02)."""
    return kubernetes_object(
        "security.istio.io/v1",
        "PeerAuthentication",
        "default",
        namespace=namespace,
        spec={"mtls": {"mode": "STRICT"}},
    )


def telemetry(sampling: float, namespace: NamespaceRef) -> Manifest:
    """Access logs and traces go to the collector. Traces carry the caller's identity and no header of the request."""
    spec = {
        "accessLogging": [{"providers": [{"name": LOGS}]}],
        "tracing": [{"providers": [{"name": TRACES}], "randomSamplingPercentage": sampling}],
    }
    return kubernetes_object("telemetry.istio.io/v1", "Telemetry", "default", namespace=namespace, spec=spec)
