"""Keycloak itself, run by its own operator from one custom resource. The operator and its kinds come with the
other operators: until they are there the resource waits, and nothing runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pulumi

from components.base import Component
from components.isolation.dns import CLUSTER_DOMAIN
from components.isolation.namespace import NAME_LABEL
from components.isolation.pod_hardening import container_security_context, pod_security_context
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.network.certificate import certificate
from components.network.fqdn_egress import Destination, fqdn_egress
from components.network.traffic import Served, egress_policy, peers_policy
from components.replicas import disruption_budget, spread
from components.secrets.external_secret import external_secret
from config import catalog
from config.identity import KeycloakServer as KeycloakServerSettings

APP = "keycloak"
PORT = 8443
TLS, DATABASE, AUTHORITY, PROGRAM = (f"{APP}-{part}" for part in ("tls", "database", "authority", "program"))
CLUSTER_PORTS = (7800, 57800)
"""JGroups between the servers: messages, and whether the other one still answers."""
_IMAGE_USER, _IMAGE_GROUP = 1000, 0
"""The image's own: its files are writable to no other ones, and it writes its build at the start."""


@dataclass(frozen=True, kw_only=True)
class KeycloakServerArgs:
    """`url` is the address as users know it; pods of the `clients` namespaces may connect, and nobody else.

    The secret store holds `<secretPath>/database` (`username`, `password`, `ca.crt`) and `<secretPath>/program`
    (`client-id`, `client-secret`: the client by which this program declares the realm).
    """

    namespace: NamespaceRef
    clients: tuple[NamespaceRef, ...]
    url: str
    settings: KeycloakServerSettings
    owner: Owner


class KeycloakServer(Component, token="mlops:index:KeycloakServer"):
    """The servers with their certificate, their database's credentials and the traffic that they need."""

    server: pulumi.Output[str]

    def __init__(
        self, name: str, args: KeycloakServerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        namespace, settings = args.namespace, args.settings
        common = labels(APP, "identity", args.owner)
        database = Destination(hosts=(settings.database.host,), port=settings.database.port)
        part(self, "outside", fqdn_egress(APP, namespace, (database,)))
        for client in args.clients:
            served = Served(app=APP, server=namespace, port=PORT, clients=args.clients)
            part(self, f"egress-{client.name}", egress_policy(served, client))
        part(self, "peers", peers_policy(APP, namespace, CLUSTER_PORTS))
        part(self, "disruption", disruption_budget(APP, namespace, common))
        secrets = {
            name: part(self, name, manifest)
            for name, manifest in credentials(settings, namespace, common).items()
        }
        tls = part(self, "tls", certificate(TLS, server_names(args), namespace, common))
        account = part(self, "account", service_account(APP, namespace, common))
        self.server = part(self, "server", keycloak(args, tls, secrets, account, common))
        self.register_outputs({"server": self.server})


def credentials(
    settings: KeycloakServerSettings, namespace: NamespaceRef, common: Mapping[str, str]
) -> dict[str, Manifest]:
    """What comes from the secret store, by part: the authority apart, which the server mounts as a truststore."""
    wanted = {
        "database": (DATABASE, "database", ("username", "password")),
        "authority": (AUTHORITY, "database", ("ca.crt",)),
        "program": (PROGRAM, "program", ("client-id", "client-secret")),
    }
    return {
        part: external_secret(name, f"{settings.secret_path}/{path}", keys, namespace, common)
        for part, (name, path, keys) in wanted.items()
    }


def server_names(args: KeycloakServerArgs) -> tuple[str, ...]:
    """What the certificate has to name: the public host, and the operator's Service for who is in the cluster."""
    service = f"{APP}-service.{args.namespace.name}.svc"
    return (urlsplit(args.url).hostname or "", service, f"{service}.{CLUSTER_DOMAIN}")


def keycloak(
    args: KeycloakServerArgs,
    tls: pulumi.Input[str],
    secrets: Mapping[str, pulumi.Input[str]],
    account: pulumi.Input[str],
    common: Mapping[str, str],
) -> Manifest:
    """HTTPS alone, one strict hostname, no header of a proxy believed, the database's certificate verified."""
    database = args.settings.database
    spec = {
        "instances": args.settings.instances,
        "image": catalog.KEYCLOAK_IMAGE.reference,
        "startOptimized": False,
        "automountServiceAccountToken": False,
        "bootstrapAdmin": {"service": {"secret": secrets["program"]}},
        "db": {
            "vendor": "postgres",
            "host": database.host,
            "port": database.port,
            "database": APP,
            "usernameSecret": {"name": secrets["database"], "key": "username"},
            "passwordSecret": {"name": secrets["database"], "key": "password"},
            "poolMinSize": 5,
            "poolMaxSize": 30,
        },
        "truststores": {"database": {"secret": {"name": secrets["authority"]}}},
        "http": {"httpEnabled": False, "tlsSecret": tls},
        "hostname": {"hostname": args.url, "strict": True, "backchannelDynamic": False},
        "ingress": {"enabled": False},
        "networkPolicy": {
            "enabled": True,
            "https": _peers((args.namespace, *args.clients)),
            "management": _peers((args.namespace,)),
        },
        "additionalOptions": [
            {"name": "db-tls-mode", "value": "verify-server"},
            {"name": "cache", "value": "ispn"},
            {"name": "health-enabled", "value": "true"},
            {"name": "metrics-enabled", "value": "true"},
            {"name": "log-console-output", "value": "json"},
        ],
        "resources": {
            "requests": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "512Mi"},
            "limits": {"cpu": "2", "memory": "2Gi", "ephemeral-storage": "1Gi"},
        },
        "scheduling": {"topologySpreadConstraints": spread(APP)},
        "unsupported": {"podTemplate": pod_template(account, common)},
    }
    return kubernetes_object(
        "k8s.keycloak.org/v2beta1", "Keycloak", APP, namespace=args.namespace, labels=common, spec=spec
    )


def pod_template(account: pulumi.Input[str], common: Mapping[str, str]) -> dict[str, Any]:
    """Our labels, an identity of its own (ID-06) and the `restricted` standard, for which the resource has no field.

    The image is built anew at each start, with the database's driver: its file system cannot be read-only.
    """
    container = {**container_security_context(), "readOnlyRootFilesystem": False}
    user = {"runAsUser": _IMAGE_USER, "runAsGroup": _IMAGE_GROUP, "fsGroup": _IMAGE_GROUP}
    return {
        "metadata": {"labels": dict(common)},
        "spec": {
            "serviceAccountName": account,
            "enableServiceLinks": False,
            "securityContext": {**pod_security_context(), **user},
            "containers": [{"name": APP, "securityContext": container}],
        },
    }


def _peers(namespaces: Sequence[NamespaceRef]) -> list[dict[str, Any]]:
    """Never an empty list: the operator would open the port to everybody."""
    return [{"namespaceSelector": {"matchLabels": {NAME_LABEL: one.name}}} for one in namespaces]
