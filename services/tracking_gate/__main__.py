"""`python -m tracking_gate`: the gate at HOST and PORT until SIGTERM. `tracking_gate.settings` has the rest."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from tracking_gate.app import application
from tracking_gate.settings import SettingsError, read

_KEEP_ALIVE = 75
"""Seconds; longer than a proxy in front keeps a connection, so that it is never the gate that closes first."""
_GRACE = 30


def main() -> int:
    """2, with a line for each mistake on stderr, when the configuration is refused.

    After SIGTERM the requests under way may end; the process then ends by that signal.
    """
    try:
        settings = read(os.environ)
    except SettingsError as error:
        print(f"tracking gate: the configuration is refused\n{error}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("tracking_gate").setLevel(logging.INFO)
    uvicorn.run(
        application(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
