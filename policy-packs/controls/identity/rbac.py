"""Rules of Roles and ClusterRoles, and what they cover. Source: Kubernetes RBAC, `rbac.authorization.k8s.io/v1`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from controls.fields import Fields
from controls.item import Item

GROUP: Final = "rbac.authorization.k8s.io"
ROLES: Final = (f"Role.{GROUP}", f"ClusterRole.{GROUP}")
BINDINGS: Final = (f"RoleBinding.{GROUP}", f"ClusterRoleBinding.{GROUP}")

WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
READS: Final = frozenset({"get", "list", "watch"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One entry of `rules`. A value that is no string is one of which nothing is proved: it covers everything."""

    where: str
    groups: tuple[object, ...]
    resources: tuple[object, ...]
    verbs: tuple[object, ...]
    names: tuple[object, ...]

    @property
    def named(self) -> bool:
        """Whether it holds for objects of exact names only; RBAC has no patterns there."""
        return bool(self.names) and all(isinstance(one, str) and one not in {"", "*"} for one in self.names)

    def allows(self, verbs: frozenset[str]) -> bool:
        """Whether any of these verbs is granted."""
        return doubtful(self.verbs, lambda verb: verb == "*" or verb in verbs)

    def covers(self, group: str, resource: str) -> bool:
        """Whether it reaches a built-in resource, `pods/exec` for a subresource.

        A resource by its name counts under any group of Kubernetes itself, which catches one that is written
        under the wrong group; of another domain's group it is another resource.
        """
        return doubtful(self.resources, lambda one: self._reaches(one, group, resource))

    def _reaches(self, pattern: str, group: str, resource: str) -> bool:
        if pattern in {"*", "*/*"}:
            return doubtful(self.groups, lambda one: one in {"*", group})
        name, _, subresource = resource.partition("/")
        given, _, part = pattern.partition("/")
        if subresource and given == "*":
            return part == subresource and doubtful(self.groups, lambda one: one in {"*", group})
        if pattern != resource and not (subresource and given == name and part == "*"):
            return False
        return not self.groups or doubtful(self.groups, built_in)


def rules(role: Item) -> Iterator[Rule]:
    """Every rule of a role; none of an aggregated one."""
    for index, entry in enumerate(role.fields.entries("rules")):
        yield Rule(
            where=f"rules[{index}]",
            groups=entry.values("apiGroups"),
            resources=entry.values("resources"),
            verbs=entry.values("verbs"),
            names=entry.values("resourceNames"),
        )


def subjects(binding: Item) -> Iterator[tuple[str, Fields]]:
    """Whom a binding names, with the place in it."""
    for index, entry in enumerate(binding.fields.entries("subjects")):
        yield f"subjects[{index}]", entry


def doubtful(values: tuple[object, ...], wanted: Callable[[str], bool]) -> bool:
    """Whether any value is wanted, or is none that can be judged."""
    return any(not isinstance(one, str) or wanted(one) for one in values)


def built_in(group: str) -> bool:
    """Whether an API group may be one of Kubernetes itself."""
    return "." not in group or group.endswith(".k8s.io")
