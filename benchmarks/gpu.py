"""How long it takes to say where a pod would land on a large estate."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import yaml
from rich.table import Table

from benchmarks.measure import MLOPS, in_turn, run
from benchmarks.synthetic import KEY, checkout

CLUSTERS = 2
NODES = 1000
"""Of the pool that is asked for, in all clusters together."""


def estate(folder: Path) -> Path:
    """A checkout with two clusters, half of the nodes in the pool for development of each."""
    file = checkout(folder, CLUSTERS) / "Pulumi.bench.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    for cluster in document["config"][KEY]["clusters"]:
        cluster["gpuPools"][0]["nodes"] = NODES // CLUSTERS
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


def fit(scratch: Path, runs: int, table: Table) -> None:
    """`mlops gpu fit` as a user runs it, once with an answer and once with a reason why there is none."""
    folder = estate(scratch / "gpu")
    command = [MLOPS, "gpu", "fit", "--stack", "bench", "--json"]
    placed, refused = in_turn(
        runs,
        partial(run, [*command, "--profile", "1g.10gb", "--count", "3"], cwd=folder),
        partial(run, [*command, "--profile", "1g.10gb", "--count", "99"], cwd=folder, expect=1),
    )
    table.add_row(f"gpu fit, {NODES} nodes", f"{placed.wall:.2f} s, {placed.peak_mib:.0f} MiB", "under 1 s")
    table.add_row("  with no place to be found", f"{refused.wall:.2f} s", "under 1 s")
