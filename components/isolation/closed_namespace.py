"""A namespace of one of the platform's own servers: restricted pods, and nothing reachable by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.base import Component
from components.isolation.default_deny import DefaultDeny, DefaultDenyArgs
from components.isolation.namespace import restricted_namespace
from components.labels import Owner, labels
from components.manifest import NamespaceRef, part


@dataclass(frozen=True, kw_only=True)
class ClosedNamespaceArgs:
    """`concern` is what the server is for; `mesh` are labels that say what the namespace is to the mesh."""

    name: str
    concern: str
    owner: Owner
    mesh: Mapping[str, str] = field(default_factory=dict)


class ClosedNamespace(Component, token="mlops:index:ClosedNamespace"):
    """The output is the namespace's name once it is closed."""

    namespace: pulumi.Output[str]

    def __init__(
        self, name: str, args: ClosedNamespaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        common = {**labels(args.name, args.concern, args.owner), **args.mesh}
        self.ref = closed_namespace(self, args.name, common)
        self.namespace = pulumi.Output.from_input(self.ref.ready)
        self.register_outputs({"namespace": self.namespace})


def closed_namespace(component: Component, name: str, common: Mapping[str, str]) -> NamespaceRef:
    """A namespace as part of a component, for whatever lives in it or speaks of it: ready once it is closed."""
    bare = NamespaceRef(name=name, ready=part(component, "namespace", restricted_namespace(name, common)))
    closed = DefaultDeny(component.child("isolation"), DefaultDenyArgs(namespace=bare), component.opts())
    return NamespaceRef(name=name, ready=closed.namespace)
