"""`python -m gpu_guard`: the guard until SIGTERM, with its health at HOST and PORT."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial

from in_cluster.app import Work, serve
from starlette.routing import Route

from gpu_guard.guard import run


def _work() -> tuple[Work, Sequence[Route]]:
    return partial(run, os.environ["TAINT"]), ()


if __name__ == "__main__":
    sys.exit(serve("gpu_guard", os.environ, ["TAINT"], _work))
