"""MLflow in one cluster: its names, its secrets, its login to the database and its traffic."""

from __future__ import annotations

import configparser
import fnmatch
import json
from typing import Any

import pulumi
import pytest

from components.labels import Owner
from components.manifest import NamespaceRef
from components.secrets.secret_store import auth_mount
from components.tracking.mlflow import (
    Mlflow,
    MlflowArgs,
    artifacts_path,
    database_secret,
    destinations,
    server_settings,
)
from components.tracking.mlflow_server import ARTIFACT_KEYS
from config.schema import Endpoint, SecretStoreSettings, TrackingSettings
from tests.recorder import Declaration, Recorder, run

PLATFORM = NamespaceRef(name="platform", ready="platform")
TEAM = NamespaceRef(name="team", ready="team")
OWNER = Owner(team="a", cost_center="b", environment="c")
TRACKING = TrackingSettings(
    replicas=2,
    database=Endpoint(host="db.example.com", port=5432),
    artifacts=Endpoint(host="s3.example.com", port=443),
    bucket="models",
    secret_path="tracking",
)
CREDENTIALS = "database/creds/mlflow"


def recorded() -> Recorder:
    def program() -> None:
        args = MlflowArgs(
            namespace=PLATFORM,
            clients=(TEAM,),
            tracking=TRACKING,
            owner=OWNER,
            cluster="east",
            store=SecretStoreSettings(backend="openbao", address="https://vault.example.com"),
            credentials=CREDENTIALS,
            login="login-of-mlflow",
        )
        Mlflow("east-mlflow", args, pulumi.ResourceOptions())

    found = run(program)
    assert found.misnamed() == []
    return found


def declared(kind: str, name: str) -> Declaration:
    return recorded().find(kind, name, provider="", namespace="platform")


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = declared("Deployment", "mlflow").inputs["spec"]["template"]["spec"]
    return spec


def answers_to(host: str) -> bool:
    """As MLflow decides it (mlflow/server/security_utils.py): equal, or a pattern with a star that fits."""
    allowed = server_settings("platform")["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    return any(fnmatch.fnmatch(host, one) if "*" in one else host == one for one in allowed)


@pytest.mark.parametrize(
    "host",
    [
        "mlflow.platform:5000",
        "mlflow.platform.svc",
        "mlflow.platform.svc:5000",
        "mlflow.platform.svc.cluster.local:5000",
    ],
)
def test_the_server_answers_to_its_service_names(host: str) -> None:
    assert answers_to(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com:5000",
        "10.0.0.7:5000",
        "localhost",
        "mlflow.other.svc:5000",
        "xmlflow.platform.svc:5000",
    ],
)
def test_the_server_answers_to_no_other_name(host: str) -> None:
    """By default MLflow answers to every private address, which DNS rebinding can point at it."""
    assert not answers_to(host)


def test_the_server_starts_no_background_jobs_and_calls_nobody() -> None:
    settings = server_settings("platform")
    assert settings["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert settings["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_the_bucket_is_reachable_under_both_address_styles_of_s3() -> None:
    hosts = {(host, one.port) for one in destinations(TRACKING) for host in one.hosts}
    assert hosts == {("db.example.com", 5432), ("s3.example.com", 443), ("models.s3.example.com", 443)}


def test_the_artifact_stores_credentials_come_from_below_the_path_in_the_settings() -> None:
    assert artifacts_path(TRACKING) == "tracking/artifacts"
    data = declared("ExternalSecret", "mlflow-artifacts").inputs["spec"]["data"]
    assert {(one["remoteRef"]["key"], one["remoteRef"]["property"]) for one in data} == {
        ("tracking/artifacts", key) for key in ARTIFACT_KEYS
    }


def test_the_login_to_the_database_is_made_for_mlflows_own_account_and_in_its_own_role() -> None:
    made = declared("VaultDynamicSecret", "mlflow-database").inputs["spec"]
    assert made["path"] == CREDENTIALS
    assert made["provider"]["auth"]["kubernetes"] == {
        "mountPath": auth_mount("east"),
        "role": "login-of-mlflow",
        "serviceAccountRef": {"name": "mlflow"},
    }
    assert pod()["serviceAccountName"] == "mlflow"


def test_the_pod_mounts_the_login_that_the_store_makes() -> None:
    filled = declared("ExternalSecret", "mlflow-database").inputs["spec"]
    (source,) = filled["dataFrom"]
    assert source["sourceRef"]["generatorRef"]["kind"] == "VaultDynamicSecret"
    mounted = {volume["secret"]["secretName"] for volume in pod()["volumes"] if "secret" in volume}
    assert mounted == {filled["target"]["name"], "mlflow-artifacts"}


def test_the_service_file_is_one_that_libpq_reads_and_checks_the_server_by() -> None:
    """https://www.postgresql.org/docs/current/libpq-pgservice.html: an INI file, a section per service."""
    template = database_secret(TRACKING, CREDENTIALS, "mlflow").template
    filled = template["pg_service.conf"].replace("{{ .username }}", "v-1").replace("{{ .password }}", "x")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(filled)
    assert dict(parser["mlflow"]) == {
        "host": "db.example.com",
        "port": "5432",
        "dbname": "mlflow",
        "user": "v-1",
        "password": "x",
        "sslmode": "verify-full",
    }


def test_the_databases_authority_comes_from_the_store_and_no_password_does() -> None:
    """A fixed password beside the short-lived one would make it pointless."""
    assert database_secret(TRACKING, CREDENTIALS, "mlflow").fixed == {
        "authority": ("tracking/database", "ca.crt")
    }


def test_no_secret_passes_through_this_program() -> None:
    found = recorded()
    assert [one for one in found.kubernetes if one.inputs["kind"] == "Secret"] == []
    for one in found.kubernetes:
        if one.inputs["kind"] != "ExternalSecret":
            assert "password" not in json.dumps(one.inputs)


@pytest.mark.parametrize("part", ["account", "config", "database", "artifacts"])
def test_the_server_comes_after_all_that_it_mounts_and_is(part: str) -> None:
    assert f"east-mlflow-{part}" in declared("Deployment", "mlflow").dependencies


def test_the_login_comes_after_the_account_that_asks_for_it() -> None:
    assert "east-mlflow-account" in declared("VaultDynamicSecret", "mlflow-database").dependencies
    assert "east-mlflow-database-login" in declared("ExternalSecret", "mlflow-database").dependencies


def test_only_pods_of_the_clients_namespaces_may_connect_and_each_is_let_out() -> None:
    (rule,) = declared("NetworkPolicy", "mlflow-from-clients").inputs["spec"]["ingress"]
    named = [list(one["namespaceSelector"]["matchLabels"].values()) for one in rule["from"]]
    assert named == [["team"]]
    assert recorded().find("NetworkPolicy", "to-mlflow", provider="", namespace="team")
