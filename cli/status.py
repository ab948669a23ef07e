"""`mlops status`: what a stack has, what runs where, and how to log in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Annotated, Any

import typer

from cli.console import Json, err, escaped, out, print_json, table
from cli.pulumi_cli import PulumiCli
from cli.target import Target, target
from engine.state import State
from lab.lab import Lab
from lab.status import READY, LabStatus

STYLES = {"running": "green", READY: "green", "degraded": "yellow", "stopped": "red"}


def status(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack: Pulumi.<stack>.yaml.")] = "dev",
    json: Json = False,
) -> None:
    """Show what the stack has, what runs where, with addresses, and how to log in."""
    chosen = target(stack)
    kinds = _kinds(chosen)
    lab = Lab(chosen.lab).status() if chosen.on_lab else None
    if json:
        clusters = [
            {
                "name": c.name,
                "role": c.role,
                "kind": c.kind,
                "region": c.region,
                "resources": dict(kinds[c.name]),
            }
            for c in chosen.settings.clusters
        ]
        print_json({"stack": stack, "clusters": clusters, "lab": dataclasses.asdict(lab) if lab else None})
        return
    shown = table(f"stack {stack}", "cluster", "role", "kind", "region", "resources")
    for cluster in chosen.settings.clusters:
        count = sum(kinds[cluster.name].values())
        shown.add_row(
            cluster.name, cluster.role, cluster.kind, cluster.region, str(count) if count else "none yet"
        )
    out.print(shown)
    if lab is not None:
        out.print()
        print_lab(lab)


def print_lab(lab: LabStatus) -> None:
    """The lab for a person: control planes, servers with their logins, workloads."""
    out.print(f"lab {_colour(lab.state)} in {lab.folder}", highlight=False, soft_wrap=True)
    if lab.state == "stopped":
        out.print("start it with `mlops lab up`", highlight=False)
        return
    clusters = table("control planes", "cluster", "server", "nodes ready", "processes")
    for cluster in lab.clusters:
        states = Counter(process.state for process in cluster.processes)
        told = cluster.problem or ", ".join(f"{count} {_colour(state)}" for state, count in states.items())
        clusters.add_row(
            cluster.name, cluster.server, f"{cluster.nodes_ready} of {cluster.nodes_total}", told
        )
    out.print(clusters)
    servers = table("servers", "name", "state", "address")
    for service in lab.services:
        servers.add_row(service.name, _colour(service.state), service.address)
    out.print(servers)
    out.print("[bold]log in[/]")
    for service in lab.services:
        out.print(f"{service.name}: {service.login}", highlight=False, soft_wrap=True)
    _print_workloads(lab)
    out.print(f"kubectl --kubeconfig {lab.kubeconfig} get pods -A", highlight=False, soft_wrap=True)
    for trouble in lab.troubles():
        err.print(f"[yellow]{escaped(trouble)}[/]", highlight=False, soft_wrap=True)


def _print_workloads(lab: LabStatus) -> None:
    pods = table("pods", "cluster", "pod", "how", "state", "address")
    for pod in lab.workloads:
        state = "[green]ready[/]" if pod.ready else escaped(pod.phase)
        pods.add_row(pod.cluster, f"{pod.namespace}/{pod.name}", pod.kind, state, pod.address or "")
    if lab.workloads:
        out.print(pods)
    services = table("services", "cluster", "service", "address")
    for endpoint in lab.endpoints:
        services.add_row(endpoint.cluster, f"{endpoint.service}:{endpoint.port}", endpoint.tls)
    if lab.endpoints:
        out.print(services)


def _colour(state: str) -> str:
    return f"[{STYLES.get(state, 'yellow')}]{state}[/]"


def _kinds(chosen: Target) -> dict[str, Counter[str]]:
    """By cluster, how many resources of each type the stack's state has; nothing is changed."""
    found: dict[str, Counter[str]] = {cluster.name: Counter() for cluster in chosen.settings.clusters}
    for cluster, kind in _recorded(chosen):
        if cluster in found and kind.startswith("kubernetes:"):
            found[cluster][kind] += 1
    return found


def _recorded(chosen: Target) -> list[tuple[str | None, str]]:
    """Cluster and type of every resource in the state of whichever engine has one."""
    if chosen.state_file.exists():
        with State(chosen.state_file, chosen.passphrase(), writable=False) as state:
            return [(row.cluster, row.type) for row in state.rows().values()]
    program = PulumiCli.on_path()
    if program is None or (chosen.on_lab and not (chosen.lab.pulumi / ".pulumi").exists()):
        return []
    resources: list[dict[str, Any]] = PulumiCli(
        program=program, root=chosen.root, stack=chosen.stack, lab=chosen.lab if chosen.on_lab else None
    ).resources()
    return [(resource["urn"].rsplit("::", 1)[1].split("-", 1)[0], resource["type"]) for resource in resources]
