"""The tests' own lab: two small clusters and all servers, in a temporary folder, removed at the end.

It shares nothing but the cache of built programs with the lab that `make up` starts.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lab.lab import Lab
from lab.progress import LineProgress
from lab.topology import Cluster, Node, Taint, Topology
from tests.lab.lab_marks import Marks

_PREFIX = "mlops-lab-test-"
_OWNER = "owner.json"


def _node(name: str, **capacity: str) -> Node:
    return Node(name=name, capacity={"cpu": "16", "memory": "64Gi", "pods": "110", **capacity})


def _gpu_node(name: str, product: str, resource: str, count: int) -> Node:
    return Node(
        name=name,
        labels={"nvidia.com/gpu.product": product},
        taints=(Taint(key="nvidia.com/gpu", value="present"),),
        capacity={"cpu": "96", "memory": "1152Gi", "pods": "110", resource: str(count)},
    )


TOPOLOGY = Topology(
    clusters=(
        Cluster(
            name="east",
            pod_cidr="10.40.0.0/16",
            service_cidr="10.41.0.0/16",
            nodes=(
                _node("east-system-1"),
                _gpu_node("east-dev-1", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb", "nvidia.com/mig-1g.10gb", 7),
                _gpu_node("east-training-1", "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu", 8),
            ),
        ),
        Cluster(
            name="west",
            pod_cidr="10.42.0.0/16",
            service_cidr="10.43.0.0/16",
            nodes=(
                _node("west-system-1"),
                _gpu_node("west-dev-1", "NVIDIA-A100-SXM4-40GB-SHARED", "nvidia.com/gpu.shared", 32),
            ),
        ),
    )
)


@pytest.fixture(scope="session")
def topology() -> Topology:
    return TOPOLOGY


@pytest.fixture(scope="session")
def lab(topology: Topology) -> Iterator[Lab]:
    """A running lab. Its processes and files are gone when the session ends, however it ends."""
    _end_forgotten()
    parent = Path(tempfile.mkdtemp(prefix=_PREFIX))
    me = psutil.Process()
    (parent / _OWNER).write_text(json.dumps({"pid": me.pid, "started": me.create_time()}))
    running = Lab(parent / "lab")
    try:
        running.up(topology, LineProgress())
        yield running
    finally:
        _remove(parent)


@pytest.fixture(scope="session")
def marks(lab: Lab) -> Marks:
    made = Marks(lab)
    made.write()
    made.check()
    return made


def _remove(parent: Path) -> None:
    Lab(parent / "lab").down(purge=True)
    (parent / _OWNER).unlink(missing_ok=True)
    parent.rmdir()


def _end_forgotten() -> None:
    """Labs of test sessions that were killed: nobody else would ever end them."""
    for parent in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if parent.stat().st_uid != os.getuid() or not (parent / _OWNER).exists():
            continue
        owner = json.loads((parent / _OWNER).read_text())
        try:
            alive = psutil.Process(owner["pid"]).create_time() == owner["started"]
        except psutil.NoSuchProcess:
            alive = False
        if not alive:
            _remove(parent)
