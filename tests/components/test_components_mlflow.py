from __future__ import annotations

import fnmatch

import pytest

from components.labels import Owner, labels, selector
from components.manifest import NamespaceRef
from components.tracking.mlflow import (
    destinations,
    digest,
    disruption_budget,
    secret_paths,
    server_settings,
    service,
)
from config.schema import Endpoint, TrackingSettings

PLATFORM = NamespaceRef(name="platform", ready="platform")
TRACKING = TrackingSettings(
    replicas=2,
    database=Endpoint(host="db.example.com", port=5432),
    artifacts=Endpoint(host="s3.example.com", port=443),
    bucket="models",
    secret_path="tracking",
)


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


def test_the_digest_follows_the_settings_and_not_their_order() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert digest({"a": "1"}) != digest({"a": "2"})


def test_the_bucket_is_reachable_under_both_address_styles_of_s3() -> None:
    hosts = {(host, one.port) for one in destinations(TRACKING) for host in one.hosts}
    assert hosts == {("db.example.com", 5432), ("s3.example.com", 443), ("models.s3.example.com", 443)}


def test_secrets_come_from_below_the_path_in_the_settings() -> None:
    assert {path for path, _ in secret_paths(TRACKING).values()} == {
        "tracking/database",
        "tracking/artifacts",
    }


def test_the_service_stays_inside_the_cluster_and_finds_the_pods() -> None:
    spec = service(PLATFORM, {})["spec"]
    assert spec["type"] == "ClusterIP"
    pods = labels("mlflow", "tracking", Owner(team="a", cost_center="b", environment="c"))
    assert spec["selector"].items() <= pods.items()


def test_a_node_can_be_drained_whatever_the_number_of_replicas() -> None:
    spec = disruption_budget(PLATFORM, {})["spec"]
    assert spec["maxUnavailable"] == 1
    assert spec["selector"]["matchLabels"] == selector("mlflow")
