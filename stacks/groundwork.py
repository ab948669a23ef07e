"""What a cluster needs before anything of the platform: its network, and who asks for certificates.

Both come by a provider of their own. The provider of everything else is known once they work, so that nothing that
needs their kinds or their webhooks has to say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi
from pulumi_kubernetes import Provider

from components.custom_kinds import CustomKinds, CustomKindsArgs
from components.isolation.tenant_namespace import owner_of
from components.labels import owner_labels
from components.manifest import known_after
from components.network.cilium import Cilium, CiliumArgs
from components.network.cilium_values import CiliumSettings
from components.network.pod_addresses import PodAddresses
from components.trust.cert_manager import CertManager, CertManagerArgs
from config.clusters import ClusterSettings
from config.mesh import newest
from config.network_settings import cluster_ids
from config.schema import PlatformSettings
from stacks.cluster_mesh import member


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a cluster is entered, and where its own nodes find its API server: None where kubeadm publishes it."""

    kubeconfig: pulumi.Input[str]
    api_url: pulumi.Input[str] | None


class Groundwork:
    """One cluster's groundwork, part by part: on EKS nodes come between the network and what runs on them."""

    def __init__(self, cluster: ClusterSettings, settings: PlatformSettings, access: Access) -> None:
        self._cluster, self._settings, self._access = cluster, settings, access
        self._labels = owner_labels(owner_of(settings.platform))
        self._parts: list[pulumi.Resource] = []
        self._ready: list[pulumi.Output[str]] = []
        self._opts = pulumi.ResourceOptions()
        if settings.charts.source != "none":
            self._opts = pulumi.ResourceOptions(providers=[self._provider("bootstrap", access.kubeconfig)])

    @property
    def _installs(self) -> bool:
        if self._settings.charts.source == "none":
            return False
        return self._cluster.kind != "existing" or self._settings.network.existing == "install"

    def network(self, pods: PodAddresses, *, wait: bool, after: Sequence[pulumi.Resource] = ()) -> None:
        """Cilium. `wait` where nodes are ready without it; `after` is what has to be there first."""
        if not self._installs:
            return
        url, network = self._access.api_url, self._settings.network
        cilium = Cilium(
            f"{self._cluster.name}-cilium",
            CiliumArgs(
                settings=CiliumSettings(
                    cluster=self._cluster.name,
                    number=cluster_ids([self._cluster.name], network.cluster_mesh)[self._cluster.name],
                    pods=pods,
                    api_server=url is not None,
                    api_port=urlsplit(url).port or 443 if isinstance(url, str) else 443,
                    encryption=network.encryption,
                    hubble=network.hubble,
                    mesh=member(self._cluster, self._settings),
                ),
                api_host=None if url is None else pulumi.Output.from_input(url).apply(_host),
                charts=self._settings.charts,
                wait=wait,
                after=after,
                labels=self._labels,
            ),
            self._opts,
        )
        self._parts.append(cilium)
        self._ready.append(cilium.namespace)

    def certificates(self, nodes: Sequence[pulumi.Resource] = ()) -> None:
        """cert-manager, once there are `nodes` for it."""
        if not self._installs:
            return
        manager = CertManager(
            f"{self._cluster.name}-cert-manager",
            CertManagerArgs(
                charts=self._settings.charts,
                after=[*self._parts, *nodes],
                labels=self._labels,
            ),
            self._opts,
        )
        self._ready.append(manager.namespace)

    def kinds(self) -> None:
        """Of the mesh and of external-secrets, in every cluster that gets charts."""
        if self._settings.charts.source == "none":
            return
        mesh = self._settings.mesh
        made = CustomKinds(
            f"{self._cluster.name}-kinds",
            CustomKindsArgs(
                newest=newest(mesh.versions), stable=mesh.workloads_get, charts=self._settings.charts
            ),
            self._opts,
        )
        self._ready.append(made.ready)

    def once_networked(self, value: pulumi.Output[str]) -> pulumi.Output[str]:
        """The same value, known once the network's objects are there: whoever makes nodes uses it."""
        return known_after(value, self._ready) if self._ready else value

    def provider(self, after: Sequence[pulumi.Output[str]] = ()) -> Provider:
        """The provider of everything else, known once all of this and `after` are there."""
        kubeconfig, ready = self._access.kubeconfig, [*self._ready, *after]
        return self._provider("", known_after(kubeconfig, ready) if ready else kubeconfig)

    def _provider(self, part: str, kubeconfig: pulumi.Input[str]) -> Provider:
        """The name pins the cluster's identity, so a new address or kubeconfig never replaces what runs there.
        ConfigMaps change in place: their readers never miss them."""
        return Provider(
            f"{self._cluster.name}-{part}" if part else self._cluster.name,
            kubeconfig=kubeconfig,
            context=self._cluster.context,
            cluster_identifier=self._cluster.name,
            enable_config_map_mutable=True,
        )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
