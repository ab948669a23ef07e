"""The secret store itself, Vault or OpenBao, in the one cluster that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi

from components.base import Component
from components.helm import chart
from components.isolation.dns import CLUSTER_DOMAIN
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, known_after, part
from components.network.api_server import api_server_egress
from components.network.certificate import certificate
from components.network.fqdn_egress import Destination, fqdn_egress
from components.network.traffic import Served, egress_policy, ingress_policy, peers_policy
from components.secrets.vault_values import CLUSTER_PORT, PORT, chart_values, members, product
from config.schema import ChartSettings, SecretServer, SecretStoreSettings


@dataclass(frozen=True, kw_only=True)
class VaultServerArgs:
    """Pods of the `clients` namespaces may connect, and nobody else.

    `reaches` is what the store asks outside besides its key: databases, the realm, other clusters' API servers.
    """

    namespace: NamespaceRef
    store: SecretStoreSettings
    server: SecretServer
    charts: ChartSettings
    clients: tuple[NamespaceRef, ...]
    reaches: Sequence[Destination]
    owner: Owner


class VaultServer(Component, token="mlops:index:VaultServer"):
    """The members with their certificate and traffic. Somebody has to initialise them once: the keys
    of recovery are for people and pass through no program."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: VaultServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        app, namespace = args.store.backend, args.namespace
        common = labels(app, "secrets", args.owner)
        tls = certificate(f"{app}-tls", server_names(args), namespace, common, addresses=("127.0.0.1",))
        needed = {"tls": tls, **traffic(args)}
        made = [part(self, name, manifest) for name, manifest in needed.items()]
        self.namespace = known_after(namespace.ready, made)
        chart(
            self.child("server"),
            product(app).chart,
            args.charts,
            namespace=self.namespace,
            values=chart_values(app, args.server, f"{app}-tls", common),
            opts=self.opts(),
            wait=False,
        )
        self.register_outputs({"namespace": self.namespace})


def traffic(args: VaultServerArgs) -> dict[str, Manifest]:
    """Who may connect, and what the members reach: each other, their API server, their key and `reaches`."""
    app, namespace = args.store.backend, args.namespace
    served = Served(app=app, server=namespace, port=PORT, clients=args.clients)
    return {
        "ingress": ingress_policy(served),
        **{f"egress-{client.name}": egress_policy(served, client) for client in args.clients},
        "peers": peers_policy(app, namespace, (PORT, CLUSTER_PORT)),
        "api-server": api_server_egress(app, namespace),
        "outside": fqdn_egress(app, namespace, (*key_servers(args.server), *args.reaches)),
    }


def server_names(args: VaultServerArgs) -> tuple[str, ...]:
    """What the certificate has to name: the public host, the Service and each member."""
    backend = args.store.backend
    service = f"{backend}.{args.namespace.name}.svc"
    hosts = (urlsplit(args.store.address).hostname or "", service, f"{service}.{CLUSTER_DOMAIN}")
    return (*hosts, *members(backend, args.server))


def key_servers(server: SecretServer) -> tuple[Destination, ...]:
    """The key that opens the store, and who says that its pods may use it."""
    region = server.seal.region
    return tuple(Destination(hosts=(f"{one}.{region}.amazonaws.com",), port=443) for one in ("kms", "sts"))
