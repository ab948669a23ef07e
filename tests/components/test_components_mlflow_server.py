"""MLflow's Deployment: what runs, with which files, and how it comes and goes."""

from __future__ import annotations

from typing import Any

import pytest

from components.manifest import NamespaceRef
from components.tracking.mlflow import database_secret
from components.tracking.mlflow_server import APP, ARTIFACT_KEYS, MlflowServer, deployment
from config import catalog
from config.schema import Endpoint, TrackingSettings

PLATFORM = NamespaceRef(name="platform", ready="platform")
LABELS = {"app.kubernetes.io/name": "mlflow", "team": "a"}


def manifest(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "replicas": 2,
        "bucket": "models",
        "account": "mlflow",
        "config": "mlflow",
        "config_digest": "abc",
        "database_secret": "mlflow-database",
        "artifacts_secret": "mlflow-artifacts",
    }
    return deployment(MlflowServer(**(values | changes)), PLATFORM, LABELS)


def pod() -> dict[str, Any]:
    found: dict[str, Any] = manifest()["spec"]["template"]["spec"]
    return found


def containers() -> list[dict[str, Any]]:
    return [*pod()["initContainers"], *pod()["containers"]]


def mounted_files() -> set[str]:
    address = Endpoint(host="db.example.com", port=5432)
    tracking = TrackingSettings(replicas=1, database=address, artifacts=address, bucket="models")
    login = database_secret(tracking, "database/creds/mlflow", APP)
    keys = {"database": tuple(login.template), "artifacts": ARTIFACT_KEYS}
    (server,) = pod()["containers"]
    return {
        f"{mount['mountPath']}/{key}"
        for mount in server["volumeMounts"]
        for key in keys.get(mount["name"], ())
    }


def test_no_secret_reaches_the_environment() -> None:
    for container in containers():
        assert all("secretKeyRef" not in entry.get("valueFrom", {}) for entry in container["env"])
        assert all("secretRef" not in source for source in container.get("envFrom", []))


def test_no_secret_reaches_an_argument() -> None:
    """The store's address names a service of libpq, whose file has the login."""
    for container in containers():
        assert not [one for one in container["args"] if "@" in one or "password" in one]
    assert pod()["initContainers"][0]["args"][2] == f"postgresql+psycopg2:///?service={APP}"


def test_the_image_is_the_catalogues() -> None:
    assert {container["image"] for container in containers()} == {catalog.MLFLOW_IMAGE.reference}


def test_every_file_that_a_variable_names_is_mounted_from_a_secret() -> None:
    named = {
        entry["value"]
        for container in containers()
        for entry in container["env"]
        if "/etc/" in entry.get("value", "")
    }
    assert named == mounted_files()


def test_every_mount_has_its_volume_and_every_volume_its_mount() -> None:
    volumes = {volume["name"] for volume in pod()["volumes"]}
    for container in containers():
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_secrets_are_mounted_whole_so_that_a_rotation_reaches_the_pod() -> None:
    """A `subPath` mount is never updated."""
    assert all("subPath" not in mount for container in containers() for mount in container["volumeMounts"])


def test_the_schema_is_migrated_before_the_server_starts_and_on_the_same_database() -> None:
    (migration,), (server,) = pod()["initContainers"], pod()["containers"]
    assert migration["args"][:2] == ["db", "upgrade"]
    assert migration["args"][2] == server["args"][server["args"].index("--backend-store-uri") + 1]
    assert migration["env"] == server["env"]


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_each_probe_asks_the_port_that_the_server_listens_on(probe: str) -> None:
    (server,) = pod()["containers"]
    assert server[probe]["httpGet"] == {"path": "/health", "port": "http"}
    assert str(server["ports"][0]["containerPort"]) == server["args"][server["args"].index("--port") + 1]


def test_the_server_listens_on_the_pods_own_address_only() -> None:
    (server,) = pod()["containers"]
    assert server["args"][server["args"].index("--host") + 1] == "$(POD_IP)"
    assert {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}} in server["env"]


def test_every_container_states_requests_and_a_memory_limit_that_holds_them() -> None:
    for container in containers():
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert {"cpu", "memory"} <= requests.keys()
        assert "memory" in limits


def test_a_roll_out_never_goes_below_the_replicas() -> None:
    spec = manifest(replicas=3)["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["strategy"]["rollingUpdate"]["maxSurge"] >= 1


def test_a_changed_configuration_replaces_the_pods() -> None:
    assert (
        manifest(config_digest="abc")["spec"]["template"] != manifest(config_digest="def")["spec"]["template"]
    )


def test_the_selector_matches_the_pods_and_leaves_out_what_may_change() -> None:
    spec = manifest()["spec"]
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    assert "team" not in spec["selector"]["matchLabels"]


def test_the_address_leaves_the_service_before_the_process_is_asked_to_end() -> None:
    (server,) = pod()["containers"]
    assert 0 < server["lifecycle"]["preStop"]["sleep"]["seconds"] < pod()["terminationGracePeriodSeconds"]


def test_only_the_scratch_volume_can_be_written() -> None:
    (server,) = pod()["containers"]
    assert [mount["name"] for mount in server["volumeMounts"] if not mount.get("readOnly")] == ["scratch"]


def test_secrets_are_readable_by_the_pods_group_alone() -> None:
    secrets = [volume["secret"] for volume in pod()["volumes"] if "secret" in volume]
    assert [secret["secretName"] for secret in secrets] == ["mlflow-database", "mlflow-artifacts"]
    assert {secret["defaultMode"] for secret in secrets} == {0o440}


def test_the_pod_is_hardened() -> None:
    assert pod()["automountServiceAccountToken"] is False
    assert all(container["securityContext"]["readOnlyRootFilesystem"] is True for container in containers())
