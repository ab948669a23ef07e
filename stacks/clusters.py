"""The clusters of a stack, each with the one provider through which everything in it is declared."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import Provider

from components.network.pod_addresses import Overlay
from config.schema import ClusterSettings, EksCluster, LabCluster, PlatformSettings
from stacks.groundwork import Access, Groundwork


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster of the fan-out. Components never see it: they get the parts that they need."""

    name: str
    role: str
    settings: ClusterSettings
    provider: Provider

    @property
    def opts(self) -> pulumi.ResourceOptions:
        """For a component: all that it declares goes to this cluster."""
        return pulumi.ResourceOptions(providers=[self.provider])


def clusters(settings: PlatformSettings) -> tuple[Cluster, ...]:
    """A provider for each cluster, in the order of the settings. Nothing after this asks where one came from."""
    return tuple(
        Cluster(name=one.name, role=one.role, settings=one, provider=_provider(one, settings))
        for one in settings.clusters
    )


def _provider(cluster: ClusterSettings, settings: PlatformSettings) -> Provider:
    if isinstance(cluster, EksCluster):
        from stacks.eks import eks_cluster  # noqa: PLC0415 - a stack without EKS does not load AWS's package

        return eks_cluster(cluster, settings)
    return _reached(cluster, settings)


def _reached(cluster: ClusterSettings, settings: PlatformSettings) -> Provider:
    """An empty kubeconfig leaves the choice of the file to the provider at run time; left out, the SDK would write
    the caller's own path into the state."""
    api_url = cluster.api_url if isinstance(cluster, LabCluster) else None
    if cluster.api_server:
        api_url = cluster.api_server.url
    ground = Groundwork(cluster, settings, Access(kubeconfig=cluster.kubeconfig or "", api_url=api_url))
    ground.network(Overlay(cidr=cluster.network.pod_cidr), wait=True)
    ground.certificates()
    ground.kinds()
    return ground.provider()
