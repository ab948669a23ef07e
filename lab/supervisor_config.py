"""supervisord's configuration files: its own, and one per process."""

from __future__ import annotations

import os
import pwd
import shlex
from pathlib import Path

from lab.folder import LabFolder
from lab.process import ProcessSpec, command

NAME = "supervisord"
_LOG_BYTES = 10 * 1024 * 1024


def supervisor_config(folder: LabFolder) -> str:
    """supervisord's own configuration."""
    user = f"user = {pwd.getpwuid(os.getuid()).pw_name}\n" if os.getuid() == 0 else ""
    return (
        f"[unix_http_server]\nfile = {_escape(folder.supervisor_socket)}\nchmod = 0600\n\n"
        f"[supervisord]\nlogfile = {_escape(folder.log(NAME))}\n"
        f"pidfile = {_escape(folder.run / 'supervisord.pid')}\nchildlogdir = {_escape(folder.logs)}\n"
        f"directory = {_escape(folder.root)}\numask = 077\nnocleanup = true\n{user}\n"
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\n"
        # Relative to this file: a list of patterns is divided at spaces, which a path may have.
        f"[include]\nfiles = {folder.programs.name}/*.conf\n"
    )


def program_config(spec: ProcessSpec, folder: LabFolder) -> str:
    """The configuration of one process. supervisord expands the name of a log twice."""
    argv = shlex.join(command(folder.spec(spec.name)))
    return (
        f"[program:{spec.name}]\ncommand = {_escape(argv)}\n"
        f'environment = MLOPS_LAB_SPEC="{spec.digest(folder)}"\n'
        f"priority = {spec.priority}\nautostart = false\nautorestart = true\n"
        "startsecs = 1\nstartretries = 1000000\n"
        f"stopsignal = {spec.stop_signal.name.removeprefix('SIG')}\nstopwaitsecs = {spec.stop_seconds}\n"
        f"killasgroup = true\nredirect_stderr = true\nstdout_logfile = {_escape(_escape(spec.log))}\n"
        f"stdout_logfile_maxbytes = {_LOG_BYTES}\nstdout_logfile_backups = 2\n"
    )


def _escape(text: str | Path) -> str:
    """supervisord's configuration expands %(...)s."""
    return str(text).replace("%", "%%")
