from __future__ import annotations

from typing import Any, Literal

import pytest

from components.secrets.secret_store import SecretStoreArgs, cluster_secret_store
from config.schema import SecretStoreSettings


def spec(cluster: str = "east", backend: Literal["vault", "openbao"] = "openbao") -> dict[str, Any]:
    args = SecretStoreArgs(
        settings=SecretStoreSettings(backend=backend, mount="kv"), cluster=cluster, users=["platform"]
    )
    found: dict[str, Any] = cluster_secret_store(args)["spec"]
    return found


def test_only_the_named_namespaces_can_use_the_store() -> None:
    assert spec()["conditions"] == [{"namespaces": ["platform"]}]


def test_each_cluster_logs_in_at_its_own_auth_mount() -> None:
    mounts = {spec(name)["provider"]["vault"]["auth"]["kubernetes"]["mountPath"] for name in ("east", "west")}
    assert len(mounts) == 2


def test_the_operator_logs_in_with_its_service_account_and_no_stored_token() -> None:
    auth = spec()["provider"]["vault"]["auth"]
    assert list(auth) == ["kubernetes"]
    assert "secretRef" not in auth["kubernetes"]
    assert auth["kubernetes"]["serviceAccountRef"]["namespace"]


@pytest.mark.parametrize("backend", ["vault", "openbao"])
def test_the_store_is_reached_over_tls_and_read_as_kv_version_2(backend: Literal["vault", "openbao"]) -> None:
    vault = spec(backend=backend)["provider"]["vault"]
    assert vault["server"].startswith(f"https://{backend}.")
    assert (vault["path"], vault["version"]) == ("kv", "v2")
