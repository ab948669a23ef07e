"""Small settings that are valid, and files that hold them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Data = dict[str, Any]


def _cluster(name: str, second: int, pools: list[Data]) -> Data:
    ranges = {"podCidr": f"10.{second}.0.0/16", "serviceCidr": f"10.{second + 1}.0.0/16"}
    return {
        "name": name,
        "kind": "lab",
        "role": "primary",
        "region": "lab-east",
        "network": {"id": f"net-{name}", **ranges},
        "gpuPools": pools,
    }


def _tenant(name: str, purpose: str) -> Data:
    return {
        "name": name,
        "purpose": purpose,
        "team": "ml",
        "costCenter": "research",
        "environment": "dev",
        "quota": {"cpu": "8", "memory": "16Gi", "storage": "50Gi", "pods": 20},
    }


@pytest.fixture
def pool() -> Data:
    """A pool of whole GPUs, in the spelling of YAML."""
    return {"name": "h100", "model": "H100-80GB", "purpose": "training", "nodes": 1, "gpusPerNode": 8}


@pytest.fixture
def data(pool: Data) -> Data:
    """Settings of two clusters and two tenants, in the spelling of YAML. Valid; tests break one thing."""
    return {
        "clusters": [_cluster("east", 10, [pool]), _cluster("west", 20, [])],
        "tenants": [_tenant("mlops-platform", "platform"), _tenant("mlops-dev", "dev")],
        "charts": {"source": "none"},
        "tracking": {
            "replicas": 1,
            "database": {"host": "db.example.com", "port": 5432},
            "artifacts": {"host": "s3.example.com", "port": 443},
            "bucket": "mlflow",
        },
        "secrets": {"backend": "openbao", "address": "https://openbao.example.com"},
        "access": {"keycloak": "https://id.example.com", "domain": "mlops.example.com"},
        "data": {"endpoint": {"host": "s3.example.com", "port": 443}},
    }


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Data], Path]:
    """Writes settings as stack `dev` of a project and gives the project's folder."""

    def write(settings: Data) -> Path:
        content = {"config": {"mlops-platform:settings": settings}}
        (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        return tmp_path

    return write
