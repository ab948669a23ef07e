"""The gate as a process in front of a real MLflow: large files, its log, its end."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import tenacity

from config.access import Role
from tests.services.conftest import free_port, gate
from tests.services.people import API, Stage, refused
from tests.services.realm import serving

PART = b"0123456789abcdef" * 65536
PARTS = 96
ROOM = 24 * 1024 * 1024
"""Bytes by which the gate may grow while it passes on four times as much."""


def test_a_large_file_goes_through_without_being_held(stage: Stage) -> None:
    ada = stage.person("ada-of-files", Role.ML_ENGINEER)
    experiment = ada.experiment()
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/run/artifacts/big.bin"
    process, sizes = psutil.Process(stage.pid), []
    before = process.memory_info().rss

    def parts() -> Iterator[bytes]:
        for _ in range(PARTS):
            sizes.append(process.memory_info().rss)
            yield PART

    assert ada.ask("PUT", path, content=parts()).is_success
    headers = {"Authorization": f"Bearer {stage.realm.token('ada-of-files', Role.ML_ENGINEER)}"}
    digest, size = hashlib.sha256(), 0
    with stage.client.stream("GET", path, headers=headers) as answer:
        for part in answer.iter_bytes():
            digest.update(part)
            size += len(part)
            sizes.append(process.memory_info().rss)
    assert (size, digest.digest()) == (PARTS * len(PART), hashlib.sha256(PART * PARTS).digest())
    assert max(sizes) - before < ROOM
    assert size >= ROOM * 4


def test_a_part_of_a_file_can_be_asked_for(stage: Stage) -> None:
    ada = stage.person("ada-of-files", Role.ML_ENGINEER)
    path = f"/api/2.0/mlflow-artifacts/artifacts/{ada.experiment()}/run/artifacts/small.bin"
    assert ada.ask("PUT", path, content=b"0123456789").is_success
    answer = ada.ask("GET", path, headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")


def test_pages_are_for_whoever_may_read_anything(stage: Stage) -> None:
    for role in (Role.ADMIN, Role.ML_ENGINEER, Role.VIEWER):
        person = stage.person("page-reader", role)
        assert person.get("/").headers["content-type"].startswith("text/html")
        assert person.get("/version").is_success
        assert person.get("/api/3.0/mlflow/server-info").is_success
    for role in (Role.LABELER, Role.DATA_ENGINEER):
        refused(stage.person("nobody", role).get("/"))


def test_a_limited_caller_can_open_a_page_that_shows_own_runs(stage: Stage) -> None:
    """What the pages ask for first."""
    ada = stage.person("ada-of-pages", Role.ML_ENGINEER)
    run = ada.run(ada.experiment())
    assert ada.get(f"{API}/experiments/search", max_results=5).is_success
    assert ada.get(f"{API}/runs/get", run_id=run).is_success


def test_the_log_has_a_line_of_json_for_each_request(stage: Stage) -> None:
    stage.person("a-subject-for-the-log", Role.VIEWER).get(f"{API}/runs/get", run_id="not-for-the-log")

    def written() -> None:
        lines = [json.loads(line) for line in stage.log.read_text().splitlines()]
        (line,) = [line for line in lines if line.get("subject") == "a-subject-for-the-log"]
        assert (line["path"], line["status"], line["grant"]) == (f"{API}/runs/get", 404, "yes")

    tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.05), reraise=True)(
        written
    )()
    assert "not-for-the-log" not in stage.log.read_text()


def test_sigterm_ends_it_and_leaves_no_complaint(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as (realm, ca),
        gate(realm, ca, f"http://127.0.0.1:{free_port()}", tmp_path) as served,
    ):
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == -signal.SIGTERM
    assert "Traceback" not in (tmp_path / "gate.log").read_text()


def test_it_imports_nothing_of_the_program() -> None:
    code = "import sys, tracking_gate.__main__; print(sorted(sys.modules))"
    services = Path(__file__).resolve().parents[2] / "services"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(services)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"config", "lab", "components", "stacks", "engine", "cli", "pulumi"} & set(eval(done.stdout))
