"""Kueue's kinds at a cluster of the lab, from its own definitions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import tenacity
import yaml
from kubernetes import client

from lab.crds import for_lab
from tests.platform.command import ROOT, Platform
from tests.platform.gpu_pods import PATIENCE
from tests.platform.store import api

CRDS = ROOT.parent / "shared" / "upstream" / "crds" / "kueue"
GROUP, VERSION = "kueue.x-k8s.io", "v1beta2"

_SLOW = PATIENCE.copy(stop=tenacity.stop_after_delay(300))
"""An API server removes the objects of one kind after the other before the kind goes: minutes on a busy machine."""

needs_definitions = pytest.mark.skipif(
    not CRDS.is_dir(),
    reason="Kueue's definitions are not beside this checkout: nothing of its queues was proved at an API server",
)


@contextmanager
def kueues_kinds(platform: Platform, cluster: str) -> Iterator[client.CustomObjectsApi]:
    """The cluster with Kueue's kinds, which go afterwards with all objects of them; the next to want them waits."""
    names = []
    with api(platform, cluster) as connection:
        kinds = client.ApiextensionsV1Api(connection)
        for path in sorted(CRDS.glob("*.yaml")):
            definition = for_lab(yaml.safe_load(path.read_text(encoding="utf-8")))
            _SLOW.copy()(_defined, kinds, definition)
            names.append(definition["metadata"]["name"])

        def established(name: str) -> None:
            status = kinds.read_custom_resource_definition(name).status
            assert any(one.type == "Established" and one.status == "True" for one in status.conditions or ())

        try:
            for name in names:
                PATIENCE.copy()(established, name)
            yield client.CustomObjectsApi(connection)
        finally:
            for name in names:
                kinds.delete_custom_resource_definition(name)


def _defined(kinds: client.ApiextensionsV1Api, definition: dict[str, Any]) -> None:
    """A definition of the name that is still being deleted has to go first."""
    name = definition["metadata"]["name"]
    assert name not in {one.metadata.name for one in kinds.list_custom_resource_definition().items}
    kinds.create_custom_resource_definition(definition)


def plural(kind: str) -> str:
    return {"Topology": "topologies", "WorkloadPriorityClass": "workloadpriorityclasses"}.get(
        kind, f"{kind.lower()}s"
    )


def create(served: client.CustomObjectsApi, manifest: dict[str, Any]) -> dict[str, Any]:
    """As strictly as the API server can."""
    where = (GROUP, VERSION)
    kind = (plural(manifest["kind"]), manifest)
    if namespace := manifest["metadata"].get("namespace"):
        made = served.create_namespaced_custom_object(*where, namespace, *kind, field_validation="Strict")
    else:
        made = served.create_cluster_custom_object(*where, *kind, field_validation="Strict")
    return dict(made)
