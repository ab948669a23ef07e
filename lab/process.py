"""What a process of the lab is: a value that can be written to a file and run by `lab.exec`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab import exec as lab_exec
from lab.folder import LabFolder, write_private


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process.

    `env` is the whole environment (nothing is inherited; the lab's marker is added when the spec is
    written), so what a process sees does not depend on who started the lab. Secrets go into files that
    argv names; env is only for programs that offer no file (it is readable by this user alone).
    `user` names the account to drop to when the lab is run by root, None keeps the user.
    `priority` orders start (low first) and stop (high first).
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path
    log: Path
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 15
    priority: int = 500
    umask: int = 0o077
    nice: int = 0
    """Added to the scheduling priority: what nobody waits for lets the others start first."""
    dies_with_parent: bool = False
    """Kill it when its parent ends (PR_SET_PDEATHSIG); Linux only, ignored elsewhere."""
    reads: tuple[Path, ...] = ()
    """Files that it reads at its start only: a change in one of them makes `lab up` start it again."""

    def document(self, folder: LabFolder) -> dict[str, object]:
        """What `lab.exec` reads."""
        return {
            "name": self.name,
            "argv": list(self.argv),
            "env": {**self.env, **folder.marker},
            "cwd": str(self.cwd),
            "user": self.user,
            "umask": self.umask,
            "nice": self.nice,
            "dies_with_parent": self.dies_with_parent,
        }

    def digest(self, folder: LabFolder) -> str:
        """Changes with everything that a running process would have to be started again for."""
        digest = hashlib.sha256(json.dumps(self.document(folder), sort_keys=True).encode())
        for path in self.reads:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:32]

    def write(self, folder: LabFolder, path: Path | None = None) -> bool:
        """Write the spec (0600) to the lab's folder of specs or to `path`; whether it changed."""
        content = json.dumps(self.document(folder), indent=1, sort_keys=True) + "\n"
        return write_private(path or folder.spec(self.name), content)


def command(spec_file: Path) -> list[str]:
    """argv that becomes the process described in the file, keeping the pid."""
    return [sys.executable, "-I", "-S", os.path.abspath(lab_exec.__file__), str(spec_file)]


def base_environment(folder: LabFolder) -> dict[str, str]:
    """What every server gets: no HOME of the user, temporary files inside the lab."""
    return {
        "PATH": os.defpath if not os.environ.get("PATH") else os.environ["PATH"],
        "HOME": str(folder.tmp),
        "TMPDIR": str(folder.tmp),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
