"""The gateways of one cluster: people's way in, and the other clusters' one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.labels import Owner, labels, selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.mesh import gateway
from components.mesh.edge_tokens import edge_access, edge_tokens
from components.mesh.names import EAST_WEST, EAST_WEST_PORT, INGRESS
from components.network.certificate import certificate


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A server behind the ingress: the host that people know, and its Service."""

    host: str
    service: str
    namespace: NamespaceRef
    port: int


@dataclass(frozen=True, kw_only=True)
class GatewaysArgs:
    """`people` end TLS at the ingress and ask there for a token of the realm for `audience`; `passed` end it
    themselves.

    `network` is None without other clusters: there is no east-west gateway then. `sources` are the ranges that
    other networks come from, where they are known. `annotations` ask the cloud for a balancer of that kind.
    """

    namespace: NamespaceRef
    people: Sequence[Backend]
    passed: Sequence[Backend]
    issuer: str
    audience: str
    network: str | None
    sources: Sequence[str]
    annotations: Mapping[str, str]
    owner: Owner


class Gateways(Component, token="mlops:index:Gateways"):
    """`ingress` is the name of people's gateway."""

    ingress: pulumi.Output[str]

    def __init__(self, name: str, args: GatewaysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.ingress = self._ingress(args)
        self._routes(args)
        if args.network is not None:
            self._east_west(args.network, args)
        self.register_outputs({"ingress": self.ingress})

    def _ingress(self, args: GatewaysArgs) -> pulumi.Output[str]:
        common = labels(INGRESS, "mesh", args.owner)
        secrets: dict[str, Any] = {
            one.host: part(
                self,
                f"{one.service}-tls",
                certificate(f"{one.service}-tls", [one.host], args.namespace, common),
            )
            for one in args.people
        }
        passed = {one.host: one.namespace.name for one in args.passed}
        tuned = part(self, "ingress-options", gateway.options(INGRESS, args.namespace, common))
        part(self, "ingress-from-outside", from_everywhere(args.namespace))
        if args.people:
            part(
                self,
                "tokens",
                edge_tokens(args.issuer, args.audience, args.namespace),
            )
        part(self, "access", edge_access(args.issuer, secrets, passed, args.namespace))
        made = gateway.ingress(secrets, passed, args.namespace, common, args.annotations, tuned)
        return part(self, "ingress", made)

    def _routes(self, args: GatewaysArgs) -> None:
        part(self, "to-https", gateway.redirect_route(self.ingress, args.namespace))
        for kind, route, backends in (
            ("HTTPRoute", gateway.people_route, args.people),
            ("TLSRoute", gateway.passed_route, args.passed),
        ):
            for one in backends:
                made = route(
                    self.ingress, one.host, one.service, one.namespace.name, one.port, args.namespace
                )
                part(self, f"{one.service}-route", made)
                allowed = gateway.grant(kind, args.namespace.name, one.service, one.namespace)
                part(self, f"{one.service}-grant", allowed)

    def _east_west(self, network: str, args: GatewaysArgs) -> None:
        common = labels(EAST_WEST, "mesh", args.owner)
        tuned = part(self, "east-west-options", gateway.options(EAST_WEST, args.namespace, common))
        if args.sources:
            part(self, "east-west-from-peers", from_networks(args.sources, args.namespace))
        made = gateway.east_west(network, args.namespace, common, args.annotations, tuned)
        part(self, "east-west", made)


def from_everywhere(namespace: NamespaceRef) -> Manifest:
    """People come from anywhere, to the two ports of the ingress and to nothing else in the cluster."""
    ports = [{"port": str(port), "protocol": "TCP"} for port in (gateway.HTTP, gateway.HTTPS)]
    spec = {
        "endpointSelector": {"matchLabels": selector(INGRESS)},
        "ingress": [{"fromEntities": ["world"], "toPorts": [{"ports": ports}]}],
    }
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", f"{INGRESS}-from-outside", namespace=namespace, spec=spec
    )


def from_networks(ranges: Sequence[str], namespace: NamespaceRef) -> Manifest:
    """Proxies of other clusters come from their nodes' addresses."""
    spec = {
        "endpointSelector": {"matchLabels": selector(EAST_WEST)},
        "ingress": [{"fromCIDRSet": [{"cidr": one} for one in ranges], "toPorts": [_east_west_port()]}],
    }
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", f"{EAST_WEST}-from-peers", namespace=namespace, spec=spec
    )


def _east_west_port() -> dict[str, Any]:
    return {"ports": [{"port": str(EAST_WEST_PORT), "protocol": "TCP"}]}
