from __future__ import annotations

import base64
from pathlib import Path

from lab.apiserver_config import Issuer, audit_policy, authentication, encryption, write_configuration
from lab.folder import LabFolder

ISSUER = Issuer(url="https://127.0.0.1:1/realms/r", authority="-----BEGIN CERTIFICATE-----\n")


def test_anonymous_requests_reach_the_health_endpoints_only() -> None:
    anonymous = authentication(ISSUER)["anonymous"]
    assert [condition["path"] for condition in anonymous["conditions"]] == ["/livez", "/readyz", "/healthz"]


def test_users_and_groups_of_the_realm_can_be_none_of_the_clusters_own() -> None:
    (realm,) = authentication(ISSUER)["jwt"]
    mapped = realm["claimMappings"]
    assert mapped["username"] == {"claim": "sub", "prefix": "mlops:"}
    assert mapped["groups"] == {"claim": "roles", "prefix": "mlops:"}
    rules = " ".join(rule["expression"] for rule in realm["userValidationRules"])
    assert "!user.username.startsWith('system:')" in rules
    assert "!group.startsWith('system:')" in rules


def test_the_realm_is_asked_over_tls_of_the_labs_authority_and_for_one_audience() -> None:
    (realm,) = authentication(ISSUER)["jwt"]
    assert realm["issuer"] == {
        "url": ISSUER.url,
        "audiences": ["kubernetes"],
        "certificateAuthority": ISSUER.authority,
    }


def test_secrets_are_written_encrypted_and_never_read_in_clear() -> None:
    (resource,) = encryption(b"k" * 32)["resources"]
    assert resource["resources"] == ["secrets"]
    assert [list(provider) for provider in resource["providers"]] == [["secretbox"]]
    assert base64.b64decode(resource["providers"][0]["secretbox"]["keys"][0]["secret"]) == b"k" * 32


def test_the_content_of_secrets_and_tokens_never_gets_into_the_audit_log() -> None:
    """The first rule that fits decides, so theirs stands before every one that logs bodies."""
    rules = audit_policy()["rules"]
    metadata = next(
        index
        for index, rule in enumerate(rules)
        if rule["level"] == "Metadata"
        and {"secrets", "serviceaccounts/token"} <= set(rule.get("resources", [{}])[0].get("resources", []))
    )
    assert all(rule["level"] == "None" for rule in rules[:metadata])


def test_each_cluster_has_a_key_of_its_own_that_stays(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    east, west = (
        write_configuration(folder, "east", ISSUER),
        write_configuration(folder, "west", ISSUER),
    )
    first = east.encryption.read_bytes()
    assert first != west.encryption.read_bytes()
    assert write_configuration(folder, "east", ISSUER).encryption.read_bytes() == first
    assert east.encryption.stat().st_mode & 0o777 == 0o600
