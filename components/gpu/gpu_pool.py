"""How a cluster's GPUs are cut and shared: the configurations that the GPU operator's parts read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import yaml

from components.base import Component
from components.gpu.gpu_operator_values import DEVICE_PLUGIN_CONFIG, MIG_CONFIG, NAMESPACE
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from config import gpu
from config.gpu_pool import GpuPool, Mig, Mps, TimeSlicing

APP = "gpu-operator"
HOME = NamespaceRef(name=NAMESPACE, ready=NAMESPACE)


@dataclass(frozen=True, kw_only=True)
class GpuPoolsArgs:
    """`pools` are the pools of one cluster; `labels` are on every object."""

    pools: Sequence[GpuPool]
    labels: Mapping[str, str]


class GpuPools(Component, token="mlops:index:GpuPools"):
    """A MIG and a sharing configuration for every pool of the cluster, where the GPU operator reads them.

    Nodes choose theirs by the labels of `config.gpu.node_labels`, so both sides follow from the pool. The outputs are
    the ConfigMaps' names.
    """

    mig: pulumi.Output[str]
    sharing: pulumi.Output[str]

    def __init__(self, name: str, args: GpuPoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.mig = part(self, "mig", mig_config_map(args.pools, HOME, args.labels))
        self.sharing = part(self, "sharing", device_plugin_config_map(args.pools, HOME, args.labels))
        self.register_outputs({"mig": self.mig, "sharing": self.sharing})


def mig_config_map(pools: Sequence[GpuPool], namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """MIG manager's configurations (mig-parted's format `v1`), under the key that it reads.

    It replaces the operator's own list, so it holds every name that a node of these pools asks for.
    """
    configurations = {gpu.mig_config(pool): _mig_devices(pool) for pool in pools}
    document = {"version": "v1", "mig-configs": dict(sorted(configurations.items()))}
    data = {"config.yaml": _yaml(document)}
    return kubernetes_object("v1", "ConfigMap", MIG_CONFIG, namespace=namespace, labels=common, data=data)


def device_plugin_config_map(
    pools: Sequence[GpuPool], namespace: NamespaceRef, common: Mapping[str, str]
) -> Manifest:
    """The device plugin's configurations (format `v1`), one for each pool under the pool's name."""
    data = {pool.name: _yaml(device_plugin_config(pool)) for pool in pools}
    return kubernetes_object(
        "v1", "ConfigMap", DEVICE_PLUGIN_CONFIG, namespace=namespace, labels=common, data=data
    )


def device_plugin_config(pool: GpuPool) -> dict[str, Any]:
    """How the device plugin offers the pool's GPUs to the scheduler.

    A share is one access, not a fraction, so a container may ask for only one of them.
    """
    sharing = pool.sharing
    strategy = sharing.mig_strategy if isinstance(sharing, Mig) else "none"
    document: dict[str, Any] = {"version": "v1", "flags": {"migStrategy": strategy}}
    if isinstance(sharing, TimeSlicing | Mps):
        document["sharing"] = {
            "timeSlicing" if isinstance(sharing, TimeSlicing) else "mps": {
                "renameByDefault": sharing.rename_by_default,
                "failRequestsGreaterThanOne": True,
                "resources": [{"name": gpu.GPU, "replicas": sharing.replicas}],
            }
        }
    return document


def _mig_devices(pool: GpuPool) -> list[dict[str, Any]]:
    if not isinstance(pool.sharing, Mig):
        return [{"devices": "all", "mig-enabled": False}]
    return [{"devices": "all", "mig-enabled": True, "mig-devices": dict(pool.sharing.profiles)}]


def _yaml(document: Mapping[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False)
