"""Nobody may call anybody: the mesh's default in a namespace, which every other policy there makes exceptions to."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part


@dataclass(frozen=True, kw_only=True)
class AllowNothingArgs:
    """The namespace to close."""

    namespace: NamespaceRef


class AllowNothing(Component, token="mlops:index:AllowNothing"):
    """The namespace's default at layer 7."""

    policy: pulumi.Output[str]

    def __init__(self, name: str, args: AllowNothingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.policy = part(self, "policy", allow_nothing(args.namespace))
        self.register_outputs({"policy": self.policy})


def allow_nothing(namespace: NamespaceRef) -> Manifest:
    """A policy without rules: it matches every workload and no request (Istio's security best practices)."""
    return kubernetes_object(
        "security.istio.io/v1", "AuthorizationPolicy", "allow-nothing", namespace=namespace, spec={}
    )
