from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lab.folder import LabFolder
from lab.process import ProcessSpec, command
from lab.unprivileged import account, hand_over

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root has to become somebody else")


def run(spec: ProcessSpec, folder: LabFolder) -> subprocess.CompletedProcess[str]:
    folder.create()
    spec.write(folder)
    return subprocess.run(
        command(folder.spec(spec.name)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"LEAK": "1"},
    )


def python(tmp_path: Path, code: str, **more: object) -> ProcessSpec:
    return ProcessSpec(
        name="it",
        argv=(sys.executable, "-S", "-c", code),
        cwd=tmp_path,
        log=tmp_path / "log",
        **more,  # type: ignore[arg-type]
    )


def test_a_process_sees_its_spec_and_the_marker_and_nothing_else(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / "lab")
    code = "import os; print(sorted(os.environ.items()), os.getcwd(), oct(os.umask(0)))"
    done = run(python(tmp_path, code, env={"A": "b c"}), folder)
    environment = {"A": "b c", "MLOPS_LAB": str(folder.root)}
    shown = {**environment, "LC_CTYPE": "C.UTF-8"}
    assert done.stdout.strip() in (f"{sorted(seen.items())} {tmp_path} 0o77" for seen in (environment, shown))


def test_the_spec_of_a_process_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / "lab")
    python(tmp_path, "", env={"PASSWORD": "x"}).write(folder)
    assert folder.spec("it").stat().st_mode & 0o777 == 0o600


def test_a_program_that_is_not_there_is_named_on_one_line(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / "lab")
    done = run(ProcessSpec(name="it", argv=("/no/such",), cwd=tmp_path, log=tmp_path / "log"), folder)
    assert done.returncode == 126
    assert done.stderr.count("\n") == 1
    assert "/no/such" in done.stderr


@needs_root
def test_root_becomes_another_user_that_reaches_a_folder_only_root_can_enter(tmp_path: Path) -> None:
    user = account()
    deep = tmp_path / "deep"
    deep.mkdir(mode=0o700)
    (deep / "file").write_text("content")
    (deep / "file").chmod(0o600)
    code = (
        "import os; print(os.getuid() == 0, open('file').read());"
        "print([l.split()[1] for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapAmb'))]);"
        "os.execl('/bin/cat', 'cat', 'file')"
    )
    done = run(ProcessSpec(
        name="it", argv=(sys.executable, "-S", "-c", code), cwd=deep, log=tmp_path / "log", user=user,
        env={"PYTHONUNBUFFERED": "1"},
    ), LabFolder(tmp_path / "lab"))  # fmt: skip
    only_dac_override = f"{1 << 1:016x}"
    assert done.stdout == f"False content\n['{only_dac_override}', '{only_dac_override}']\ncontent", (
        done.stderr
    )


@needs_root
def test_a_tree_is_handed_over_whole(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("")
    hand_over(tmp_path / "a", account())
    owners = {
        path.stat().st_uid for path in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c")
    }
    assert owners != {0}
    assert len(owners) == 1


def test_a_process_that_dies_with_its_parent_does(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / "lab")
    folder.create()
    python(tmp_path, "import time; time.sleep(600)", dies_with_parent=True).write(folder)
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import subprocess, time; p = subprocess.Popen({command(folder.spec('it'))!r});"
            "print(p.pid, flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
        while "time.sleep" not in " ".join(child.cmdline()):
            assert child.is_running()
        parent.kill()
        psutil.wait_procs([child], timeout=60)
        assert not child.is_running()
