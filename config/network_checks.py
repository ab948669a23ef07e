"""What the network's settings must be to the clusters. Pure: parts in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.checks import Finding, Path, as_key
from config.closest import or_list
from config.clusters import ClusterSettings
from config.network_settings import LARGEST_ID, PlatformNetwork, cluster_ids


def network_findings(
    clusters: Mapping[int, ClusterSettings], network: PlatformNetwork | None, *, all_clusters: bool = True
) -> tuple[Finding, ...]:
    """Everything that does not fit. `clusters` go from the index in the settings to the part; `all_clusters` says
    that none was left out as invalid: only then can one be missing."""
    if network is None:
        return ()
    return (
        *(_known_clusters(clusters, network) if all_clusters else ()),
        *_ids(clusters, network),
        *_one_kind_of_addresses(clusters, network),
        *_nodes_sources(clusters, network),
    )


def _known_clusters(clusters: Mapping[int, ClusterSettings], network: PlatformNetwork) -> Iterator[Finding]:
    names = [cluster.name for cluster in clusters.values()]
    named: list[tuple[Path, str]] = [(("network", "tokenAudiences"), one) for one in network.token_audiences]
    if network.cluster_mesh:
        named += [(("network", "clusterMesh", "ids"), one) for one in network.cluster_mesh.ids]
    for path, name in named:
        if name not in names:
            remedy = f"there is no such cluster: {or_list(name, names)}"
            yield Finding(path=(*path, name), given=repr(name), remedy=remedy)


def _ids(clusters: Mapping[int, ClusterSettings], network: PlatformNetwork) -> Iterator[Finding]:
    """Cilium tells the pods of two clusters with one number for the same ones."""
    if network.cluster_mesh is None:
        return
    ids = cluster_ids((cluster.name for cluster in clusters.values()), network.cluster_mesh)
    if len(ids) > LARGEST_ID:
        remedy = f"leave it out: a ClusterMesh has at most {LARGEST_ID} clusters"
        yield Finding(path=("network", "clusterMesh"), given=f"{len(ids)} clusters", remedy=remedy)
        return
    first: dict[int, str] = {}
    for name, number in ids.items():
        if number in first:
            free = next(one for one in range(1, LARGEST_ID + 1) if one not in ids.values())
            key = as_key("settings", ("network", "clusterMesh", "ids", name))
            remedy = f"use one of its own, such as `{name}: {free}`: cluster {first[number]!r} has {number} already"
            given = (
                str(number)
                if name in network.cluster_mesh.ids
                else f"nothing at {key}, which makes it {number}"
            )
            yield Finding(path=("network", "clusterMesh", "ids", name), given=given, remedy=remedy)
        first.setdefault(number, name)


def _one_kind_of_addresses(
    clusters: Mapping[int, ClusterSettings], network: PlatformNetwork
) -> Iterator[Finding]:
    """Cilium's ClusterMesh needs the same datapath everywhere: no overlay beside pods with addresses of a VPC."""
    kinds = {cluster.kind for cluster in clusters.values()}
    if network.cluster_mesh and network.existing == "install" and {"eks", "existing"} <= kinds:
        given = "clusters of kind 'eks' and of kind 'existing', which get an overlay"
        remedy = "leave it out: a ClusterMesh connects clusters of one of the two kinds"
        yield Finding(path=("network", "clusterMesh"), given=given, remedy=remedy)


def _nodes_sources(clusters: Mapping[int, ClusterSettings], network: PlatformNetwork) -> Iterator[Finding]:
    """A cluster's server lets in whom it knows, and of a cluster that somebody else made nobody knows the nodes."""
    installed = network.existing == "install" and {cluster.kind for cluster in clusters.values()} == {
        "existing"
    }
    if network.cluster_mesh and installed and not network.cluster_mesh.sources:
        remedy = (
            "name the ranges of the nodes' addresses, such as [10.0.0.0/16]: clusters would refuse each other"
        )
        yield Finding(path=("network", "clusterMesh", "sources"), given="nothing", remedy=remedy)
