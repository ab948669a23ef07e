"""Who is in a ClusterMesh, and from where its members come."""

from __future__ import annotations

from config.network_settings import ClusterMesh
from config.schema import PlatformSettings
from stacks.cluster_mesh import member
from tests.stacks.conftest import settings_of


def meshed(**mesh: object) -> PlatformSettings:
    settings = settings_of("prod")
    wanted = ClusterMesh.model_validate({"domain": "mesh.example.com", **mesh})
    return settings.model_copy(
        update={"network": settings.network.model_copy(update={"cluster_mesh": wanted})}
    )


def test_without_a_cluster_mesh_no_cluster_is_a_member() -> None:
    settings = settings_of("prod")
    assert [member(cluster, settings) for cluster in settings.clusters] == [None, None]


def test_each_cluster_knows_all_others_and_the_ranges_of_all() -> None:
    settings = meshed()
    first, second = [member(cluster, settings) for cluster in settings.clusters]
    assert first is not None
    assert second is not None
    assert (first.cluster, first.others) == ("prod-eu", ("prod-us",))
    assert (second.cluster, second.others) == ("prod-us", ("prod-eu",))
    assert first.sources == second.sources == ("10.64.0.0/16", "10.80.0.0/16", "10.96.0.0/16", "10.97.0.0/16")


def test_ranges_that_are_given_are_added() -> None:
    settings = meshed(sources=["172.16.0.0/16", "10.64.0.0/16"])
    found = member(settings.clusters[0], settings)
    assert found is not None
    assert found.sources[-1] == "172.16.0.0/16"
    assert len(found.sources) == 5
