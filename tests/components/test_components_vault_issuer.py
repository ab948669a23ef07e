from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest

from components.secrets.secret_store import auth_mount
from components.trust.cert_manager_values import APP
from components.trust.vault_issuer import StoreAccess, vault_issuer

AUTHORITY = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
AUDIENCE = "https://kubernetes.default.svc"
ACCESS = StoreAccess(
    cluster="east", server="https://vault.example.com", authority=None, hosted=False, audience=AUDIENCE
)


def spec(**changed: Any) -> dict[str, Any]:
    made = vault_issuer("mesh", "pki/sign", "mesh", replace(ACCESS, **changed), {"team": "platform"})
    found: dict[str, Any] = made["spec"]["vault"]
    return found


def test_it_logs_in_at_its_own_clusters_mount_with_the_path_that_cert_manager_calls() -> None:
    """The mount's path is the whole path of the request: `login` alone is added."""
    assert spec()["auth"]["kubernetes"]["mountPath"] == f"/v1/auth/{auth_mount('east')}"


def test_it_logs_in_as_itself_and_the_token_is_good_for_the_api_server_that_reviews_it() -> None:
    assert spec()["auth"]["kubernetes"]["serviceAccountRef"] == {"name": APP, "audiences": [AUDIENCE]}


def test_no_credential_lies_in_the_cluster() -> None:
    assert set(spec()["auth"]) == {"kubernetes"}
    assert "secretRef" not in spec()["auth"]["kubernetes"]


@pytest.mark.parametrize("hosted", [True, False])
def test_it_trusts_the_authority_that_the_settings_name(hosted: bool) -> None:
    assert b64decode(spec(authority=AUTHORITY, hosted=hosted)["caBundle"]).decode() == AUTHORITY


def test_it_trusts_the_clusters_own_authority_for_a_store_that_runs_here() -> None:
    assert spec(hosted=True)["caBundleSecretRef"] == {"name": "platform-ca", "key": "ca.crt"}


def test_it_trusts_public_authorities_otherwise() -> None:
    assert not {"caBundle", "caBundleSecretRef"} & spec().keys()
