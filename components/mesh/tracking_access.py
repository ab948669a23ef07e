"""Who may call the tracking gate and MLflow: the permission matrix as the mesh enforces it, before the gate does.

The mesh lets a role in where it holds the row of the path at all; what is `own` only the gate can tell, and it
looks at every request again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.isolation.tenant_namespace import WORKLOAD_ACCOUNT
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.mesh.names import principal
from components.mesh.realm_tokens import realm_tokens
from components.mesh.tracking_paths import OPERATIONS
from components.tracking.mlflow_server import APP as MLFLOW
from config.access import ROLES_CLAIM, Enforcer, Matrix, Permission

GATE = "mlflow-gate"
AUDIENCE = "mlflow"
_TRUST_DOMAIN = "cluster.local"
"""Istio's own default."""


@dataclass(frozen=True, kw_only=True)
class TrackingAccessArgs:
    """`issuer` is the realm's; `clients` are the namespaces whose workloads log to MLflow by their own identity."""

    matrix: Matrix
    namespace: NamespaceRef
    issuer: str
    clients: Sequence[NamespaceRef]
    trust_domain: str = _TRUST_DOMAIN


class TrackingAccess(Component, token="mlops:index:TrackingAccess"):
    """People reach the gate with a token of the realm; MLflow itself is reached by the gate and by workloads."""

    policies: pulumi.Output[Sequence[str]]

    def __init__(
        self, name: str, args: TrackingAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        part(self, "tokens", request_authentication(args.issuer, args.namespace))
        parts = {
            permission.name: people(args.matrix, permission, args.issuer, args.namespace)
            for permission in args.matrix.of(Enforcer.TRACKING_GATE)
        }
        parts["workloads"] = workloads(args.namespace, args.clients, args.trust_domain)
        made = [part(self, name, manifest) for name, manifest in parts.items()]
        self.policies = pulumi.Output.all(*made)
        self.register_outputs({"policies": self.policies})


def request_authentication(issuer: str, namespace: NamespaceRef) -> Manifest:
    """A token that is not the realm's, or not for MLflow, is refused; one is needed because every rule of
    `people` names the caller that a token gives (MS-05)."""
    return realm_tokens(GATE, issuer, AUDIENCE, namespace)


def people(matrix: Matrix, permission: Permission, issuer: str, namespace: NamespaceRef) -> Manifest:
    """The roles that hold the row, on its paths; without any the policy has no rule and lets nobody in.

    Raises KeyError for a row of another application.
    """
    roles = [role.value for role in matrix.holders(permission)]
    spec: dict[str, Any] = {"selector": {"matchLabels": selector(GATE)}, "action": "ALLOW"}
    if roles:
        spec["rules"] = [
            {
                "from": [{"source": {"requestPrincipals": [f"{issuer}/*"]}}],
                "to": [operation.manifest() for operation in OPERATIONS[permission.name]],
                "when": [{"key": f"request.auth.claims[{ROLES_CLAIM}]", "values": roles}],
            }
        ]
    return kubernetes_object(
        "security.istio.io/v1",
        "AuthorizationPolicy",
        f"{GATE}-{permission.name}",
        namespace=namespace,
        spec=spec,
    )


def workloads(
    namespace: NamespaceRef, clients: Sequence[NamespaceRef], trust_domain: str = _TRUST_DOMAIN
) -> Manifest:
    """MLflow is called by the gate, and by tenants' workloads under their mesh identity: no token is needed."""
    callers = [principal(trust_domain, namespace.name, GATE)]
    callers += [principal(trust_domain, client.name, WORKLOAD_ACCOUNT) for client in clients]
    spec = {
        "selector": {"matchLabels": selector(MLFLOW)},
        "action": "ALLOW",
        "rules": [{"from": [{"source": {"principals": callers}}]}],
    }
    return kubernetes_object(
        "security.istio.io/v1", "AuthorizationPolicy", f"{MLFLOW}-workloads", namespace=namespace, spec=spec
    )
