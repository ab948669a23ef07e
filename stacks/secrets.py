"""What the secret store holds, once for the whole estate, and who of each cluster may enter it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.isolation.tenant_namespace import WORKLOAD_ACCOUNT
from components.manifest import known_after
from components.mesh.names import SYSTEM
from components.mesh.remote_client import client_name
from components.mesh.remote_secrets import ACCOUNT as REMOTE
from components.mesh.remote_secrets import client_path
from components.secrets import people_login
from components.secrets.audit_device import AuditDevice, AuditDeviceArgs
from components.secrets.client_secrets import ClientSecrets, ClientSecretsArgs
from components.secrets.database_engine import DatabaseEngine, DatabaseEngineArgs, credentials_path
from components.secrets.people_login import PeopleLogin, PeopleLoginArgs
from components.secrets.secret_store import OPERATOR
from components.secrets.vault_policies import Rules, kv_read, tenant_folder, tenant_policy_name
from components.secrets.vault_values import audit_file
from components.secrets.workload_login import Workload, WorkloadLogin, WorkloadLoginArgs
from components.secrets.workload_policies import WorkloadPolicies, WorkloadPoliciesArgs
from components.tracking.mlflow_server import APP as MLFLOW
from components.trust import offline_intermediate
from config.access import MATRIX
from config.applications import APPLICATIONS
from config.clusters import ClusterSettings, LabCluster
from config.schema import PlatformSettings
from stacks import servers
from stacks.clusters import Cluster
from stacks.edges import watched
from stacks.hosted import runs_here
from stacks.identity import Identity
from stacks.trust import Trust, trust

OPERATOR_POLICY = "mlops-external-secrets"
MLFLOW_POLICY = "mlops-mlflow"
_DATABASE_MANAGER = "vault-mlflow"


@dataclass(frozen=True, kw_only=True)
class Account:
    """A ServiceAccount and the role of the store in which it logs in."""

    role: str
    namespace: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """`credentials` gives logins to MLflow's database; `logins` are the roles of workloads by cluster and name; `trust`
    is the mesh's."""

    credentials: pulumi.Output[str]
    logins: Mapping[str, Mapping[str, pulumi.Output[str]]]
    trust: Trust


def secrets(
    settings: PlatformSettings,
    clusters: tuple[Cluster, ...],
    identity: Identity,
    database_password: pulumi.Input[str] | None,
) -> Secrets:
    """Declare engines, policies and logins."""
    opts, outside = servers.secret_store(settings), settings.outside
    vault = next(application for application in APPLICATIONS if application.client == people_login.CLIENT)
    PeopleLogin(
        "people",
        PeopleLoginArgs(
            matrix=MATRIX,
            kv_mount=settings.secrets.mount,
            issuer=outside.url(settings.access.issuer),
            authority=outside.authority,
            client_secret=identity.client_secrets[people_login.CLIENT],
            redirect_uris=vault.redirect_uris(settings.access.domain, settings.access.redirect_uris),
            lifetime=settings.access.lifetimes.access_token,
        ),
        opts,
    )
    kept = ClientSecrets(
        "client-secrets",
        ClientSecretsArgs(kv_mount=settings.secrets.mount, secrets=identity.client_secrets),
        opts,
    )
    known = trust(settings, opts)
    if settings.secrets.backend == "vault" and settings.secrets.server:
        AuditDevice("audit", AuditDeviceArgs(file=audit_file(settings.secrets.backend)), opts)
    database = DatabaseEngine(
        "database",
        DatabaseEngineArgs(
            database=MLFLOW,
            owner=MLFLOW,
            address=outside.endpoint(settings.tracking.database),
            manager=_DATABASE_MANAGER,
            password=database_password,
            authority=outside.authority,
        ),
        opts,
    )
    policies = WorkloadPolicies("workloads", WorkloadPoliciesArgs(policies=workload_rules(settings)), opts)
    logins = {
        cluster.name: _after_secret(
            WorkloadLogin(
                f"{cluster.name}-workloads",
                WorkloadLoginArgs(
                    cluster=cluster.name,
                    api_url=_api_url(cluster, settings),
                    authority=_api_authority(cluster, settings),
                    workloads=(
                        *_workloads(settings, cluster.settings, policies.names),
                        *known.logins[cluster.name],
                    ),
                ),
                opts,
            ).roles,
            kept.paths.get(client_name(cluster.name)),
        )
        for cluster in clusters
    }
    return Secrets(credentials=database.credentials, logins=logins, trust=known)


