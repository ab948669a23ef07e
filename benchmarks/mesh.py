"""What clusters' knowledge of each other costs: remote secrets, tokens and watches, by topology."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from components.mesh.remote_client import TOKEN_SECONDS
from components.mesh.remote_secrets import REFRESH
from config.mesh import LARGEST_FULL, MeshSettings, Topology, peers
from lab.agent.secret_sync import seconds

SIZES = (2, 10, 50)
HUBS = 2


def secrets(topology: Topology, clusters: int, hubs: int = HUBS) -> int:
    """Remote secrets in the whole estate; each is also one set of watches at the other cluster's API server."""
    mesh = MeshSettings.model_validate({"multiPrimary": True, "topology": topology})
    roles = {f"c{i:02d}": "primary" if i < hubs else "workload" for i in range(clusters)}
    return sum(len(watched) for watched in peers(mesh, roles).values())


def count(_scratch: Path, _runs: int, table: Table) -> None:
    """Remote secrets, and how often the realm is asked for a token in an hour."""
    per_hour = 3600 / seconds(REFRESH)
    for size in SIZES:
        for topology in ("full", "hub-and-spoke"):
            found = secrets(topology, size)
            chosen = (topology == "full") == (size <= LARGEST_FULL)
            table.add_row(
                f"remote secrets, {size} clusters, {topology}",
                f"{found}, {found * per_hour:.0f} tokens an hour",
                "the default" if chosen else "",
            )
    table.add_row("  life of a token", f"{TOKEN_SECONDS / 3600:.0f} h", "")
