"""The applications as clients: one way to log in, and tokens that say one audience and the platform's roles."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pulumi
import pulumi_vault as vault
import pytest

from components.identity.clients import LAST_RESORT, SCOPE, Clients, ClientsArgs, client_settings
from config.access import BREAK_GLASS, ROLES_CLAIM, Role
from config.applications import APPLICATIONS, Application
from tests.recorder import Recorder, run

DOMAIN = "mlops.example.com"
NAMES = {application.client for application in APPLICATIONS}
SECRETS: dict[str, bool] = {}
"""Of each secret that the component hands out: is it kept secret?"""


@cache
def recorded() -> Recorder:
    def program() -> None:
        args = ClientsArgs(
            realm="realm-id",
            roles={role: f"{role}-role" for role in (*Role, BREAK_GLASS)},
            applications=APPLICATIONS,
            domain=DOMAIN,
            redirect_uris={"kfp": ("https://pipelines.example.com/callback",)},
        )
        for client, secret in Clients("clients", args).secrets.items():
            kept: pulumi.Output[bool] = pulumi.Output.from_input(secret.is_secret())
            kept.apply(partial(SECRETS.__setitem__, client))
            vault.kv.SecretV2(f"clients-kept-{client}", mount="m", data_json=secret)

    return run(program)


def inputs(type_: str) -> list[dict[str, Any]]:
    return [one.inputs for one in recorded().declarations if one.type.endswith(f":{type_}")]


def scopes() -> dict[str, dict[str, Any]]:
    """By the part of the component that each one is."""
    found = [one for one in recorded().declarations if one.type.endswith(":ClientScope")]
    return {one.name.removeprefix("clients-"): one.inputs for one in found}


def clients() -> dict[str, dict[str, Any]]:
    return {one["clientId"]: one for one in inputs("Client")}


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda one: one.client)
def test_a_login_is_the_authorization_code_flow_with_pkce_and_nothing_else(application: Application) -> None:
    settings = client_settings(application, DOMAIN, {})
    assert settings["standard_flow_enabled"] is True
    assert settings["pkce_code_challenge_method"] == "S256"
    for other in ("implicit_flow", "direct_access_grants", "service_accounts"):
        assert settings[f"{other}_enabled"] is False
    assert not [name for name in settings if "device" in name or "exchange" in name]


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda one: one.client)
def test_a_code_goes_to_exact_addresses_of_the_application_alone(application: Application) -> None:
    settings = client_settings(application, DOMAIN, {"other": ("https://other.example.com/",)})
    assert settings["valid_redirect_uris"]
    for address in settings["valid_redirect_uris"]:
        assert "*" not in address
        own = f"https://{application.client}.{DOMAIN}/"
        assert address.startswith((own, "http://127.0.0.1:", "http://localhost:"))
    assert settings["web_origins"] == []


def test_every_application_is_declared_with_its_settings_and_the_addresses_that_were_added() -> None:
    assert set(clients()) == NAMES
    for declared in clients().values():
        assert declared["pkceCodeChallengeMethod"] == "S256"
        assert declared["directAccessGrantsEnabled"] is declared["fullScopeAllowed"] is False
    assert "https://pipelines.example.com/callback" in clients()["kfp"]["validRedirectUris"]
    assert "https://pipelines.example.com/callback" not in str(clients()["mlflow"])


def test_who_cannot_keep_a_secret_has_none() -> None:
    public = {name for name, one in clients().items() if one["accessType"] == "PUBLIC"}
    assert public == {one.client for one in APPLICATIONS if not one.confidential}
    assert {clients()[name]["accessType"] for name in NAMES - public} == {"CONFIDENTIAL"}
    assert set(SECRETS) == NAMES - public


def test_a_clients_secret_is_made_by_keycloak_and_stays_secret_on_its_way() -> None:
    assert not [name for name, one in clients().items() if "clientSecret" in one]
    recorded()
    assert SECRETS
    assert all(SECRETS.values())


def test_nobody_has_a_clients_secret_before_its_tokens_are_whole() -> None:
    after = {one.name: one.dependencies for one in recorded().declarations}
    for client in SECRETS:
        parts = {f"clients-{client}-{part}" for part in ("audience", "scopes", "optional-scopes")}
        assert parts <= after[f"clients-kept-{client}"]
        assert {f"clients-roles-{part}" for part in ("claim", *Role)} <= after[f"clients-{client}-scopes"]


def test_a_token_is_for_its_own_client_alone() -> None:
    audiences = {one["clientId"]: one for one in inputs("AudienceProtocolMapper")}
    assert {client: one["includedClientAudience"] for client, one in audiences.items()} == {
        f"clients-{name}-id": name for name in NAMES
    }
    assert all(one["addToAccessToken"] and not one["addToIdToken"] for one in audiences.values())


def test_the_same_claim_holds_the_roles_at_every_client() -> None:
    names = {one["name"]: f"clients-{part}-id" for part, one in scopes().items()}
    assert set(names) == {SCOPE, LAST_RESORT}
    mappers = inputs("UserRealmRoleProtocolMapper")
    assert {one["clientScopeId"] for one in mappers} == set(names.values())
    for mapper in mappers:
        assert (mapper["claimName"], mapper["multivalued"]) == (ROLES_CLAIM, True)
        assert "realmRolePrefix" not in mapper


def test_a_token_names_the_six_roles_and_none_of_keycloaks_own() -> None:
    """Full scope is off: a role that no scope maps is in no token, and so neither are rights over users."""
    mapped: dict[str, set[str]] = {}
    for one in inputs("GenericRoleMapper"):
        mapped.setdefault(one["clientScopeId"], set()).add(one["roleId"])
    assert mapped == {
        "clients-roles-id": {f"{role}-role" for role in Role},
        f"clients-{BREAK_GLASS}-id": {f"{BREAK_GLASS}-role"},
    }


def test_the_role_of_last_resort_is_in_tokens_for_clusters_alone() -> None:
    given = [one["clientId"] for one in inputs("ClientDefaultScopes") if LAST_RESORT in one["defaultScopes"]]
    assert given == ["clients-kubernetes-id"]


def test_every_client_has_the_scope_of_roles_and_none_that_adds_audiences_or_outlives_a_session() -> None:
    default = {one["clientId"]: set(one["defaultScopes"]) for one in inputs("ClientDefaultScopes")}
    optional = {one["clientId"]: one["optionalScopes"] for one in inputs("ClientOptionalScopes")}
    assert set(default) == set(optional) == {f"clients-{name}-id" for name in NAMES}
    for given in default.values():
        assert {"basic", SCOPE} <= given <= {"basic", SCOPE, LAST_RESORT, "profile", "email"}
    assert all(given == [] for given in optional.values())


def test_every_child_is_named_for_its_component() -> None:
    assert recorded().misnamed() == []
