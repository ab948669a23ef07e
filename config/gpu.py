"""What a node of a GPU pool looks like once the GPU operator has prepared it: labels, taints, resources.

Everything follows from the pool; nothing here talks to a cluster. Names and value formats are those of GPU
feature discovery and the device plugin (NVIDIA/k8s-device-plugin, `internal/lm` and the README's catalogue
of labels) and of the GPU operator and its MIG manager (GPU Operator documentation, "GPU Operator with MIG").
"""

from __future__ import annotations

from collections.abc import Mapping

from config.catalog import NVIDIA_CUDA, NVIDIA_DRIVER
from config.gpu_models import GPU_MODELS, GpuModel
from config.gpu_pool import GpuPool, Mig, Mps, TimeSlicing
from config.gpu_slices import GPU, instances, slices
from config.mig import Profile
from config.tenants import TenantPurpose

__all__ = [
    "GPU",
    "GPU_MODELS",
    "GpuModel",
    "allocatable",
    "capacity",
    "mig_config",
    "node_labels",
    "node_taints",
]

POOL_LABEL = "mlops.platform/gpu-pool"
"""Label with the pool's name on each of its nodes."""

PURPOSE_LABEL = "mlops.platform/purpose"
"""Label and taint with the pool's purpose: it keeps development and training apart."""

POOLS_OF: Mapping[TenantPurpose, frozenset[str]] = {
    "platform": frozenset(),
    "dev": frozenset({"dev"}),
    "training": frozenset({"training"}),
    "serving": frozenset({"dev"}),
}
"""Purposes of the pools that a tenant's pods may run on. Models are served from slices, as they are made on them."""

DEVICE_PLUGIN_LABEL = "nvidia.com/device-plugin.config"
"""Label that names a node's configuration in the device plugin's ConfigMap: the pool's."""

MIG_STATE_LABEL = "nvidia.com/mig.config.state"
"""MIG manager's word on a node: `success` once the GPUs are cut as asked, and nothing else until then."""

STARTUP_TAINT = {"key": "mlops.platform/gpu-not-ready", "value": "true", "effect": "NoSchedule"}
"""Keeps pods off a node whose GPUs are not cut yet; `services/gpu_guard` sets and removes it by `MIG_STATE_LABEL`."""

_OPERANDS = (
    "container-toolkit",
    "dcgm",
    "dcgm-exporter",
    "device-plugin",
    "driver",
    "gpu-feature-discovery",
    "node-status-exporter",
    "operator-validator",
)


def allocatable(pool: GpuPool) -> dict[str, str]:
    """The GPU resources that one node of the pool offers, by resource name."""
    return {one.resource: str(one.per_node) for one in slices(pool)}


def capacity(pool: GpuPool) -> dict[str, str]:
    """All resources of one node: its GPU resources with the usual host's CPUs, memory, disk and pods."""
    gpus, model = pool.gpus_per_node, pool.gpu
    host = {
        "cpu": str(gpus * model.host_cpus),
        "memory": f"{gpus * model.host_memory_gib}Gi",
        "ephemeral-storage": "1000Gi",
        "pods": "110",
    }
    return host | allocatable(pool)


def node_taints(pool: GpuPool) -> list[dict[str, str]]:
    """Taints of each node: nothing without a GPU request lands here, and nothing of another purpose."""
    return [
        {"key": GPU, "value": "present", "effect": "NoSchedule"},
        {"key": PURPOSE_LABEL, "value": pool.purpose, "effect": "NoSchedule"},
    ]


def node_labels(pool: GpuPool) -> dict[str, str]:
    """Labels of each node, as GPU feature discovery, the operator and MIG manager leave them when ready."""
    return {
        POOL_LABEL: pool.name,
        PURPOSE_LABEL: pool.purpose,
        DEVICE_PLUGIN_LABEL: pool.name,
        **_operator_labels(pool),
        **_version_labels(),
        **_resource_labels(pool),
        **_mig_labels(pool),
    }


