from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.manifest import Manifest, NamespaceRef, declare, known_after, kubernetes_object, name_of
from tests.recorder import Declaration, run


def declared(*manifests: Manifest) -> list[Declaration]:
    return run(lambda: register(*manifests)).kubernetes


def register(*manifests: Manifest) -> None:
    opts = pulumi.ResourceOptions(provider=provider())
    for index, manifest in enumerate(manifests):
        declare(f"east-{index}", manifest, opts)


def provider() -> Provider:
    return Provider("east", kubeconfig="", context="east", cluster_identifier="east")


NOWHERE = NamespaceRef(name="team", ready="team")


@pytest.mark.parametrize(
    ("manifest", "token"),
    [
        (kubernetes_object("v1", "Namespace", "a"), "kubernetes:core/v1:Namespace"),
        (
            kubernetes_object("apps/v1", "Deployment", "a", namespace=NOWHERE, spec={"replicas": 2}),
            "kubernetes:apps/v1:Deployment",
        ),
        (
            kubernetes_object("cilium.io/v2", "CiliumNetworkPolicy", "a", namespace=NOWHERE, spec={}),
            "kubernetes:cilium.io/v2:CiliumNetworkPolicy",
        ),
    ],
)
def test_the_manifest_chooses_the_resource_type_and_arrives_unchanged(manifest: Manifest, token: str) -> None:
    (resource,) = declared(manifest)
    assert resource.type == token
    assert resource.inputs == manifest


def test_keys_keep_kubernetes_own_spelling_at_every_depth() -> None:
    labels = {"snake_case": "kept", "camelCase": "kept"}
    manifest = kubernetes_object(
        "v1", "ServiceAccount", "a", namespace=NOWHERE, labels=labels, automountServiceAccountToken=False
    )
    assert declared(manifest)[0].inputs == manifest


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "Secert"), ("apps/v1", "Deploymnet"), ("rbac.authorization.k8s.io/v1", "Rol")],
)
def test_a_misspelt_built_in_kind_does_not_pass_for_a_custom_resource(api_version: str, kind: str) -> None:
    with pytest.raises(TypeError, match=f"east-0: {api_version} {kind}"):
        declared(kubernetes_object(api_version, kind, "a"))


def waits_for(use: Callable[[pulumi.Output[str], pulumi.Output[str]], pulumi.Input[str]]) -> frozenset[str]:
    """What an object depends on if it lives in the namespace that `use` makes of two outputs."""

    def program() -> None:
        opts = pulumi.ResourceOptions(provider=provider())
        created = declare("east-ns", kubernetes_object("v1", "Namespace", "team"), opts)
        ref = NamespaceRef(name="team", ready=name_of(created))
        policy = declare(
            "east-policy",
            kubernetes_object("networking.k8s.io/v1", "NetworkPolicy", "deny", namespace=ref, spec={}),
            opts,
        )
        inner = NamespaceRef(name="team", ready=use(name_of(created), name_of(policy)))
        declare("east-map", kubernetes_object("v1", "ConfigMap", "m", namespace=inner, data={}), opts)

    (found,) = [one for one in run(program).kubernetes if one.name == "east-map"]
    assert found.inputs["metadata"]["namespace"] == "team"
    assert not found.explicit_dependencies
    return found.dependencies


def test_a_namespaces_name_orders_the_graph_by_value() -> None:
    assert waits_for(lambda namespace, _: namespace) == {"east-ns"}


def test_a_name_can_wait_for_more_than_its_own_object() -> None:
    assert waits_for(lambda namespace, policy: known_after(namespace, [policy])) == {"east-ns", "east-policy"}


def test_an_object_without_namespace_or_labels_has_no_empty_fields() -> None:
    assert kubernetes_object("v1", "Namespace", "a") == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "a"},
    }


def test_labels_are_copied_so_that_two_objects_never_share_them() -> None:
    labels: dict[str, Any] = {"team": "a"}
    manifest = kubernetes_object("v1", "Namespace", "a", labels=labels)
    labels["team"] = "b"
    assert manifest["metadata"]["labels"] == {"team": "a"}
