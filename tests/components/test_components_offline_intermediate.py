from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes import Provider

from components.manifest import NamespaceRef
from components.secrets.secret_store import auth_mount
from components.trust.offline_intermediate import (
    ACCOUNT,
    KEYS,
    OfflineIntermediate,
    OfflineIntermediateArgs,
    external_secret,
    secret_store,
)
from config.schema import SecretStoreSettings
from tests.recorder import Declaration, run

SYSTEM = NamespaceRef(name="istio-system", ready="istio-system")
ARGS = OfflineIntermediateArgs(
    namespace=SYSTEM,
    cluster="east",
    store=SecretStoreSettings(backend="vault", address="https://vault.example.com", mount="kv"),
    path="mesh/east",
    roots=("root",),
    labels={"team": "platform"},
)


def declared() -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        OfflineIntermediate("east-mesh-ca", ARGS, pulumi.ResourceOptions(provider=provider))

    found = run(program)
    assert found.misnamed() == []
    return {one.name: one for one in found.declarations}


def target() -> dict[str, Any]:
    found: dict[str, Any] = external_secret(ARGS)["spec"]["target"]
    return found


def test_the_secret_has_the_form_that_istio_reads() -> None:
    assert (target()["name"], target()["template"]) == ("cacerts", {"type": "kubernetes.io/tls"})
    keys = {one["secretKey"]: one["remoteRef"] for one in external_secret(ARGS)["spec"]["data"]}
    assert set(keys) == set(KEYS) == {"tls.crt", "tls.key", "ca.crt"}
    assert {one["key"] for one in keys.values()} == {"mesh/east"}


def test_an_intermediate_that_vanishes_from_the_store_stays_in_the_cluster() -> None:
    """Without it the control plane would make a root of its own at its next start."""
    assert target()["deletionPolicy"] == "Retain"


def test_nobody_else_in_the_cluster_can_read_it_through_that_store() -> None:
    made = secret_store(ARGS, "reader")
    assert (made["kind"], made["metadata"]["namespace"]) == ("SecretStore", "istio-system")
    login = made["spec"]["provider"]["vault"]["auth"]["kubernetes"]
    assert login["mountPath"] == auth_mount("east")
    assert login["serviceAccountRef"] == {"name": "reader"}


def test_each_part_comes_after_what_it_names() -> None:
    made = declared()
    assert made["east-mesh-ca-account"].inputs["metadata"]["name"] == ACCOUNT
    assert "east-mesh-ca-account" in made["east-mesh-ca-store"].dependencies
    assert "east-mesh-ca-store" in made["east-mesh-ca-certificate"].dependencies


def test_it_counts_as_made_once_it_can_be_read() -> None:
    assert external_secret(ARGS)["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}


def test_no_key_is_in_what_the_program_declares() -> None:
    assert not [name for name, one in declared().items() if "PRIVATE KEY" in repr(one.inputs)]
