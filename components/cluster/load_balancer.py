"""The AWS load balancer controller: network load balancers for Services, internal unless one says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.cluster.place import Place
from components.cluster.pod_identity import PodIdentity, PodIdentityArgs
from components.cluster.policy import allow, document
from components.cluster.vpc import vpc_tags
from components.helm import chart
from components.isolation.pod_hardening import container_security_context, pod_security_context
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, part
from components.network.api_server import asked_by_api_server_alone
from components.tolerations import SYSTEM_NODES
from config.catalog import LOAD_BALANCER_CHART
from config.schema import ChartSettings

ROLE = "load-balancers"
NAMESPACE = "kube-system"
APP = "aws-load-balancer-controller"
WEBHOOK_PORT = 9443
"""The chart's own."""

_TAG = "elbv2.k8s.aws/cluster"
"""The controller puts it on all that it makes, with the cluster's name as value."""


@dataclass(frozen=True, kw_only=True)
class LoadBalancersArgs:
    """`tags` are on every load balancer, `labels` on every object of the chart."""

    place: Place
    cluster: pulumi.Input[str]
    charts: ChartSettings
    tags: Mapping[str, str]
    labels: Mapping[str, str]


class LoadBalancers(Component, token="mlops:index:LoadBalancers"):
    """The controller with rights over this cluster's load balancers alone. cert-manager signs for its webhook."""

    def __init__(
        self, name: str, args: LoadBalancersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        identity = PodIdentity(
            self.child("identity"),
            PodIdentityArgs(
                place=args.place,
                cluster=args.cluster,
                part=ROLE,
                namespace=NAMESPACE,
                service_account=APP,
                rights=controller_rights(args.place),
            ),
            self.opts(),
        )
        part(self, "reached", reached(args.labels))
        chart(
            self.child("controller"),
            LOAD_BALANCER_CHART,
            args.charts,
            namespace=NAMESPACE,
            values=chart_values(args.place, args.tags, args.labels),
            # Pods get credentials when they are admitted; a namespace that waits would hide the chart's objects.
            opts=self.opts(depends_on=[identity]),
            wait=False,
        )
        self.register_outputs({})


def reached(labels: Mapping[str, str]) -> Manifest:
    """The API server alone asks the controller, about Services and pods."""
    home = NamespaceRef(name=NAMESPACE, ready=NAMESPACE)
    return asked_by_api_server_alone(APP, selector(APP), home, labels, asked=[WEBHOOK_PORT])


def chart_values(place: Place, tags: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, Any]:
    """Services alone: Gateway API is the mesh's, and what it needs no rights for is switched off.

    The VPC is found by its tags, since no pod may ask the node's metadata.
    """
    return {
        "additionalLabels": dict(labels),
        "podLabels": dict(labels),
        "podSecurityContext": pod_security_context(),
        "securityContext": container_security_context(),
        "clusterName": place.cluster,
        "region": place.region,
        "vpcTags": vpc_tags(place),
        "defaultLoadBalancerScheme": "internal",
        "defaultTags": dict(tags),
        "enableCertManager": True,
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "controllerConfig": {
            "featureGates": {
                "ALBGatewayAPI": False,
                "NLBGatewayAPI": False,
                "GatewayListenerSet": False,
                "ServiceTypeLoadBalancerOnly": True,
            }
        },
        "replicaCount": 2,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "serviceAccount": {"create": True, "name": APP},
        "tolerations": [dict(SYSTEM_NODES)],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    }


def controller_rights(place: Place) -> str:
    """Make, change and delete network load balancers and security groups that carry the cluster's tag."""
    balancers = [place.arn("elasticloadbalancing", f"{kind}/net/*") for kind in ("loadbalancer", "listener")]
    targets = place.arn("elasticloadbalancing", "targetgroup/*")
    groups, network = place.arn("ec2", "security-group/*"), place.arn("ec2", "vpc/*")
    asked = {"StringEquals": {f"aws:RequestTag/{_TAG}": place.cluster}}
    ours = {"StringEquals": {f"aws:ResourceTag/{_TAG}": place.cluster}}
    open_ours = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    made = ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"]
    created = {"StringEquals": {**asked["StringEquals"], "elasticloadbalancing:CreateAction": made}}
    new_group = {"StringEquals": {**asked["StringEquals"], "ec2:CreateAction": "CreateSecurityGroup"}}
    region = {"StringEquals": {"aws:RequestedRegion": place.region}}
    return document(
        allow("Describe", _DESCRIBE, ["*"], region),
        allow("Create", _prefixed(made[:2]), [balancers[0], targets], asked),
        allow("Listen", _prefixed(made[2:]), [balancers[0]], ours),
        allow("TagNew", ["elasticloadbalancing:AddTags"], [*balancers, targets], created),
        allow("Tag", _prefixed(["AddTags", "RemoveTags"]), [*balancers, targets], ours),
        allow("Change", _prefixed(_CHANGE), [*balancers, targets], ours),
        allow("Group", ["ec2:CreateSecurityGroup"], [groups], asked),
        allow("GroupInVpc", ["ec2:CreateSecurityGroup"], [network], _in_vpc(place)),
        allow("TagNewGroup", ["ec2:CreateTags"], [groups], new_group),
        allow("ChangeGroup", [*open_ours, "ec2:DeleteSecurityGroup"], [groups], ours),
        allow("OpenNodes", open_ours, [groups], _of_nodes(place)),
        allow(
            "ServiceRole",
            ["iam:CreateServiceLinkedRole"],
            [place.iam("role/aws-service-role/elasticloadbalancing.amazonaws.com/*")],
            {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
    )


_CHANGE = (
    *("DeleteListener", "ModifyListener", "DeleteLoadBalancer", "ModifyLoadBalancerAttributes"),
    *("SetIpAddressType", "SetSecurityGroups", "SetSubnets", "ModifyListenerAttributes"),
    *("DeleteTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes"),
    *("RegisterTargets", "DeregisterTargets"),
)
_OF_EC2 = (
    *("AccountAttributes", "AvailabilityZones", "Instances", "NetworkInterfaces", "RouteTables"),
    *("SecurityGroups", "Subnets", "Tags", "VpcPeeringConnections", "Vpcs"),
)
_OF_BALANCING = (
    *("ListenerAttributes", "Listeners", "LoadBalancerAttributes", "LoadBalancers", "Tags"),
    *("TargetGroupAttributes", "TargetGroups", "TargetHealth"),
)
_DESCRIBE = (
    *(f"ec2:Describe{kind}" for kind in _OF_EC2),
    *(f"elasticloadbalancing:Describe{kind}" for kind in _OF_BALANCING),
)


def _prefixed(actions: list[str] | tuple[str, ...]) -> list[str]:
    return [f"elasticloadbalancing:{action}" for action in actions]


def _in_vpc(place: Place) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:ResourceTag/{place.owned_tag}": "shared"}}


def _of_nodes(place: Place) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:ResourceTag/{place.owned_tag}": "owned"}}
