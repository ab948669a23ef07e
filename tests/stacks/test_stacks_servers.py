from __future__ import annotations

from typing import Any

import pytest

from config.schema import PlatformSettings
from stacks.platform import build
from tests.recorder import Recorder, run
from tests.stacks.conftest import settings_of
from tests.stacks.stack_world import AUTHORITY, HOSTS

CREDENTIALS = {
    "KEYCLOAK_CLIENT_ID": "the-client",
    "KEYCLOAK_CLIENT_SECRET": "the-clients-secret",
    "KEYCLOAK_USER": "the-user",
    "KEYCLOAK_PASSWORD": "the-users-password",
    "VAULT_TOKEN": "the-token",
    "VAULT_CACERT": "the-authority",
    "VAULT_SKIP_VERIFY": "true",
}


def providers(recorded: Recorder) -> dict[str, dict[str, Any]]:
    return {
        one.name: one.inputs
        for one in recorded.declarations
        if one.type in {"pulumi:providers:keycloak", "pulumi:providers:vault"}
    }


def test_each_server_outside_has_exactly_one_provider(recorded: Recorder) -> None:
    assert sorted(providers(recorded)) == ["keycloak", "vault"]


def test_everything_of_a_server_goes_through_its_provider(recorded: Recorder) -> None:
    for server in ("keycloak", "vault"):
        declared = [one for one in recorded.declarations if one.type.startswith(f"{server}:")]
        assert {one.provider for one in declared} == {server}


def test_addresses_are_those_of_the_settings(recorded: Recorder, settings: PlatformSettings) -> None:
    found = providers(recorded)
    assert found["keycloak"]["url"] == settings.access.keycloak
    assert found["vault"]["address"] == settings.secrets.address
    assert "rootCaCertificate" not in found["keycloak"]


def test_on_a_lab_addresses_are_where_it_answers_and_its_authority_is_trusted(in_lab: Recorder) -> None:
    found = providers(in_lab)
    assert found["keycloak"]["url"] == f"https://{HOSTS['keycloak.lab.internal:8443']}"
    assert found["vault"]["address"] == f"https://{HOSTS['openbao.lab.internal:8200']}"
    assert found["keycloak"]["rootCaCertificate"] == AUTHORITY


def test_no_credential_of_the_caller_gets_into_the_state_and_certificates_are_always_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    recorded = run(lambda: build(settings_of("dev")), "dev")
    found = providers(recorded)
    assert not [value for value in CREDENTIALS.values() if value.startswith("the-") and value in repr(found)]
    assert found["vault"]["skipTlsVerify"] in (False, "false")
    assert str(found["keycloak"].get("tlsInsecureSkipVerify", "false")).lower() == "false"
