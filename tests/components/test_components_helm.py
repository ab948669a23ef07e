"""Charts: at an exact version, from the registry that the settings name, as resources that policies see."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.helm import chart, origin
from config.catalog import Chart
from config.schema import ChartSettings
from tests.recorder import Declaration, run

DIGEST = f"sha256:{'0' * 64}"
CLASSIC = Chart(name="thing", version="1.2.3", repository="https://charts.example.com", digest=DIGEST)
OCI = Chart(name="thing", version="1.2.3", repository="oci://registry.example.com/charts", digest=DIGEST)
UPSTREAM, NONE = ChartSettings(source="upstream"), ChartSettings(source="none")


def declared(source: ChartSettings = UPSTREAM, **more: Any) -> list[Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(provider=provider)
        chart("east-thing", CLASSIC, source, namespace="things", values={"replicas": 2}, opts=opts, **more)

    return [one for one in run(program).declarations if one.name == "east-thing"]


def test_a_chart_is_declared_in_its_cluster_with_its_values() -> None:
    (one,) = declared()
    assert one.provider == "east"
    assert (one.inputs["namespace"], one.inputs["values"]) == ("things", {"replicas": 2})


def test_its_objects_are_resources_of_the_stack_and_no_opaque_release() -> None:
    (one,) = declared()
    assert one.type == "kubernetes:helm.sh/v4:Chart"


def test_the_version_is_the_catalogues_and_the_release_has_the_charts_name() -> None:
    (one,) = declared()
    assert (one.inputs["name"], one.inputs["version"]) == ("thing", "1.2.3")


def test_no_chart_is_installed_where_the_settings_want_none() -> None:
    assert declared(NONE) == []


@pytest.mark.parametrize("wait", [True, False])
def test_a_stack_waits_for_a_chart_unless_it_is_told_not_to(wait: bool) -> None:
    (one,) = declared(wait=wait)
    assert one.inputs.get("skipAwait", False) is not wait


@pytest.mark.parametrize(
    "repository", ["oci://mirror.example.com/charts", "oci://mirror.example.com/charts/"]
)
@pytest.mark.parametrize("pinned", [CLASSIC, OCI])
def test_a_mirror_stands_in_for_every_projects_registry(pinned: Chart, repository: str) -> None:
    mirror = ChartSettings(source="mirror", mirror=repository)
    assert origin(pinned, mirror) == {"chart": "oci://mirror.example.com/charts/thing"}


def test_a_mirror_may_be_of_the_classic_kind() -> None:
    mirror = ChartSettings(source="mirror", mirror="https://mirror.example.com/charts")
    assert origin(OCI, mirror) == {
        "chart": "thing",
        "repository_opts": {"repo": "https://mirror.example.com/charts"},
    }


def test_without_a_mirror_the_project_is_asked_and_its_registry_for_the_digest() -> None:
    assert origin(OCI, UPSTREAM) == {"chart": f"oci://registry.example.com/charts/thing@{DIGEST}"}
    assert origin(CLASSIC, UPSTREAM) == {
        "chart": "thing",
        "repository_opts": {"repo": "https://charts.example.com"},
    }
