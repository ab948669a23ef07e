"""What other clusters' control planes may read here: where services answer, and nothing that is secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.access.cluster_access import PREFIX
from components.base import Component
from components.labels import Owner, labels
from components.manifest import Manifest, kubernetes_object, part
from components.mesh.remote_client import client_name

ROLE = "mlops:mesh-reader"
_RBAC = "rbac.authorization.k8s.io"

READS: Mapping[str, tuple[str, ...]] = {
    "": ("namespaces", "nodes", "pods", "services"),
    "discovery.k8s.io": ("endpointslices",),
    "gateway.networking.k8s.io": ("gateways",),
    "networking.istio.io": ("workloadentries",),
    "apiextensions.k8s.io": ("customresourcedefinitions",),
}
"""Resources by group. Istio's own role adds Secrets and ConfigMaps, which a control plane without the credentials
controller for remote clusters does not ask for, and reviews of tokens."""


@dataclass(frozen=True, kw_only=True)
class RemoteReaderArgs:
    """`watchers` are the clusters that watch this one."""

    watchers: Sequence[str]
    owner: Owner


class RemoteReader(Component, token="mlops:index:RemoteReader"):
    """A cluster that is taken out of the settings loses its right here at once, whatever token it still holds."""

    role: pulumi.Output[str]

    def __init__(self, name: str, args: RemoteReaderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels("mesh-reader", "mesh", args.owner)
        self.role = part(self, "role", reader_role(common))
        binding = reader_binding(args.watchers, common)
        binding["roleRef"]["name"] = self.role
        part(self, "binding", binding)
        self.register_outputs({"role": self.role})


def reader_role(common: Mapping[str, str]) -> Manifest:
    """List and watch, of named kinds."""
    rules = [
        {"apiGroups": [group], "resources": list(resources), "verbs": ["list", "watch"]}
        for group, resources in READS.items()
    ]
    return kubernetes_object(f"{_RBAC}/v1", "ClusterRole", ROLE, labels=common, rules=rules)


def reader_binding(watchers: Sequence[str], common: Mapping[str, str]) -> Manifest:
    """Each watcher by its own group."""
    subjects = [
        {"apiGroup": _RBAC, "kind": "Group", "name": f"{PREFIX}{client_name(one)}"} for one in watchers
    ]
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": ROLE}
    return kubernetes_object(
        f"{_RBAC}/v1", "ClusterRoleBinding", ROLE, labels=common, roleRef=reference, subjects=subjects
    )
