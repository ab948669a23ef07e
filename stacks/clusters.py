"""The clusters of a stack, each with the one provider through which everything in it is declared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import Provider

from config.schema import ClusterSettings


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


def clusters(settings: Iterable[ClusterSettings]) -> tuple[Cluster, ...]:
    """A provider for each cluster, in the order of the settings.

    An `eks` cluster is reached by its kubeconfig context like an existing one: it is not created here.
    """
    return tuple(
        Cluster(name=one.name, role=one.role, settings=one, provider=_provider(one)) for one in settings
    )


def _provider(settings: ClusterSettings) -> Provider:
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
