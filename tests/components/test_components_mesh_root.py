"""The root of the mesh: its key stays in the store, and it signs intermediates alone."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.secrets.mesh_root import MeshRoot, MeshRootArgs, root_settings
from tests.recorder import Recorder, run


def recorded() -> Recorder:
    def program() -> dict[str, Any]:
        root = MeshRoot("mesh-root", MeshRootArgs(organization="example"), pulumi.ResourceOptions())
        return {"mount": root.mount}

    found = run(program)
    assert found.misnamed() == []
    return found


def inputs(part: str) -> dict[str, Any]:
    (one,) = [each for each in recorded().declarations if each.name == f"mesh-root-{part}"]
    return one.inputs


def test_the_key_is_made_in_the_store_and_never_given_out() -> None:
    """Of type `exported` the answer would hold the key, and so would the state."""
    assert inputs("root")["type"] == "internal"


def test_clusters_intermediates_may_sign_and_nothing_below_them() -> None:
    assert root_settings("example")["max_path_length"] == 1


def test_the_mount_allows_the_whole_life_of_the_root() -> None:
    """The store silently shortens a certificate to the mount's longest life."""
    assert int(inputs("root")["ttl"]) <= inputs("mount")["maxLeaseTtlSeconds"]


def test_the_key_is_strong_enough_for_its_life() -> None:
    assert (inputs("root")["keyType"], inputs("root")["keyBits"]) == ("ec", 384)


def test_the_root_names_the_platform_and_no_host() -> None:
    root = inputs("root")
    assert "example" in root["commonName"]
    assert root["excludeCnFromSans"] is True


def test_the_root_lies_in_a_mount_of_its_own() -> None:
    found = recorded()
    assert inputs("mount")["type"] == "pki"
    assert found.outputs["mount"] == inputs("root")["backend"] == "pki-mesh"


@pytest.mark.parametrize("kind", ["secretBackendRole", "secretBackendConfigUrls"])
def test_nobody_can_ask_the_root_for_a_leaf(kind: str) -> None:
    assert [one for one in recorded().declarations if kind in one.type] == []
