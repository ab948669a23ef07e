from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.conftest import modules

PACKAGES = ("config", "components", "stacks", "engine", "lab", "proof", "cli")

IN_A_BARE_PROCESS = """
import importlib, os, sys

REFUSED = (
    "socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.remove", "os.mkdir",
    "os.rename", "os.rmdir", "shutil.",
)

def audit(event, arguments):
    if event.startswith(REFUSED):
        raise PermissionError(f"{event} {arguments} at import")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        raise PermissionError(f"writes {arguments[0]} at import")

class Untouchable:
    def __init__(self, *arguments):
        raise PermissionError("pulumi.Config is read at import")

import pulumi, pulumi_kubernetes  # what the SDK itself does at import is not ours to judge
pulumi.Config = Untouchable
sys.addaudithook(audit)
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def import_all(folder: Path, names: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "", "HOME": str(folder)}
    command = [sys.executable, "-B", "-c", IN_A_BARE_PROCESS, *names]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def names_of(package: str) -> list[str]:
    paths = [module.path.removesuffix(".py").removesuffix("/__init__") for module in modules(package)]
    return [path.replace("/", ".") for path in paths if not path.endswith("__main__")]


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_module_does_no_work(root: Path, package: str) -> None:
    done = import_all(root, names_of(package))
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "work",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "open('trace', 'w')",
        "import pulumi; pulumi.Config('x')",
    ],
)
def test_work_at_import_is_seen(tmp_path: Path, work: str) -> None:
    (tmp_path / "busy.py").write_text(work, encoding="utf-8")
    done = import_all(tmp_path, ["busy"])
    assert done.returncode != 0
    assert "PermissionError" in done.stderr
