"""What a stack exports: where its services answer, cluster by cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.isolation.tenant_namespace import TenantNamespace
from components.tracking.mlflow import Mlflow
from components.tracking.mlflow_server import PORT
from stacks.clusters import Cluster


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """One cluster with what was declared in it."""

    cluster: Cluster
    platform: str
    tenants: Mapping[str, TenantNamespace]
    mlflow: Mlflow


def exports(deployed: Sequence[Deployed]) -> dict[str, Any]:
    """`clusters.<name>` with the role, the namespaces and MLflow's address inside that cluster."""
    return {
        "clusters": {
            one.cluster.name: {
                "role": one.cluster.role,
                "namespaces": {name: tenant.namespace for name, tenant in one.tenants.items()},
                "mlflow": _address(one),
            }
            for one in deployed
        }
    }


def _address(deployed: Deployed) -> pulumi.Output[str]:
    service = deployed.mlflow.service
    return pulumi.Output.format("http://{0}.{1}.svc:{2}", service, deployed.platform, PORT)
