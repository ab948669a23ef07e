"""`make bench`: the figures that the project promises, measured on this machine and printed as a table.

Nothing here is a test: a machine under load gives worse figures, and that is for the reader to judge.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import access, gpu, mesh, policy, synthetic
from benchmarks.measure import MLOPS, PREVIEW, Run, in_turn, median, run
from lab.folder import MARKER

SIZES = (2, 10, 50)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each preview, after one warm-up")
    parser.add_argument(
        "parts", nargs="*", choices=[*PARTS, []], help="what to measure; without: all, in a lab of its own"
    )
    options = parser.parse_args()
    table = Table("what", "figure", "target", box=None, pad_edge=False)
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        try:
            for part in options.parts or EVERYTHING:
                PARTS[part](Path(scratch), options.runs, table)
        finally:  # what was measured is told, whatever ended the rest
            Console().print(table)


def previews(scratch: Path, runs: int, table: Table) -> None:
    """Preview of dev and of 2, 10 and 50 clusters against a bare program with the same resources."""
    per_resource: dict[int, float] = {}
    for size in SIZES:
        folder = synthetic.checkout(scratch / f"stack-{size}", size)
        listed = subprocess.run(PREVIEW, cwd=folder, capture_output=True, check=True)
        resources = json.loads(listed.stdout)
        floor = synthetic.bare(scratch / f"bare-{size}", resources)
        alone = [sys.executable, "-m", "benchmarks.engine_preview", str(folder)]
        ours, bare, whole = in_turn(
            runs,
            partial(run, alone, cwd=synthetic.ROOT),
            partial(run, [sys.executable, "runner.py"], cwd=floor),
            partial(run, PREVIEW, cwd=folder),
        )
        per_resource[size] = ours.wall / len(resources)
        name = f"preview, {size} clusters, {len(resources)} resources"
        table.add_row(name, f"{ours.wall:.2f} s, {ours.peak_mib:.0f} MiB", "")
        table.add_row("  a bare program", f"{bare.wall:.2f} s, {bare.peak_mib:.0f} MiB", "")
        table.add_row("  ratio", f"{ours.wall / bare.wall:.2f}", "at most 1.25")
        table.add_row("  mlops preview, packs on", f"{whole.wall:.2f} s, {whole.peak_mib:.0f} MiB", "")
        table.add_row("  ratio", f"{whole.wall / bare.wall:.2f}", "at most 1.25")
    growth = per_resource[SIZES[-1]] / per_resource[SIZES[0]]
    table.add_row(
        f"time per resource, {SIZES[-1]} against {SIZES[0]} clusters", f"{growth:.2f}", "at most 1.10"
    )


def lab_start(scratch: Path, runs: int, table: Table) -> None:
    """Start of a lab of its own: first, then warm; its memory; then `up`, the proof of access and an idle `up`."""
    environment = {"MLOPS_LAB_DIR": str(scratch / "lab")}

    def mlops(*words: str) -> Run:
        return run([MLOPS, *words], cwd=synthetic.ROOT, environment=environment)

    try:
        table.add_row("lab start, new data", f"{mlops('lab', 'up').wall:.1f} s", "")
        mlops("lab", "down")
        table.add_row("lab start, warm", f"{mlops('lab', 'up').wall:.1f} s", "under 60 s")
        for name, mib in sorted(_memory(environment["MLOPS_LAB_DIR"]).items()):
            table.add_row(
                f"  memory of {name}", f"{mib:.0f} MiB", "under 450 MB" if "control plane" in name else ""
            )
        embedded = ("up", "--engine", "embedded")
        table.add_row("up of dev, first", f"{mlops(*embedded).wall:.1f} s", "")
        access.proof(environment, table)
        idle = median([mlops(*embedded) for _ in range(runs)])
        table.add_row("up of dev, nothing to change", f"{idle.wall:.2f} s, {idle.peak_mib:.0f} MiB", "")
        both = mlops("lab", "up").wall + mlops(*embedded).wall
        table.add_row("make up, warm (lab up + up)", f"{both:.1f} s", "")
    finally:
        mlops("lab", "down", "--purge")


def _memory(lab: str) -> dict[str, float]:
    """MiB by part: each cluster's control plane as one, every other program by its name.

    Proportional set size: a page of program text that both control planes map counts half for each.
    """
    found: dict[str, float] = {}
    for process in psutil.process_iter(["name", "cmdline"]):
        try:
            if process.environ().get(MARKER) != lab:
                continue
            words = " ".join(process.info["cmdline"])
            name, mib = process.info["name"], process.memory_full_info().pss / 2**20
        except psutil.Error:
            continue
        marker = f"{lab}/clusters/"
        if marker in words:
            name = f"control plane {words.split(marker, 1)[1].split('/', 1)[0]}"
        found[name] = found.get(name, 0.0) + mib
    return found


def access_proof(_scratch: Path, _runs: int, table: Table) -> None:
    """The proof of every cell in the lab that runs already: MLOPS_LAB_DIR's, else this checkout's."""
    access.proof({}, table)


PARTS: dict[str, Callable[[Path, int, Table], None]] = {
    "previews": previews,
    "access": access.plan,
    "mesh": mesh.count,
    "gpu": gpu.fit,
    "policy": policy.cost,
    "lab": lab_start,
    "proof": access_proof,
}
EVERYTHING = ("previews", "access", "mesh", "gpu", "policy", "lab")
"""The proof is a part of `lab`, in a lab of its own."""

if __name__ == "__main__":
    main()
