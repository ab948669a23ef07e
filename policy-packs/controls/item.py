"""One resource of a stack, of any provider, as the controls see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final

from controls.exemptions import Place
from controls.fields import Fields, text
from controls.pods import POD_GROUPS, Pod, pod_of

_UNTYPED_GROUPS: Final = frozenset({"", "core", "apps", "batch", "extensions"})
"""Groups under which a built-in kind has been served, or is written where the group was left out."""

_BUILT_IN: Final[Mapping[str, str]] = MappingProxyType(
    {**POD_GROUPS, "Ingress": "networking.k8s.io", "NetworkPolicy": "networking.k8s.io"}
)
"""Kinds that moved out of `extensions` or are often written without a group, with the group of today."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One resource. `fields` may be of any shape; nothing here raises.

    A Kubernetes object has its own kind, and its manifest as `fields`. A resource of another provider has the
    Pulumi type token as `kind` (`aws:s3/bucketV2:BucketV2`, `vault:index/policy:Policy`), no `api_version`, and
    its inputs (camelCase, as Pulumi gives them) as `fields`.
    """

    kind: str
    fields: Fields
    api_version: str = ""
    cluster: str = ""
    """Logical name of its provider; in plain manifests empty. Objects of different clusters do not meet."""
    resource: str = ""
    """Logical name in the program, empty in plain manifests."""
    protected: bool = False
    """Whether Pulumi's `protect` is on."""
    secret_outputs: tuple[str, ...] = ()
    """Names of its additional secret outputs."""
    declared: frozenset[str] | None = None
    """Which of the fields the program itself gives: beside them stands what a server answered, once there is a
    resource. None where all of them are the program's."""
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Input to the logical names of the resources that its value comes from; empty where one item is judged."""

    @property
    def is_kubernetes(self) -> bool:
        return ":" not in self.kind

    @property
    def group(self) -> str:
        """The API group as written; `core` is the empty one."""
        group = self.api_version.rpartition("/")[0]
        return "" if group == "core" else group

    @cached_property
    def type(self) -> str:
        """`Deployment.apps`, `Pod`, or the Pulumi type token. A retired or forgotten group is the one of today."""
        group = self.group
        if group in _UNTYPED_GROUPS:
            group = _BUILT_IN.get(self.kind, group)
        return f"{self.kind}.{group}" if group else self.kind

    @cached_property
    def metadata(self) -> Fields:
        return self.fields.section("metadata")

    @property
    def labels(self) -> Fields:
        return self.metadata.section("labels")

    @property
    def annotations(self) -> Fields:
        return self.metadata.section("annotations")

    @property
    def spec(self) -> Fields:
        return self.fields.section("spec")

    @property
    def namespace(self) -> str:
        """Empty where none is stated, or it cannot be known."""
        return text(self.metadata.value("namespace"))

    @property
    def name(self) -> str:
        """`metadata.name`, or the logical name of what states none or is another provider's."""
        return (text(self.metadata.value("name")) if self.is_kubernetes else "") or self.resource

    @property
    def given_name(self) -> str:
        """What another provider's resource is called there: the input `name`, or the logical name without it."""
        return text(self.fields.value("name")) or self.resource

    @cached_property
    def pod(self) -> Pod | None:
        """The pod template of a pod-bearing kind (all eight, and PodTemplate), else None."""
        known = POD_GROUPS.get(self.kind)
        if known is None or self.type not in {self.kind, f"{self.kind}.{known}"}:
            return None
        return pod_of(self.kind, self.fields)

    @cached_property
    def place(self) -> Place:
        return Place(kind=self.kind, namespace=self.namespace, name=self.name)
