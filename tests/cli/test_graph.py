from __future__ import annotations

from cli.graph import mermaid
from tests.cli.planned import config_map, planned


def test_components_stand_in_their_cluster_with_an_arrow_to_what_they_need() -> None:
    tenant = planned("mlops:index:TenantNamespace", "east-platform")
    namespace = planned("kubernetes:core/v1:Namespace", "east-platform-namespace", parent=tenant.urn)
    mlflow = planned("mlops:index:Mlflow", "east-mlflow")
    server = planned(
        "kubernetes:apps/v1:Deployment", "east-mlflow-d", parent=mlflow.urn, dependencies=(namespace.urn,)
    )
    picture = mermaid([tenant, namespace, mlflow, server]).splitlines()
    assert picture[0] == "flowchart LR"
    assert '  subgraph c_east["east"]' in picture
    assert '    n0["east-platform<br/>TenantNamespace · 1 resources"]' in picture
    assert "  n1 --> n0" in picture


def test_a_component_draws_no_arrow_to_itself() -> None:
    tenant = planned("mlops:index:TenantNamespace", "t")
    first = planned("kubernetes:core/v1:Namespace", "t-a", parent=tenant.urn)
    second = planned("kubernetes:core/v1:Secret", "t-b", parent=tenant.urn, dependencies=(first.urn,))
    assert "-->" not in mermaid([tenant, first, second])


def test_a_resource_outside_of_components_is_not_drawn() -> None:
    assert "lonely" not in mermaid([config_map("lonely")])


def test_two_clusters_are_two_boxes() -> None:
    picture = mermaid(
        [planned("mlops:index:Mlflow", f"{name}-mlflow", cluster=name) for name in ("east", "west")]
    )
    assert picture.count("subgraph") == 2
