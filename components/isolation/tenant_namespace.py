"""A tenant's namespace in one cluster: its bounds, its identity and nothing reachable by default."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import pulumi

from components.base import Component
from components.isolation.default_deny import DefaultDeny, DefaultDenyArgs
from components.isolation.namespace import restricted_namespace
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, declare, known_after, kubernetes_object, name_of, part
from config.gpu import GPU
from config.tenants import ContainerDefaults, Quota, TenantSettings

PURPOSE_LABEL = "mlops.platform/tenant-purpose"
WORKLOAD_ACCOUNT = "workload"
"""The ServiceAccount of a tenant's own pods; `default` stays without any binding and is used by nobody."""


@dataclass(frozen=True, kw_only=True)
class TenantNamespaceArgs:
    """`gpu_resources` are the GPU resources that the cluster's pools offer, granted to this tenant or not; `mesh`
    are labels that say what the namespace is to the mesh."""

    tenant: TenantSettings
    gpu_resources: Set[str]
    mesh: Mapping[str, str] = field(default_factory=dict)


class TenantNamespace(Component, token="mlops:index:TenantNamespace"):
    """Everything that a tenant has before its first workload.

    Whatever the settings do not grant is zero, not absent: an absent quota would be no bound at all. The
    output is the namespace's name once it is closed and bounded.
    """

    namespace: pulumi.Output[str]

    def __init__(
        self, name: str, args: TenantNamespaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        tenant, common = args.tenant, tenant_labels(args.tenant)
        described = restricted_namespace(tenant.name, {**common, **args.mesh})
        bare = NamespaceRef(name=tenant.name, ready=part(self, "namespace", described))
        closed = DefaultDeny(self.child("isolation"), DefaultDenyArgs(namespace=bare), self.opts())
        account = service_account(WORKLOAD_ACCOUNT, bare, common)
        part(self, "workload", account)
        bounds = {
            "quota": resource_quota(tenant.quota, args.gpu_resources, bare, common),
            "limits": limit_range(tenant.defaults, bare, common),
        }
        bounded = [declare(self.child(part), manifest, self.opts()) for part, manifest in bounds.items()]
        self.namespace = known_after(closed.namespace, map(name_of, bounded))
        self._name_in_settings = tenant.name
        self.register_outputs({"namespace": self.namespace})

    @property
    def ref(self) -> NamespaceRef:
        """The namespace for whatever lives in it or speaks of it."""
        return NamespaceRef(name=self._name_in_settings, ready=self.namespace)


def owner_of(tenant: TenantSettings) -> Owner:
    """Who owns and pays for what the tenant has."""
    return Owner(team=tenant.team, cost_center=tenant.cost_center, environment=tenant.environment)


def tenant_labels(tenant: TenantSettings) -> dict[str, str]:
    """The labels of the namespace and of what comes with it."""
    return {**labels(tenant.name, "tenant", owner_of(tenant)), PURPOSE_LABEL: tenant.purpose}


def resource_quota(
    quota: Quota, gpu_resources: Set[str], namespace: NamespaceRef, common: Mapping[str, str]
) -> Manifest:
    """The most that the tenant may request in this cluster (GC-03).

    Services that open a port on nodes or ask for a load balancer are counted down to zero: the gateway is
    the only way in (NW-06), also for somebody with kubectl.
    """
    gpus = {name: quota.gpus.get(name, 0) for name in {GPU, *gpu_resources, *quota.gpus}}
    hard = {
        "requests.cpu": quota.cpu,
        "requests.memory": quota.memory,
        "requests.storage": quota.storage,
        "pods": str(quota.pods),
        "services.nodeports": "0",
        "services.loadbalancers": "0",
        **{f"requests.{name}": str(gpus[name]) for name in sorted(gpus)},
    }
    return kubernetes_object(
        "v1", "ResourceQuota", "tenant", namespace=namespace, labels=common, spec={"hard": hard}
    )


def limit_range(defaults: ContainerDefaults, namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """Requests and limits for containers that state none; without them the quota would refuse the pod."""
    container = {
        "type": "Container",
        "default": {"cpu": defaults.cpu_limit, "memory": defaults.memory_limit},
        "defaultRequest": {"cpu": defaults.cpu_request, "memory": defaults.memory_request},
    }
    return kubernetes_object(
        "v1", "LimitRange", "defaults", namespace=namespace, labels=common, spec={"limits": [container]}
    )


def service_account(name: str, namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """An identity without a token in its pods: who needs the API asks for a projected one (ID-07)."""
    return kubernetes_object(
        "v1",
        "ServiceAccount",
        name,
        namespace=namespace,
        labels=common,
        automountServiceAccountToken=False,
    )
