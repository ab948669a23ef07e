"""MLflow in one cluster: experiment tracking and model registry on a shared database and bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.isolation.dns import CLUSTER_DOMAIN
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.network.fqdn_egress import Destination, fqdn_egress
from components.network.traffic import Served, egress_policy, ingress_policy
from components.replicas import digest, disruption_budget, http_service
from components.secrets.dynamic_secret import DynamicSecret, generator
from components.secrets.dynamic_secret import external_secret as login_secret
from components.secrets.external_secret import external_secret
from components.tracking.mlflow_server import (
    APP,
    ARTIFACT_KEYS,
    PORT,
    MlflowServer,
    deployment,
)
from config.schema import SecretStoreSettings, TrackingSettings
from config.tenants import TenantPurpose

CLIENT_PURPOSES: frozenset[TenantPurpose] = frozenset({"dev", "training", "serving"})
"""Tenants whose pods talk to MLflow: whoever develops, trains or serves models."""


@dataclass(frozen=True, kw_only=True)
class MlflowArgs:
    """`namespace` is the platform's own; pods of the `clients` namespaces may connect, and nobody else.

    `credentials` is the secret store's path that gives logins to the database, `login` the role at the store in
    which they are asked for.
    """

    namespace: NamespaceRef
    clients: tuple[NamespaceRef, ...]
    tracking: TrackingSettings
    owner: Owner
    cluster: str
    store: SecretStoreSettings
    credentials: pulumi.Input[str]
    login: pulumi.Input[str]


class Mlflow(Component, token="mlops:index:Mlflow"):
    """The tracking server with its identity, secrets, Service and the traffic that it needs.

    Its state is in the database and the bucket alone, so every cluster's servers show the same experiments.
    """

    service: pulumi.Output[str]

    def __init__(self, name: str, args: MlflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        namespace, common = args.namespace, labels(APP, "tracking", args.owner)
        self._allow_traffic(args)
        settings = server_settings(namespace.name)
        account = part(self, "account", service_account(APP, namespace, common))
        artifacts = external_secret(
            f"{APP}-artifacts", artifacts_path(args.tracking), ARTIFACT_KEYS, namespace, common
        )
        server = MlflowServer(
            replicas=args.tracking.replicas,
            bucket=args.tracking.bucket,
            account=account,
            config=part(self, "config", config_map(settings, namespace, common)),
            config_digest=digest(settings),
            database_secret=self._database_secret(args, account, common),
            artifacts_secret=part(self, "artifacts", artifacts),
        )
        part(self, "server", deployment(server, namespace, common))
        part(self, "disruption", disruption_budget(APP, namespace, common))
        self.service = part(self, "service", http_service(APP, PORT, namespace, common))
        self.register_outputs({"service": self.service})

    def _database_secret(
        self, args: MlflowArgs, account: pulumi.Input[str], common: Mapping[str, str]
    ) -> pulumi.Output[str]:
        secret = database_secret(args.tracking, args.credentials, account)
        made = generator(secret, args.login, args.cluster, args.store, args.namespace, common)
        name = part(self, "database-login", made)
        return part(self, "database", login_secret(secret, name, args.namespace, common))

    def _allow_traffic(self, args: MlflowArgs) -> None:
        served = Served(app=APP, server=args.namespace, port=PORT, clients=args.clients)
        part(self, "ingress", ingress_policy(served))
        for client in args.clients:
            part(self, f"egress-{client.name}", egress_policy(served, client))
        part(self, "outside", fqdn_egress(APP, args.namespace, destinations(args.tracking)))


def database_secret(
    tracking: TrackingSettings, credentials: pulumi.Input[str], account: pulumi.Input[str]
) -> DynamicSecret:
    """A libpq service file with a login that the store made, and the authority that the server is checked by."""
    service_file = (
        f"[{APP}]\nhost={tracking.database.host}\nport={tracking.database.port}\ndbname={APP}\n"
        "user={{ .username }}\npassword={{ .password }}\nsslmode=verify-full\n"
    )
    return DynamicSecret(
        name=f"{APP}-database",
        path=credentials,
        account=account,
        template={"pg_service.conf": service_file, "ca.crt": "{{ .authority }}"},
        fixed={"authority": (f"{tracking.secret_path}/database", "ca.crt")},
    )


def artifacts_path(tracking: TrackingSettings) -> str:
    """Path in the secret store of the artifact store's credentials."""
    return f"{tracking.secret_path}/artifacts"


def destinations(tracking: TrackingSettings) -> tuple[Destination, ...]:
    """All that the server reaches outside: the database, and the bucket under both of S3's address styles."""
    database, artifacts = tracking.database, tracking.artifacts
    return (
        Destination(hosts=(database.host,), port=database.port),
        Destination(hosts=(artifacts.host, f"{tracking.bucket}.{artifacts.host}"), port=artifacts.port),
    )


def server_settings(namespace: str) -> dict[str, str]:
    """MLflow's settings without secrets.

    The server answers only to its own Service names, so a page that rebinds its DNS name cannot reach it.
    Background jobs would start further processes, and telemetry would call out; both are off.
    """
    names = (f"{APP}.{namespace}{suffix}" for suffix in ("", ".svc", f".svc.{CLUSTER_DOMAIN}"))
    hosts = [host for name in names for host in (name, f"{name}:*")]
    return {
        "MLFLOW_SERVER_ALLOWED_HOSTS": ",".join(hosts),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def config_map(settings: Mapping[str, str], namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """The settings as the server's environment."""
    return kubernetes_object("v1", "ConfigMap", APP, namespace=namespace, labels=common, data=dict(settings))
