from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config import catalog
from config.mesh import MeshSettings, chosen_topology, peers, revision
from config.schema import PlatformSettings

NEWEST = catalog.ISTIO_VERSIONS[-1]


def roles(primary: int, workload: int) -> dict[str, str]:
    return {
        **{f"p{i}": "primary" for i in range(primary)},
        **{f"w{i}": "workload" for i in range(workload)},
    }


def mesh(**given: Any) -> MeshSettings:
    return MeshSettings.model_validate({"multiPrimary": True, **given})


def count(found: dict[str, tuple[str, ...]]) -> int:
    return sum(len(watched) for watched in found.values())


def test_with_full_everybody_watches_everybody_else() -> None:
    found = peers(mesh(topology="full"), roles(2, 2))
    assert found["w0"] == ("p0", "p1", "w1")
    assert all(name not in watched for name, watched in found.items())
    assert count(found) == 4 * 3


@pytest.mark.parametrize(("primary", "workload"), [(1, 1), (2, 8), (3, 47), (5, 0)])
def test_with_hub_and_spoke_workload_clusters_see_primary_ones_alone(primary: int, workload: int) -> None:
    found = peers(mesh(topology="hub-and-spoke"), roles(primary, workload))
    assert count(found) == primary * (primary - 1) + 2 * primary * workload
    for name, watched in found.items():
        if name.startswith("w"):
            assert all(other.startswith("p") for other in watched)
        else:
            assert len(watched) == primary + workload - 1


def test_who_is_watched_by_a_cluster_watches_it() -> None:
    for topology in ("full", "hub-and-spoke"):
        found = peers(mesh(topology=topology), roles(2, 3))
        assert all(name in found[other] for name, watched in found.items() for other in watched)


@pytest.mark.parametrize(("clusters", "topology"), [(2, "full"), (10, "full"), (11, "hub-and-spoke")])
def test_above_ten_clusters_it_is_hub_and_spoke_unless_said_otherwise(clusters: int, topology: str) -> None:
    assert chosen_topology(mesh(), clusters) == topology
    assert chosen_topology(mesh(topology="full"), clusters) == "full"


def test_without_multi_primary_nobody_watches_anybody() -> None:
    assert count(peers(MeshSettings(), roles(2, 2))) == 0


def test_a_revision_has_no_dots() -> None:
    assert revision("1.31.1") == "1-31-1"


def findings(data: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as raised:
        PlatformSettings.model_validate(data)
    (error,) = raised.value.errors()
    return [str(error["msg"])]


def test_multi_primary_needs_a_second_cluster(data: dict[str, Any]) -> None:
    data["mesh"] = {"multiPrimary": True}
    PlatformSettings.model_validate(data)
    del data["clusters"][1]
    (message,) = findings(data)
    assert "settings.mesh.multiPrimary: given True with one cluster" in str(message)
    assert "add a second cluster" in str(message)


def test_equal_network_ids_are_refused(data: dict[str, Any]) -> None:
    data["clusters"][1]["network"]["id"] = data["clusters"][0]["network"]["id"]
    (message,) = findings(data)
    assert "settings.clusters[1].network.id" in str(message)


def test_an_existing_cluster_needs_an_address_for_the_others(data: dict[str, Any]) -> None:
    data["clusters"][0] |= {"kind": "existing", "context": "theirs"}
    PlatformSettings.model_validate(data)
    data["mesh"] = {"multiPrimary": True}
    (message,) = findings(data)
    assert "settings.clusters[0].apiServer: given not given; add url and authority" in str(message)
    data["clusters"][0]["apiServer"] = {"url": "https://k8s.example.com"}
    PlatformSettings.model_validate(data)


def test_a_version_without_charts_is_refused_and_names_those_that_there_are() -> None:
    with pytest.raises(ValidationError, match=f"no charts for it.*{NEWEST}"):
        MeshSettings.model_validate({"versions": ["1.2.3"]})


def test_a_version_is_named_once() -> None:
    with pytest.raises(ValidationError, match="once"):
        MeshSettings.model_validate({"versions": [NEWEST, NEWEST]})


def test_workloads_get_a_version_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "ISTIO_VERSIONS", ("1.30.0", "1.31.1"))
    both = MeshSettings.model_validate({"versions": ["1.30.0", "1.31.1"]})
    assert both.workloads_get == "1.30.0"
    moved = MeshSettings.model_validate({"versions": ["1.30.0", "1.31.1"], "stable": "1.31.1"})
    assert moved.workloads_get == "1.31.1"
    with pytest.raises(ValidationError, match=r"only get a version that runs"):
        MeshSettings.model_validate({"versions": ["1.30.0"], "stable": "1.31.1"})
