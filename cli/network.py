"""`mlops network`: who can reach whom, computed from the policies that the program declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli.console import Json, err, out, print_json, table
from cli.errors import FAILED
from cli.preview import planned
from cli.target import Stack, target
from components.mesh.reachability import Reach, Way
from stacks.reach import Comparison, compared

app = typer.Typer(name="network", help="Who can reach whom.", no_args_is_help=True, add_completion=False)


@app.callback()
def common() -> None:
    """Commands stand below it, also where there is one alone."""


@app.command()
def matrix(
    stack: Stack = "dev",
    cluster: Annotated[str | None, typer.Option("--cluster", "-c", help="One cluster alone.")] = None,
    json: Json = False,
) -> None:
    """Show every connection that the policies let through, and whether it is one that somebody declared."""
    chosen = target(stack)
    wanted = {one.name for one in chosen.clusters(cluster)}
    objects = [
        (one.cluster, one.inputs)
        for one in planned(chosen, None, against_state=False).resources
        if one.cluster
    ]
    found = [one for one in compared(chosen.settings, objects) if one.cluster in wanted]
    if json:
        print_json([_as_json(one) for one in found])
    else:
        for one in found:
            _show(one)
    if any(one.extra or one.missing or one.open_namespaces for one in found):
        raise typer.Exit(FAILED)


def _show(one: Comparison) -> None:
    shown = table(one.cluster, "client", "server", "port", "mesh")
    for way in sorted(one.reach.inside):
        shown.add_row(way.client, way.server, way.port, way.mesh)
    for way in sorted(one.reach.outside):
        shown.add_row(way.client, way.server, way.port, "")
    out.print(shown)
    for word, edges in (("extra", one.extra), ("missing", one.missing)):
        for edge in sorted(edges):
            err.print(f"{word}: {edge.client} -> {edge.server}/{edge.app}:{edge.port}", highlight=False)
    for name in sorted(one.open_namespaces):
        err.print(f"open: namespace {name} denies nothing by default", highlight=False)
    count = len(one.reach.inside)
    out.print(f"{one.cluster}: {count} connections, {len(one.extra)} extra, {len(one.missing)} missing")


def _as_json(one: Comparison) -> dict[str, Any]:
    return {
        "cluster": one.cluster,
        **_ways(one.reach),
        "extra": [vars(edge) for edge in sorted(one.extra)],
        "missing": [vars(edge) for edge in sorted(one.missing)],
        "open": sorted(one.open_namespaces),
    }


def _ways(reach: Reach) -> dict[str, Sequence[dict[str, str]]]:
    def listed(ways: frozenset[Way]) -> list[dict[str, str]]:
        return [vars(way) for way in sorted(ways)]

    return {"inside": listed(reach.inside), "outside": listed(reach.outside), "halves": listed(reach.halves)}
