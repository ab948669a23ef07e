"""Values of the GPU operator's chart.

Keys are those of the chart's own values file; the contract test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.tolerations import SYSTEM_NODES
from config.catalog import NVIDIA_DRIVER
from config.gpu import GPU, PURPOSE_LABEL, STARTUP_TAINT
from config.gpu_settings import GpuSettings

NAMESPACE = "kube-system"
"""Its parts are privileged and mount the host's folders. Only who administers the cluster makes pods here, so no
namespace with a lower Pod Security level is needed, in which others could."""

MIG_CONFIG = "mig-parted-config"
DEVICE_PLUGIN_CONFIG = "device-plugin-config"
"""ConfigMaps that the operator's parts read, from `components.gpu.gpu_pool`."""

_KUEUE_LABEL = r"^kueue\.x-k8s\.io/.*$"


def chart_values(settings: GpuSettings, labels: Mapping[str, str]) -> dict[str, Any]:
    """One of ClusterPolicy (device plugin) and GPUCluster (DRA): the chart refuses both.

    No MIG strategy is set: a set one goes before the node's own, which the device plugin's configuration has (GPU
    operator, `applyMIGConfiguration`). Hooks never run here, so none is left on.
    """
    dra, by_operator = settings.allocation == "dra", settings.driver == "operator"
    tolerations = [_tolerates(key) for key in (GPU, PURPOSE_LABEL, STARTUP_TAINT["key"])]
    return {
        "clusterPolicy": {"deployCR": not dra},
        "gpuCluster": {"deployCR": dra},
        "operator": {"cleanupCRD": False, "upgradeCRD": False, "tolerations": [dict(SYSTEM_NODES)]},
        "daemonsets": {"labels": dict(labels), "tolerations": tolerations},
        "nfd": {"enabled": True, "nodefeaturerules": False},
        "node-feature-discovery": {
            "master": _discovery(labels, copies=2),
            "gc": _discovery(labels, copies=2),
            "worker": {**_discovery(labels), "tolerations": tolerations},
        },
        "driver": {
            "enabled": by_operator,
            "version": NVIDIA_DRIVER,
            "nvidiaDriverCRD": {"enabled": dra and by_operator},
        },
        "toolkit": {"enabled": by_operator},
        "mig": {"strategy": ""},
        "migManager": {"enabled": True, "config": {"name": MIG_CONFIG, "default": "all-disabled"}},
        "devicePlugin": {"enabled": not dra, "config": {"name": DEVICE_PLUGIN_CONFIG}},
        "dcgmExporter": _metrics(),
    }


def _discovery(labels: Mapping[str, str], copies: int = 0) -> dict[str, Any]:
    """A part of node feature discovery; without `copies` it runs on every node."""
    several = {"replicaCount": copies, "podDisruptionBudget": {"enable": True, "minAvailable": 1}}
    return {
        "labels": dict(labels),
        "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        **(several if copies else {}),
    }


def _metrics() -> dict[str, Any]:
    """Metrics of each GPU with the pod that has it, its team and its queue. There are no kinds of Prometheus' own
    operator here: `components.gpu.telemetry` reads them."""
    return {
        "enabled": True,
        "enablePodLabels": True,
        "podLabelAllowlistRegex": ["^team$", _KUEUE_LABEL],
        "serviceMonitor": {"enabled": False},
    }


def _tolerates(key: str) -> dict[str, str]:
    return {"key": key, "operator": "Exists", "effect": "NoSchedule"}
