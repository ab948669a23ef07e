"""The keys of a cluster: for Kubernetes secrets, for volumes and for logs, each with users of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import kms

from components.base import Component
from components.cluster.key_policies import logs_key_policy, secrets_key_policy, volumes_key_policy
from components.cluster.place import Place

DELETION_DAYS = 30
"""How long a deleted key can be called back: the most that KMS offers, since its data is lost with it."""


@dataclass(frozen=True, kw_only=True)
class ClusterKeysArgs:
    """`control_plane` and `volume_users` are ARNs of roles; `admins` may create the cluster."""

    place: Place
    admins: Sequence[str]
    control_plane: str
    volume_users: Sequence[str]


class ClusterKeys(Component, token="mlops:index:ClusterKeys"):
    """Three keys that KMS rotates each year. The outputs are their ARNs."""

    secrets: pulumi.Output[str]
    volumes: pulumi.Output[str]
    logs: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        self.secrets = self._key(place, "secrets", secrets_key_policy(place, args.control_plane, args.admins))
        self.volumes = self._key(place, "volumes", volumes_key_policy(place, args.volume_users))
        self.logs = self._key(place, "logs", logs_key_policy(place))
        self.register_outputs({"secrets": self.secrets, "volumes": self.volumes, "logs": self.logs})

    def _key(self, place: Place, purpose: str, policy: str) -> pulumi.Output[str]:
        key = kms.Key(
            self.child(purpose),
            description=f"{purpose} of the EKS cluster {place.cluster}",
            policy=policy,
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_DAYS,
            opts=self.opts(),
        )
        kms.Alias(
            self.child(f"{purpose}-alias"),
            name=volume_alias(place) if purpose == "volumes" else f"alias/{place.named(purpose)}",
            target_key_id=key.id,
            opts=self.opts(),
        )
        return key.arn


def volume_alias(place: Place) -> str:
    """The alias of the key for volumes: known at plan time, which no key's id is."""
    return f"alias/{place.named('volumes')}"
