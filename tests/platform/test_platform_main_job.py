from __future__ import annotations

import re

import boto3
import botocore.config
import httpx
import psycopg
import pytest

from lab import minio, postgres
from lab.ports import LOOPBACK
from lab.site import trust
from tests.platform.command import Platform

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def run_id(platform: Platform) -> str:
    """The id of a training run that was logged through the platform."""
    platform.mlops("train", "examples/train.py", "--", "--n-estimators", "10", "--run-name", "proof")
    (endpoint,) = [
        one
        for one in platform.status()["lab"]["endpoints"]
        if (one["cluster"], one["service"]) == ("east", "mlops-platform/mlflow")
    ]
    with httpx.Client(base_url=endpoint["tls"], verify=trust(platform.folder.ca), trust_env=False) as mlflow:
        named = mlflow.get("/api/2.0/mlflow/experiments/get-by-name", params={"experiment_name": "digits"})
        wanted = [named.raise_for_status().json()["experiment"]["experiment_id"]]
        asked = {"experiment_ids": wanted, "max_results": 1}
        (run,) = mlflow.post("/api/2.0/mlflow/runs/search", json=asked).raise_for_status().json()["runs"]
    assert run["info"]["run_name"] == "proof"
    assert {p["key"]: p["value"] for p in run["data"]["params"]}["n_estimators"] == "10"
    found: str = run["info"]["run_id"]
    return found


def test_the_run_is_a_row_in_postgresql(platform: Platform, run_id: str) -> None:
    status = platform.status()["lab"]
    (server,) = [s for s in status["services"] if s["name"] == "postgres"]
    password = platform.folder.secret(f"postgres-{postgres.SUPERUSER}").read_text()
    with psycopg.connect(
        host=LOOPBACK,
        port=int(server["address"].rsplit(":", 1)[1]),
        dbname="mlflow",
        user=postgres.SUPERUSER,
        password=password,
        sslmode="verify-full",
        sslrootcert=str(platform.folder.ca),
    ) as connection:
        rows = connection.execute("select status from runs where run_uuid = %s", (run_id,)).fetchall()
    assert rows == [("FINISHED",)]


def test_the_models_files_lie_in_the_bucket(platform: Platform, run_id: str) -> None:
    (server,) = [s for s in platform.status()["lab"]["services"] if s["name"] == "minio"]
    client = boto3.client(
        "s3",
        endpoint_url=server["address"],
        aws_access_key_id=minio.ROOT,
        aws_secret_access_key=platform.folder.secret(f"minio-{minio.ROOT}").read_text(),
        region_name="us-east-1",
        verify=str(platform.folder.ca),
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )
    keys = [item["Key"] for item in client.list_objects_v2(Bucket="mlflow")["Contents"]]
    assert any(re.search(r"/models/.*/artifacts/MLmodel$", key) for key in keys), keys


def test_a_script_that_fails_is_a_failure_with_a_place_to_look(platform: Platform) -> None:
    printed = platform.mlops("train", "examples/train.py", "--", "--no-such-option", expect=1)
    assert "BackoffLimitExceeded" in printed
    (name,) = re.findall(r"mlops lab logs (pods/\S+)", printed)
    assert "unrecognized arguments: --no-such-option" in platform.mlops("lab", "logs", name)
