"""Karpenter: makes nodes when pods need them, and takes them away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_aws import eks, iam

from components.base import Component
from components.cluster.interruptions import Interruptions, InterruptionsArgs, queue_arn, queue_name
from components.cluster.karpenter_rights import controller_rights
from components.cluster.node_identity import NodeIdentity, NodeIdentityArgs
from components.cluster.place import Place
from components.cluster.pod_identity import PodIdentity, PodIdentityArgs
from components.helm import chart
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, part
from components.network.api_server import asked_by_api_server_alone
from config.catalog import KARPENTER_CHART
from config.schema import ChartSettings

ROLE = "karpenter"
NODES = "karpenter-nodes"
NAMESPACE = "kube-system"
"""Where the API server gives its requests precedence."""
SERVICE_ACCOUNT = "karpenter"


@dataclass(frozen=True, kw_only=True)
class KarpenterArgs:
    """`labels` are on every object of the chart."""

    place: Place
    cluster: pulumi.Output[str]
    egress: Literal["none", "nat"]
    charts: ChartSettings
    labels: Mapping[str, str]


class Karpenter(Component, token="mlops:index:Karpenter"):
    """The controller, its warnings and the identity of the nodes that it makes.

    `installed` is the chart, whose CRDs its NodePools need; None where no charts are installed.
    """

    def __init__(self, name: str, args: KarpenterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        nodes = NodeIdentity(self.child("nodes"), NodeIdentityArgs(place=place, group=NODES), self.opts())
        profile = iam.InstanceProfile(
            self.child("profile"), name=place.named(NODES), role=nodes.role_name, opts=self.opts()
        )
        entry = eks.AccessEntry(
            self.child("entry"),
            cluster_name=args.cluster,
            principal_arn=nodes.role,
            type="EC2_LINUX",
            opts=self.opts(),
        )
        warnings = Interruptions(self.child("interruptions"), InterruptionsArgs(place=place), self.opts())
        rights = controller_rights(
            place,
            queue=queue_arn(place),
            node_role=place.role(NODES),
            profile=place.iam(f"instance-profile/{place.named(NODES)}"),
        )
        identity = PodIdentity(
            self.child("identity"),
            PodIdentityArgs(
                place=place,
                cluster=args.cluster,
                part=ROLE,
                namespace=NAMESPACE,
                service_account=SERVICE_ACCOUNT,
                rights=rights,
            ),
            self.opts(),
        )
        self.installed = chart(
            self.child("controller"),
            KARPENTER_CHART,
            args.charts,
            namespace=NAMESPACE,
            values=chart_values(place, args.egress, args.labels),
            # Pods get credentials when they are admitted; a namespace that waits would hide the chart's objects, and
            # rights that wait for what they name would be unknown in a first preview.
            opts=self.opts(depends_on=[identity, entry, warnings, profile]),
            wait=False,
        )
        part(self, "reached", reached(args.labels))
        self.register_outputs({})


def reached(labels: Mapping[str, str]) -> Manifest:
    """Nobody reaches the controller; kubelets ask for its health without being asked themselves."""
    home = NamespaceRef(name=NAMESPACE, ready=NAMESPACE)
    return asked_by_api_server_alone(SERVICE_ACCOUNT, selector(SERVICE_ACCOUNT), home, labels)


def chart_values(place: Place, egress: Literal["none", "nat"], labels: Mapping[str, str]) -> dict[str, Any]:
    """Nothing that is known only once the cluster is there: the controller asks EKS for the endpoint itself.

    NodeOverlays are what makes it see MIG instances and shares of GPUs, which EC2 does not know.
    """
    return {
        "additionalLabels": dict(labels),
        "podLabels": dict(labels),
        "replicas": 2,
        "serviceAccount": {"create": True, "name": SERVICE_ACCOUNT},
        "controller": {
            "env": [{"name": "AWS_REGION", "value": place.region}],
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        },
        "settings": {
            "clusterName": place.cluster,
            "interruptionQueue": queue_name(place),
            "isolatedVPC": egress == "none",
            "featureGates": {"nodeOverlay": True, "reservedCapacity": True},
        },
    }
