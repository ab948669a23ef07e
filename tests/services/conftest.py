"""A real MLflow server behind a real gate, as processes; both end with the session."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import tenacity

from config.access import MATRIX, Enforcer
from config.catalog import MLFLOW_IMAGE
from lab.cache import Cache
from lab.errors import LabError
from lab.images import environment
from lab.progress import LineProgress
from tests.services.people import Stage
from tests.services.realm import AUDIENCE, Realm, serving

SERVICES = Path(__file__).resolve().parents[2] / "services"
STARTING = 120


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    process: subprocess.Popen[bytes]


def matrix() -> dict[str, dict[str, str]]:
    """The gate's part of the platform's matrix, as its file says it."""
    rows = MATRIX.of(Enforcer.TRACKING_GATE)
    return {row.name: {str(role): str(grant) for role, grant in MATRIX.grants[row].items()} for row in rows}


@pytest.fixture(scope="session")
def mlflow_environment() -> Path:
    """The lab's environment of the pinned MLflow, made now if it is not there."""
    try:
        found = environment(MLFLOW_IMAGE.reference, Cache(), LineProgress())
    except LabError as error:
        pytest.skip(f"the lab's MLflow cannot be had here: {error}")
    assert found
    return found.folder


@pytest.fixture(scope="session")
def stage(mlflow_environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """MLflow, a realm and the gate between people and MLflow."""
    folder = tmp_path_factory.mktemp("gate")
    with (
        serving(folder) as (realm, ca),
        mlflow(mlflow_environment, folder) as upstream,
        gate(realm, ca, upstream.address, folder) as served,
        httpx.Client(base_url=served.address, trust_env=False, timeout=60) as client,
    ):
        yield Stage(
            realm=realm,
            address=served.address,
            upstream=upstream.address,
            client=client,
            log=folder / "gate.log",
            pid=served.process.pid,
        )


@contextlib.contextmanager
def mlflow(environment: Path, folder: Path) -> Iterator[Served]:
    """An MLflow server with its database and files in `folder`."""
    port = free_port()
    command = [
        *(environment / "bin" / "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", folder / "artifacts"),
    ]
    variables = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
        "HOME": str(folder),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with running(command, variables, folder / "mlflow.log", f"http://127.0.0.1:{port}/health") as served:
        yield served


@contextlib.contextmanager
def gate(realm: Realm, ca: Path, upstream: str, folder: Path) -> Iterator[Served]:
    """`python -m tracking_gate` with the platform's own matrix."""
    port, permissions = free_port(), folder / "permissions.json"
    permissions.write_text(json.dumps(matrix()))
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(SERVICES),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ISSUER": realm.issuer,
        "AUDIENCE": AUDIENCE,
        "AUTHORITY": str(ca),
        "UPSTREAM": upstream,
        "PERMISSIONS": str(permissions),
        "PORT": str(port),
    }
    command = [sys.executable, "-m", "tracking_gate"]
    with running(command, variables, folder / "gate.log", f"http://127.0.0.1:{port}/readyz") as served:
        yield served


@contextlib.contextmanager
def running(command: Sequence[object], variables: dict[str, str], log: Path, probe: str) -> Iterator[Served]:
    """A process group that answers at `probe`, until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(process, probe, log)
        yield Served(probe.rpartition("/")[0], process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], probe: str, log: Path) -> None:
    def look() -> None:
        assert process.poll() is None, log.read_text()
        httpx.get(probe, trust_env=False, timeout=5).raise_for_status()

    policy = tenacity.Retrying(
        stop=tenacity.stop_after_delay(STARTING),
        wait=tenacity.wait_fixed(0.1),
        retry=tenacity.retry_if_exception_type(httpx.HTTPError),
        reraise=True,
    )
    policy(look)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
