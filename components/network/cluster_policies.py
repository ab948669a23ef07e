"""What holds for every pod of a cluster, whatever its own namespace allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import Manifest, kubernetes_object, part

METADATA = ("169.254.169.254/32", "fd00:ec2::254/128")
"""Where clouds give a node's credentials to whoever asks from it."""


@dataclass(frozen=True, kw_only=True)
class ClusterPoliciesArgs:
    """`labels` are on every object."""

    labels: Mapping[str, str]


class ClusterPolicies(Component, token="mlops:index:ClusterPolicies"):
    """Refusals that no allowance of a namespace can undo."""

    def __init__(
        self, name: str, args: ClusterPoliciesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        part(self, "metadata", no_metadata(args.labels))
        self.register_outputs({})


def no_metadata(labels: Mapping[str, str]) -> Manifest:
    """No pod reaches the metadata address. A refusal beats every allowance, also one by a name that leads there.

    It switches no default deny on: by itself it would, in namespaces whose pods this program knows nothing of.
    Pods in the host's network are no endpoints of Cilium; those the nodes' own limit of one hop lets through.
    """
    spec = {
        "endpointSelector": {},
        "enableDefaultDeny": {"ingress": False, "egress": False},
        "egressDeny": [{"toCIDR": list(METADATA)}],
    }
    return kubernetes_object(
        "cilium.io/v2", "CiliumClusterwideNetworkPolicy", "no-metadata", labels=labels, spec=spec
    )
