"""Istio's control plane in one cluster: its namespace, its charts, and who may speak to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.helm import chart
from components.isolation.closed_namespace import ClosedNamespace, ClosedNamespaceArgs
from components.labels import Owner, labels, owner_labels, selector
from components.manifest import Manifest, NamespaceRef, known_after, part
from components.mesh.istiod_values import Identity, cni_values, istiod_values
from components.mesh.names import ISTIOD, NETWORK_LABEL, SYSTEM, WEBHOOK_PORT, XDS_PORT
from components.network.api_server import api_server_alone, api_server_egress, api_server_ingress
from components.network.fqdn_egress import Destination, fqdn_egress
from components.network.traffic import Served, ingress_policy
from config import catalog
from config.mesh import MeshTelemetry, newest, revision
from config.schema import ChartSettings

NODE_AGENT = "kube-system"
"""Namespace of the node agent, whose rights over the node no other namespace gives."""

AGENT = "istio-cni"
"""What the chart names its pods."""


@dataclass(frozen=True, kw_only=True)
class ControlPlaneArgs:
    """`versions` run, and workloads get `stable`. `clients` are the namespaces of proxies. `reaches` are the realm and
    the API servers of other clusters; `authority` and `root` see `istiod_values`. `prepare` declares what has to be
    in the namespace before a control plane starts: without its authority it would make a root of its own."""

    identity: Identity
    versions: Sequence[str]
    stable: str
    telemetry: MeshTelemetry
    clients: Sequence[str]
    reaches: Sequence[Destination]
    authority: str | None
    charts: ChartSettings
    owner: Owner
    root: str = "1"
    prepare: Callable[[NamespaceRef], Sequence[pulumi.Resource]] = lambda _: ()


class MeshControlPlane(Component, token="mlops:index:MeshControlPlane"):
    """Control planes and node agent; the definitions are there before. The output is the namespace."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: ControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        closed = ClosedNamespace(
            self.child("namespace"),
            ClosedNamespaceArgs(
                name=SYSTEM,
                concern="mesh",
                owner=args.owner,
                mesh={NETWORK_LABEL: args.identity.network},
            ),
            self.opts(),
        )
        policies = [
            part(self, name, manifest)
            for name, manifest in traffic(closed.ref, args.clients, args.reaches).items()
        ]
        part(self, "node-agent", node_agent_traffic(owner_labels(args.owner)))
        self._charts(args, closed.ref)
        self.namespace = known_after(closed.namespace, policies)
        self.register_outputs({"namespace": self.namespace})

    @property
    def ref(self) -> NamespaceRef:
        """The namespace for whatever lives in it or speaks of it."""
        return NamespaceRef(name=SYSTEM, ready=self.namespace)

    def _charts(self, args: ControlPlaneArgs, namespace: NamespaceRef) -> None:
        prepared = list(args.prepare(namespace))
        for version in args.versions:
            chart(
                self.child(f"istiod-{revision(version)}"),
                catalog.ISTIO_CHARTS["istiod", version],
                args.charts,
                namespace=namespace.ready,
                values=istiod_values(
                    args.identity,
                    version,
                    stable=version == args.stable,
                    telemetry=args.telemetry,
                    labels=labels(ISTIOD, "mesh", args.owner),
                    authority=args.authority,
                    root=args.root,
                ),
                opts=self.opts(depends_on=prepared),
            )
        chart(
            self.child("cni"),
            catalog.ISTIO_CHARTS["cni", newest(args.versions)],
            args.charts,
            namespace=NODE_AGENT,
            values=cni_values(owner_labels(args.owner)),
            opts=self.opts(),
        )


def traffic(
    namespace: NamespaceRef, clients: Sequence[str], reaches: Sequence[Destination]
) -> dict[str, Manifest]:
    """Proxies, its own API server both ways (it watches, and is asked by webhooks), the realm's keys and other
    clusters."""
    proxies = tuple(NamespaceRef(name=one, ready=one) for one in clients)
    return {
        "ingress": ingress_policy(Served(app=ISTIOD, server=namespace, port=XDS_PORT, clients=proxies)),
        "api-server": api_server_egress(ISTIOD, namespace),
        "webhooks": webhook_ingress(namespace),
        **({"outside": fqdn_egress(ISTIOD, namespace, reaches)} if reaches else {}),
    }


def node_agent_traffic(labels: Mapping[str, str]) -> Manifest:
    """The node agent reads pods and namespaces. What it does to a pod's network it does on the node itself."""
    home = NamespaceRef(name=NODE_AGENT, ready=NODE_AGENT)
    return api_server_alone(AGENT, selector(AGENT), home, labels)


def webhook_ingress(namespace: NamespaceRef) -> Manifest:
    """The API server asks it to inject proxies and to validate; nobody else has to reach that port."""
    return api_server_ingress(f"{ISTIOD}-webhooks", ISTIOD, namespace, [WEBHOOK_PORT])
