from __future__ import annotations

from components.mesh.names import SYSTEM
from components.trust.mesh_names import DURATION, NAMESPACE, common_name


def test_the_intermediate_lies_where_the_control_plane_looks_for_it() -> None:
    assert NAMESPACE == SYSTEM


def test_clusters_ask_for_names_of_their_own() -> None:
    assert common_name("east") != common_name("west")


def test_the_life_is_spelt_as_cert_manager_sends_it() -> None:
    """Go's own spelling of a duration; the store's policy compares the words."""
    hours = int(DURATION.removesuffix("h0m0s"))
    assert f"{hours}h0m0s" == DURATION
    assert hours == 90 * 24
