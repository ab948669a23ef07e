"""Clusters: where each one comes from, its networks and its GPU pools."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from config.eks import AwsSettings, check_pod_range, check_service_range, check_zones
from config.eks_pools import check_pools
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from config.types import (
    Authority,
    AwsRegion,
    ClusterName,
    DnsLabel,
    HttpsUrl,
    PodCidr,
    RegionName,
    ServiceCidr,
    Settings,
)

LAB_FOLDER = ".lab"
"""Folder of the lab, relative to the project, unless `MLOPS_LAB_DIR` names another one."""

ContextName = Annotated[str, Field(min_length=1, max_length=253)]
"""A context of a kubeconfig; its owner may have named it freely."""


class NetworkSettings(Settings):
    """A cluster's place in the estate's network. Ranges may not overlap with those of any other cluster."""

    id: DnsLabel
    """Name of the network, unique in the stack: the mesh tells clusters apart by it."""
    pod_cidr: PodCidr
    """Addresses of pods. On EKS a second range of the VPC, between /16 and /24."""
    service_cidr: ServiceCidr
    """Addresses of services."""


class ApiServer(Settings):
    """A Kubernetes API server."""

    url: HttpsUrl
    """Its address."""
    authority: Authority | None = None
    """PEM text of who signs its certificate (not a secret); left out for a public authority."""


class _Cluster(Settings):
    name: ClusterName
    """Unique in the stack; part of every resource's name, so it can never change."""
    role: Literal["primary", "workload"]
    """A primary cluster runs shared control planes; a stack has at least one."""
    region: RegionName
    """Where the cluster stands."""
    network: NetworkSettings
    """Its place in the estate's network."""
    gpu_pools: tuple[GpuPool, ...] = ()
    """Pools of GPU nodes."""
    gpu_queues: tuple[GpuQueue, ...] = ()
    """Queues for them, one for each team; without any, Kueue is not there and quotas of tenants are all there is."""
    api_server: ApiServer | None = None
    """Its API server as the secret store sees it, which asks there whether a token is good. Left out for the
    cluster that the secret store runs in."""


class LabCluster(_Cluster):
    """A control plane of the lab on this machine. Its context has the cluster's name."""

    kind: Literal["lab"]
    _folder: str = PrivateAttr(default=LAB_FOLDER)

    @property
    def kubeconfig(self) -> str:
        """The lab's kubeconfig. Relative by default, so that no state holds a path of this machine."""
        return str(PurePosixPath(self._folder, "kubeconfig"))

    @property
    def context(self) -> str:
        return self.name

    @property
    def api_url(self) -> str:
        """Its API server by the lab's own name for it."""
        return f"https://{self.name}.lab.internal:6443"

    def in_folder(self, folder: str) -> Self:
        """The same cluster with its lab in another folder."""
        moved = self.model_copy()
        moved._folder = folder
        return moved


class ExistingCluster(_Cluster):
    """A cluster that somebody else runs, reached by a context of a kubeconfig."""

    kind: Literal["existing"]
    context: ContextName
    """Context in the kubeconfig."""
    kubeconfig: str | None = Field(default=None, min_length=1)
    """Path of the kubeconfig; without it the usual one (`KUBECONFIG`, else `~/.kube/config`)."""


class EksCluster(_Cluster):
    """An EKS cluster that this program creates. One that is there already is of kind `existing`."""

    kind: Literal["eks"]
    region: AwsRegion
    """AWS region."""
    aws: AwsSettings
    """Its place in AWS: account, VPC, administrators and how nodes are bought."""
    context_name: Annotated[ContextName | None, Field(alias="context")] = None
    """Context in a person's kubeconfig; the cluster's name unless it is given."""

    @property
    def kubeconfig(self) -> str | None:
        """None: a person's usual one (`KUBECONFIG`, else `~/.kube/config`). The program makes one of its own."""
        return None

    @property
    def context(self) -> str:
        return self.context_name or self.name

    @model_validator(mode="after")
    def _aws_must_offer_it(self) -> Self:
        check_zones(self.region, self.aws)
        check_pod_range(self.network.pod_cidr, self.aws.vpc_cidr)
        check_service_range(self.network.service_cidr)
        check_pools(self.gpu_pools, self.aws.pools)
        return self


ClusterSettings = LabCluster | ExistingCluster | EksCluster
"""A cluster of any kind. All have `name`, `role`, `kind`, `region`, `network`, `gpu_pools`, `gpu_queues`, `kubeconfig`
and `context`."""


def most_nodes(cluster: ClusterSettings, pool: GpuPool) -> int:
    """How many nodes a pool of the cluster grows to."""
    return cluster.aws.capacity_of(pool).most(pool) if isinstance(cluster, EksCluster) else pool.nodes
