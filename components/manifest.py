"""From a plain manifest in Kubernetes' own camelCase to a registered resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi_kubernetes import (
    admissionregistration,
    apiextensions,
    apps,
    core,
    networking,
    policy,
    rbac,
    resource,
    storage,
)

from components.base import Component

Manifest = dict[str, Any]
"""A Kubernetes object as data; outputs may stand where a value orders the graph."""


@dataclass(frozen=True, kw_only=True)
class NamespaceRef:
    """A namespace by its name, and as the value that is known once it exists.

    `name` goes where an object speaks of the namespace, so that policies read a literal; `ready` goes where
    an object lives in it, so that the object is created after it and deleted before it.
    """

    name: str
    ready: pulumi.Input[str]


def kubernetes_object(
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: NamespaceRef | None = None,
    labels: Mapping[str, str] | None = None,
    **fields: Any,
) -> Manifest:
    """A manifest from its parts; `fields` are the top-level ones besides metadata, such as `spec`."""
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace.ready
    if labels:
        metadata["labels"] = dict(labels)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


_BUILT_IN: Mapping[tuple[str, str], Any] = {
    ("v1", "ConfigMap"): core.v1.ConfigMap,
    ("v1", "LimitRange"): core.v1.LimitRange,
    ("v1", "Namespace"): core.v1.Namespace,
    ("v1", "ResourceQuota"): core.v1.ResourceQuota,
    ("v1", "Service"): core.v1.Service,
    ("v1", "ServiceAccount"): core.v1.ServiceAccount,
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"): (
        admissionregistration.v1.ValidatingAdmissionPolicy
    ),
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"): (
        admissionregistration.v1.ValidatingAdmissionPolicyBinding
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): apiextensions.v1.CustomResourceDefinition,
    ("apps/v1", "Deployment"): apps.v1.Deployment,
    ("networking.k8s.io/v1", "NetworkPolicy"): networking.v1.NetworkPolicy,
    ("policy/v1", "PodDisruptionBudget"): policy.v1.PodDisruptionBudget,
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): rbac.v1.ClusterRole,
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): rbac.v1.ClusterRoleBinding,
    ("rbac.authorization.k8s.io/v1", "Role"): rbac.v1.Role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): rbac.v1.RoleBinding,
    ("resource.k8s.io/v1", "DeviceClass"): resource.v1.DeviceClass,
    ("resource.k8s.io/v1", "ResourceClaimTemplate"): resource.v1.ResourceClaimTemplate,
    ("storage.k8s.io/v1", "StorageClass"): storage.v1.StorageClass,
}


def declare(name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Register `manifest` under the logical name `name`; its apiVersion and kind choose the resource type.

    Raises TypeError for a built-in kind that is not in the table, so that a misspelt kind cannot pass for a
    custom resource.
    """
    kind = (manifest["apiVersion"], manifest["kind"])
    if _is_custom(manifest["apiVersion"]):
        return custom_resource(name, manifest, opts)
    if kind not in _BUILT_IN:
        raise TypeError(
            f"{name}: {kind[0]} {kind[1]} is no kind that components declare; add it to the table"
        )
    fields = {_snake(key): value for key, value in manifest.items() if key not in {"apiVersion", "kind"}}
    declared: pulumi.CustomResource = _BUILT_IN[kind](name, **fields, opts=opts)
    return declared


def custom_resource(name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Register an object of a custom kind. Its fields are untyped here; tests hold them to the CRD's schema.

    The SDK's own class knows no fields beside `spec`, so a kind that has others is registered by its type alone.
    """
    if "spec" not in manifest:
        kind = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
        return pulumi.CustomResource(kind, name, dict(manifest), opts)
    return apiextensions.CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=manifest["metadata"],
        spec=manifest["spec"],
        opts=opts,
    )


def name_of(resource: pulumi.CustomResource) -> pulumi.Output[str]:
    """The object's name as a value: whoever uses it is created after the object and deleted before it."""
    name: pulumi.Output[str] = cast(Any, resource).metadata["name"]
    return name


def part(component: Component, name: str, manifest: Manifest) -> pulumi.Output[str]:
    """Declare an object as a part of a component; its name as a value, as of `name_of`."""
    return name_of(declare(component.child(name), manifest, component.opts()))


def known_after(name: pulumi.Input[str], others: Iterable[pulumi.Output[Any]]) -> pulumi.Output[str]:
    """The same name as a value that also waits for `others`: whoever uses it comes after them as well."""
    return pulumi.Output.all(name, *others).apply(_first)


def _first(values: Sequence[Any]) -> str:
    return str(values[0])


def _is_custom(api_version: str) -> bool:
    """Groups of the API server are bare words or end in `.k8s.io`; a custom group is any other domain, and the
    Gateway API's, which come as definitions."""
    group = api_version.partition("/")[0]
    return "." in group and (not group.endswith(".k8s.io") or group == "gateway.networking.k8s.io")


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
