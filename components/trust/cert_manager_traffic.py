"""What cert-manager's pods may reach, and who may reach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.isolation import dns
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.network.api_server import api_server_alone, tcp_ports
from components.network.fqdn_egress import Destination, fqdn_egress
from components.trust.cert_manager_values import APP, NAMESPACE, WEBHOOK_PORT

HOME = NamespaceRef(name=NAMESPACE, ready=NAMESPACE)


@dataclass(frozen=True, kw_only=True)
class CertManagerTrafficArgs:
    """`reaches` is who signs outside of the cluster, `store` the secret store where it runs in this one: the app's
    name, its namespace and its port."""

    reaches: Sequence[Destination]
    store: tuple[str, NamespaceRef, int] | None
    labels: Mapping[str, str]


class CertManagerTraffic(Component, token="mlops:index:CertManagerTraffic"):
    """Policies for its pods and no others: the namespace is the cluster's own, and other pods have needs of theirs."""

    def __init__(
        self, name: str, args: CertManagerTrafficArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        for way, manifest in traffic(args).items():
            part(self, way, manifest)
        self.register_outputs({})


def traffic(args: CertManagerTrafficArgs) -> dict[str, Manifest]:
    """Its own traffic, and the way of its controller to whoever signs."""
    return {
        "pods": own_traffic(args.labels),
        **({"outside": fqdn_egress(APP, HOME, args.reaches)} if args.reaches else {}),
        **(store_traffic(*args.store) if args.store else {}),
    }


def store_traffic(app: str, namespace: NamespaceRef, port: int) -> dict[str, Manifest]:
    """Both sides of the way to a store in the cluster. The controller is told from its neighbours by its name: who
    makes pods in its namespace administers the cluster. The store shows a certificate of its own."""
    controller, server = _endpoint(HOME, APP), _endpoint(namespace, app)
    to_store = {
        "endpointSelector": {"matchLabels": selector(APP)},
        "egress": [
            dns.cilium_egress([{"matchPattern": "*"}]),
            {"toEndpoints": [server], "toPorts": tcp_ports(port)},
        ],
    }
    from_controller = {
        "endpointSelector": {"matchLabels": selector(app)},
        "ingress": [{"fromEndpoints": [controller], "toPorts": tcp_ports(port)}],
    }
    kind = ("cilium.io/v2", "CiliumNetworkPolicy")
    return {
        "to-store": kubernetes_object(*kind, f"{APP}-to-{app}", namespace=HOME, spec=to_store),
        "from-controller": kubernetes_object(
            *kind, f"{app}-from-{APP}", namespace=namespace, spec=from_controller
        ),
    }


def own_traffic(labels: Mapping[str, str]) -> Manifest:
    """The API server both ways: all of them watch it, and it asks the webhook. Nothing else, in or out."""
    return api_server_alone(APP, {"app.kubernetes.io/instance": APP}, HOME, labels, asked=[WEBHOOK_PORT])


def _endpoint(namespace: NamespaceRef, app: str) -> dict[str, dict[str, str]]:
    labels = {f"k8s:{key}": value for key, value in selector(app).items()}
    return {"matchLabels": {"k8s:io.kubernetes.pod.namespace": namespace.name, **labels}}
