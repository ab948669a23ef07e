from __future__ import annotations

from typing import Any

import pulumi
import pytest
import yaml
from controls.judge import defects
from controls.objects import items
from pulumi_kubernetes import Provider

from components.gpu.telemetry import GpuTelemetry, GpuTelemetryArgs, configuration
from components.labels import Owner
from config.endpoint import Endpoint
from tests.recorder import Declaration, run
from tests.stacks.stack_schemas import built_in_mistakes

ARGS = GpuTelemetryArgs(
    cluster="east",
    receiver=Endpoint(host="otel.example.com", port=4317),
    owner=Owner(team="platform", cost_center="core", environment="dev"),
)


@pytest.fixture(scope="module")
def declared() -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        GpuTelemetry("east-telemetry", ARGS, pulumi.ResourceOptions(provider=provider))

    return {one.name: one for one in run(program).declarations}


def test_every_part_of_a_pipeline_is_one_that_the_configuration_has() -> None:
    found = configuration(ARGS)
    for pipeline in found["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            assert set(names) <= set(found[kind]), kind
    assert set(found["service"]["extensions"]) <= set(found["extensions"])


def test_figures_go_to_the_receiver_with_tls_and_say_of_which_cluster_they_are() -> None:
    found = configuration(ARGS)
    assert found["exporters"] == {"otlp": {"endpoint": "otel.example.com:4317"}}
    (attribute,) = found["processors"]["resource"]["attributes"]
    assert (attribute["key"], attribute["value"]) == ("k8s.cluster.name", "east")


def test_only_dcgms_own_figures_of_its_own_pods_are_read() -> None:
    (scrape,) = configuration(ARGS)["receivers"]["prometheus"]["config"]["scrape_configs"]
    (discovery,) = scrape["kubernetes_sd_configs"]
    assert discovery["namespaces"] == {"names": ["kube-system"]}
    assert discovery["selectors"][0]["label"] == "app=nvidia-dcgm-exporter"
    assert scrape["relabel_configs"][0]["replacement"] == "$$1:9400"
    (kept,) = scrape["metric_relabel_configs"]
    assert (kept["regex"], kept["action"]) == ("DCGM_.*", "keep")


def test_the_collector_reads_the_configuration_that_is_declared(declared: dict[str, Declaration]) -> None:
    (text,) = declared["east-telemetry-config"].inputs["data"].values()
    assert yaml.safe_load(text) == configuration(ARGS)
    (container,) = pod(declared)["containers"]
    (name,) = declared["east-telemetry-config"].inputs["data"]
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == "settings"]
    assert container["args"] == [f"--config={mount['mountPath']}/{name}"]


def test_the_collector_sees_pods_where_exporters_are_and_nowhere_else(
    declared: dict[str, Declaration],
) -> None:
    binding = declared["east-telemetry-binding"].inputs
    assert (binding["kind"], binding["metadata"]["namespace"]) == ("RoleBinding", "kube-system")
    (rule,) = declared["east-telemetry-role"].inputs["rules"]
    assert (rule["resources"], set(rule["verbs"])) == (["pods"], {"get", "list", "watch"})
    assert "east-telemetry-binding" in declared["east-telemetry-server"].dependencies


def test_every_object_is_what_its_kind_allows_and_its_pod_what_the_packs_demand(
    declared: dict[str, Declaration],
) -> None:
    made = [one for one in declared.values() if one.is_kubernetes]
    assert made
    for one in made:
        found = [text for control, _, text in defects(items(one.inputs)) if control.startswith("WL")]
        assert found == [], one.name
        if not one.inputs["apiVersion"].startswith("cilium.io"):
            assert built_in_mistakes(one.inputs) == [], one.name


def pod(declared: dict[str, Declaration]) -> dict[str, Any]:
    spec: dict[str, Any] = declared["east-telemetry-server"].inputs["spec"]["template"]["spec"]
    return spec
