"""A training script as a Kubernetes Job: pure manifests, submitted by whoever trains, not by the stack."""

from __future__ import annotations

from dataclasses import dataclass, field

from components.isolation.pod_hardening import hardened
from components.isolation.tenant_namespace import WORKLOAD_ACCOUNT
from components.labels import Owner, labels
from components.manifest import Manifest
from components.tracking.mlflow_server import PORT
from config import catalog

APP = "training-job"
SCRIPT_FOLDER = "/opt/train"
SCRATCH_FOLDER = "/tmp"  # noqa: S108 - a path inside the container, an emptyDir of its own


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """`script` is the Python source; `keep_seconds` is how long the finished Job stays to be looked at."""

    name: str
    namespace: str
    platform_namespace: str
    owner: Owner
    script: str = field(repr=False)
    arguments: tuple[str, ...] = ()
    keep_seconds: int = 86_400


def training_job(job: TrainingJob) -> Manifest:
    """The Job; its script comes from `script_config_map`, which the Job owns."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job.name, "namespace": job.namespace, "labels": _labels(job)},
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": job.keep_seconds,
            "template": {
                "metadata": {"labels": _labels(job)},
                "spec": hardened(
                    {
                        "restartPolicy": "Never",
                        "serviceAccountName": WORKLOAD_ACCOUNT,
                        "containers": [_container(job)],
                        "volumes": [
                            {"name": "script", "configMap": {"name": job.name}},
                            {"name": "scratch", "emptyDir": {"sizeLimit": "2Gi"}},
                        ],
                    }
                ),
            },
        },
    }


def script_config_map(job: TrainingJob, job_uid: str) -> Manifest:
    """The script, owned by the Job so that both go together."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": job.name,
            "namespace": job.namespace,
            "labels": _labels(job),
            "ownerReferences": [
                {
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "name": job.name,
                    "uid": job_uid,
                    "controller": True,
                }
            ],
        },
        "immutable": True,
        "data": {"train.py": job.script},
    }


def _labels(job: TrainingJob) -> dict[str, str]:
    return labels(APP, "training", job.owner)


def _container(job: TrainingJob) -> Manifest:
    tracking = f"http://mlflow.{job.platform_namespace}.svc:{PORT}"
    return {
        "name": "train",
        "image": catalog.MLFLOW_IMAGE.reference,
        "command": ["python", f"{SCRIPT_FOLDER}/train.py"],
        "args": list(job.arguments),
        "env": [
            {"name": "MLFLOW_TRACKING_URI", "value": tracking},
            {"name": "HOME", "value": SCRATCH_FOLDER},
            {"name": "TMPDIR", "value": SCRATCH_FOLDER},
        ],
        "resources": {
            "requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"},
            "limits": {"cpu": "4", "memory": "4Gi", "ephemeral-storage": "2Gi"},
        },
        "volumeMounts": [
            {"name": "script", "mountPath": SCRIPT_FOLDER, "readOnly": True},
            {"name": "scratch", "mountPath": SCRATCH_FOLDER},
        ],
    }
