"""Time whole processes and their memory, as the operating system accounts for them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MLOPS = str(Path(sys.executable).with_name("mlops"))
PREVIEW = (MLOPS, "preview", "--stack", "bench", "--engine", "embedded", "--json")
"""What a user runs in a checkout of `benchmarks.synthetic`, policy packs on."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One finished process: wall-clock and CPU seconds, peak resident memory in MiB."""

    wall: float
    cpu: float
    peak_mib: float


def run(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None, expect: int = 0
) -> Run:
    """Run a command to its end, its output thrown away. Raises RuntimeError when it ends otherwise than expected.

    Python may keep its bytecode, whatever the shell says: to compile the same modules in every run is nobody's cost.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**inherited, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    with process.stderr as errors:
        words = errors.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expect:
        raise RuntimeError(f"{' '.join(command)}: ended with {process.returncode}:\n{words.decode()[-2000:]}")
    return Run(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak_mib=usage.ru_maxrss / 1024)


def median(runs: Sequence[Run]) -> Run:
    """The median of each figure by itself."""
    return Run(
        wall=statistics.median(r.wall for r in runs),
        cpu=statistics.median(r.cpu for r in runs),
        peak_mib=statistics.median(r.peak_mib for r in runs),
    )


def in_turn(runs: int, *measured: Callable[[], Run]) -> tuple[Run, ...]:
    """Medians of each, run in turn after one warm-up, so that a slow spell hits all of them."""
    for one in measured:
        one()
    rounds = [[one() for one in measured] for _ in range(runs)]
    return tuple(median(column) for column in zip(*rounds, strict=True))
