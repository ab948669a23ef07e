"""Who may ask which authority: an intermediate is for the mesh's control plane, whoever else may make Certificates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.admission.policy import binding, policy
from components.base import Component
from components.manifest import Manifest, part

NAME = "mlops-guarded-issuers"


@dataclass(frozen=True, kw_only=True)
class IssuerGuardArgs:
    """The namespace that may ask, by ClusterIssuer."""

    issuers: Mapping[str, str]
    labels: Mapping[str, str]


class IssuerGuard(Component, token="mlops:index:IssuerGuard"):
    """Admission refuses requests to these issuers from any other namespace: a ClusterIssuer serves all of them."""

    def __init__(self, name: str, args: IssuerGuardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        bound = binding(NAME, args.labels)
        bound["spec"]["policyName"] = part(self, "policy", policy_manifest(args.issuers, args.labels))
        part(self, "binding", bound)
        self.register_outputs({})


def policy_manifest(issuers: Mapping[str, str], labels: Mapping[str, str]) -> Manifest:
    """Requests, which controllers make from Certificates and which a person could make without one."""
    rule = {
        "apiGroups": ["cert-manager.io"],
        "apiVersions": ["v1"],
        "resources": ["certificaterequests"],
        "operations": ["CREATE", "UPDATE"],
    }
    own = " || ".join(
        f"(object.spec.issuerRef.name == '{issuer}' && request.namespace == '{namespace}')"
        for issuer, namespace in sorted(issuers.items())
    )
    validation = {
        "expression": f"{own} || !(object.spec.issuerRef.name in {_names(issuers)})",
        "message": f"these authorities sign for one namespace each: {json.dumps(dict(issuers))}",
        "reason": "Forbidden",
    }
    return policy(NAME, [rule], [validation], labels)


def _names(issuers: Mapping[str, str]) -> str:
    return "[" + ", ".join(f"'{name}'" for name in sorted(issuers)) + "]"