def mig_config(pool: GpuPool) -> str:
    """The value of `nvidia.com/mig.config`: a configuration's name in MIG manager's ConfigMap.

    The name spells the cut, `mlops-<profile>-<count>_…`, so that one name cannot mean two cuts.
    """
    if not isinstance(pool.sharing, Mig):
        return "all-disabled"
    return "mlops-" + "_".join(f"{profile.label_name}-{count}" for profile, count in instances(pool))


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _operator_labels(pool: GpuPool) -> dict[str, str]:
    operands = (*_OPERANDS, "mig-manager") if pool.gpu.mig else _OPERANDS
    return {
        "feature.node.kubernetes.io/pci-10de.present": "true",
        "nvidia.com/gpu.present": "true",
        **{f"nvidia.com/gpu.deploy.{operand}": "true" for operand in sorted(operands)},
        "nvidia.com/mig.capable": _flag(pool.gpu.mig is not None),
        "nvidia.com/mps.capable": _flag(isinstance(pool.sharing, Mps)),
        "nvidia.com/vgpu.present": "false",
    }


def _version_labels() -> dict[str, str]:
    driver = dict(zip(("major", "minor", "revision"), NVIDIA_DRIVER.split("."), strict=True))
    runtime = dict(zip(("major", "minor"), NVIDIA_CUDA.split("."), strict=True))
    return {
        **{f"nvidia.com/cuda.driver-version.{part}": value for part, value in driver.items()},
        "nvidia.com/cuda.driver-version.full": NVIDIA_DRIVER,
        **{f"nvidia.com/cuda.runtime-version.{part}": value for part, value in runtime.items()},
        "nvidia.com/cuda.runtime-version.full": NVIDIA_CUDA,
    }


def _resource_labels(pool: GpuPool) -> dict[str, str]:
    """`nvidia.com/gpu.*`: whole GPUs, or the instances under MIG's single strategy."""
    model, sharing = pool.gpu, pool.sharing
    labels = {
        "nvidia.com/gpu.compute.major": str(model.compute[0]),
        "nvidia.com/gpu.compute.minor": str(model.compute[1]),
        "nvidia.com/gpu.count": str(pool.gpus_per_node),
        "nvidia.com/gpu.family": model.family,
        "nvidia.com/gpu.memory": str(model.memory),
        "nvidia.com/gpu.mode": "compute",
        "nvidia.com/gpu.product": model.product,
        "nvidia.com/gpu.replicas": "1",
        "nvidia.com/gpu.sharing-strategy": "none",
    }
    if isinstance(sharing, TimeSlicing | Mps):
        suffix = "" if sharing.rename_by_default else "-SHARED"
        labels["nvidia.com/gpu.product"] = model.product + suffix
        labels["nvidia.com/gpu.replicas"] = str(sharing.replicas)
        labels["nvidia.com/gpu.sharing-strategy"] = sharing.strategy
    elif isinstance(sharing, Mig) and sharing.mig_strategy == "single":
        for profile, count in instances(pool):
            labels |= _instance_labels(GPU, pool, profile, count)
    elif isinstance(sharing, Mig):
        labels["nvidia.com/gpu.replicas"] = "0"
    return labels


def _mig_labels(pool: GpuPool) -> dict[str, str]:
    """The strategy (the operator's default is `single`), MIG manager's labels, the instances if mixed."""
    strategy = pool.sharing.mig_strategy if isinstance(pool.sharing, Mig) else "single"
    labels: dict[str, str] = {"nvidia.com/mig.strategy": strategy}
    if pool.gpu.mig is not None:
        labels |= {"nvidia.com/mig.config": mig_config(pool), MIG_STATE_LABEL: "success"}
    if strategy == "mixed":
        for profile, count in instances(pool):
            labels |= _instance_labels(profile.resource, pool, profile, count)
    return labels


def _instance_labels(resource: str, pool: GpuPool, profile: Profile, count: int) -> dict[str, str]:
    measured = {"memory": profile.memory, "multiprocessors": profile.multiprocessors}
    return {
        **{f"{resource}.{key}": str(value) for key, value in measured.items() if value is not None},
        f"{resource}.count": str(pool.gpus_per_node * count),
        f"{resource}.engines.copy": str(profile.copy_engines),
        f"{resource}.engines.decoder": str(profile.decoders),
        f"{resource}.engines.encoder": "0",
        f"{resource}.engines.jpeg": str(profile.jpeg),
        f"{resource}.engines.ofa": str(profile.ofa),
        f"{resource}.product": f"{pool.gpu.product}-MIG-{profile.label_name}",
        f"{resource}.replicas": "1",
        f"{resource}.sharing-strategy": "none",
        f"{resource}.slices.ci": str(profile.slices),
        f"{resource}.slices.gi": str(profile.slices),
    }
