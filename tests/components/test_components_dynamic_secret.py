"""A Secret with a login made for one workload: who asks for it, and what reaches the cluster of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.manifest import Manifest, NamespaceRef
from components.secrets.dynamic_secret import DynamicSecret, external_secret, generator
from components.secrets.external_secret import STORE
from components.secrets.secret_store import auth_mount
from config.schema import SecretStoreSettings
from tests.stacks.stack_schemas import crd_schema, custom_mistakes

CRDS = Path(__file__).resolve().parents[3] / "shared" / "upstream" / "crds"
TEAM = NamespaceRef(name="team", ready="team")
STORED = SecretStoreSettings(backend="openbao", address="https://vault.example.com")
LOGIN = DynamicSecret(
    name="tracker-database",
    path="database/creds/tracker",
    account="tracker",
    template={"service": "user={{ .username }}\npassword={{ .password }}\n", "ca.crt": "{{ .authority }}"},
    fixed={"authority": ("tracker/database", "ca.crt")},
)


def made(cluster: str = "east") -> Manifest:
    return generator(LOGIN, "tracker-role", cluster, STORED, TEAM, {})


def filled() -> Manifest:
    return external_secret(LOGIN, "tracker-database", TEAM, {})


def kubernetes_login(cluster: str = "east") -> dict[str, Any]:
    auth = made(cluster)["spec"]["provider"]["auth"]
    assert list(auth) == ["kubernetes"], "another way to log in would need a stored secret"
    found: dict[str, Any] = auth["kubernetes"]
    return found


def test_the_login_is_asked_for_in_the_workloads_own_name_and_role() -> None:
    login = kubernetes_login()
    assert login["serviceAccountRef"] == {"name": "tracker"}
    assert login["role"] == "tracker-role"
    assert made()["metadata"]["namespace"] == "team"


def test_each_cluster_asks_at_its_own_auth_mount() -> None:
    assert kubernetes_login("east")["mountPath"] == auth_mount("east")
    assert kubernetes_login("west")["mountPath"] == auth_mount("west") != auth_mount("east")


def test_the_store_is_asked_over_tls_for_that_one_path() -> None:
    spec = made()["spec"]
    assert spec["provider"]["server"].startswith("https://vault.example.com")
    assert (spec["method"], spec["path"]) == ("GET", "database/creds/tracker")


def test_the_secret_is_filled_by_that_generator_and_by_named_keys_alone() -> None:
    spec = filled()["spec"]
    assert [source["sourceRef"]["generatorRef"] for source in spec["dataFrom"]] == [
        {"apiVersion": made()["apiVersion"], "kind": made()["kind"], "name": made()["metadata"]["name"]}
    ]
    assert spec["data"] == [
        {"secretKey": "authority", "remoteRef": {"key": "tracker/database", "property": "ca.crt"}}
    ]
    assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": STORE}


def test_only_the_templates_keys_reach_the_secret() -> None:
    """Merging would add the bare username and password beside them."""
    template = filled()["spec"]["target"]["template"]
    assert template["mergePolicy"] == "Replace"
    assert template["data"] == LOGIN.template


def test_the_secret_has_the_name_by_which_pods_mount_it_and_goes_with_its_owner() -> None:
    target = filled()["spec"]["target"]
    assert target["name"] == filled()["metadata"]["name"] == "tracker-database"
    assert target["creationPolicy"] == "Owner"


@pytest.mark.skipif(not CRDS.is_dir(), reason="the upstream CRDs are not beside this checkout")
@pytest.mark.parametrize("manifest", [made(), filled()], ids=["generator", "external secret"])
def test_the_object_is_what_its_crd_allows(manifest: Manifest) -> None:
    schema = crd_schema(CRDS, manifest["apiVersion"], manifest["kind"])
    assert custom_mistakes(manifest, schema) == []
    assert custom_mistakes({**manifest, "spec": {**manifest["spec"], "paths": "x"}}, schema)
