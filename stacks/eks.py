"""EKS clusters: what has to be in AWS before there is a Kubernetes to speak to, and what joins the two.

Loading AWS's package takes time and memory: only `stacks.clusters` imports this, for a stack with such a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws
from pulumi_kubernetes import Provider

from components.cluster import control_plane, karpenter, storage
from components.cluster.access_entries import AccessEntries, AccessEntriesArgs
from components.cluster.addons import Addons, AddonsArgs
from components.cluster.control_plane import ControlPlane, ControlPlaneArgs
from components.cluster.egress import Egress, EgressArgs
from components.cluster.endpoints import Endpoints, EndpointsArgs
from components.cluster.karpenter import Karpenter, KarpenterArgs
from components.cluster.karpenter_pools import KarpenterPools, KarpenterPoolsArgs
from components.cluster.keys import ClusterKeys, ClusterKeysArgs
from components.cluster.kubeconfig import kubeconfig
from components.cluster.load_balancer import LoadBalancers, LoadBalancersArgs
from components.cluster.node_group import GROUP, NodeGroup, NodeGroupArgs
from components.cluster.node_identity import NodeIdentity, NodeIdentityArgs
from components.cluster.node_security import NodeSecurity, NodeSecurityArgs
from components.cluster.place import Place, owner_tags
from components.cluster.pod_identity import PodIdentity
from components.cluster.pod_network import operator_identity, pod_addresses
from components.cluster.storage import Storage, StorageArgs
from components.cluster.vpc import Vpc, VpcArgs
from components.isolation.tenant_namespace import owner_of
from components.labels import Owner, labels, owner_labels
from config.address_plan import address_plan
from config.clusters import EksCluster
from config.schema import PlatformSettings
from stacks.groundwork import Access, Groundwork


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What is known of a cluster before anything is declared; `opts` reach AWS."""

    settings: EksCluster
    place: Place
    owner: Owner
    opts: pulumi.ResourceOptions

    def name(self, part: str) -> str:
        return f"{self.settings.name}-{part}"


def eks_cluster(cluster: EksCluster, settings: PlatformSettings) -> Provider:
    """Declare the cluster with all that it needs; the result is the provider of what goes into it."""
    owner = owner_of(settings.platform)
    place = Place(cluster=cluster.name, region=cluster.region, account=cluster.aws.account)
    aws = pulumi_aws.Provider(
        f"{cluster.name}-aws",
        region=cluster.region,
        allowed_account_ids=[cluster.aws.account],
        default_tags={"tags": owner_tags(owner)},
    )
    base = _Base(settings=cluster, place=place, owner=owner, opts=pulumi.ResourceOptions(providers=[aws]))
    network = _network(base)
    keys = ClusterKeys(
        base.name("keys"),
        ClusterKeysArgs(
            place=place,
            admins=cluster.aws.admins,
            control_plane=place.role(control_plane.ROLE),
            volume_users=[place.role(storage.ROLE), place.role(karpenter.ROLE)],
        ),
        base.opts,
    )
    security = NodeSecurity(
        base.name("security"), NodeSecurityArgs(place=place, vpc_id=network.vpc_id), base.opts
    )
    control = _control_plane(base, network, security, keys, settings)
    entries = AccessEntries(
        base.name("admins"),
        AccessEntriesArgs(place=place, cluster=control.name, admins=cluster.aws.admins),
        base.opts,
    )
    access = Access(kubeconfig=_kubeconfig(cluster, control, entries), api_url=control.endpoint)
    ground = Groundwork(cluster, settings, access)
    rights = PodIdentity(base.name("pod-network"), operator_identity(place, control.name), base.opts)
    ground.network(pod_addresses(place, owner_tags(owner)), wait=False, after=[network, rights])
    nodes = _system_nodes(base, network, security, keys, ground.once_networked(control.name))
    ground.certificates([nodes])
    ground.kinds()
    kubernetes = ground.provider(after=[nodes.group])
    both = pulumi.ResourceOptions(providers=[aws, kubernetes])
    _inside(base, settings, control, keys, nodes, both)
    return kubernetes


