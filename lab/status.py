"""What a lab is doing: plain values that `dataclasses.asdict` turns into JSON, and how they are found out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lab import keycloak, minio, openbao, openbao_setup, postgres, valkey
from lab.agent.cluster import LAB_ADDRESS
from lab.agent.stages import SIMULATED
from lab.bootstrap import admin_api
from lab.controlplane import api_name
from lab.errors import ApiFailed
from lab.folder import LabFolder
from lab.kube import KubeApi
from lab.nodes import is_ready
from lab.readiness import NotReady
from lab.site import Server, Site
from lab.supervisor import ProcessState

READY, NOT_READY = "ready", "not ready"
RUNNING, DEGRADED, STOPPED = "running", "degraded", "stopped"


@dataclass(frozen=True, kw_only=True)
class ProcessStatus:
    """One process. `state` is `ready`, `not ready` (it runs and does not serve) or the supervisor's word."""

    name: str
    state: str
    pid: int
    detail: str
    log: str


@dataclass(frozen=True, kw_only=True)
class ClusterStatus:
    """One control plane. `problem` says why its nodes could not be read, None if they could."""

    name: str
    server: str
    processes: tuple[ProcessStatus, ...]
    nodes_ready: int
    nodes_total: int
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """One shared server: where it is, and which file holds the credential (never the credential)."""

    name: str
    address: str
    state: str
    login: str
    processes: tuple[ProcessStatus, ...]


@dataclass(frozen=True, kw_only=True)
class WorkloadStatus:
    """One pod. `kind` is `real` (it is a process of this machine) or `simulated`."""

    cluster: str
    namespace: str
    name: str
    kind: str
    address: str | None
    ready: bool
    phase: str


@dataclass(frozen=True, kw_only=True)
class EndpointStatus:
    """One port of a Service that has real pods. `tls` is for users (the lab's authority signs it), `plain` is
    what pods are given."""

    cluster: str
    service: str
    port: str
    tls: str
    plain: str


@dataclass(frozen=True, kw_only=True)
class LabStatus:
    """The whole lab. `state` is `running`, `degraded` (something is not ready) or `stopped`; `changed` names
    the processes that the `up` that returned this had to start."""

    state: str
    folder: str
    kubeconfig: str
    clusters: tuple[ClusterStatus, ...] = ()
    services: tuple[ServiceStatus, ...] = ()
    workloads: tuple[WorkloadStatus, ...] = ()
    endpoints: tuple[EndpointStatus, ...] = ()
    others: tuple[ProcessStatus, ...] = ()
    changed: tuple[str, ...] = ()

    def troubles(self) -> tuple[str, ...]:
        """What keeps a lab that is not stopped from being whole, one line each."""
        clusters = [process for cluster in self.clusters for process in cluster.processes]
        services = [process for service in self.services for process in service.processes]
        found = {process.name: process for process in (*clusters, *services, *self.others)}
        return (
            *(f"{it.name} is {it.state}: {it.detail}" for it in found.values() if it.state != READY),
            *(f"cluster {it.name}: {it.problem}" for it in self.clusters if it.problem),
        )


def processes(
    site: Site, servers: Sequence[Server], states: Mapping[str, ProcessState]
) -> dict[str, ProcessStatus]:
    """Every server as the supervisor and its own probe see it; probed side by side."""

    def look(server: Server) -> ProcessStatus:
        seen = states.get(server.name, ProcessState(name=server.name, state="STOPPED"))
        state, detail = seen.state.lower(), seen.detail
        if seen.alive:
            try:
                server.probe()
                state = READY
            except NotReady as problem:
                state, detail = NOT_READY, str(problem)
        log = str(site.folder.log(server.name))
        return ProcessStatus(name=server.name, state=state, pid=seen.pid, detail=detail, log=log)

    with ThreadPoolExecutor(max_workers=8) as pool:
        return {status.name: status for status in pool.map(look, servers)}


