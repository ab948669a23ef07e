from __future__ import annotations

import json
import re
import ssl
import urllib.request

import boto3
import botocore.config
import psycopg
import pytest

from lab import minio, postgres
from lab.ports import LOOPBACK
from tests.platform.command import Platform

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def run_id(platform: Platform) -> str:
    """The id of a training run that was logged through the platform."""
    platform.mlops("train", "examples/train.py", "--", "--n-estimators", "10", "--run-name", "proof")
    context = ssl.create_default_context(cafile=platform.folder.ca)
    (endpoint,) = [e for e in platform.status()["lab"]["endpoints"] if e["cluster"] == "east"]
    request = urllib.request.Request(
        f"{endpoint['tls']}/api/2.0/mlflow/runs/search",
        data=json.dumps({"experiment_ids": ["1"], "max_results": 1}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
        (run,) = json.load(answer)["runs"]
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
