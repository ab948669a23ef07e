"""People at the store: by the realm alone, in a role that their token names, for an hour."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.secrets.people_login import CLIENT, MOUNT, PeopleLogin, PeopleLoginArgs, role_settings
from components.secrets.vault_policies import role_policies
from config.access import MATRIX, ROLES_CLAIM, Role
from config.applications import APPLICATIONS
from tests.components.secret_values import in_the_open, revealed
from tests.recorder import Recorder, run

SECRET = "of-the-client"
ISSUER = "https://id.example.com/realms/mlops-platform"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nof a private authority\n-----END CERTIFICATE-----\n"
REDIRECTS = (
    "https://vault.example.com/ui/vault/auth/oidc/oidc/callback",
    "http://localhost:8250/oidc/callback",
)


def recorded() -> Recorder:
    def program() -> None:
        args = PeopleLoginArgs(
            matrix=MATRIX,
            kv_mount="kv",
            issuer=ISSUER,
            authority=AUTHORITY,
            client_secret=SECRET,
            redirect_uris=REDIRECTS,
            lifetime=300,
        )
        PeopleLogin("people", args, pulumi.ResourceOptions())

    found = run(program)
    assert found.misnamed() == []
    return found


def declared(kind: str) -> list[dict[str, Any]]:
    return [one.inputs for one in recorded().declarations if one.type.endswith(f":{kind}")]


def backend() -> dict[str, Any]:
    (one,) = declared("AuthBackend")
    return one


def test_the_realm_is_the_one_issuer_and_is_reached_by_its_authority() -> None:
    found = backend()
    assert (found["type"], found["path"]) == ("oidc", MOUNT)
    assert found["oidcDiscoveryUrl"] == found["boundIssuer"] == ISSUER
    assert found["oidcDiscoveryCaPem"] == AUTHORITY


def test_the_stores_own_client_logs_in_with_a_secret_that_stays_one() -> None:
    assert backend()["oidcClientId"] == CLIENT
    assert CLIENT in {one.client for one in APPLICATIONS if one.confidential}
    assert revealed(backend()["oidcClientSecret"]) == SECRET
    assert all(SECRET not in in_the_open(one.inputs) for one in recorded().declarations)


def test_nobody_gets_in_without_naming_a_role() -> None:
    assert "defaultRole" not in backend()


def test_there_is_a_login_for_each_role_of_the_matrix_and_for_no_other() -> None:
    found = declared("AuthBackendRole")
    assert sorted(one["roleName"] for one in found) == sorted(Role)
    assert {one["backend"] for one in found} == {MOUNT}


def test_a_login_is_open_only_to_a_token_that_names_its_role_in_that_spelling() -> None:
    for one in declared("AuthBackendRole"):
        assert one["boundClaims"] == {ROLES_CLAIM: one["roleName"]}
        assert one.get("boundClaimsType", "string") == "string", "with globs `*` would be a role"
        assert one["boundAudiences"] == [CLIENT]


def test_a_login_gives_its_roles_policy_and_no_other() -> None:
    for one in declared("AuthBackendRole"):
        assert one["tokenPolicies"] == [f"mlops-{one['roleName']}"]


def test_a_person_is_who_the_realm_says_for_ever() -> None:
    """A user name can be given to somebody else; the subject cannot."""
    assert {one["userClaim"] for one in declared("AuthBackendRole")} == {"sub"}


@pytest.mark.parametrize("role", Role)
def test_a_login_ends_with_the_access_token_and_cannot_be_drawn_out(role: Role) -> None:
    settings = role_settings(role, REDIRECTS, 240)
    assert settings["token_ttl"] == settings["token_max_ttl"] == 240


def test_codes_go_to_the_named_addresses_alone() -> None:
    for one in declared("AuthBackendRole"):
        assert one["allowedRedirectUris"] == list(REDIRECTS)


def test_the_addresses_of_the_table_of_applications_are_exact() -> None:
    (vault,) = [one for one in APPLICATIONS if one.client == CLIENT]
    addresses = vault.redirect_uris("mlops.example.com", {})
    assert addresses
    assert not [one for one in addresses if "*" in one or "+" in one]


def test_every_roles_policy_is_written_as_the_matrix_says() -> None:
    assert {one["name"]: one["policy"] for one in declared("Policy")} == role_policies(MATRIX, "kv")
