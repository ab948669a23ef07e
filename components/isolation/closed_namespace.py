"""A namespace of one of the platform's own servers: restricted pods, and nothing reachable by default."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.base import Component
from components.isolation.default_deny import DefaultDeny, DefaultDenyArgs
from components.isolation.namespace import restricted_namespace
from components.labels import Owner, labels
from components.manifest import NamespaceRef, declare, name_of


@dataclass(frozen=True, kw_only=True)
class ClosedNamespaceArgs:
    """`concern` is what the server is for."""

    name: str
    concern: str
    owner: Owner


class ClosedNamespace(Component, token="mlops:index:ClosedNamespace"):
    """The output is the namespace's name once it is closed."""

    namespace: pulumi.Output[str]

    def __init__(
        self, name: str, args: ClosedNamespaceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        common = labels(args.name, args.concern, args.owner)
        created = declare(self.child("namespace"), restricted_namespace(args.name, common), self.opts())
        bare = NamespaceRef(name=args.name, ready=name_of(created))
        closed = DefaultDeny(self.child("isolation"), DefaultDenyArgs(namespace=bare), self.opts())
        self.namespace = closed.namespace
        self._name_in_settings = args.name
        self.register_outputs({"namespace": self.namespace})

    @property
    def ref(self) -> NamespaceRef:
        """The namespace for whatever lives in it or speaks of it."""
        return NamespaceRef(name=self._name_in_settings, ready=self.namespace)