def _network(base: _Base) -> Vpc:
    aws, place, settings = base.settings.aws, base.place, base.settings
    plan = address_plan(aws.vpc_cidr, settings.network.pod_cidr, aws.in_region(settings.region))
    network = Vpc(base.name("network"), VpcArgs(place=place, plan=plan), base.opts)
    Endpoints(
        base.name("endpoints"),
        EndpointsArgs(
            place=place,
            vpc_id=network.vpc_id,
            cidrs={"nodes": plan.cidr, "pods": plan.pod_cidr},
            subnet_ids=network.subnet_ids,
            route_table_ids=network.route_table_ids,
        ),
        base.opts,
    )
    if aws.egress == "nat":
        Egress(
            base.name("egress"),
            EgressArgs(
                place=place,
                vpc_id=network.vpc_id,
                public=plan.public,
                route_table_ids=network.route_table_ids,
            ),
            base.opts,
        )
    return network


def _control_plane(
    base: _Base, network: Vpc, security: NodeSecurity, keys: ClusterKeys, settings: PlatformSettings
) -> ControlPlane:
    aws = base.settings.aws
    return ControlPlane(
        base.name("control"),
        ControlPlaneArgs(
            place=base.place,
            vpc_id=network.vpc_id,
            subnet_ids=network.subnet_ids,
            node_group=security.group,
            service_cidr=base.settings.network.service_cidr,
            sources=aws.api_sources,
            public_sources=aws.public_api_sources,
            secrets_key=keys.secrets,
            logs_key=keys.logs,
            log_days=aws.log_days,
            issuer=settings.access.issuer,
        ),
        base.opts,
    )


def _system_nodes(
    base: _Base,
    network: Vpc,
    security: NodeSecurity,
    keys: ClusterKeys,
    cluster: pulumi.Output[str],
) -> NodeGroup:
    """`cluster` is its name, known once its network is there: nodes get ready by that."""
    identity = NodeIdentity(
        base.name("system-identity"), NodeIdentityArgs(place=base.place, group=GROUP), base.opts
    )
    return NodeGroup(
        base.name("system"),
        NodeGroupArgs(
            place=base.place,
            cluster=cluster,
            role=identity.role,
            subnet_ids=network.subnet_ids,
            security_group=security.group,
            volume_key=keys.volumes,
            settings=base.settings.aws.system,
            tags=owner_tags(base.owner),
        ),
        base.opts,
    )


def _inside(
    base: _Base,
    settings: PlatformSettings,
    control: ControlPlane,
    keys: ClusterKeys,
    nodes: NodeGroup,
    both: pulumi.ResourceOptions,
) -> None:
    """What makes the cluster a whole one: add-ons, volumes, nodes on demand and load balancers."""
    place, tags = base.place, owner_tags(base.owner)
    Addons(base.name("addons"), AddonsArgs(cluster=control.name, nodes=nodes.group), base.opts)
    Storage(
        base.name("storage"),
        StorageArgs(
            place=place,
            cluster=control.name,
            nodes=nodes.group,
            volume_key=keys.volumes,
            tags=tags,
            labels=labels("storage", "cluster", base.owner),
        ),
        both,
    )
    controller = Karpenter(
        base.name("karpenter"),
        KarpenterArgs(
            place=place,
            cluster=control.name,
            egress=base.settings.aws.egress,
            charts=settings.charts,
            labels=owner_labels(base.owner),
        ),
        both,
    )
    KarpenterPools(
        base.name("pools"),
        KarpenterPoolsArgs(
            place=place,
            pools=base.settings.gpu_pools,
            aws=base.settings.aws,
            after=[controller.installed] if controller.installed else [],
            tags=tags,
            labels=labels("karpenter", "cluster", base.owner),
        ),
        both,
    )
    LoadBalancers(
        base.name("balancers"),
        LoadBalancersArgs(
            place=place,
            cluster=control.name,
            charts=settings.charts,
            tags=tags,
            labels=owner_labels(base.owner),
        ),
        both,
    )


def _kubeconfig(cluster: EksCluster, control: ControlPlane, entries: AccessEntries) -> pulumi.Output[str]:
    """Known once the program itself may enter."""
    return pulumi.Output.all(entries.cluster, control.endpoint, control.authority).apply(
        lambda known: kubeconfig(
            name=cluster.name,
            context=cluster.context,
            region=cluster.region,
            endpoint=known[1],
            authority=known[2],
        )
    )
