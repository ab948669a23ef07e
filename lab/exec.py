"""Become the process that a spec file describes: `python -m lab.exec SPEC`, or this file run directly.

Standard library only and no import of ours: every server of the lab starts through it, so it must be quick.
The spec is JSON (see `lab.process.ProcessSpec.document`) of mode 0600: environment values never pass
through an argv.

PostgreSQL refuses to run as root, yet a lab started by root may lie below folders that only root can enter.
For a spec with `user`, root becomes that user and keeps one capability, CAP_DAC_OVERRIDE (reach files
whatever their mode), as an ambient one, so that the program and its children have it. Nothing else is kept.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_CANNOT_START = 126


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _check(what: str, result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def drop_root(user: str) -> None:
    """From root to `user`, keeping CAP_DAC_OVERRIDE for the program to come.

    Without that capability in the bounding set (a container that dropped it) only the user changes: it
    works where the folders can be entered by everybody. Raises OSError or KeyError.
    """
    account = pwd.getpwnam(user)
    if account.pw_uid == 0:
        raise OSError(f"user {user} is root under another name")
    if not sys.platform.startswith("linux"):
        os.setgroups([account.pw_gid])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _check("prctl(PR_SET_KEEPCAPS)", libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([account.pw_gid])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    header = _Header(_CAPABILITY_VERSION_3, 0)
    mask = 1 << _CAP_DAC_OVERRIDE
    wanted = (_Set * 2)(_Set(mask, mask, mask), _Set(0, 0, 0))
    nothing = (_Set * 2)(_Set(0, 0, 0), _Set(0, 0, 0))
    if libc.capset(ctypes.byref(header), ctypes.byref(wanted)) != 0:
        _check("capset", libc.capset(ctypes.byref(header), ctypes.byref(nothing)))
        return
    raised = libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)
    _check("prctl(PR_CAP_AMBIENT_RAISE)", raised)


def die_with_parent() -> None:
    """Be killed when the parent ends. Where the parent is gone already, end now. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _check("prctl(PR_SET_PDEATHSIG)", libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0))
    if os.getppid() == 1:
        raise OSError("the parent ended before the start")


def become(spec_file: str) -> None:
    """Replace this process. Returns never; raises OSError, KeyError or ValueError."""
    with open(spec_file, encoding="utf-8") as stream:
        spec = json.load(stream)
    os.umask(spec["umask"])
    os.nice(spec.get("nice", 0))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    if spec["user"] is not None and os.getuid() == 0:
        drop_root(spec["user"])
    os.chdir(spec["cwd"])
    if spec["dies_with_parent"]:
        die_with_parent()
    os.execvpe(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606


def main() -> int:
    """Exit code 126 with one line on stderr when the process cannot be started."""
    try:
        become(sys.argv[1])
    except (OSError, KeyError, ValueError) as error:
        with contextlib.suppress(OSError):
            print(f"lab.exec: {sys.argv[1]}: cannot start: {error}", file=sys.stderr, flush=True)
    return _CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
