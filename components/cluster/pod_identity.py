"""The rights of one ServiceAccount's pods in AWS, by EKS Pod Identity."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import eks, iam

from components.base import Component
from components.cluster.place import Place
from components.cluster.policy import pod_trust
from components.manifest import known_after


@dataclass(frozen=True, kw_only=True)
class PodIdentityArgs:
    """`part` names the role; `rights` is the JSON text of its only policy."""

    place: Place
    cluster: pulumi.Input[str]
    part: str
    namespace: str
    service_account: str
    rights: pulumi.Input[str]


class PodIdentity(Component, token="mlops:index:PodIdentity"):
    """A role that no other ServiceAccount and no other cluster can take.

    A pod gets its credentials when it is admitted: it has to come after `association`.
    """

    association: pulumi.Output[str]

    def __init__(self, name: str, args: PodIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        role = iam.Role(
            self.child("role"),
            name=place.named(args.part),
            assume_role_policy=pod_trust(place.account, place.cluster, args.namespace, args.service_account),
            opts=self.opts(),
        )
        rights = iam.RolePolicy(
            self.child("rights"), name="rights", role=role.name, policy=args.rights, opts=self.opts()
        )
        associated = eks.PodIdentityAssociation(
            self.child("association"),
            cluster_name=args.cluster,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=known_after(role.arn, [rights.id]),
            opts=self.opts(),
        )
        self.association = associated.association_id
        self.register_outputs({"association": self.association})
