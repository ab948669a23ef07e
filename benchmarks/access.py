"""What access costs: planning the realm and the secret store's content, and proving every cell in a lab."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks import synthetic
from benchmarks.measure import MLOPS, PREVIEW, in_turn, run

CLUSTERS, TEAMS = 2, 50
ESTATE = '''\
"""The clusters of a stack and nothing in them."""

from config.load import load
from stacks.clusters import clusters

settings = load()
estate = clusters(settings)
'''
ACCESS = f"""\
{ESTATE}
from stacks.identity import identity
from stacks.secrets import secrets

secrets(settings, estate, identity(settings), None)
"""

Row = tuple[str, str, str]
"""What was measured, the figure, the target."""


def plan(scratch: Path, runs: int, table: Table) -> None:
    """Preview of the realm and the secret store's content, packs on, against the same stack without them."""
    programs = {"without": ESTATE, "with": ACCESS}
    folders = {
        name: synthetic.checkout(scratch / f"access-{name}", CLUSTERS, teams=TEAMS, program=text)
        for name, text in programs.items()
    }
    listed = subprocess.run(PREVIEW, cwd=folders["with"], capture_output=True, check=True)
    without, together = in_turn(runs, *(partial(run, PREVIEW, cwd=folder) for folder in folders.values()))
    name = f"preview of realm and secret store, {TEAMS} teams, {len(json.loads(listed.stdout))} resources"
    table.add_row(name, f"{together.wall:.2f} s, {together.peak_mib:.0f} MiB", "")
    table.add_row("  more than without", f"{together.wall - without.wall:.2f} s", "under 10 s")


def proof(environment: Mapping[str, str], table: Table) -> None:
    """Prove every cell in a running lab that has the dev stack. Raises RuntimeError if nothing was asked."""
    started = time.perf_counter()
    done = subprocess.run(
        [MLOPS, "access", "prove", "--json"],
        cwd=synthetic.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - started
    if not done.stdout:
        raise RuntimeError(f"mlops access prove: ended with {done.returncode}:\n{done.stderr[-2000:]}")
    for row in proof_rows(json.loads(done.stdout), wall):
        table.add_row(*row)


def proof_rows(report: Mapping[str, Any], wall: float) -> Iterator[Row]:
    """The rows of one proof: its report as `mlops access prove --json` prints it, and its seconds in all."""
    cells = report["cells"]
    yield f"access prove, {len(cells)} cells", f"{wall:.1f} s", "under 60 s"
    yield "  uncovered", str(len(report["uncovered"])), ""
    yield "  answered otherwise than the matrix says", str(len(report["failed"])), "0"
    slowest = max(cells, key=lambda cell: float(cell["seconds"]))
    name = f"{slowest['resource']} ({slowest['action']}) as {slowest['role']}"
    yield f"  slowest cell: {name}", f"{slowest['seconds']:.1f} s", ""
