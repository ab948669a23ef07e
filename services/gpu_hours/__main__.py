"""`python -m gpu_hours`: the account until SIGTERM, with its health and its metrics at HOST and PORT."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from in_cluster.app import Work, serve
from starlette.routing import Route

from gpu_hours.settings import read
from gpu_hours.work import GpuHours


def _work() -> tuple[Work, Sequence[Route]]:
    service = GpuHours(read(Path(os.environ["SETTINGS"])), os.environ["NAMESPACE"])
    return service.work, [Route("/metrics", service.metrics)]


if __name__ == "__main__":
    sys.exit(serve("gpu_hours", os.environ, ["SETTINGS", "NAMESPACE"], _work))
