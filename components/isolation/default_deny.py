"""Default deny in both directions for one namespace; only name resolution is left open."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.base import Component
from components.isolation import dns
from components.manifest import Manifest, NamespaceRef, declare, known_after, kubernetes_object, name_of


@dataclass(frozen=True, kw_only=True)
class DefaultDenyArgs:
    """The namespace to close."""

    namespace: NamespaceRef


class DefaultDeny(Component, token="mlops:index:DefaultDeny"):
    """Both policy kinds deny by default: the NetworkPolicy on any CNI, the Cilium one for FQDN and L7 rules.

    No rule ever names the metadata address, the node or the world, so all three stay out of reach. The
    output is the namespace's name once it is closed: what uses it can never run in an open namespace.
    """

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: DefaultDenyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        manifests = {
            "deny": deny_all(args.namespace),
            "dns": allow_dns(args.namespace),
            "cilium-deny": cilium_deny_all(args.namespace),
            "cilium-dns": cilium_allow_dns(args.namespace),
        }
        policies = [declare(self.child(part), manifest, self.opts()) for part, manifest in manifests.items()]
        self.namespace = known_after(args.namespace.ready, map(name_of, policies))
        self.register_outputs({"namespace": self.namespace})


def deny_all(namespace: NamespaceRef) -> Manifest:
    """Selects every pod, names both directions and allows nothing (NW-01)."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    return kubernetes_object(
        "networking.k8s.io/v1", "NetworkPolicy", "default-deny", namespace=namespace, spec=spec
    )


def allow_dns(namespace: NamespaceRef) -> Manifest:
    """Lets every pod ask the cluster's DNS."""
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [dns.network_policy_egress()]}
    return kubernetes_object(
        "networking.k8s.io/v1", "NetworkPolicy", "allow-dns", namespace=namespace, spec=spec
    )


def cilium_deny_all(namespace: NamespaceRef) -> Manifest:
    """One empty rule per direction allows nothing; an empty list would not even count as a rule."""
    spec = {
        "endpointSelector": {},
        "enableDefaultDeny": {"ingress": True, "egress": True},
        "ingress": [{}],
        "egress": [{}],
    }
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", "default-deny", namespace=namespace, spec=spec
    )


def cilium_allow_dns(namespace: NamespaceRef) -> Manifest:
    """Sends every pod's queries through Cilium's DNS proxy.

    Any name may be asked: `allow-dns` above opens the port without looking at names, and Cilium adds
    allowances up. Knowing an address opens no connection to it.
    """
    spec = {"endpointSelector": {}, "egress": [dns.cilium_egress([{"matchPattern": "*"}])]}
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", "allow-dns", namespace=namespace, spec=spec
    )
