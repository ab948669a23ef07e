"""How one cluster's workloads enter the secret store: by their ServiceAccount's own short-lived token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_vault as vault

from components.base import Component
from components.secrets.secret_store import auth_mount

_TTL = 3600
"""Seconds; the most that control SE-04 allows."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One ServiceAccount, by exact name and namespace, and the policies that it gets."""

    role: str
    account: str
    namespace: str
    policies: tuple[pulumi.Input[str], ...]


@dataclass(frozen=True, kw_only=True)
class WorkloadLoginArgs:
    """`api_url` is the cluster's API server as the store reaches it, None for the cluster that it runs in."""

    cluster: str
    api_url: str | None
    authority: str | None
    workloads: Sequence[Workload]


class WorkloadLogin(Component, token="mlops:index:WorkloadLogin"):
    """A mount per cluster: another cluster's tokens are not even looked at. `roles` by name."""

    roles: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: WorkloadLoginArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        backend = vault.AuthBackend(
            self.child("mount"),
            type="kubernetes",
            path=auth_mount(args.cluster),
            description=f"Workloads of cluster {args.cluster}",
            opts=self.opts(),
        )
        config = vault.kubernetes.AuthBackendConfig(
            self.child("config"),
            backend=backend.path,
            **config_settings(args.api_url, args.authority),
            opts=self.opts(),
        )
        self.roles = {
            workload.role: vault.kubernetes.AuthBackendRole(
                self.child(f"role-{workload.role}"),
                backend=config.backend,
                **role_settings(workload),
                opts=self.opts(),
            ).role_name
            for workload in args.workloads
        }
        self.register_outputs({"roles": self.roles})


def config_settings(api_url: str | None, authority: str | None) -> dict[str, Any]:
    """Whom the store asks whether a token is good: the API server, as the caller itself, so that the store keeps
    no credential of the cluster. In its own cluster it trusts what its pod was given."""
    if api_url is None:
        return {"kubernetes_host": "https://kubernetes.default.svc"}
    return {"kubernetes_host": api_url, "kubernetes_ca_cert": authority, "disable_local_ca_jwt": True}


def role_settings(workload: Workload) -> dict[str, Any]:
    """Exactly one account in exactly one namespace (SE-04)."""
    return {
        "role_name": workload.role,
        "bound_service_account_names": [workload.account],
        "bound_service_account_namespaces": [workload.namespace],
        "token_policies": list(workload.policies),
        "token_ttl": _TTL,
        "token_max_ttl": _TTL,
    }
