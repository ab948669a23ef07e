"""Labs that need no running servers, and small ones of two etcds side by side."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from lab import etcd, leftovers
from lab.binaries import binaries
from lab.cache import Cache
from lab.certs import authority
from lab.errors import Refusal
from lab.etcd import etcd_trust
from lab.lab import Lab
from lab.memory import Memory, remember
from lab.ports import allot
from lab.progress import SilentProgress
from lab.runner import Runner
from lab.site import Site, trust
from lab.supervisor import Supervisor


def start(folder: Path) -> Site:
    """A lab with nothing but one etcd."""
    lab = Lab(folder)
    lab.folder.create()
    Supervisor(lab.folder).start()
    given = allot(["east-etcd", "east-etcd-peer"], {}, running=())
    remember(lab.folder, Memory(ports=given.ports, block=11, clusters=()))
    site = Site(
        folder=lab.folder,
        ports=given.ports,
        block=11,
        authority=authority(lab.folder.pki, "ca", "lab"),
        tools=binaries(["etcd"], Cache(), SilentProgress()),
    )
    runner = Runner(folder=lab.folder, supervisor=Supervisor(lab.folder), progress=SilentProgress())
    runner.bring_up([etcd.server(site, "east")])
    return site


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    both = (tmp_path / "one", tmp_path / "two")
    yield both
    for folder in both:
        Lab(folder).down(purge=True)


def answers(site: Site) -> bool:
    store = etcd_trust(site.folder.cluster("east"), "east")
    with httpx.Client(verify=trust(store.authority.path, store.client), trust_env=False) as session:
        return session.get(f"{site.url('east-etcd')}/version").is_success


@pytest.mark.lab
def test_labs_run_side_by_side_and_one_that_goes_takes_nothing_of_the_other(
    folders: tuple[Path, Path],
) -> None:
    one, two = (start(folder) for folder in folders)
    assert set(one.ports.values()).isdisjoint(two.ports.values())
    first = {process.pid for process in leftovers.processes(one.folder)}
    assert first.isdisjoint(process.pid for process in leftovers.processes(two.folder))
    os.kill(Supervisor(one.folder).pid() or 0, signal.SIGKILL)
    Lab(folders[0]).down(purge=True)
    assert not folders[0].exists()
    assert answers(two)
    Lab(folders[1]).down()
    assert folders[1].exists(), "without purge every file stays"
    assert leftovers.processes(two.folder) == []


def test_down_of_a_lab_that_is_not_there_is_as_good(tmp_path: Path) -> None:
    Lab(tmp_path / "none").down(purge=True)
    assert not (tmp_path / "none").exists()


def test_purge_refuses_a_folder_that_is_no_lab(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(Refusal, match="not a lab's folder"):
        Lab(tmp_path).down(purge=True)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_kubeconfig_of_a_cluster_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.folder.create()
    remember(lab.folder, Memory(clusters=("east", "west")))
    with pytest.raises(Refusal, match="east, west"):
        lab.kubeconfig("north")


def test_a_log_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.folder.create()
    lab.folder.log("east-etcd").write_text("one\ntwo\nthree\n")
    assert list(lab.logs("east-etcd", lines=2)) == ["two", "three"]
    with pytest.raises(Refusal, match="choose one of east-etcd"):
        lab.logs("west-etcd")


def test_a_foreign_process_is_never_taken_for_one_of_the_lab(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert psutil.Process().pid not in {process.pid for process in leftovers.processes(lab.folder)}
    assert leftovers.processes(lab.folder) == []
