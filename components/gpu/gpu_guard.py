"""The GPU guard in one cluster: no pod gets onto a node before its GPUs are cut as asked (services/gpu_guard)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.access.account_rights import account_rights, grant
from components.base import Component
from components.gpu.in_cluster import environment, in_cluster_pod
from components.isolation.closed_namespace import closed_namespace
from components.isolation.pod_hardening import hardened
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, known_after, part
from components.network.api_server import api_server_egress
from components.replicas import disruption_budget, rolling_deployment
from config import catalog
from config.gpu import STARTUP_TAINT

APP = "gpu-guard"
ROLE = "mlops:gpu-guard"


@dataclass(frozen=True, kw_only=True)
class GpuGuardArgs:
    """Who owns and pays for it."""

    owner: Owner


class GpuGuard(Component, token="mlops:index:GpuGuard"):
    """One copy is enough: while it is away no new node is opened, so nothing lands where it should not."""

    def __init__(self, name: str, args: GpuGuardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels(APP, "gpu", args.owner)
        namespace = closed_namespace(self, APP, common)
        part(self, "api-server", api_server_egress(APP, namespace))
        bound = grant(self, "role", "binding", rights(namespace, common))
        account = known_after(part(self, "account", service_account(APP, namespace, common)), [bound])
        part(self, "server", deployment(account, namespace, common))
        part(self, "disruption", disruption_budget(APP, namespace, common))
        self.register_outputs({})


def rights(namespace: NamespaceRef, common: Mapping[str, str]) -> tuple[Manifest, Manifest]:
    """See nodes and change them. RBAC cannot narrow that to taints."""
    rule = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch", "patch"]}
    return account_rights(ROLE, [rule], (APP, namespace.name), common)


def deployment(account: pulumi.Input[str], namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """It runs on nodes without GPUs: it has to be there before any of those is ready."""
    variables = {**environment(), "TAINT": STARTUP_TAINT["key"]}
    pod = in_cluster_pod(APP, "gpu_guard", catalog.GPU_GUARD_IMAGE, variables, account)
    template = {"metadata": {"labels": dict(common)}, "spec": hardened(pod)}
    return rolling_deployment(APP, 1, template, namespace, common)
