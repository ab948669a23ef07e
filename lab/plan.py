"""All servers of a lab, with what each needs. This list is what a lab is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from lab import (
    bootstrap,
    controlplane,
    etcd,
    keycloak,
    kwok,
    minio,
    nodes,
    openbao,
    platform_secrets,
    postgres,
    valkey,
)
from lab.agent.rights import USER as AGENT_USER
from lab.process import ProcessSpec
from lab.site import Server, Site
from lab.sources import Sources
from lab.topology import Cluster

AGENT = "agent"


def servers(site: Site, clusters: Sequence[Cluster], sources: Sources) -> tuple[Server, ...]:
    """Every server of the lab, in an order in which none comes before what it needs."""
    parts = [server for cluster in clusters for server in control_plane(site, cluster, sources)]
    shared = (
        *postgres.servers(site),
        *valkey.servers(site),
        openbao.server(site),
        keycloak.server(site),
        minio.server(site),
    )
    return (*parts, *shared, _agent(site, clusters, sources))


def control_plane(site: Site, cluster: Cluster, sources: Sources) -> tuple[Server, ...]:
    """One cluster: its kinds and roles are set up as soon as the API server is ready, its nodes by KWOK's."""
    api, *others = controlplane.servers(site, cluster)
    kubelet = kwok.server(site, cluster, sources.runnable_images)
    return (
        etcd.server(site, cluster.name),
        replace(api, settle=lambda: bootstrap.settle(site, cluster.name, sources.crds)),
        *others,
        replace(kubelet, settle=lambda: _nodes(site, cluster)),
    )


def _nodes(site: Site, cluster: Cluster) -> None:
    with bootstrap.admin_api(site, cluster.name, bootstrap.PATIENCE) as api:
        nodes.reconcile(api, cluster)


def _agent(site: Site, clusters: Sequence[Cluster], sources: Sources) -> Server:
    """The node agent runs the platform's own workloads in all clusters."""
    return Server(
        name=AGENT,
        ports=(),
        configure=lambda: _agent_spec(site, clusters, sources),
        probe=lambda: None,
        steady=True,
        after=(
            *(kwok.process_name(cluster.name) for cluster in clusters),
            postgres.FRONT,
            openbao.NAME,
        ),
        tier=5,
    )


def _agent_spec(site: Site, clusters: Sequence[Cluster], sources: Sources) -> ProcessSpec:
    platform_secrets.write(site)
    kubeconfigs = tuple(
        controlplane.component_kubeconfig(site, cluster.name, AGENT, AGENT_USER) for cluster in clusters
    )
    site.folder.agent.mkdir(mode=0o700, exist_ok=True)
    return ProcessSpec(
        name=AGENT,
        argv=(sys.executable, "-m", "lab.agent", str(site.folder.root)),
        env=site.python_environment(MLOPS_CACHE_DIR=str(sources.cache)),
        cwd=site.folder.agent,
        log=site.folder.log(AGENT),
        priority=700,
        stop_seconds=45,
        reads=(*kubeconfigs, site.folder.memory),
    )
