"""`up` and `destroy` against a real API server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.api_server import ApiServer
from tests.engine.engine_stack import Stack, changed

Live = Callable[[str], Stack]


def _maps(server: ApiServer, namespace: str) -> dict[str, dict[str, str]]:
    items = server.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"]
    return {
        item["metadata"]["name"]: item.get("data", {})
        for item in items
        if item["metadata"]["name"] != "kube-root-ca.crt"
    }


def test_up_applies_the_program_and_the_second_up_changes_nothing(
    live: Live, server: ApiServer, namespace: str
) -> None:
    stack = live("""
        east = cluster("east")
        config_map("one", east, {"a": "1"}, namespace=NS)
        pulumi.export("greeting", "hello")
    """)
    first = stack.up()
    assert first.failures == ()
    assert changed(first) == {"create": 3}
    assert first.outputs == {"greeting": "hello"}
    assert _maps(server, namespace) == {"one": {"a": "1"}}
    version = server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["resourceVersion"]
    second = stack.up()
    assert changed(second) == {}
    assert not second.changed
    assert (
        server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["resourceVersion"] == version
    )
    assert stack.destroy().changes["delete"] == 3
    assert _maps(server, namespace) == {}
    assert stack.rows() == {}


def test_an_update_removes_the_fields_that_the_program_no_longer_states(
    live: Live, server: ApiServer, namespace: str
) -> None:
    text = """
        east = cluster("east", enable_config_map_mutable=True)
        config_map("one", east, {data}, namespace=NS)
    """
    live(text.format(data="{'a': '1', 'b': '2'}")).up()
    uid = server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["uid"]
    assert changed(live(text.format(data="{'a': '3'}")).up()) == {"update": 1}
    found = server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")
    assert found["data"] == {"a": "3"}
    assert found["metadata"]["uid"] == uid
    assert {entry["manager"] for entry in found["metadata"]["managedFields"]} == {"mlops"}


def test_the_data_of_a_config_map_is_replaced_as_the_real_provider_does_by_default(
    live: Live, server: ApiServer, namespace: str
) -> None:
    text = """
        config_map("one", cluster("east"), {data}, namespace=NS)
    """
    live(text.format(data="{'a': '1'}")).up()
    uid = server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["uid"]
    assert changed(live(text.format(data="{'a': '2'}")).up()) == {"replace": 1}
    assert server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["uid"] != uid


def test_a_field_that_turns_out_to_be_immutable_leads_to_a_replacement(
    live: Live, server: ApiServer, namespace: str
) -> None:
    text = """
        k8s.storage.v1.StorageClass("s", metadata={{"name": NS}}, provisioner="p", volume_binding_mode="{mode}",
            opts=Opts(provider=cluster("east")))
    """
    live(text.format(mode="Immediate")).up()
    result = live(text.format(mode="WaitForFirstConsumer")).up()
    assert result.failures == ()
    assert changed(result) == {"replace": 1}
    found = server.get(f"/apis/storage.k8s.io/v1/storageclasses/{namespace}")
    assert found["volumeBindingMode"] == "WaitForFirstConsumer"
    assert changed(live(text.format(mode="WaitForFirstConsumer")).destroy()) == {"delete": 3}


def test_a_renamed_resource_is_created_and_its_old_self_is_deleted(
    live: Live, server: ApiServer, namespace: str
) -> None:
    live('config_map("one", cluster("east"), namespace=NS)').up()
    result = live('config_map("two", cluster("east"), namespace=NS)').up()
    assert changed(result) == {"create": 1, "delete": 1}
    assert set(_maps(server, namespace)) == {"two"}


def test_a_rename_that_keeps_the_objects_name_keeps_the_object(
    live: Live, server: ApiServer, namespace: str
) -> None:
    live('config_map("one", cluster("east"), namespace=NS)').up()
    uid = server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["uid"]
    result = live('config_map("two", cluster("east"), namespace=NS, object_name="one")').up()
    assert result.failures == ()
    assert changed(result) == {"create": 1, "delete": 1}
    assert server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["uid"] == uid


def test_an_alias_keeps_the_object_under_its_new_name(live: Live, server: ApiServer, namespace: str) -> None:
    live('config_map("one", cluster("east"), namespace=NS)').up()
    uid = server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["uid"]
    stack = live("""
        config_map("two", cluster("east"), namespace=NS, object_name="one",
                   opts={"aliases": [pulumi.Alias(name="one")]})
    """)
    assert changed(stack.up()) == {}
    assert server.get(f"/api/v1/namespaces/{namespace}/configmaps/one")["metadata"]["uid"] == uid
    assert "one" not in stack.rows()
    assert "two" in stack.rows()


def test_a_parents_alias_carries_over_to_its_children(live: Live, server: ApiServer, namespace: str) -> None:
    text = """
        class Team(pulumi.ComponentResource):
            def __init__(self, name, opts):
                super().__init__("mlops:index:Team", name, None, opts)
                k8s.core.v1.ConfigMap(f"{{name}}-map", metadata={{"name": "m", "namespace": NS}}, data={{"a": "b"}},
                                      opts=Opts(parent=self))
        Team({name}, Opts(provider=cluster("east"), aliases={aliases}))
    """
    live(text.format(name="'red'", aliases="None")).up()
    uid = server.get(f"/api/v1/namespaces/{namespace}/configmaps/m")["metadata"]["uid"]
    stack = live(text.format(name="'blue'", aliases="[pulumi.Alias(name='red')]"))
    assert changed(stack.up()) == {}
    assert server.get(f"/api/v1/namespaces/{namespace}/configmaps/m")["metadata"]["uid"] == uid
    assert {"blue", "blue-map"} <= stack.rows().keys()


def test_ignored_changes_leave_the_object_alone(live: Live, server: ApiServer, namespace: str) -> None:
    text = """
        config_map("one", cluster("east"), {data}, namespace=NS, opts={{"ignore_changes": ["data"]}})
    """
    live(text.format(data="{'a': '1'}")).up()
    assert changed(live(text.format(data="{'a': '2', 'b': '3'}")).up()) == {}
    assert _maps(server, namespace) == {"one": {"a": "1"}}


def test_a_protected_resource_survives_until_it_is_unprotected(
    live: Live, server: ApiServer, namespace: str
) -> None:
    text = 'config_map("one", cluster("east"), namespace=NS, opts={{"protect": {protect}}})'
    stack = live(text.format(protect=True))
    stack.up()
    result = stack.destroy()
    assert [message for _, message in result.failures] == [
        "one (kubernetes:core/v1:ConfigMap) cannot be deleted because it is protected; apply it once with "
        "protect=False first"
    ]
    assert "one" in _maps(server, namespace)
    live(text.format(protect=False)).up()
    assert stack.destroy().succeeded
    assert _maps(server, namespace) == {}


def test_a_retained_resource_is_forgotten_and_stays_in_the_cluster(
    live: Live, server: ApiServer, namespace: str
) -> None:
    stack = live('config_map("one", cluster("east"), namespace=NS, opts={"retain_on_delete": True})')
    stack.up()
    assert stack.destroy().succeeded
    assert stack.rows() == {}
    assert "one" in _maps(server, namespace)


def test_destroy_takes_what_is_needed_last(live: Live) -> None:
    stack = live("""
        east = cluster("east")
        one = config_map("one", east, namespace=NS)
        two = config_map("two", east, {"of": one.metadata["uid"]}, namespace=NS)
        config_map("three", east, namespace=NS, opts={"depends_on": [two]})
    """)
    assert stack.up().succeeded
    stack.events.clear()
    assert stack.destroy().succeeded
    done = [event.name for event in stack.events if event.kind == "done"]
    assert [name for name in done if name in ("one", "two", "three", "east")] == [
        "three",
        "two",
        "one",
        "east",
    ]


def test_a_definition_and_an_object_of_its_kind_are_applied_in_one_run(
    live: Live, server: ApiServer, namespace: str
) -> None:
    stack = live("""
        east = cluster("east")
        group = f"{NS}.example.org"
        quick = {"pulumi.com/deletionPropagationPolicy": "background"}  # the collector learns new kinds late
        schema = {"openAPIV3Schema": {"type": "object", "x_kubernetes_preserve_unknown_fields": True}}
        crd = k8s.apiextensions.v1.CustomResourceDefinition("crd", metadata={"name": f"things.{group}"}, spec={
            "group": group, "scope": "Namespaced", "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}]}, opts=Opts(provider=east))
        k8s.apiextensions.CustomResource("thing", api_version=f"{group}/v1", kind="Thing",
            metadata={"name": "t", "namespace": NS, "annotations": quick}, spec={"a": 3},
            opts=Opts(provider=east, depends_on=[crd]))
    """)
    assert stack.up().failures == ()
    path = f"/apis/{namespace}.example.org/v1/namespaces/{namespace}/things/t"
    assert server.get(path)["spec"] == {"a": 3}
    assert changed(stack.up()) == {}
    assert stack.destroy().failures == ()
    assert server.get(path) is None


def test_what_depends_on_a_replaced_object_is_applied_again(
    live: Live, server: ApiServer, namespace: str
) -> None:
    text = """
        east = cluster("east")
        ns = k8s.core.v1.Namespace("ns", metadata={{"name": NS + "-b", "labels": {{"v": "{v}"}}}},
                                   opts=Opts(provider=east, replace_on_changes=["metadata.labels"]))
        config_map("one", east, namespace=ns.metadata["name"])
    """
    live(text.format(v=1)).up()
    result = live(text.format(v=2)).up()
    assert changed(result) == {"replace": 1, "update": 1}
    assert set(_maps(server, f"{namespace}-b")) == {"one"}


def test_another_cluster_identifier_moves_the_objects(live: Live, server: ApiServer, namespace: str) -> None:
    text = """
        p = k8s.Provider("p", kubeconfig="kubeconfig", context="east", cluster_identifier="{identifier}")
        config_map("one", p, namespace=NS)
    """
    live(text.format(identifier="east")).up()
    result = live(text.format(identifier="west")).up()
    assert changed(result) == {"replace": 2}
    assert live(text.format(identifier="west")).rows()["one"].cluster == "west"
    assert set(_maps(server, namespace)) == {"one"}


def test_a_deployment_that_is_not_ready_in_time_fails_and_is_awaited_again(
    live: Live, server: ApiServer, namespace: str
) -> None:
    stack = live("""
        east = cluster("east")
        spec = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "example.org/c:1"}]}}}
        meta = {"name": "web", "namespace": NS, "annotations": {"pulumi.com/timeoutSeconds": "1"}}
        web = k8s.apps.v1.Deployment("web", metadata=meta, spec=spec, opts=Opts(provider=east))
        config_map("after", east, namespace=NS, opts={"depends_on": [web]})
        config_map("beside", east, namespace=NS)
    """)
    result = stack.up()
    message = result.failures[0][1]
    assert message.startswith(
        "web (Deployment, cluster east): is not ready after 1 s: 0 of 1 new replicas are ready"
    )
    assert [reason for urn, reason in result.skipped] == [
        "web (kubernetes:apps/v1:Deployment) failed or was skipped"
    ]
    assert set(_maps(server, namespace)) == {"beside"}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    server.call("PATCH", f"{path}/scale", {"spec": {"replicas": 0}})
    pods = f"/api/v1/namespaces/{namespace}/pods"
    assert server.get(path) is not None
    again = stack.up()
    assert changed(again)["failed"] == 1, "unchanged inputs, and still awaited"
    assert server.get(pods) is not None


def test_a_job_a_service_and_a_quota_are_awaited(live: Live, namespace: str) -> None:
    stack = live("""
        east = cluster("east")
        meta = lambda name: {"name": name, "namespace": NS}
        k8s.core.v1.ResourceQuota("quota", metadata=meta("q"), spec={"hard": {"pods": "10"}}, opts=Opts(provider=east))
        k8s.core.v1.Service("svc", metadata=meta("s"), spec={"clusterIP": "None", "selector": {"a": "b"},
            "ports": [{"port": 80}]}, opts=Opts(provider=east))
        k8s.apps.v1.Deployment("none", metadata=meta("d"), spec={"replicas": 0, "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}},
            opts=Opts(provider=east))
    """)
    result = stack.up()
    assert result.failures == ()
    assert stack.rows()["quota"].outputs["status"]["hard"] == {"pods": "10"}
    assert "observedGeneration" in stack.rows()["none"].outputs["status"]


@pytest.mark.parametrize("text", ["'password'", "pulumi.Output.secret('password')"])
def test_an_existing_object_is_looked_up_and_left_alone(
    live: Live, server: ApiServer, namespace: str, text: str
) -> None:
    body = {"metadata": {"name": "theirs"}, "data": {"k": "v"}}
    server.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", body)
    stack = live(f"""
        found = k8s.core.v1.ConfigMap.get("found", f"{{NS}}/theirs", opts=Opts(provider=cluster("east")))
        pulumi.export("data", found.data)
        pulumi.export("other", {text})
    """)
    result = stack.up()
    assert result.failures == ()
    assert result.outputs["data"] == {"k": "v"}
    assert result.outputs["other"] == ("[secret]" if "secret" in text else "password")
    assert stack.destroy().succeeded
    assert "theirs" in _maps(server, namespace)
