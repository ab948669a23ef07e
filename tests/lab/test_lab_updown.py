"""Going up twice, down, and up with ports that others took. Every test leaves the lab running and whole."""

from __future__ import annotations

import socket

import psutil
import pytest

from lab import leftovers, openbao, openbao_policies, postgres
from lab.errors import Busy
from lab.lab import Lab
from lab.openbao_setup import bao
from lab.ports import LOOPBACK
from lab.progress import SilentProgress
from lab.topology import Topology
from tests.lab.lab_marks import Marks

pytestmark = pytest.mark.lab


def test_a_second_up_changes_nothing(lab: Lab, marks: Marks, topology: Topology) -> None:
    before = {process.pid for process in leftovers.processes(lab.folder)}
    memory, kubeconfig = lab.folder.memory.read_bytes(), lab.kubeconfig().read_bytes()
    status = lab.up(topology)
    assert status.changed == ()
    assert status.state == "running"
    assert {process.pid for process in leftovers.processes(lab.folder)} >= before - _short_lived(before)
    assert (lab.folder.memory.read_bytes(), lab.kubeconfig().read_bytes()) == (memory, kubeconfig)
    marks.check()


def _short_lived(pids: set[int]) -> set[int]:
    """PostgreSQL's backends end with their connections."""
    return {pid for pid in pids if not psutil.pid_exists(pid) or psutil.Process(pid).name() == "postgres"}


def test_a_port_that_somebody_took_while_the_lab_was_down_moves_and_everybody_follows(
    lab: Lab, marks: Marks, topology: Topology
) -> None:
    names = ("east-apiserver", postgres.FRONT, openbao.NAME)
    before = {name: lab.site().ports[name] for name in names}
    lab.down()
    told: list[str] = []

    class Progress(SilentProgress):
        def say(self, text: str) -> None:
            told.append(text)

    takers = [socket.create_server((LOOPBACK, port)) for port in before.values()]
    try:
        assert lab.up(topology, Progress()).state == "running"
        for name, port in before.items():
            assert lab.site().ports[name] != port
            assert any(text.startswith(f"{name}: port {port} is taken") for text in told)
        marks.check()
        assert str(lab.site().ports["east-apiserver"]) in lab.kubeconfig().read_text()
        site = lab.site()
        reader = bao(site, site.url(openbao.NAME), openbao_policies.READER)
        service = reader.call("GET", "secret/data/mlflow/database")["data"]["data"]["pg_service.conf"]
        assert f"port={site.ports[postgres.FRONT]}\n" in service
        assert takers[0].fileno() >= 0, "the other program is left alone"
    finally:
        for taker in takers:
            taker.close()


def test_two_commands_at_once_do_not_meet(lab: Lab, topology: Topology) -> None:
    with lab._held():
        for command in (lambda: lab.up(topology), lambda: lab.down(purge=True)):
            with pytest.raises(Busy, match="another `mlops lab` command"):
                command()
    assert lab.status().state == "running"


def test_down_leaves_no_process_and_every_file_and_up_brings_all_back(
    lab: Lab, marks: Marks, topology: Topology
) -> None:
    lab.down()
    assert leftovers.processes(lab.folder) == []
    assert not [it for it in psutil.process_iter() if str(lab.folder.root) in " ".join(_argv(it))]
    assert lab.status().state == "stopped"
    lab.down()
    assert lab.up(topology).state == "running"
    marks.check()


def _argv(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
