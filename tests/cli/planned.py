"""Planned resources for the tests of the commands."""

from __future__ import annotations

from typing import Any

from engine.plan import PlannedResource

STACK = "urn:pulumi:dev::mlops-platform"


def planned(
    kind: str,
    name: str,
    *,
    cluster: str | None = "east",
    parent: str = "",
    inputs: dict[str, Any] | None = None,
    dependencies: tuple[str, ...] = (),
) -> PlannedResource:
    return PlannedResource(
        urn=f"{STACK}::{kind}::{name}",
        type=kind,
        name=name,
        parent=parent,
        provider="",
        cluster=cluster,
        inputs=inputs or {},
        dependencies=dependencies,
        operation="create",
    )


def config_map(name: str, *, namespace: str | None = "team", cluster: str = "east") -> PlannedResource:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
    return planned("kubernetes:core/v1:ConfigMap", f"{cluster}-{name}", cluster=cluster, inputs=body)
