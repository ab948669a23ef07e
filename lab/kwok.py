"""One cluster's KWOK: it plays the kubelet of every simulated node."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from lab.agent.stages import stage_config
from lab.controlplane import api_name, component_kubeconfig
from lab.folder import write_private
from lab.ports import LOOPBACK
from lab.process import ProcessSpec
from lab.site import Server, Site, http_probe
from lab.topology import Cluster

COMPONENT = "kwok"
USER = "lab:kwok"
NODE_ANNOTATION = ("kwok.x-k8s.io/node", "fake")
"""What marks a node as KWOK's."""


def process_name(cluster: str) -> str:
    return f"{cluster}-kwok"


def server(site: Site, cluster: Cluster, runnable_images: Iterable[str]) -> Server:
    """`runnable_images`: pods of these images only are left to the node agent."""
    name = process_name(cluster.name)
    images = tuple(runnable_images)
    return Server(
        name=name,
        ports=(name,),
        configure=lambda: _spec(site, cluster, images),
        probe=http_probe(f"http://{LOOPBACK}:{site.ports[name]}/healthz"),
        after=(api_name(cluster.name),),
        tier=4,
        labels={"cluster": cluster.name},
    )


def _spec(site: Site, cluster: Cluster, images: tuple[str, ...]) -> ProcessSpec:
    """Its own port serves health and metrics only, without TLS: no kubeconfig and no client leads there."""
    name = process_name(cluster.name)
    folder = site.folder.cluster(cluster.name)
    kubeconfig = component_kubeconfig(site, cluster.name, COMPONENT, USER)
    stages = folder.config / "kwok-stages.yaml"
    write_private(stages, stage_config(images))
    key, value = NODE_ANNOTATION
    return ProcessSpec(
        name=name,
        argv=(
            str(site.tools["kwok"]),
            f"--kubeconfig={kubeconfig}",
            f"--config={stages}",
            f"--manage-nodes-with-annotation-selector={key}={value}",
            f"--cidr={ipaddress.ip_network(cluster.pod_cidr)}",
            f"--node-ip={LOOPBACK}",
            "--node-lease-duration-seconds=40",
            f"--server-address={LOOPBACK}:{site.ports[name]}",
        ),
        env=site.frugal_environment(),
        cwd=folder.root,
        log=site.folder.log(name),
        priority=400,
        stop_seconds=5,
        reads=(kubeconfig, stages),
    )
