"""Plans as plain data for the tests of a review."""

from __future__ import annotations

from typing import Any

PROJECT = "urn:pulumi:dev::mlops-platform"
ROOT_STACK = f"{PROJECT}::pulumi:pulumi:Stack::mlops-platform-dev"
COMPONENT = f"{PROJECT}::mlops:index:Mlflow::east-mlflow"
SERVER = f"{PROJECT}::mlops:index:Mlflow$kubernetes:apps/v1:Deployment::east-mlflow-server"


def resource(
    urn: str, inputs: dict[str, Any], parent: str = ROOT_STACK, cluster: str | None = "east"
) -> dict[str, Any]:
    """One resource as `mlops preview --json` prints it."""
    kinds, name = urn.split("::")[2:]
    return {
        "urn": urn,
        "type": kinds.rsplit("$", 1)[-1],
        "name": name,
        "parent": parent,
        "provider": "east",
        "cluster": cluster,
        "inputs": inputs,
        "operation": "create",
        "changed": (),
    }


def deployment(image: str = "a@sha256:1", **more: Any) -> dict[str, Any]:
    """The inputs of a Deployment with one container."""
    containers = [{"name": "log", "image": "b"}, {"name": "server", "image": image, **more}]
    metadata = {"name": "mlflow", "namespace": "mlops-platform"}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"containers": containers}}


def plan(**more: Any) -> list[dict[str, Any]]:
    """A component with a server in it."""
    return [resource(COMPONENT, {}), resource(SERVER, deployment(**more), COMPONENT)]
