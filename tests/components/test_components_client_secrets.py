"""The secrets of confidential clients: to the store as secrets, and to nobody but administrators from there."""

from __future__ import annotations

import json

import pulumi
import pytest

from components.secrets.client_secrets import ClientSecrets, ClientSecretsArgs
from components.secrets.vault_policies import role_rules
from config.access import LIMITED_SECRETS, MATRIX, Role
from config.secret_paths import CLIENT_FOLDER
from tests.components.secret_values import in_the_open, revealed
from tests.recorder import Recorder, run

CLIENTS = {"kfp": "first-of-them", "argocd": "second-of-them"}


def recorded() -> Recorder:
    def program() -> None:
        secrets = {client: pulumi.Output.secret(value) for client, value in CLIENTS.items()}
        ClientSecrets(
            "client-secrets", ClientSecretsArgs(kv_mount="kv", secrets=secrets), pulumi.ResourceOptions()
        )

    found = run(program)
    assert found.misnamed() == []
    return found


def test_each_client_has_a_place_of_its_own_in_the_mount() -> None:
    written = [one.inputs for one in recorded().declarations if not one.is_component]
    assert {(one["mount"], one["name"]) for one in written} == {("kv", "oidc/kfp"), ("kv", "oidc/argocd")}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_finds_its_name_and_its_own_secret(client: str) -> None:
    (one,) = [each for each in recorded().declarations if each.name == f"client-secrets-{client}"]
    assert json.loads(revealed(one.inputs["dataJson"])) == {
        "client_id": client,
        "client_secret": CLIENTS[client],
    }


@pytest.mark.parametrize("secret", CLIENTS.values())
def test_no_secret_of_a_client_is_handed_over_in_clear(secret: str) -> None:
    assert all(secret not in in_the_open(one.inputs) for one in recorded().declarations)


@pytest.mark.parametrize("role", LIMITED_SECRETS)
def test_no_limited_role_reads_the_clients_secrets(role: Role) -> None:
    """Whoever has a client's secret can pose as the application."""
    assert not [path for path in role_rules(MATRIX, role, "kv") if f"/{CLIENT_FOLDER}/" in path]
    assert CLIENT_FOLDER not in LIMITED_SECRETS[role]
