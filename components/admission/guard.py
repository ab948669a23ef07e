"""One control of the policy packs as admission in a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.admission.policy import Rule, policy
from components.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What one control refuses in one kind of object.

    `expression` is the CEL that must hold, over `variables` (name to CEL, in order) and what admission gives.
    `namespaces` are requirements on the labels of the object's namespace, or of the object where it is one.
    `remedy` is told to whoever is refused; no value of the object ever is.
    """

    control: str
    subject: str
    remedy: str
    rules: tuple[Rule, ...]
    expression: str
    namespaces: tuple[Mapping[str, Any], ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the policy and of its binding."""
        return f"mlops-{self.control.lower()}-{self.subject}"

    @property
    def message(self) -> str:
        """What a refused user reads."""
        return f"{self.control}: {self.remedy} (mlops policy explain {self.control})"


def resources(group: str, *names: str, versions: tuple[str, ...] = ("v1",)) -> Rule:
    """Creations and changes of these resources."""
    return {
        "apiGroups": [group],
        "apiVersions": list(versions),
        "resources": list(names),
        "operations": ["CREATE", "UPDATE"],
    }


def labelled(key: str, *values: str) -> Mapping[str, Any]:
    """A namespace that has the label, with one of the values where some are given."""
    if not values:
        return {"key": key, "operator": "Exists"}
    return {"key": key, "operator": "In", "values": list(values)}


def not_labelled(key: str, *values: str) -> Mapping[str, Any]:
    """A namespace whose label has none of the values."""
    return {"key": key, "operator": "NotIn", "values": list(values)}


def policy_manifest(guard: Guard, common: Mapping[str, str]) -> Manifest:
    """What is refused, and where."""
    validation = {"expression": guard.expression, "message": guard.message, "reason": "Forbidden"}
    selected = {"matchExpressions": [dict(one) for one in guard.namespaces]}
    further = {"matchConditions": _named(guard.conditions), "variables": _named(guard.variables)}
    return policy(
        guard.name,
        guard.rules,
        [validation],
        common,
        constraints={"namespaceSelector": selected} if guard.namespaces else {},
        **{key: value for key, value in further.items() if value},
    )


def _named(expressions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "expression": expression} for name, expression in expressions.items()]
