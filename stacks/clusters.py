"""The clusters of a stack, each with the one provider through which everything in it is declared."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import Provider

from config.schema import ClusterSettings, EksCluster, PlatformSettings


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
    return _reached(cluster)


def _reached(settings: ClusterSettings) -> Provider:
    """The name pins the cluster's identity, so a new address or kubeconfig never replaces what runs there.

    An empty kubeconfig leaves the choice of the file to the provider at run time; left out, the SDK would
    write the caller's own path into the state. ConfigMaps change in place: their readers never miss them.
    """
    return Provider(
        settings.name,
        kubeconfig=settings.kubeconfig or "",
        context=settings.context,
        cluster_identifier=settings.name,
        enable_config_map_mutable=True,
    )
