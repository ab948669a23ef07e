"""`mlops gpu plan | fit`: what GPU pools hand out and to whom, and where a pod would land."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from cli.console import Json, err, escaped, out, print_json, table
from cli.errors import FAILED
from cli.target import Stack, Target, target
from config.clusters import ClusterSettings, most_nodes
from config.gpu import capacity
from config.gpu_fit import Answer, GpuNode, Wanted, fit, nodes_of
from config.gpu_pool import GpuPool
from config.gpu_slices import price_per_hour, slices

app = typer.Typer(
    name="gpu", help="GPU pools, slices and queues.", no_args_is_help=True, add_completion=False
)


@app.command()
def plan(stack: Stack = "dev", json: Json = False) -> None:
    """Show pools, slices, flavors and queues, and how many pods with one slice each fit."""
    chosen = target(stack)
    offered = [row for cluster in chosen.settings.clusters for row in _offered(cluster)]
    queues = [row for cluster in chosen.settings.clusters for row in _queues(cluster)]
    if json:
        print_json({"slices": offered, "queues": queues})
        return
    _show("Slices", offered)
    if queues:
        _show("Queues", queues)
    else:
        out.print("no queues: tenants' quotas are the only bound")


@app.command(name="fit")
def fit_command(
    profile: Annotated[
        str, typer.Option("--profile", help="A MIG profile such as 1g.10gb, or whole, or shared.")
    ],
    count: Annotated[int, typer.Option("--count", min=1, help="Slices that one pod asks for.")] = 1,
    purpose: Annotated[str | None, typer.Option("--purpose", help="dev or training.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="GPU model, such as H100-80GB.")] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", "-c", help="One cluster alone.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the clusters what is free, instead of assuming empty nodes.")
    ] = False,
    stack: Stack = "dev",
    json: Json = False,
) -> None:
    """Say which node a pod would land on, or why none could take it."""
    chosen = target(stack)
    clusters = chosen.clusters(cluster)
    nodes = _live(chosen, clusters) if live else list(nodes_of(clusters))
    answer = fit(clusters, nodes, Wanted(kind=profile, count=count, purpose=purpose, model=model))
    if json:
        print_json(_as_json(answer))
    elif answer.node:
        node = answer.node
        out.print(
            f"{node.name} of cluster {node.cluster} ({node.pool.name}); {answer.able} nodes could take it"
        )
    else:
        err.print(f"nowhere: {escaped(answer.reason)}", highlight=False, soft_wrap=True)
    if answer.node is None:
        raise typer.Exit(FAILED)


def _live(chosen: Target, clusters: Sequence[ClusterSettings]) -> list[GpuNode]:
    from cli.gpu_live import live_nodes  # noqa: PLC0415 - the Kubernetes client takes a second to load

    return [node for one in clusters for node in live_nodes(one, chosen.root)]


def _offered(cluster: ClusterSettings) -> Iterator[dict[str, Any]]:
    for pool in cluster.gpu_pools:
        most = most_nodes(cluster, pool)
        for one in slices(pool):
            price = price_per_hour(pool, one)
            yield {
                "cluster": cluster.name,
                "pool": pool.name,
                "model": pool.model,
                "purpose": pool.purpose,
                "sharing": pool.sharing.strategy,
                "slice": one.kind,
                "resource": one.resource,
                "perNode": one.per_node,
                "nodes": pool.nodes,
                "mostNodes": most,
                "pods": pool.nodes * _pods(pool, one.per_node),
                "mostPods": most * _pods(pool, one.per_node),
                "pricePerHour": None if price is None else f"{price:.4f}",
            }


def _pods(pool: GpuPool, per_node: int) -> int:
    """Pods with one slice each on a node: no more than a kubelet takes."""
    return min(per_node, int(capacity(pool)["pods"]))


def _queues(cluster: ClusterSettings) -> Iterator[dict[str, Any]]:
    for queue in cluster.gpu_queues:
        for flavor, quotas in queue.quotas.items():
            for resource, quota in quotas.items():
                yield {
                    "cluster": cluster.name,
                    "team": queue.team,
                    "weight": queue.weight,
                    "flavor": flavor,
                    "resource": resource,
                    "nominal": quota.nominal,
                    "borrowing": quota.borrowing,
                    "lending": quota.lending,
                }


def _show(title: str, rows: Sequence[dict[str, Any]]) -> None:
    columns = [key for key in rows[0] if any(row[key] is not None for row in rows)] if rows else []
    shown = table(title, *columns)
    for row in rows:
        shown.add_row(*("" if row[key] is None else str(row[key]) for key in columns))
    out.print(shown)


def _as_json(answer: Answer) -> dict[str, Any]:
    node = answer.node
    found = {"node": node.name, "cluster": node.cluster, "pool": node.pool.name} if node else {"node": None}
    return {**found, "able": answer.able, "reason": answer.reason or None}
