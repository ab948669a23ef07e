"""The service of GPU-hours at a cluster of the lab: its own process, with the rights that the program gives it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gpu_hours.account import Account, dump, load
from kubernetes import client

from components.gpu import hours
from components.labels import Owner
from components.manifest import NamespaceRef
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from lab.folder import write_private
from tests.platform.command import ROOT, Platform
from tests.platform.gpu_pods import plain_namespace
from tests.platform.store import api
from tests.services.conftest import free_port, running

HOME = NamespaceRef(name=hours.APP, ready=hours.APP)


@contextmanager
def service_account(platform: Platform, cluster: str) -> Iterator[str]:
    """A token of the service's account, with the rights that the program declares."""
    with api(platform, cluster) as connection, ExitStack() as ended:
        core, rbac = client.CoreV1Api(connection), client.RbacAuthorizationV1Api(connection)
        ended.enter_context(plain_namespace(core, HOME.name, {}))
        core.create_namespaced_service_account(HOME.name, {"metadata": {"name": hours.APP}})
        granted = list(hours.rights(HOME, False, {}).values())
        for role, binding in granted:
            if binding["kind"] == "RoleBinding":
                rbac.create_namespaced_role(HOME.name, role)
                rbac.create_namespaced_role_binding(HOME.name, binding)
            else:
                rbac.create_cluster_role(role)
                rbac.create_cluster_role_binding(binding)
        made = core.create_namespaced_service_account_token(hours.APP, HOME.name, {"spec": {}})
        try:
            yield str(made.status.token)
        finally:
            for role, binding in granted:
                if binding["kind"] == "ClusterRoleBinding":
                    rbac.delete_cluster_role(role["metadata"]["name"])
                    rbac.delete_cluster_role_binding(binding["metadata"]["name"])


@dataclass(frozen=True, kw_only=True)
class Accountant:
    """Starts the service for a cluster with those pools, in a folder of its own."""

    platform: Platform
    cluster: str
    folder: Path
    token: str
    pools: Sequence[GpuPool]

    def left_behind(self, account: Account) -> None:
        """What the service kept before it was started last."""
        data = {"data": {"account.json": dump(account)}}
        with api(self.platform, self.cluster) as connection:
            core = client.CoreV1Api(connection)
            core.delete_collection_namespaced_config_map(
                HOME.name, field_selector=f"metadata.name={hours.ACCOUNT}"
            )
            core.create_namespaced_config_map(HOME.name, {"metadata": {"name": hours.ACCOUNT}, **data})

    def kept(self) -> Account:
        """The account as it is in the cluster now."""
        with api(self.platform, self.cluster) as connection:
            found = client.CoreV1Api(connection).read_namespaced_config_map(hours.ACCOUNT, HOME.name)
        return load(found.data["account.json"])

    @contextmanager
    def budgets(self, *queues: GpuQueue) -> Iterator[None]:
        """The service as its image starts it, for the budgets of these queues; it looks at once."""
        with api(self.platform, self.cluster) as connection:
            server = urlsplit(connection.configuration.host)
        owner = Owner(team="platform", cost_center="core", environment="dev")
        arguments = hours.GpuHoursArgs(pools=self.pools, queues=queues, idle=None, owner=owner)
        ((_, text),) = hours.settings(arguments).items()
        (self.folder / "settings.json").write_text(text)
        write_private(self.folder / "token", self.token)
        (self.folder / "ca.crt").write_text(self.platform.folder.ca.read_text())
        port = free_port()
        variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "services"),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ACCOUNT": str(self.folder),
            "SETTINGS": str(self.folder / "settings.json"),
            "NAMESPACE": HOME.name,
            "KUBERNETES_SERVICE_HOST": str(server.hostname),
            "KUBERNETES_SERVICE_PORT": str(server.port),
        }
        command, log = [sys.executable, "-m", "gpu_hours"], self.folder / "gpu-hours.log"
        with running(command, variables, log, f"http://127.0.0.1:{port}/healthz"):
            yield
