"""The way from a cluster to the store: who may use it, who logs in, whose tokens are reviewed."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pytest

from components.labels import Owner
from components.manifest import NamespaceRef, declare, kubernetes_object
from components.secrets.external_secret import STORE
from components.secrets.secret_store import (
    OPERATOR,
    TOKEN_REVIEW,
    SecretStore,
    SecretStoreArgs,
    auth_mount,
    cluster_secret_store,
    server_login,
    server_url,
    token_review_binding,
    token_review_role,
)
from config.schema import AwsKmsSeal, ChartSettings, SecretBackend, SecretServer, SecretStoreSettings
from tests.recorder import Recorder, run

ROLE = "arn:aws:iam::123456789012:role/store"
REVIEWERS = (("external-secrets", "external-secrets"), ("platform", "tracker"))


def arguments(cluster: str = "east", backend: SecretBackend = "openbao") -> SecretStoreArgs:
    return SecretStoreArgs(
        settings=SecretStoreSettings(backend=backend, address="https://vault.example.com", mount="kv"),
        cluster=cluster,
        users=["platform"],
        reviewers=REVIEWERS,
        charts=ChartSettings(source="upstream"),
        owner=Owner(team="platform", cost_center="core", environment="test"),
    )


def spec(cluster: str = "east", backend: SecretBackend = "openbao") -> dict[str, Any]:
    found: dict[str, Any] = cluster_secret_store(arguments(cluster, backend))["spec"]
    return found


def recorded() -> Recorder:
    def program() -> None:
        store = SecretStore("east-secrets", arguments(), pulumi.ResourceOptions())
        guest = kubernetes_object("v1", "ConfigMap", "guest", namespace=store.ref, data={})
        declare("guest", guest, pulumi.ResourceOptions())

    found = run(program)
    assert found.misnamed() == []
    return found


def test_only_the_named_namespaces_can_use_the_store() -> None:
    assert spec()["conditions"] == [{"namespaces": ["platform"]}]


def test_each_cluster_logs_in_at_its_own_auth_mount() -> None:
    mounts = {spec(name)["provider"]["vault"]["auth"]["kubernetes"]["mountPath"] for name in ("east", "west")}
    assert mounts == {auth_mount("east"), auth_mount("west")}
    assert len(mounts) == 2


def test_the_operator_logs_in_with_its_service_account_and_no_stored_token() -> None:
    auth = spec()["provider"]["vault"]["auth"]
    assert list(auth) == ["kubernetes"]
    assert "secretRef" not in auth["kubernetes"]
    assert auth["kubernetes"]["serviceAccountRef"] == {"name": OPERATOR, "namespace": OPERATOR}


@pytest.mark.parametrize("backend", ["vault", "openbao"])
def test_a_store_of_ours_is_reached_by_its_service_and_any_other_at_its_address(
    backend: SecretBackend,
) -> None:
    store = arguments(backend=backend).settings
    ours = SecretServer(storage_class="gp3", seal=AwsKmsSeal(region="eu-central-1", key_id="k", role=ROLE))
    assert server_url(store) == "https://vault.example.com"
    hosted = urlsplit(server_url(store.model_copy(update={"server": ours})))
    assert hosted.scheme == "https"
    assert (hosted.hostname or "").startswith(f"{backend}.{backend}.svc.")


@pytest.mark.parametrize("backend", ["vault", "openbao"])
def test_the_store_is_read_as_kv_version_2(backend: SecretBackend) -> None:
    vault = spec(backend=backend)["provider"]["vault"]
    assert (vault["path"], vault["version"]) == ("kv", "v2")


def test_the_stores_certificate_is_checked_by_the_named_authority() -> None:
    store = arguments().settings
    account = {"name": "tracker"}
    assert "caBundle" not in server_login(store, "east", "tracker", account)
    private = store.model_copy(update={"authority": "-----BEGIN CERTIFICATE-----\nours\n"})
    bundle = server_login(private, "east", "tracker", account)["caBundle"]
    assert b64decode(bundle).decode() == private.authority


def test_the_operator_reaches_its_api_server_and_the_store_and_nothing_else() -> None:
    policies = [
        one.inputs for one in recorded().kubernetes if one.inputs.get("kind") == "CiliumNetworkPolicy"
    ]
    egress = [rule for one in policies for rule in one["spec"].get("egress", ())]
    assert [rule["toEntities"] for rule in egress if "toEntities" in rule] == [["kube-apiserver"]]
    assert [rule["toFQDNs"] for rule in egress if "toFQDNs" in rule] == [[{"matchName": "vault.example.com"}]]


def test_a_reviewer_may_ask_whether_a_token_is_good_and_nothing_else() -> None:
    assert token_review_role({})["rules"] == [
        {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}
    ]


def test_exactly_the_named_accounts_are_reviewers() -> None:
    binding = token_review_binding(REVIEWERS, {})
    assert [(one["kind"], one["namespace"], one["name"]) for one in binding["subjects"]] == [
        ("ServiceAccount", *one) for one in REVIEWERS
    ]
    assert binding["roleRef"]["kind"] == "ClusterRole"
    assert binding["roleRef"]["name"] == TOKEN_REVIEW


def test_the_reviewers_role_is_there_before_it_is_given() -> None:
    binding = recorded().find("ClusterRoleBinding", TOKEN_REVIEW, provider="")
    assert binding.inputs["roleRef"]["name"] == TOKEN_REVIEW
    assert "east-secrets-token-review" in binding.dependencies


def test_nothing_lives_in_the_operators_namespace_before_it_is_closed() -> None:
    found = recorded()
    assert found.find("NetworkPolicy", "default-deny", provider="", namespace=OPERATOR)
    for kind, name in (("ServiceAccount", OPERATOR), ("ConfigMap", "guest")):
        guest = found.find(kind, name, provider="", namespace=OPERATOR)
        assert "east-secrets-isolation-deny" in guest.dependencies


def test_the_operators_pods_are_restricted_and_its_account_mounts_no_token() -> None:
    found = recorded()
    namespace = found.find("Namespace", OPERATOR, provider="").inputs["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"
    account = found.find("ServiceAccount", OPERATOR, provider="", namespace=OPERATOR)
    assert account.inputs["automountServiceAccountToken"] is False


def test_the_store_has_the_name_by_which_external_secrets_refer_to_it() -> None:
    assert recorded().find("ClusterSecretStore", STORE, provider="")


def test_the_namespace_is_known_by_its_literal_name_too() -> None:
    """Policies read literals; a value that orders the graph is none at preview."""

    def program() -> dict[str, Any]:
        ref: NamespaceRef = SecretStore("east-secrets", arguments(), pulumi.ResourceOptions()).ref
        return {"name": ref.name}

    assert run(program).outputs["name"] == OPERATOR
