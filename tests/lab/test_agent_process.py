from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import tenacity

from lab.agent.errors import StartError
from lab.agent.process import CONTAINER_MARKER, end_marked, executable, log_tail, trim_log

LAUNCH = """
import asyncio, pathlib, sys, time
sys.path.insert(0, sys.argv[2])
from lab.agent.containers import Sources
from lab.agent.pod_files import Network, PodFiles
from lab.agent.process import start
from lab.folder import LabFolder
from lab.images import Programs

pod = {"metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "spec": {}}
container = {"name": "c", "command": ["python", "-c", "import time; time.sleep(600)"]}
network = Network(
    address="127.0.0.1", service_address=str, ports=int, service_links={}, api_server=("127.0.0.1", "1")
)
folder = LabFolder(pathlib.Path(sys.argv[1]))
files = PodFiles(folder=folder, cluster="east", pod=pod)
programs = Programs(folder=pathlib.Path(sys.prefix))
launch = files.launch(container, Sources(), network, programs)
print(start(folder, launch.spec, launch.spec_file, launch.marker).pid, flush=True)
time.sleep(600)
"""


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_a_command_is_looked_up_in_the_images_environment_first(tmp_path: Path) -> None:
    binaries, own = tmp_path / "env/bin", tmp_path / "pod"
    mine, volume = program(binaries / "tool"), program(own / "volumes/v/tool")
    assert executable("tool", binaries, "/usr/bin:/bin", own) == mine
    assert executable("/usr/local/bin/tool", binaries, "", own) == mine
    assert executable(volume, binaries, "", own) == volume
    assert executable("sh", binaries, "/usr/bin:/bin", own).endswith("/sh")
    assert executable("/bin/sh", binaries, "", own) == "/bin/sh"


def test_a_command_that_cannot_be_executed_says_why(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for command, problem in (
        ("nope", "executable file not found in"),
        ("/nope", "no such file or directory"),
        (str(tmp_path / "data"), "permission denied"),
    ):
        with pytest.raises(StartError, match=problem):
            executable(command, tmp_path, "", tmp_path)


def test_only_processes_of_the_lab_and_the_container_are_ended(tmp_path: Path) -> None:
    def sleeper(lab: str, marker: str) -> subprocess.Popen[bytes]:
        environment = {"MLOPS_LAB": lab, CONTAINER_MARKER: marker}
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=environment)

    here = str(tmp_path)
    processes = [sleeper(here, "u/a"), sleeper(here, "u/b"), sleeper("/another", "u/a")]
    try:
        assert end_marked(lambda marker: marker == "u/a", here) == [processes[0].pid]
        assert [one.poll() is None for one in processes] == [False, True, True]
    finally:
        for one in processes:
            one.kill()
            one.wait()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_a_container_process_does_not_outlive_a_killed_agent(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    agent = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(tmp_path), root], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    with agent:
        assert agent.stdout is not None
        container = psutil.Process(int(agent.stdout.readline()))
        for attempt in tenacity.Retrying(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.05)):
            with attempt:
                assert "sleep" in " ".join(container.cmdline())
        agent.kill()
    _gone, alive = psutil.wait_procs([container], timeout=60)
    for process in alive:
        if process.status() != psutil.STATUS_ZOMBIE:
            process.kill()
            pytest.fail("the container's process goes on without its agent")


def test_a_long_log_is_cut_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "c.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * (10 * 1024 * 1024))
        trim_log(log)
        assert log.stat().st_size == 10 * 1024 * 1024
        writer.write(b"last")
        trim_log(log)
        writer.write(b"next")
    assert log.read_bytes() == b"next"
    assert log.with_name("c.log.1").read_bytes().endswith(b"last")
    trim_log(tmp_path / "none")


def test_a_logs_tail_begins_where_the_container_did(tmp_path: Path) -> None:
    log = tmp_path / "c.log"
    log.write_text("earlier\nnow\n")
    assert log_tail(log, 8) == "now\n"
    log.write_text("y" * 5000)
    assert log_tail(log, 0) == "y" * 2048
    assert log_tail(tmp_path / "none", 0) == ""