def workload_rules(settings: PlatformSettings) -> dict[str, Rules]:
    """What external-secrets, MLflow and each tenant's pods may read."""
    mount, keycloak = settings.secrets.mount, settings.access.server
    folders = (settings.tracking.secret_path, *((keycloak.secret_path,) if keycloak else ()))
    return {
        OPERATOR_POLICY: {path: verbs for one in folders for path, verbs in kv_read(mount, one).items()},
        MLFLOW_POLICY: {credentials_path(MLFLOW): ("read",)},
        **{tenant_policy_name(one.name): kv_read(mount, tenant_folder(one.name)) for one in settings.tenants},
        **{
            remote_policy(one.name): {f"{mount}/data/{client_path(one.name)}": ("read",)}
            for one in settings.clusters
            if watched(settings, one)
        },
    }


def remote_policy(cluster: str) -> str:
    """What a cluster's way into other clusters may read."""
    return f"mlops-{client_name(cluster)}"


def workload_accounts(settings: PlatformSettings, cluster: ClusterSettings) -> dict[str, Account]:
    """The accounts of a cluster that may enter the store, by the one policy that each gets."""
    remote = Account(role=REMOTE, namespace=SYSTEM, name=REMOTE)
    return {
        OPERATOR_POLICY: Account(role=OPERATOR, namespace=OPERATOR, name=OPERATOR),
        MLFLOW_POLICY: Account(role=MLFLOW, namespace=settings.platform.name, name=MLFLOW),
        **{
            policy: Account(role=policy, namespace=tenant.name, name=WORKLOAD_ACCOUNT)
            for tenant in settings.tenants
            for policy in (tenant_policy_name(tenant.name),)
        },
        **({remote_policy(cluster.name): remote} if watched(settings, cluster) else {}),
    }


def asked_for(settings: PlatformSettings, cluster: ClusterSettings) -> tuple[tuple[str, str], ...]:
    """Namespace and name of the accounts in whose name external-secrets enters the store."""
    own = {OPERATOR_POLICY, MLFLOW_POLICY, remote_policy(cluster.name)}
    found = [
        (one.namespace, one.name)
        for policy, one in workload_accounts(settings, cluster).items()
        if policy in own
    ]
    if settings.network.trust.offline:
        found.append((SYSTEM, offline_intermediate.ACCOUNT))
    return tuple(found)


def _workloads(
    settings: PlatformSettings, cluster: ClusterSettings, policies: Mapping[str, pulumi.Input[str]]
) -> tuple[Workload, ...]:
    return tuple(
        Workload(role=one.role, account=one.name, namespace=one.namespace, policies=(policies[policy],))
        for policy, one in workload_accounts(settings, cluster).items()
    )


def _after_secret(
    roles: Mapping[str, pulumi.Output[str]], secret: pulumi.Output[str] | None
) -> Mapping[str, pulumi.Output[str]]:
    """The way to other clusters is given once the client's secret is kept: who asks for it sooner finds none."""
    return roles if secret is None else {**roles, REMOTE: known_after(roles[REMOTE], [secret])}


def _api_url(cluster: Cluster, settings: PlatformSettings) -> str | None:
    if isinstance(cluster.settings, LabCluster):
        return settings.outside.url(cluster.settings.api_url)
    if settings.secrets.server and runs_here(settings, cluster.settings):
        return None
    return cluster.settings.api_server.url if cluster.settings.api_server else None


def _api_authority(cluster: Cluster, settings: PlatformSettings) -> str | None:
    if isinstance(cluster.settings, LabCluster):
        return settings.outside.authority
    return cluster.settings.api_server.authority if cluster.settings.api_server else None
