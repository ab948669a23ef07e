"""What may be mended without asking: fields that are missing and have one right value.

Nothing that is stated is changed, so what somebody meant is still judged; what is unknown or secret is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from controls.fields import fields
from controls.item import Item
from controls.objects import type_of
from controls.pods import POD_PATHS

LABELS, SECCOMP, AUTOMOUNT = "GC-04", "WL-07", "ID-07"
MENDED: Final = (SECCOMP, AUTOMOUNT, LABELS)
"""Controls whose violations can be mended."""

SUFFIX: Final = "-remediation"
"""What the policy is called after the pack that it comes with."""

SCHEMA: Final = MappingProxyType(
    {
        "labels": {
            "type": "object",
            "default": {},
            "description": "Labels and their values for namespaces and pods that lack them (GC-04).",
            "additionalProperties": {"type": "string", "minLength": 1},
        }
    }
)
"""JSON Schema of each key of the remediation's configuration."""


def mend(
    resource_type: str, inputs: dict[str, Any], controls: Collection[str], labels: Mapping[str, str]
) -> bool:
    """Fill in what the inputs of a resource lack for these controls, in place; whether anything was missing."""
    api_version, kind = type_of(resource_type)
    item = Item(kind=kind, api_version=api_version, fields=fields({}))
    if item.type == "Namespace":
        return LABELS in controls and _label(inputs, labels)
    if item.type == "ServiceAccount":
        return AUTOMOUNT in controls and _fill(inputs, "automountServiceAccountToken", False)
    if item.pod is None:
        return False
    template: Any = inputs
    for key in POD_PATHS[kind]:
        template = template.get(key) if isinstance(template, dict) else None
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        return False
    spec = template["spec"]
    done = [
        AUTOMOUNT in controls and _fill(spec, "automountServiceAccountToken", False),
        SECCOMP in controls and _confine(spec),
        LABELS in controls and _label(template, labels),
    ]
    return any(done)


def _confine(spec: dict[str, Any]) -> bool:
    """A pod that may be of Windows would be refused with a profile."""
    if spec.get("os") not in (None, {"name": "linux"}):
        return False
    security = _section(spec, "securityContext")
    return security is not None and _fill(security, "seccompProfile", {"type": "RuntimeDefault"})


def _label(owner: dict[str, Any], labels: Mapping[str, str]) -> bool:
    if not labels:
        return False
    metadata = _section(owner, "metadata")
    given = None if metadata is None else _section(metadata, "labels")
    return given is not None and sum(_fill(given, key, value) for key, value in labels.items()) > 0


def _section(owner: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The mapping under the key, a new one where there is none, None where it cannot be written to."""
    found = owner.get(key)
    if found is None:
        found = owner[key] = {}
    return found if isinstance(found, dict) else None


def _fill(owner: dict[str, Any], key: str, value: object) -> bool:
    if owner.get(key) is not None:
        return False
    owner[key] = value
    return True
