"""The control plane: private, logged, its secrets encrypted, its people from the realm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, ec2, eks, iam, vpc

from components.base import Component
from components.cluster.place import Place
from components.cluster.policy import service_trust
from components.manifest import known_after
from config.access import ROLES_CLAIM
from config.catalog import EKS_VERSION

ROLE = "control-plane"
LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Every type of log that there is."""

CLIENT = "kubernetes"
"""The realm's client for the API server: the audience of its tokens."""

PREFIX = "mlops:"
"""Before each user and group of the realm, so that none of them can be one of Kubernetes' own."""


@dataclass(frozen=True, kw_only=True)
class ControlPlaneArgs:
    """`node_group` is the id of the nodes' security group, `secrets_key` and `logs_key` are ARNs; without
    `public_sources` there is no public endpoint.

    EKS reads the realm's keys from the internet: `issuer` has to be reachable from there.
    """

    place: Place
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    node_group: pulumi.Input[str]
    service_cidr: str
    sources: Sequence[str]
    public_sources: Sequence[str]
    secrets_key: pulumi.Input[str]
    logs_key: pulumi.Input[str]
    log_days: int
    issuer: str


class ControlPlane(Component, token="mlops:index:ControlPlane"):
    """The cluster without nodes and without a CNI. Whoever creates it gets no rights in it by that.

    `name` is known once the cluster is there; `authority` is base64 of the PEM text of who signs for `endpoint`.
    """

    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    authority: pulumi.Output[str]

    def __init__(self, name: str, args: ControlPlaneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        logs = cloudwatch.LogGroup(
            self.child("logs"),
            name=place.log_group,
            retention_in_days=args.log_days,
            kms_key_id=args.logs_key,
            opts=self.opts(),
        )
        cluster = eks.Cluster(
            self.child("cluster"),
            **cluster_inputs(args, self._sources(args)),
            role_arn=self._role(place),
            # EKS makes the group itself, unencrypted and for ever, if it is not there; no input names it.
            opts=self.opts(depends_on=[logs]),
        )
        self.name = known_after(cluster.name, [cluster.arn])
        self.endpoint = cluster.endpoint
        self.authority = cluster.certificate_authority["data"]
        eks.IdentityProviderConfig(
            self.child("people"), cluster_name=self.name, **realm(args.issuer), opts=self.opts()
        )
        self.register_outputs({"name": self.name, "endpoint": self.endpoint, "authority": self.authority})

    def _role(self, place: Place) -> pulumi.Output[str]:
        """The control plane's role, known once it has its rights. Only EKS takes it, for this cluster."""
        source = {"ArnEquals": {"aws:SourceArn": place.cluster_arn}}
        role = iam.Role(
            self.child("role"),
            name=place.named(ROLE),
            assume_role_policy=service_trust("eks.amazonaws.com", source),
            opts=self.opts(),
        )
        rights = iam.RolePolicyAttachment(
            self.child("rights"),
            role=role.name,
            policy_arn=place.managed_policy("AmazonEKSClusterPolicy"),
            opts=self.opts(),
        )
        return known_after(role.arn, [rights.id])

    def _sources(self, args: ControlPlaneArgs) -> pulumi.Output[str]:
        """Who reaches the private endpoint besides the nodes."""
        group = ec2.SecurityGroup(
            self.child("sources"),
            name=args.place.named("api"),
            description="HTTPS from routed networks to the API server",
            vpc_id=args.vpc_id,
            tags={"Name": args.place.named("api")},
            opts=self.opts(),
        )
        for cidr in args.sources:
            vpc.SecurityGroupIngressRule(
                self.child(f"source-{cidr.replace('/', '-')}"),
                security_group_id=group.id,
                description="A routed network",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                opts=self.opts(),
            )
        return group.id


def cluster_inputs(args: ControlPlaneArgs, sources: pulumi.Input[str]) -> dict[str, Any]:
    """What the cluster is; `sources` is the id of the group that the private endpoint gets.

    That endpoint is always there, the public one only for named addresses.
    """
    access: dict[str, Any] = {"public_access_cidrs": list(args.public_sources)} if args.public_sources else {}
    return {
        "name": args.place.cluster,
        "version": EKS_VERSION,
        "access_config": {
            "authentication_mode": "API",
            "bootstrap_cluster_creator_admin_permissions": False,
        },
        "bootstrap_self_managed_addons": False,
        "enabled_cluster_log_types": list(LOGS),
        "encryption_config": {"provider": {"key_arn": args.secrets_key}, "resources": ["secrets"]},
        "kubernetes_network_config": {"ip_family": "ipv4", "service_ipv4_cidr": args.service_cidr},
        "upgrade_policy": {"support_type": "STANDARD"},
        "vpc_config": {
            "subnet_ids": args.subnet_ids,
            "security_group_ids": [args.node_group, sources],
            "endpoint_private_access": True,
            "endpoint_public_access": bool(args.public_sources),
            **access,
        },
    }


def realm(issuer: str) -> dict[str, Any]:
    """The realm's tokens at the API server: the same names as in the lab's authentication configuration."""
    oidc = {
        "identity_provider_config_name": "realm",
        "issuer_url": issuer,
        "client_id": CLIENT,
        "username_claim": "sub",
        "username_prefix": PREFIX,
        "groups_claim": ROLES_CLAIM,
        "groups_prefix": PREFIX,
    }
    return {"oidc": oidc}
