"""GPU-hours in one cluster: the account, budgets and idle environments (services/gpu_hours)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.access.account_rights import account_rights, grant
from components.base import Component
from components.gpu.exporters import exporters_egress
from components.gpu.gpu_pool import HOME as EXPORTERS
from components.gpu.in_cluster import account_volume, environment, in_cluster_pod
from components.isolation.closed_namespace import closed_namespace
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, known_after, kubernetes_object, part
from components.network.api_server import api_server_egress
from components.replicas import digest, disruption_budget, pod_template, rolling_deployment
from config import catalog
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from config.gpu_settings import GpuIdle
from config.gpu_slices import slices

APP = "gpu-hours"
ROLE = "mlops:gpu-hours"
ACCOUNT = "gpu-hours-account"
"""The ConfigMap that the service keeps, by the name that it has there."""
METRICS = "mlops:gpu-hours-exporters"

_SETTINGS = "/etc/gpu-hours"
_FILE = "settings.json"


@dataclass(frozen=True, kw_only=True)
class GpuHoursArgs:
    """`pools` and `queues` of the cluster; `idle` is when a GPU counts as not in use, None where nobody looks."""

    pools: Sequence[GpuPool]
    queues: Sequence[GpuQueue]
    idle: GpuIdle | None
    owner: Owner


class GpuHours(Component, token="mlops:index:GpuHours"):
    """One copy: two would count the same hours twice. While it is away nothing is held that was not held before, and
    what ran meanwhile is counted when it is back."""

    def __init__(self, name: str, args: GpuHoursArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels(APP, "gpu", args.owner)
        namespace = closed_namespace(self, APP, common)
        data = settings(args)
        part(self, "api-server", api_server_egress(APP, namespace))
        bound = [
            grant(self, right, f"{right}-binding", given)
            for right, given in rights(namespace, args.idle is not None, common).items()
        ]
        if args.idle:
            part(self, "exporters", exporters_egress(APP, namespace, common))
        account = known_after(part(self, "account", service_account(APP, namespace, common)), bound)
        config = part(self, "config", config_map(data, namespace, common))
        part(self, "server", deployment(account, config, data, namespace, common))
        part(self, "disruption", disruption_budget(APP, namespace, common))
        self.register_outputs({})


def settings(args: GpuHoursArgs) -> dict[str, str]:
    """The service's file: budgets by team, what a slice of each pool is worth in GPUs, and when one is idle."""
    budgets = {
        queue.team: {"team": queue.budget.gpu_hours, "engineer": queue.budget.per_engineer}
        for queue in args.queues
        if queue.budget
    }
    worth = {pool.name: {one.resource: float(one.gpus) for one in slices(pool)} for pool in args.pools}
    idle = args.idle and {
        "utilisation": args.idle.below_percent / 100,
        "warn_seconds": args.idle.warn_minutes * 60,
        "stop_seconds": args.idle.stop_minutes * 60,
    }
    document = {"budgets": budgets, "worth": worth, "idle": idle}
    return {_FILE: json.dumps(document, indent=1, sort_keys=True)}


def rights(
    namespace: NamespaceRef, idle: bool, common: Mapping[str, str]
) -> dict[str, tuple[Manifest, Manifest]]:
    """Roles with their bindings: to see and hold queues and their Workloads, to keep the account, to find exporters."""
    kueue = {"apiGroups": ["kueue.x-k8s.io"], "verbs": ["list", "patch"]}
    queues = [
        {**kueue, "resources": ["clusterqueues", "workloads"]},
        {**kueue, "resources": ["localqueues"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
    ]
    service = (APP, namespace.name)
    maps = {"apiGroups": [""], "resources": ["configmaps"]}
    account = [
        {**maps, "resourceNames": [ACCOUNT], "verbs": ["get", "patch"]},
        {**maps, "verbs": ["create"]},
    ]
    found = {
        "queues": account_rights(ROLE, queues, service, common),
        "keeping": account_rights(f"{ROLE}-account", account, service, common, within=namespace, kind="Role"),
    }
    if idle:
        pods = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
        found["metrics"] = account_rights(METRICS, pods, service, common, within=EXPORTERS, kind="Role")
    return found


def config_map(data: Mapping[str, str], namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """The file as a ConfigMap: nothing in it is secret."""
    return kubernetes_object("v1", "ConfigMap", APP, namespace=namespace, labels=common, data=dict(data))


def deployment(
    account: pulumi.Input[str],
    config: pulumi.Input[str],
    data: Mapping[str, str],
    namespace: NamespaceRef,
    common: Mapping[str, str],
) -> Manifest:
    """A changed budget changes the digest in the template and so starts the service anew, with its account."""
    variables = {
        **environment(),
        "SETTINGS": f"{_SETTINGS}/{_FILE}",
        "NAMESPACE": namespace.name,
    }
    pod = in_cluster_pod(APP, "gpu_hours", catalog.GPU_HOURS_IMAGE, variables, account)
    (container,) = pod["containers"]
    container["volumeMounts"].append({"name": "settings", "mountPath": _SETTINGS, "readOnly": True})
    pod["volumes"] = [account_volume(), {"name": "settings", "configMap": {"name": config}}]
    return rolling_deployment(APP, 1, pod_template(common, pod, digest(data)), namespace, common)
