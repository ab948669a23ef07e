"""What one namespace's proxies know of: its own services, those that serve it, and named hosts outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.mesh.names import ISTIOD, SYSTEM, XDS_PORT
from components.network.fqdn_egress import Destination
from components.network.traffic import Served, egress_policy

_TLS_PORTS = frozenset({443, 6443, 8200, 8443, 9000})


@dataclass(frozen=True, kw_only=True)
class ScopeArgs:
    """`servers` are namespaces of which services are used, `outside` is all that is reached beyond the cluster."""

    namespace: NamespaceRef
    servers: Sequence[str]
    outside: Sequence[Destination]


class MeshScope(Component, token="mlops:index:MeshScope"):
    """A proxy that knows little is small, and cannot be led to where nobody of its namespace has to go."""

    sidecar: pulumi.Output[str]

    def __init__(self, name: str, args: ScopeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        namespace = args.namespace
        part(self, "to-control-plane", to_control_plane(namespace))
        for destination in args.outside:
            name = f"outside-{destination.hosts[0]}-{destination.port}"
            part(self, name, service_entry(destination, args.namespace))
        self.sidecar = part(self, "sidecar", sidecar(args.servers, args.namespace))
        self.register_outputs({"sidecar": self.sidecar})


def to_control_plane(namespace: NamespaceRef) -> Manifest:
    """Every proxy of the namespace asks it for its certificate and for what it should do."""
    served = Served(
        app=ISTIOD,
        server=NamespaceRef(name=SYSTEM, ready=SYSTEM),
        port=XDS_PORT,
        clients=(namespace,),
    )
    return egress_policy(served, namespace)


def sidecar(servers: Sequence[str], namespace: NamespaceRef) -> Manifest:
    """The namespace itself, the control plane's, and the servers': everything else is not there."""
    others = sorted(set(servers) - {namespace.name, SYSTEM})
    hosts = [f"{one}/*" for one in (".", SYSTEM, *others)]
    spec = {"egress": [{"hosts": hosts}], "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    return kubernetes_object("networking.istio.io/v1", "Sidecar", "default", namespace=namespace, spec=spec)


def service_entry(destination: Destination, namespace: NamespaceRef) -> Manifest:
    """Hosts outside of the mesh, for this namespace alone. The workload speaks TLS itself: the proxy sees no more
    than the name in its greeting, and where there is none (PostgreSQL) the address that the name resolves to."""
    tls = destination.port in _TLS_PORTS
    port = {
        "number": destination.port,
        "name": "tls" if tls else "tcp",
        "protocol": "TLS" if tls else "TCP",
    }
    spec = {
        "hosts": list(destination.hosts),
        "ports": [port],
        "location": "MESH_EXTERNAL",
        "resolution": "DNS",
        "exportTo": ["."],
    }
    name = f"{destination.hosts[0]}-{destination.port}"
    return kubernetes_object("networking.istio.io/v1", "ServiceEntry", name, namespace=namespace, spec=spec)
