"""The node agent of a whole lab: one cluster agent, one set of forwarders and one secret sync per cluster."""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.agent.addresses import Addresses, read_json, write_json
from lab.agent.cluster import ClusterAgent, ClusterConfig
from lab.agent.errors import AgentError
from lab.agent.external_secrets import ExternalSecrets, SecretStore
from lab.agent.images import Environment, Images
from lab.agent.kube import KubeClient
from lab.agent.process import end_marked
from lab.agent.services import Ground, Services
from lab.certs import Subject, authority, leaf
from lab.folder import LabFolder
from lab.memory import Memory, recall
from lab.ports import LOOPBACK, allot

TOKEN = "openbao-agent-token"  # noqa: S105 (a file's name)
_GATHER = 0.1
_AGAIN = 5.0
_KUBECONFIG_WAIT = 0.5
_log = logging.getLogger(__name__)


class Agent:
    """Reads the lab's folder once; what changes later (tokens) is read where it is used."""

    def __init__(self, folder: LabFolder, runnable: Callable[[str], bool], environment: Environment) -> None:
        self._folder, self._runnable, self._images = folder, runnable, Images(environment)
        self._table: dict[str, Any] = {}
        self._tls_ports: dict[str, int] = {}

    async def run(self) -> None:
        """For ever; cancellation ends every container process."""
        memory = recall(self._folder)
        if memory is None:
            raise AgentError(f"{self._folder.memory}: not there: start the lab with `mlops lab up`")
        if not sys.platform.startswith("linux"):
            _log.warning("real pods need Linux (addresses 127.x.y.z, PR_SET_PDEATHSIG); none is run here")
            await asyncio.Event().wait()
        self._clean_up()
        self._tls_ports = {key: int(port) for key, port in read_json(self._tls_file()).items()}
        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(memory.clusters, start=1):
                group.create_task(self._cluster(memory, number, name))

    def _clean_up(self) -> None:
        left = end_marked(lambda _marker: True, str(self._folder.root))
        if left:
            _log.warning("ended %d container processes that an earlier agent left", len(left))

    async def _cluster(self, memory: Memory, number: int, name: str) -> None:
        client = await self._client(name)
        dirty = asyncio.Event()
        addresses = Addresses(self._folder.agent / f"addresses-{name}.json", memory.block, number)
        agent = ClusterAgent(
            client,
            ClusterConfig(
                name=name,
                folder=self._folder,
                addresses=addresses,
                images=self._images,
                runnable=self._runnable,
                ready_changed=dirty.set,
            ),
        )
        services = Services(
            Ground(
                address=addresses.service,
                port=agent.port,
                tls_port=lambda key: self._tls_port(memory, f"{name}:{key}"),
                tls=self._tls,
                pods=agent.local_pods,
                remember=lambda table: self._remember(name, table),
            )
        )
        store = SecretStore(
            address=f"https://{LOOPBACK}:{memory.ports['openbao']}",
            authority=self._folder.ca,
            token=self._folder.secret(TOKEN),
        )
        hosts = read_json(self._folder.addresses).get("hosts", {})
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(agent.run())
                group.create_task(ExternalSecrets(client, store, hosts).run())
                group.create_task(_reconcile(services, agent, dirty))
        finally:
            await services.close()
            await client.close()

    async def _client(self, cluster: str) -> KubeClient:
        path = self._folder.cluster(cluster).component_kubeconfig("agent")
        told = False
        while True:
            try:
                return KubeClient.from_kubeconfig(path)
            except (OSError, KeyError, StopIteration, ssl.SSLError, yaml.YAMLError) as error:
                if not told:
                    _log.warning("%s: cannot be used yet (%s)", path, error)
                told = True
                await asyncio.sleep(_KUBECONFIG_WAIT)

    def _tls(self, address: str) -> ssl.SSLContext:
        """The front listens where pods reach the service, so that a server sees one and the same host name."""
        signer = authority(self._folder.pki, self._folder.ca.stem, "lab")
        name = f"service-{address}"
        pair = leaf(signer, self._folder.agent, name, Subject(name=name, hosts=(address,)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(pair.certificate, pair.key)
        return context

    def _tls_port(self, memory: Memory, key: str) -> int:
        chosen = allot([key], {**memory.ports, **self._tls_ports}, running=())
        if key in chosen.moved:
            _log.warning(
                "port %d of service %s is taken by another program; it moves", self._tls_ports[key], key
            )
        if self._tls_ports.get(key) != chosen.ports[key]:
            self._tls_ports[key] = chosen.ports[key]
            write_json(self._tls_file(), self._tls_ports)
        return chosen.ports[key]

    def _tls_file(self) -> Path:
        return self._folder.agent / "tls-ports.json"

    def _remember(self, cluster: str, table: Mapping[str, Any]) -> None:
        if self._table.get(cluster) != table:
            self._table[cluster] = dict(table)
            write_json(self._folder.services, self._table)


async def _reconcile(services: Services, agent: ClusterAgent, dirty: asyncio.Event) -> None:
    while True:
        try:
            async with asyncio.timeout(_AGAIN):
                await dirty.wait()
            await asyncio.sleep(_GATHER)
        except TimeoutError:
            pass
        dirty.clear()
        try:
            await services.reconcile(agent.services.items)
        except AgentError as error:
            _log.warning("%s", error)
