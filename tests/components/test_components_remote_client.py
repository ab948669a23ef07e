from __future__ import annotations

import json

import pulumi_vault as vault

from components.access.cluster_access import PREFIX
from components.mesh.remote_client import (
    TOKEN_SECONDS,
    RemoteClient,
    RemoteClientArgs,
    client_name,
    client_settings,
    group_claim,
)
from components.mesh.remote_reader import reader_binding
from config.access import BREAK_GLASS, ROLES_CLAIM, Role
from tests.recorder import run


def test_nobody_logs_in_by_it() -> None:
    settings = client_settings("east")
    flows = {key: value for key, value in settings.items() if key.endswith("_enabled")}
    assert [key for key, on in flows.items() if on] == ["service_accounts_enabled"]
    assert len(flows) == 4
    assert settings["full_scope_allowed"] is False
    assert settings["access_type"] == "CONFIDENTIAL"


def test_its_tokens_are_in_the_one_group_that_other_clusters_know() -> None:
    claim = group_claim("east")
    (group,) = json.loads(claim["claim_value"])
    assert (claim["claim_name"], claim["claim_value_type"]) == (ROLES_CLAIM, "JSON")
    assert f"{PREFIX}{group}" == reader_binding(["east"], {})["subjects"][0]["name"]
    assert group not in {*Role, BREAK_GLASS}


def test_a_token_ends_within_hours() -> None:
    assert client_settings("east")["access_token_lifespan"] == str(TOKEN_SECONDS)
    assert TOKEN_SECONDS <= 4 * 3600


def test_a_token_is_for_api_servers_and_carries_no_scope_of_people() -> None:
    def program() -> None:
        RemoteClient("east-mesh-client", RemoteClientArgs(realm="r", cluster="east"))

    found = run(program)
    by_type = {one.type.rpartition(":")[2]: one.inputs for one in found.declarations}
    assert by_type["AudienceProtocolMapper"]["includedClientAudience"] == "kubernetes"
    assert by_type["ClientDefaultScopes"]["defaultScopes"] == ["basic"]
    assert by_type["ClientOptionalScopes"]["optionalScopes"] == []
    assert by_type["Client"]["clientId"] == client_name("east")
    assert found.misnamed() == []


def test_nobody_has_the_secret_before_its_tokens_are_whole() -> None:
    def program() -> None:
        client = RemoteClient("east-mesh-client", RemoteClientArgs(realm="r", cluster="east"))
        vault.kv.SecretV2("kept", mount="m", data_json=client.secret)

    (kept,) = (one for one in run(program).declarations if one.name == "kept")
    parts = ("client", "audience", "group", "scopes", "optional-scopes")
    assert {f"east-mesh-client-{part}" for part in parts} <= kept.dependencies
