from __future__ import annotations

from config.schema import PlatformSettings
from tests.recorder import Recorder


def test_each_cluster_exports_its_role_and_its_namespaces(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    exported = recorded.outputs["clusters"]
    assert {name: one["role"] for name, one in exported.items()} == {
        cluster.name: cluster.role for cluster in settings.clusters
    }
    for one in exported.values():
        assert set(one["namespaces"]) == {tenant.name for tenant in settings.tenants}


def test_mlflows_address_is_that_of_a_service_that_exists(recorded: Recorder) -> None:
    for cluster, one in recorded.outputs["clusters"].items():
        host, _, port = one["mlflow"].removeprefix("http://").partition(":")
        name, namespace, suffix = host.split(".")
        service = recorded.find("Service", name, provider=cluster, namespace=namespace)
        assert suffix == "svc"
        assert [entry["port"] for entry in service.inputs["spec"]["ports"]] == [int(port)]


def test_no_export_is_unknown_or_a_secret(recorded: Recorder) -> None:
    assert recorded.outputs
    assert "None" not in repr(recorded.outputs)
