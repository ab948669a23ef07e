"""Who enters the cluster by IAM: its administrators. Everybody else is a person of the realm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import eks

from components.base import Component
from components.cluster.place import Place
from components.manifest import known_after

POLICY = "AmazonEKSClusterAdminPolicy"


@dataclass(frozen=True, kw_only=True)
class AccessEntriesArgs:
    """`admins` are ARNs of IAM roles."""

    place: Place
    cluster: pulumi.Output[str]
    admins: Sequence[str]


class AccessEntries(Component, token="mlops:index:AccessEntries"):
    """An entry for each administrator. `cluster` is its name, known once they can enter."""

    cluster: pulumi.Output[str]

    def __init__(
        self, name: str, args: AccessEntriesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        admitted = []
        for admin in args.admins:
            part = admin.rpartition(":role/")[2].replace("/", "-")
            entry = eks.AccessEntry(
                self.child(part),
                cluster_name=args.cluster,
                principal_arn=admin,
                type="STANDARD",
                opts=self.opts(),
            )
            policy = eks.AccessPolicyAssociation(
                self.child(f"{part}-rights"),
                cluster_name=args.cluster,
                principal_arn=entry.principal_arn,
                policy_arn=access_policy(args.place),
                access_scope={"type": "cluster"},
                opts=self.opts(),
            )
            admitted += [entry.access_entry_arn, policy.id]
        self.cluster = known_after(args.cluster, admitted)
        self.register_outputs({"cluster": self.cluster})


def access_policy(place: Place) -> str:
    """The ARN of EKS's own policy; it is no policy of IAM."""
    return f"arn:{place.partition}:eks::aws:cluster-access-policy/{POLICY}"
