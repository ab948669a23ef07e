from __future__ import annotations

import base64
import json
from typing import Any

from kubernetes.client import Configuration
from kubernetes.config import load_kube_config_from_dict

from components.cluster.kubeconfig import kubeconfig

PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


def made() -> dict[str, Any]:
    text = kubeconfig(
        name="prod",
        context="prod",
        region="eu-central-1",
        endpoint="https://x.eks.amazonaws.com",
        authority=base64.b64encode(PEM.encode()).decode(),
    )
    document: dict[str, Any] = json.loads(text)
    return document


def test_a_kubernetes_client_can_read_it() -> None:
    document = made()
    del document["users"][0]["user"]["exec"]  # running the AWS CLI is not this test's business
    configuration = Configuration()
    load_kube_config_from_dict(document, client_configuration=configuration)
    assert configuration.host == "https://x.eks.amazonaws.com"
    assert configuration.verify_ssl


def test_it_holds_no_credential_and_asks_the_aws_cli_for_a_token_of_that_cluster() -> None:
    (user,) = made()["users"]
    assert list(user["user"]) == ["exec"]
    command = user["user"]["exec"]
    assert [command["command"], *command["args"]][:5] == ["aws", "eks", "get-token", "--cluster-name", "prod"]
    assert "eu-central-1" in command["args"]
    assert command["interactiveMode"] == "Never"
