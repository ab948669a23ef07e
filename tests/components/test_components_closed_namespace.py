"""The namespace of a server of the platform: restricted, and closed before anything lives in it."""

from __future__ import annotations

from typing import Any

import pulumi

from components.isolation.closed_namespace import ClosedNamespace, ClosedNamespaceArgs
from components.labels import Owner
from components.manifest import declare, kubernetes_object
from tests.recorder import Recorder, run


def recorded() -> Recorder:
    def program() -> dict[str, Any]:
        args = ClosedNamespaceArgs(
            name="store",
            concern="secrets",
            owner=Owner(team="platform", cost_center="core", environment="test"),
        )
        closed = ClosedNamespace("east-store", args, pulumi.ResourceOptions())
        guest = kubernetes_object("v1", "ConfigMap", "guest", namespace=closed.ref, data={})
        declare("guest", guest, pulumi.ResourceOptions())
        return {"name": closed.ref.name, "ready": closed.namespace}

    found = run(program)
    assert found.misnamed() == []
    return found


def test_its_pods_are_held_to_the_restricted_standard() -> None:
    labels = recorded().find("Namespace", "store", provider="").inputs["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_it_says_whose_it_is_and_what_for() -> None:
    labels = recorded().find("Namespace", "store", provider="").inputs["metadata"]["labels"]
    assert (labels["team"], labels["cost-center"], labels["environment"]) == ("platform", "core", "test")
    assert (labels["app.kubernetes.io/name"], labels["app.kubernetes.io/component"]) == ("store", "secrets")


def test_nothing_goes_in_or_out_by_default() -> None:
    found = recorded()
    policy = found.find("NetworkPolicy", "default-deny", provider="", namespace="store").inputs["spec"]
    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert found.find("CiliumNetworkPolicy", "default-deny", provider="", namespace="store")


def test_whatever_lives_in_it_comes_after_the_policies_that_close_it() -> None:
    found = recorded()
    guest = found.find("ConfigMap", "guest", provider="", namespace="store")
    closing = {one.name for one in found.declarations if one.parent == "east-store-isolation"}
    assert len(closing) == 4
    assert guest.dependencies >= closing


def test_it_is_known_by_its_literal_name_and_by_the_value_that_orders_the_graph() -> None:
    assert recorded().outputs == {"name": "store", "ready": "store"}
