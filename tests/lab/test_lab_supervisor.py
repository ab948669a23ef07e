from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lab import leftovers
from lab.errors import ProcessFailed, SupervisorFailed
from lab.folder import LabFolder, write_private
from lab.process import ProcessSpec
from lab.readiness import NotReady, await_ready, poll
from lab.supervisor import Supervisor
from lab.supervisor_config import program_config

SLEEP = "import time; print('up', flush=True); time.sleep(600)"


def spec(folder: LabFolder, name: str, code: str = SLEEP, **more: object) -> ProcessSpec:
    argv = (sys.executable, "-S", "-c", code)
    return ProcessSpec(name=name, argv=argv, cwd=folder.root, log=folder.log(name), **more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> LabFolder:
    """A path with everything that supervisord's configuration could misread."""
    return LabFolder(tmp_path / "a lab at 100%")


@pytest.fixture
def supervisor(folder: LabFolder) -> Iterator[Supervisor]:
    running = Supervisor(folder)
    running.start()
    yield running
    leftovers.end(leftovers.processes(folder))


def pid_of(supervisor: Supervisor, name: str) -> int:
    found = 0

    def probe() -> None:
        nonlocal found
        found = supervisor.states()[name].pid
        if not found:
            raise NotReady("no process")

    poll(name, probe, 60)
    return found


def test_a_process_is_started_once_and_left_alone_while_its_spec_is_the_same(
    supervisor: Supervisor, folder: LabFolder
) -> None:
    assert supervisor.ensure(spec(folder, "one"))
    first = pid_of(supervisor, "one")
    assert not supervisor.ensure(spec(folder, "one"))
    assert pid_of(supervisor, "one") == first


def test_a_changed_spec_or_a_changed_file_that_it_reads_starts_the_process_again(
    supervisor: Supervisor, folder: LabFolder
) -> None:
    config = folder.root / "config"
    write_private(config, "one")
    supervisor.ensure(spec(folder, "one", reads=(config,)))
    first = pid_of(supervisor, "one")
    write_private(config, "two")
    assert supervisor.ensure(spec(folder, "one", reads=(config,)))
    second = pid_of(supervisor, "one")
    assert supervisor.ensure(spec(folder, "one", reads=(config,), env={"A": "b"}))
    assert len({first, second, pid_of(supervisor, "one")}) == 3


def test_a_killed_process_comes_back(supervisor: Supervisor, folder: LabFolder) -> None:
    supervisor.ensure(spec(folder, "one"))
    first = pid_of(supervisor, "one")
    os.kill(first, signal.SIGKILL)

    def another() -> None:
        if supervisor.states()["one"].pid in (0, first):
            raise NotReady("not yet")

    poll("another process", another, 60)


def test_processes_that_are_no_longer_wanted_are_stopped_and_forgotten(
    supervisor: Supervisor, folder: LabFolder
) -> None:
    supervisor.ensure(spec(folder, "one"))
    supervisor.ensure(spec(folder, "two"))
    gone = psutil.Process(pid_of(supervisor, "two"))
    assert supervisor.retain(["one"]) == ["two"]
    assert not gone.is_running()
    assert list(supervisor.states()) == ["one"]


def test_processes_stop_in_the_reverse_order_of_their_priority(
    supervisor: Supervisor, folder: LabFolder
) -> None:
    for name, priority in (("etcd", 100), ("api", 200), ("other-etcd", 100)):
        supervisor.ensure(spec(folder, name, priority=priority))
    assert [sorted(tier) for tier in supervisor.tiers()] == [["api"], ["etcd", "other-etcd"]]


def test_a_process_that_keeps_ending_is_reported_with_its_log_and_without_secrets(
    supervisor: Supervisor, folder: LabFolder
) -> None:
    write_private(folder.secret("password"), "averysecretpassword")
    code = "import sys; print('no such table averysecretpassword'); sys.exit(3)"
    supervisor.ensure(spec(folder, "broken", code))

    def probe() -> None:
        raise NotReady("nobody listens")

    with pytest.raises(ProcessFailed) as failed:
        await_ready("broken", probe, folder, supervisor, seconds=3)
    text = str(failed.value)
    assert text.startswith("broken: ")
    assert "no such table [secret]" in text
    assert str(folder.log("broken")) in text
    assert "averysecretpassword" not in text


def test_a_process_that_runs_and_does_not_serve_is_given_up_in_time(
    supervisor: Supervisor, folder: LabFolder
) -> None:
    supervisor.ensure(spec(folder, "deaf"))

    def probe() -> None:
        raise NotReady("nobody listens on 127.0.0.1:1")

    with pytest.raises(ProcessFailed, match="not ready after 1 s: nobody listens"):
        await_ready("deaf", probe, folder, supervisor, seconds=1)


def test_what_a_killed_supervisor_leaves_is_found_and_ended_and_nothing_else(
    supervisor: Supervisor, folder: LabFolder, tmp_path: Path
) -> None:
    supervisor.ensure(spec(folder, "one"))
    left = psutil.Process(pid_of(supervisor, "one"))
    other = LabFolder(tmp_path / "other")
    elsewhere = Supervisor(other)
    elsewhere.start()
    try:
        main = supervisor.pid()
        assert main is not None
        os.kill(main, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(main)], timeout=60)
        assert supervisor.pid() is None
        assert {process.pid for process in leftovers.processes(folder)} <= {left.pid, main}
        leftovers.end(leftovers.processes(folder))
        assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
        assert elsewhere.pid() is not None, "a process of another lab is none of ours"
    finally:
        leftovers.end(leftovers.processes(other))
    supervisor.start()
    assert supervisor.states() == {}


def test_a_lab_with_a_very_long_path_has_a_supervisor_too(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / ("d" * 100))
    supervisor = Supervisor(folder)
    supervisor.start()
    try:
        supervisor.ensure(spec(folder, "one"))
        assert pid_of(supervisor, "one")
    finally:
        leftovers.end(leftovers.processes(folder))
        (folder.supervisor_socket).unlink(missing_ok=True)
        folder.sockets.rmdir()


def test_without_a_supervisor_the_answer_names_the_remedy(folder: LabFolder) -> None:
    assert Supervisor(folder).pid() is None
    with pytest.raises(SupervisorFailed, match="mlops lab up"):
        Supervisor(folder).states()


def test_no_secret_of_a_spec_stands_in_the_supervisors_configuration(folder: LabFolder) -> None:
    text = program_config(spec(folder, "one", env={"PASSWORD": "averysecretpassword"}), folder)
    assert "averysecretpassword" not in text
    assert f"{folder.root}".replace("%", "%%") in text
