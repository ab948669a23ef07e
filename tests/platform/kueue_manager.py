"""Kueue's own manager beside a cluster of the lab, where its binary is on PATH.

It has the platform's own configuration, and everything that it needs is made for it: the API server finds its webhooks
by a Service that names this machine, and its certificate is the one that it makes itself and keeps in a Secret, of
which a folder has the copy that a pod would have mounted. Left out are its metrics' port and what it says of waiting
Workloads on demand, which reads its certificate from a folder of the machine's root alone.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from kubernetes import client

from components.gpu.kueue_values import NAMESPACE, manager_configuration
from config.gpu_settings import GpuSettings
from lab.readiness import tail
from tests.platform.command import Platform
from tests.platform.gpu_pods import PATIENCE, plain_namespace
from tests.platform.store import api
from tests.services.conftest import free_port

BINARY = "kueue"
LOOPBACK = "127.0.0.1"
_SERVICE, _SECRET = "kueue-webhook-service", "kueue-webhook-server-cert"
_KUEUE = "kueue.x-k8s.io"
_CONVERTED = ("clusterqueues", "cohorts", "localqueues", "multikueueclusters", "workloads")
"""Kinds of which the manager hands its certificate to the API server, and refuses to start where it cannot."""

_OF_TENANTS = (
    ("", "v1", "pod"),
    ("apps", "v1", "deployment"),
    ("apps", "v1", "statefulset"),
    ("batch", "v1", "job"),
)
_OF_KUEUE = tuple((_KUEUE, "v1beta2", kind) for kind in ("clusterqueue", "resourceflavor", "workload"))

needs_manager = pytest.mark.skipif(
    shutil.which(BINARY) is None,
    reason=f"no {BINARY!r} on PATH: that Kueue keeps quotas, lends, goes by priority, takes back, puts in the default "
    "queue and admits nothing of a spent budget was NOT proved; its objects were held to its definitions alone",
)


@dataclass(frozen=True, kw_only=True)
class Manager:
    """The running process."""

    process: subprocess.Popen[bytes]
    log: Path
    platform: Platform

    def until(self, look: Callable[[], None]) -> None:
        """Wait until `look` raises no AssertionError; the manager's end is the end of waiting."""

        def alive() -> None:
            if (code := self.process.poll()) is not None:
                pytest.fail(f"Kueue's manager ended with {code}:\n{tail(self.log, self.platform.folder)}")
            look()

        PATIENCE.copy()(alive)


@contextmanager
def running_manager(
    platform: Platform, cluster: str, folder: Path, namespaces: Sequence[str], resources: Sequence[str]
) -> Iterator[Manager]:
    """The manager of a cluster that has Kueue's kinds, ready and asked by the API server about those namespaces."""
    port, health = free_port(), f"{LOOPBACK}:{free_port()}"
    certificates = folder / "certificates"
    certificates.mkdir()
    configuration = manager_configuration(namespaces, resources, GpuSettings())
    configuration |= {
        "namespace": NAMESPACE,
        "health": {"healthProbeBindAddress": health},
        "metrics": {**configuration["metrics"], "bindAddress": "0"},
        "webhook": {"host": LOOPBACK, "port": port, "certDir": str(certificates)},
        "leaderElection": {"leaderElect": False},
    }
    file, log = folder / "configuration.yaml", folder / "log"
    file.write_text(yaml.safe_dump(configuration))
    command = [str(shutil.which(BINARY)), f"--config={file}", "--feature-gates=VisibilityOnDemand=false"]
    environment = {**os.environ, "KUBECONFIG": str(platform.folder.cluster(cluster).kubeconfig)}
    with api(platform, cluster) as connection, ExitStack() as ended, log.open("wb") as stream:
        core = client.CoreV1Api(connection)
        _home(core, ended)
        _asked(connection, port, configuration["managedJobsNamespaceSelector"], ended)
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
        ended.callback(process.wait, 30)
        ended.callback(process.terminate)
        manager = Manager(process=process, log=log, platform=platform)
        manager.until(lambda: _mounted(core, certificates))
        manager.until(lambda: _ready(f"http://{health}/readyz"))
        yield manager


def _home(core: client.CoreV1Api, ended: ExitStack) -> None:
    """The manager's namespace, with the Service that leads here and the Secret that it fills."""
    ended.enter_context(plain_namespace(core, NAMESPACE, {}))
    here = {"type": "ExternalName", "externalName": LOOPBACK}
    core.create_namespaced_service(NAMESPACE, {"metadata": {"name": _SERVICE}, "spec": here})
    core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": _SECRET}})


def _asked(connection: client.ApiClient, port: int, queued: Mapping[str, Any], ended: ExitStack) -> None:
    """Conversion of kinds, and admission of what the platform queues, at the paths of Kueue's own manifests.

    Like its chart, it asks in the namespaces alone that the manager's configuration says are queued."""
    kinds = client.ApiextensionsV1Api(connection)
    webhook = {"clientConfig": _at("/convert", port), "conversionReviewVersions": ["v1"]}
    for kind in _CONVERTED:
        conversion = {"spec": {"conversion": {"strategy": "Webhook", "webhook": webhook}}}
        kinds.patch_custom_resource_definition(f"{kind}.{_KUEUE}", conversion)
    hooks = client.AdmissionregistrationV1Api(connection)
    name = "kueue-mutating-webhook-configuration"
    changing = _webhooks("mutate", ["CREATE"], port, queued)
    hooks.create_mutating_webhook_configuration({"metadata": {"name": name}, "webhooks": changing})
    ended.callback(hooks.delete_mutating_webhook_configuration, name)
    name = "kueue-validating-webhook-configuration"
    judging = _webhooks("validate", ["CREATE", "UPDATE"], port, queued)
    hooks.create_validating_webhook_configuration({"metadata": {"name": name}, "webhooks": judging})
    ended.callback(hooks.delete_validating_webhook_configuration, name)


def _webhooks(
    verb: str, operations: Sequence[str], port: int, queued: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{kind}.{verb}.kueue.test",
            "clientConfig": _at(f"/{verb}-{group.replace('.', '-')}-{version}-{kind}", port),
            "rules": [
                {
                    "apiGroups": [group],
                    "apiVersions": [version],
                    "operations": list(operations),
                    "resources": [f"{kind}s"],
                }
            ],
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            **({} if group == _KUEUE else {"namespaceSelector": dict(queued)}),
        }
        for group, version, kind in (*_OF_TENANTS, *_OF_KUEUE)
    ]


def _at(path: str, port: int) -> Mapping[str, Any]:
    return {"service": {"name": _SERVICE, "namespace": NAMESPACE, "path": path, "port": port}}


def _mounted(core: client.CoreV1Api, folder: Path) -> None:
    """What the kubelet does: the Secret's files in the folder, once the manager has filled it."""
    data = core.read_namespaced_secret(_SECRET, NAMESPACE).data
    assert data, "the manager has made no certificate"
    for name in ("tls.key", "tls.crt"):
        (folder / name).write_bytes(base64.b64decode(data[name]))


def _ready(url: str) -> None:
    try:
        answer = httpx.get(url, trust_env=False)
    except httpx.TransportError as error:
        raise AssertionError(str(error)) from error
    assert answer.status_code == httpx.codes.OK, answer.text
