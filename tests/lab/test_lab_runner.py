from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import leftovers
from lab.errors import BootstrapFailed, Failure
from lab.folder import LabFolder
from lab.process import ProcessSpec
from lab.progress import SilentProgress
from lab.runner import Runner
from lab.site import Server
from lab.supervisor import Supervisor


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    folder = LabFolder(tmp_path / "lab")
    supervisor = Supervisor(folder)
    supervisor.start()
    yield Runner(folder=folder, supervisor=supervisor, progress=SilentProgress())
    leftovers.end(leftovers.processes(folder))


def server(runner: Runner, name: str, settle: Callable[[], None], *after: str) -> Server:
    spec = ProcessSpec(
        name=name,
        argv=(sys.executable, "-S", "-c", "import time; time.sleep(600)"),
        cwd=runner.folder.root,
        log=runner.folder.log(name),
    )
    return Server(name=name, ports=(), configure=lambda: spec, probe=lambda: None, settle=settle, after=after)


def test_a_server_is_started_only_after_what_it_needs_is_settled(runner: Runner) -> None:
    order: list[str] = []
    servers = [
        server(runner, "api", lambda: order.append("api"), "etcd"),
        server(runner, "etcd", lambda: order.append("etcd")),
        server(runner, "kwok", lambda: order.append("kwok"), "api"),
    ]
    assert set(runner.bring_up(servers)) == {"etcd", "api", "kwok"}
    assert order == ["etcd", "api", "kwok"]
    assert runner.bring_up(servers) == (), "the second time nothing has to be started"


def test_a_failure_stops_what_needs_it_and_nothing_else_and_all_are_told(runner: Runner) -> None:
    done: list[str] = []

    def fails(name: str) -> Callable[[], None]:
        def settle() -> None:
            raise BootstrapFailed(f"{name}: no")

        return settle

    with pytest.raises(Failure) as failed:
        runner.bring_up(
            [
                server(runner, "one", fails("one")),
                server(runner, "two", fails("two")),
                server(runner, "child", lambda: done.append("child"), "one"),
                server(runner, "apart", lambda: done.append("apart")),
            ]
        )
    assert str(failed.value) == "one: no\ntwo: no"
    assert done == ["apart"]
    assert "child" not in runner.supervisor.states()
