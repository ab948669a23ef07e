"""`python -m gpu_guard`: the guard until SIGTERM, with its health at HOST and PORT."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from gpu_guard.app import application

_NEEDED = ("HOST", "PORT", "TAINT", "ACCOUNT", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")


def main() -> int:
    """2, naming every setting that is missing, when it cannot start."""
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        print(f"GPU guard: set {', '.join(missing)}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("gpu_guard").setLevel(logging.INFO)
    uvicorn.run(
        application(os.environ),
        host=os.environ["HOST"],
        port=int(os.environ["PORT"]),
        log_config=None,
        access_log=False,
        server_header=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
