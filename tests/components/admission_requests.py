"""Manifests as the requests by which somebody would create them, and what a cluster's guards say of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from components.admission.guard import Guard, policy_manifest
from components.admission.twins import guards
from components.isolation.namespace import NAME_LABEL
from components.isolation.tenant_namespace import PURPOSE_LABEL
from components.labels import PART_OF, PLATFORM
from components.mesh.names import meshed
from tests.components.cel import admits

ISSUER = "https://id.example.com/realms/ml"
REGISTRIES = ("registry.example/", "registry.example:5000/")
GUARDS = guards(REGISTRIES, digests=True, issuer=ISSUER)
"""Of a cluster that the examples of the policy packs could be in."""

TENANT = {PART_OF: PLATFORM, PURPOSE_LABEL: "dev", **meshed()}

_RESOURCES = {"PodTemplate": "podtemplates", "AuthorizationPolicy": "authorizationpolicies"}


def documents(text: str) -> list[dict[str, Any]]:
    """Every object of a YAML text, with keys as JSON has them."""
    found: list[dict[str, Any]] = json.loads(json.dumps(list(yaml.safe_load_all(text))))
    return found


def create(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The request of an ordinary user."""
    group, _, version = str(manifest["apiVersion"]).rpartition("/")
    kind = str(manifest["kind"])
    return {
        "operation": "CREATE",
        "resource": (group, version, _RESOURCES.get(kind, f"{kind.lower()}s")),
        "kind": {"group": group, "version": version, "kind": kind},
        "userInfo": {"username": "mlops:somebody", "groups": ["system:authenticated"]},
        "object": dict(manifest),
    }


def refusing(
    manifest: Mapping[str, Any], among: Iterable[Guard] = GUARDS, labels: Mapping[str, str] | None = None
) -> set[str]:
    """The controls that refuse an object in a tenant's namespace, or in one with these labels."""
    return {
        guard.control
        for guard in among
        if _looks(guard, manifest, TENANT if labels is None else labels)
        and not admits(policy_manifest(guard, {}), create(manifest))
    }


def _looks(guard: Guard, manifest: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether the namespace is one in which the policy looks; a namespace that is made is its own."""
    metadata = manifest["metadata"]
    own = manifest["kind"] == "Namespace"
    known = {
        **(metadata.get("labels", {}) if own else labels),
        NAME_LABEL: metadata["name"] if own else metadata.get("namespace", "team"),
    }
    return all(_met(one, known) for one in guard.namespaces)


def _met(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    given, operator = labels.get(requirement["key"]), requirement["operator"]
    if operator == "Exists":
        return given is not None
    return (given in requirement["values"]) is (operator == "In")


def bearing(pod: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A pod, and everything that could make it."""
    metadata = {**pod["metadata"]}
    template = {"metadata": metadata, "spec": pod["spec"]}
    yield dict(pod)
    yield {"apiVersion": "v1", "kind": "PodTemplate", "metadata": metadata, "template": template}
    yield {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": metadata,
        "spec": {"template": template},
    }
    for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"):
        yield {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": {"template": template}}
    yield {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}
    job = {"spec": {"template": template}}
    yield {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": {"jobTemplate": job}}
