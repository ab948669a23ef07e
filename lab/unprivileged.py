"""Running a program that refuses root when the lab itself is run by root."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from lab.errors import PrivilegeMissing
from lab.folder import LabFolder
from lab.process import ProcessSpec, command

_PREFERRED = ("nobody",)


def account() -> str | None:
    """Whom a program that refuses root is run as; None where the user is not root and nothing has to change.

    Raises PrivilegeMissing when the machine knows no user but root.
    """
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in (*_PREFERRED, *known):
        if name in known:
            return name
    raise PrivilegeMissing(
        "PostgreSQL refuses to run as root, and /etc/passwd has no other user to run it as: "
        "run the lab as an ordinary user, or add one (`useradd nobody`)"
    )


def hand_over(path: Path, user: str | None) -> None:
    """Give a tree to the account; nothing to do where the user stays."""
    if user is None:
        return
    entry = pwd.getpwnam(user)
    for top, folders, files in os.walk(path):
        for name in (top, *(os.path.join(top, item) for item in (*folders, *files))):
            if os.lstat(name).st_uid != entry.pw_uid:
                os.chown(name, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def run(spec: ProcessSpec, folder: LabFolder, seconds: float) -> None:
    """Run a process to its end, outside the supervisor. Its output goes to its log.

    Raises PrivilegeMissing when it could not reach its files, PrivilegeMissing's message naming the remedy,
    and subprocess.CalledProcessError when it ended with a failure.
    """
    spec.write(folder)
    with spec.log.open("ab") as log:
        done = subprocess.run(
            command(folder.spec(spec.name)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=folder.marker,
            timeout=seconds,
            check=False,
        )
    if done.returncode == 126:
        raise PrivilegeMissing(
            f"{spec.name}: could not be run as user {spec.user} (see {spec.log}): run the lab as an ordinary "
            "user, or allow root CAP_SETUID and CAP_DAC_OVERRIDE"
        )
    done.check_returncode()
