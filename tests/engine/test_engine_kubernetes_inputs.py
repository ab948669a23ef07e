"""The kubernetes provider's check: what it adds and what it puts into its normal form."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.providers.kubernetes_inputs import check, outputs_of, scope_of
from engine.row import Row
from engine.values import UNKNOWN, Secret

MAP = "kubernetes:core/v1:ConfigMap"


def _check(
    inputs: dict[str, Any], type_: str = MAP, name: str = "res", old: Row | None = None, **kw: Any
) -> Any:
    return check(
        inputs, name, type_, namespace=kw.get("namespace", "default"), scopes=kw.get("scopes", {}), old=old
    )


def _map(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def _row(inputs: dict[str, Any]) -> Row:
    return Row(
        urn="u", type=MAP, custom=True, id="", parent="", provider="", cluster=None, inputs=inputs, outputs={},
        property_dependencies={},
    )  # fmt: skip


def test_complete_inputs_are_not_copied() -> None:
    inputs = _map(name="one", namespace="team")
    assert _check(inputs) is inputs


def test_a_namespaced_object_without_a_namespace_gets_the_providers() -> None:
    assert _check(_map(name="one"), namespace="team")["metadata"] == {"name": "one", "namespace": "team"}
    node = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "one"}}
    assert _check(node, "kubernetes:core/v1:Namespace") is node


def test_the_scope_of_a_custom_kind_is_that_of_its_definition() -> None:
    inputs = {"apiVersion": "ex.org/v1", "kind": "Foo", "metadata": {"name": "one"}}
    definition = {"spec": {"group": "ex.org", "names": {"kind": "Foo"}, "scope": "Cluster"}}
    found = scope_of(definition)
    assert found == (("ex.org", "Foo"), "Cluster")
    assert "namespace" not in _check(inputs, "kubernetes:ex.org/v1:Foo", scopes=dict([found]))["metadata"]
    assert _check(inputs, "kubernetes:ex.org/v1:Foo")["metadata"]["namespace"] == "default"
    wide = {**inputs, "kind": "CiliumClusterwideNetworkPolicy"}
    assert "namespace" not in _check(wide, "kubernetes:cilium.io/v2:X")["metadata"]


def test_an_object_without_a_name_gets_one_and_keeps_it() -> None:
    first = _check(_map(namespace="team"))
    assert re.fullmatch(r"res-[0-9a-f]{8}", first["metadata"]["name"])
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    again = _check(_map(namespace="team"), old=_row(first))
    assert again["metadata"] == first["metadata"]
    named = _check(_map(namespace="team"), old=_row(_map(name="by-hand")))
    assert named["metadata"]["name"] != "by-hand"


def test_what_is_not_known_is_left_alone() -> None:
    inputs = {**_map(name="one", namespace=UNKNOWN), "metadata": UNKNOWN}
    assert _check(inputs) is inputs


@pytest.mark.parametrize("field", ["uid", "resourceVersion", "creationTimestamp", "managedFields"])
def test_read_only_metadata_is_dropped(field: str) -> None:
    assert field not in _check(_map(name="one", namespace="n", **{field: "x"}))["metadata"]


def test_quantities_and_empty_fields_take_their_normal_form() -> None:
    spec = {
        "containers": [
            {
                "name": "c",
                "args": [],
                "env": [{"name": "A", "value": ""}],
                "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {}},
                "readinessProbe": {"initialDelaySeconds": 0, "periodSeconds": 5},
                "securityContext": {"privileged": False, "runAsUser": 0},
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1024Mi"}}, {"name": "w", "emptyDir": {}}],
        "hostNetwork": False,
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": spec}
    assert _check(pod, "kubernetes:core/v1:Pod")["spec"] == {
        "containers": [
            {
                "name": "c",
                "env": [{"name": "A"}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                "readinessProbe": {"periodSeconds": 5},
                "securityContext": {"privileged": False, "runAsUser": 0},
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "w", "emptyDir": {}}],
    }
    assert spec["hostNetwork"] is False, "the argument is left alone"


def test_texts_in_maps_are_nobodys_business() -> None:
    inputs = {
        **_map(name="one", namespace="n"),
        "data": {"value": "", "limits": "1024Mi", "sizeLimit": "1024Mi"},
    }
    assert _check(inputs) is inputs


def test_objects_of_custom_kinds_are_not_normalised() -> None:
    inputs = {
        "apiVersion": "ex.org/v1",
        "kind": "Foo",
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {"a": []},
    }
    assert _check(inputs, "kubernetes:ex.org/v1:Foo") is inputs


def test_the_text_of_a_secret_is_encoded_and_hidden() -> None:
    inputs = {
        **_map(name="one", namespace="n"),
        "kind": "Secret",
        "data": {"b": "Yg=="},
        "stringData": {"a": "x"},
    }
    found = _check(inputs, "kubernetes:core/v1:Secret")
    assert found["data"] == Secret({"b": "Yg==", "a": "eA=="})
    assert "stringData" not in found


def test_a_secret_that_is_partly_unknown_hides_what_is_known() -> None:
    inputs = {**_map(name="one", namespace="n"), "kind": "Secret", "stringData": {"a": "x", "b": UNKNOWN}}
    found = _check(inputs, "kubernetes:core/v1:Secret")
    assert found["stringData"] == {"a": Secret("x"), "b": UNKNOWN}


def test_definitions_spell_their_extensions_with_dashes_and_answer_with_underscores() -> None:
    schema = {"openAPIV3Schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}}
    inputs = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "foos.ex.org"},
        "spec": {"versions": [{"name": "v1", "schema": schema}]},
        "status": {},
    }
    found = _check(inputs, "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")
    sent = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert sent == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert "status" not in found
    back = outputs_of(found, found)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert back == schema["openAPIV3Schema"]


def test_outputs_are_secret_where_inputs_are() -> None:
    inputs = {**_map(name="one"), "data": {"open": "x", "hidden": Secret("y"), "list": [Secret("z")]}}
    live = {**_map(name="one", uid="1"), "data": {"open": "x", "hidden": "y", "list": ["z"]}}
    found = outputs_of(live, inputs)
    assert found["data"] == {"open": "x", "hidden": Secret("y"), "list": Secret(["z"])}
    assert found["metadata"] == {"name": "one", "uid": "1"}
