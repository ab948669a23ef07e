"""Each cluster's part in Cilium's ClusterMesh, from the settings of all clusters."""

from __future__ import annotations

from collections.abc import Iterator

from components.network.cluster_mesh import Member
from config.clusters import ClusterSettings
from config.schema import PlatformSettings


def member(cluster: ClusterSettings, settings: PlatformSettings) -> Member | None:
    """None without a ClusterMesh."""
    mesh = settings.network.cluster_mesh
    if mesh is None:
        return None
    return Member(
        cluster=cluster.name,
        others=tuple(one.name for one in settings.clusters if one.name != cluster.name),
        domain=mesh.domain,
        sources=tuple(sorted({*_ranges(settings), *mesh.sources})),
    )


def _ranges(settings: PlatformSettings) -> Iterator[str]:
    for one in settings.clusters:
        yield one.network.pod_cidr
        if one.kind == "eks":
            yield one.aws.vpc_cidr