def services(site: Site, seen: Mapping[str, ProcessStatus]) -> tuple[ServiceStatus, ...]:
    """The shared servers with their addresses and logins."""
    secret = site.folder.secret
    root = secret(f"minio-{minio.ROOT}")
    rows = (
        (
            "postgres",
            f"127.0.0.1:{site.ports[postgres.FRONT]}",
            f"user {postgres.SUPERUSER}, password in {secret(f'postgres-{postgres.SUPERUSER}')}",
            (postgres.NAME, postgres.FRONT),
        ),
        ("minio", site.url(minio.NAME), f"access key {minio.ROOT}, secret key in {root}", (minio.NAME,)),
        (
            "minio-console",
            site.url(minio.CONSOLE),
            f"user {minio.ROOT}, password in {root}",
            (minio.NAME,),
        ),
        (
            "openbao",
            site.url(openbao.NAME),
            f"root_token in {secret(openbao_setup.INIT_FILE)}",
            (openbao.NAME,),
        ),
        (
            "keycloak",
            site.url(keycloak.NAME),
            f"user {keycloak.ADMIN}, password in {secret(keycloak.ADMIN_PASSWORD)}",
            (keycloak.NAME,),
        ),
        (
            "valkey",
            f"127.0.0.1:{site.ports[valkey.FRONT]} (TLS)",
            f"password in {secret(valkey.PASSWORD)}",
            (valkey.NAME, valkey.FRONT),
        ),
    )
    return tuple(
        ServiceStatus(
            name=name,
            address=address,
            state=_worst([seen[part].state for part in parts]),
            login=f"{login}; trust {site.folder.ca}",
            processes=tuple(seen[part] for part in parts),
        )
        for name, address, login, parts in rows
    )


def cluster(
    site: Site, name: str, own: tuple[ProcessStatus, ...]
) -> tuple[ClusterStatus, tuple[WorkloadStatus, ...]]:
    """One cluster and its pods; a cluster that does not answer is reported and no failure."""
    problem: str | None = None
    nodes: list[dict[str, Any]] = []
    pods: tuple[WorkloadStatus, ...] = ()
    try:
        with admin_api(site, name) as api:
            nodes, pods = api.list("/api/v1/nodes"), _workloads(api, name)
    except ApiFailed as failure:
        problem = str(failure)
    status = ClusterStatus(
        name=name,
        server=site.url(api_name(name)),
        processes=own,
        nodes_ready=sum(is_ready(node) for node in nodes),
        nodes_total=len(nodes),
        problem=problem,
    )
    return status, pods


def _workloads(api: KubeApi, cluster_name: str) -> tuple[WorkloadStatus, ...]:
    return tuple(workload(cluster_name, pod) for pod in api.list("/api/v1/pods"))


def workload(cluster_name: str, pod: Mapping[str, Any]) -> WorkloadStatus:
    """A pod as the API shows it."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    annotations = metadata.get("annotations") or {}
    return WorkloadStatus(
        cluster=cluster_name,
        namespace=metadata["namespace"],
        name=metadata["name"],
        kind="simulated" if annotations.get(SIMULATED) == "true" else "real",
        address=annotations.get(LAB_ADDRESS),
        ready=is_ready(pod),
        phase=status.get("phase", "Unknown"),
    )


def endpoints(folder: LabFolder) -> tuple[EndpointStatus, ...]:
    """Every Service that the node agent serves now."""
    if not folder.services.exists():
        return ()
    table = json.loads(folder.services.read_text(encoding="utf-8"))
    return tuple(
        EndpointStatus(cluster=name, service=service, port=port, tls=at["tls"], plain=at["plain"])
        for name, found in sorted(table.items())
        for service, ports in sorted(found.items())
        for port, at in sorted(ports.items())
    )


def _worst(states: Sequence[str]) -> str:
    return next((state for state in states if state != READY), READY)
