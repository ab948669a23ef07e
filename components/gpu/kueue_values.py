"""Values of Kueue's chart, and the manager's configuration in them (config.kueue.x-k8s.io/v1beta2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from components.access.ownership import OWNER_LABEL
from components.gpu.claims import device_class_name
from components.isolation.namespace import NAME_LABEL
from components.tolerations import SYSTEM_NODES
from config.gpu_settings import GpuSettings

NAMESPACE = "kueue-system"
APP = "kueue"
WEBHOOK_PORT = 9443
VISIBILITY_PORT = 8082

_FRAMEWORKS = (
    "batch/job",
    "jobset.x-k8s.io/jobset",
    "trainer.kubeflow.org/trainjob",
    "pod",
    "deployment",
    "statefulset",
)
"""What is queued: jobs of all kinds, and servers under the same quota. A kind that is not there is left alone."""

_NOT_QUEUED = ("cpu", "memory", "ephemeral-storage", "hugepages-")
"""Bounded by each tenant's ResourceQuota; all other resources must be in a queue, so that none goes past it."""


def chart_values(
    namespaces: Sequence[str], resources: Sequence[str], settings: GpuSettings, labels: Mapping[str, str]
) -> dict[str, Any]:
    """Two managers, one of which leads. `namespaces` are those whose jobs and pods are queued."""
    configuration = manager_configuration(namespaces, resources, settings)
    return {
        "controllerManager": {
            "replicas": 2,
            "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
            "tolerations": [dict(SYSTEM_NODES)],
            "manager": {
                "priorityClassName": "system-cluster-critical",
                "podAnnotations": {f"mlops.platform/{key}": value for key, value in labels.items()},
                "resources": {
                    "requests": {"cpu": "500m", "memory": "512Mi"},
                    "limits": {"cpu": "2", "memory": "1Gi"},
                },
            },
        },
        "managerConfig": {"controllerManagerConfigYaml": yaml.safe_dump(configuration, sort_keys=False)},
    }


def manager_configuration(
    namespaces: Sequence[str], resources: Sequence[str], settings: GpuSettings
) -> dict[str, Any]:
    """Whatever runs in those namespaces is queued, with or without a queue's name: Kueue's webhook puts in the one
    that is named `default`, and fails closed. A run that does not get all its pods ready gives its slices back."""
    mappings = [
        {"name": resource, "deviceClassNames": [device_class_name(resource)]} for resource in resources
    ]
    return {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": ":8081"},
        "metrics": {"bindAddress": ":8443", "enableClusterQueueResources": True},
        "webhook": {"port": WEBHOOK_PORT},
        "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        "clientConnection": {"qps": 300, "burst": 500},
        "manageJobsWithoutQueueName": True,
        "managedJobsNamespaceSelector": {
            "matchExpressions": [{"key": NAME_LABEL, "operator": "In", "values": sorted(namespaces)}]
        },
        "waitForPodsReady": {
            "timeout": "15m",
            "recoveryTimeout": "5m",
            "blockAdmission": False,
            "requeuingStrategy": {"timestamp": "Eviction", "backoffBaseSeconds": 60, "backoffLimitCount": 10},
        },
        "integrations": {"frameworks": list(_FRAMEWORKS), "labelKeysToCopy": [OWNER_LABEL]},
        "fairSharing": {"preemptionStrategies": ["LessThanOrEqualToFinalShare", "LessThanInitialShare"]},
        "resources": {
            "excludeResourcePrefixes": list(_NOT_QUEUED),
            **({"deviceClassMappings": mappings} if settings.allocation == "dra" else {}),
        },
    }
