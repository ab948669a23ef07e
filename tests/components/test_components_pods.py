"""Every kind that bears a pod is asked about, and its pod is found."""

from __future__ import annotations

from typing import Any

import pytest
from controls.pods import POD_GROUPS

from components.admission.guard import Guard
from components.admission.pods import BEARERS
from components.admission.workload_guards import PRIVILEGED
from tests.components.admission_requests import GUARDS, bearing, create, refusing

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "app", "namespace": "team"},
    "spec": {"containers": [{"name": "app", "image": "x"}]},
}


def test_the_kinds_are_those_of_the_packs() -> None:
    assert {one["kind"] for one in bearing(POD)} == POD_GROUPS.keys()
    for manifest in bearing(POD):
        group, _, resource = create(manifest)["resource"]
        assert group == POD_GROUPS[manifest["kind"]]
        assert [one for one in BEARERS if group in one["apiGroups"] and resource in one["resources"]]


@pytest.mark.parametrize("where", ["containers", "initContainers", "ephemeralContainers"])
def test_containers_of_each_list_of_each_kind_are_found(where: str) -> None:
    spec = {"containers": [{"name": "app"}], where: [{"name": "x", "securityContext": {"privileged": True}}]}
    for manifest in bearing({**POD, "spec": spec}):
        assert refusing(manifest, [PRIVILEGED]) == {"WL-01"}, manifest["kind"]
    for manifest in bearing(POD):
        assert refusing(manifest, [PRIVILEGED]) == set(), manifest["kind"]


@pytest.mark.parametrize("guard", [one for one in GUARDS if one.rules == BEARERS], ids=lambda one: one.name)
def test_what_is_being_deleted_may_go_whatever_it_is(guard: Guard) -> None:
    """Its finalizers are taken off by a change, which would else be refused for ever."""
    metadata = {**POD["metadata"], "annotations": {"sidecar.istio.io/inject": "false"}}
    volumes = [{"name": "a", "hostPath": {"path": "/"}}]
    containers = [{"name": "app", "image": "x", "securityContext": {"privileged": True}}]
    bad = {
        **POD,
        "metadata": metadata,
        "spec": {"hostPID": True, "containers": containers, "volumes": volumes},
    }
    gone = {**bad, "metadata": {**metadata, "deletionTimestamp": "2026-11-21T00:00:00Z"}}
    assert refusing(bad, [guard]) == {guard.control}
    assert refusing(gone, [guard]) == set()


def test_a_container_that_is_added_to_a_running_pod_is_judged() -> None:
    assert any("pods/ephemeralcontainers" in one["resources"] for one in BEARERS)
