"""`python -m lab.agent FOLDER`: the node agent of all clusters of the lab in FOLDER. Ends on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import ssl
import sys
from pathlib import Path

from lab.agent.agent import Agent
from lab.cache import Cache
from lab.errors import LabError
from lab.folder import LabFolder
from lab.images import Programs, environment, runnable
from lab.progress import LineProgress


def _environment(image: str) -> Programs | None:
    return environment(image, Cache(), LineProgress())


async def _run(folder: LabFolder) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: task.cancel() if task else None)
    with contextlib.suppress(asyncio.CancelledError):
        await Agent(folder, runnable, _environment).run()


def main() -> int:
    """0 after SIGTERM; 1 with one line on stderr when the lab's folder cannot be used."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(_run(LabFolder(Path(sys.argv[1]))))
    except (LabError, OSError, ssl.SSLError) as error:
        print(f"lab.agent: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
