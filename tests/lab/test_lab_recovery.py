"""What a running lab survives. Every test leaves it running and whole."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lab import keycloak, leftovers, minio, openbao, postgres, valkey
from lab.lab import Lab
from lab.readiness import NotReady, poll
from lab.supervisor import Supervisor
from lab.topology import Topology
from tests.lab.lab_marks import Marks

pytestmark = [
    pytest.mark.lab,
    # A server that is killed in the middle of a handshake leaves its client's socket to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
    ),
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]

PROCESSES = (
    "east-etcd",
    "east-apiserver",
    "east-controller-manager",
    "east-scheduler",
    "east-kwok",
    postgres.NAME,
    postgres.FRONT,
    valkey.NAME,
    valkey.FRONT,
    minio.NAME,
    openbao.NAME,
    keycloak.NAME,
    "agent",
)
SECONDS = 240


def pid_of(lab: Lab, name: str) -> int:
    return Supervisor(lab.folder).states()[name].pid


def back(lab: Lab, name: str, before: int) -> Callable[[], None]:
    def probe() -> None:
        status = lab.status()
        if status.state != "running":
            raise NotReady(f"lab is {status.state}: {status.troubles()}")
        if pid_of(lab, name) in (0, before):
            raise NotReady("it is still the same process")

    return probe


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_comes_back_by_itself_with_its_data(lab: Lab, marks: Marks, name: str) -> None:
    before = pid_of(lab, name)
    os.kill(before, signal.SIGKILL)
    poll(f"{name} back", back(lab, name, before), SECONDS)
    marks.check()


def test_a_lab_whose_supervisor_was_killed_comes_back_with_its_data(
    lab: Lab, marks: Marks, topology: Topology
) -> None:
    main = Supervisor(lab.folder).pid()
    assert main is not None
    os.kill(main, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(main)], timeout=60)
    assert lab.status().state == "stopped"
    assert lab.up(topology).state == "running"
    marks.check()


def test_a_lab_whose_processes_were_all_killed_at_once_comes_back_with_its_data(
    lab: Lab, marks: Marks, topology: Topology
) -> None:
    found = leftovers.processes(lab.folder)
    for process in found:
        process.suspend()
    for process in found:
        process.kill()
    psutil.wait_procs(found, timeout=60)
    assert lab.up(topology).state == "running"
    marks.check()


@pytest.mark.parametrize("started", ["east-etcd", "postgres", "east-apiserver"])
def test_a_killed_up_is_completed_by_the_next_one(
    lab: Lab, marks: Marks, topology: Topology, started: str, tmp_path: Path
) -> None:
    lab.down()
    script = tmp_path / "up.py"
    script.write_text(
        "import pickle, sys; from pathlib import Path; from lab.lab import Lab\n"
        f"Lab(Path({str(lab.folder.root)!r})).up(pickle.loads(bytes.fromhex(sys.argv[1])))\n"
    )

    process = subprocess.Popen([sys.executable, str(script), pickle.dumps(topology).hex()])

    def reached() -> None:
        if process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}")
        if started not in (path.stem for path in lab.folder.programs.glob("*.conf")):
            raise NotReady("not yet")

    poll(started, reached, 60)
    process.kill()
    process.wait()
    assert lab.up(topology).state == "running"
    marks.check()
