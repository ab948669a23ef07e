from __future__ import annotations

import base64
from pathlib import Path

from lab.apiserver_config import audit_policy, authentication, encryption, write_configuration
from lab.folder import LabFolder


def test_anonymous_requests_reach_the_health_endpoints_only() -> None:
    anonymous = authentication()["anonymous"]
    assert [condition["path"] for condition in anonymous["conditions"]] == ["/livez", "/readyz", "/healthz"]


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
    east, west = write_configuration(folder, "east"), write_configuration(folder, "west")
    first = east.encryption.read_bytes()
    assert first != west.encryption.read_bytes()
    assert write_configuration(folder, "east").encryption.read_bytes() == first
    assert east.encryption.stat().st_mode & 0o777 == 0o600
