"""Workloads at the store: one mount per cluster, one account in one namespace per role, for an hour."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.secrets.secret_store import auth_mount
from components.secrets.workload_login import (
    Workload,
    WorkloadLogin,
    WorkloadLoginArgs,
    config_settings,
    role_settings,
)
from components.secrets.workload_policies import WorkloadPolicies, WorkloadPoliciesArgs
from tests.recorder import Declaration, Recorder, run

AUTHORITY = "-----BEGIN CERTIFICATE-----\nof the cluster\n-----END CERTIFICATE-----\n"
ACCOUNTS = {"tracker": ("platform", "tracker"), "tenant-vision": ("vision", "workload")}


def recorded(*clusters: str) -> Recorder:
    def program() -> None:
        policies = WorkloadPolicies(
            "policies",
            WorkloadPoliciesArgs(policies={role: {f"kv/data/{role}/*": ("read",)} for role in ACCOUNTS}),
            pulumi.ResourceOptions(),
        )
        workloads = [
            Workload(role=role, account=account, namespace=namespace, policies=(policies.names[role],))
            for role, (namespace, account) in ACCOUNTS.items()
        ]
        for cluster in clusters:
            args = WorkloadLoginArgs(
                cluster=cluster,
                api_url=f"https://{cluster}.example.com:6443",
                authority=AUTHORITY,
                workloads=workloads,
            )
            WorkloadLogin(cluster, args, pulumi.ResourceOptions())

    found = run(program)
    assert found.misnamed() == []
    return found


def declared(found: Recorder, kind: str) -> list[Declaration]:
    return [one for one in found.declarations if one.type.endswith(f":{kind}")]


def roles() -> dict[str, dict[str, Any]]:
    return {one.inputs["roleName"]: one.inputs for one in declared(recorded("east"), "AuthBackendRole")}


def test_a_role_is_for_exactly_one_account_in_exactly_one_namespace() -> None:
    assert {
        name: (one["boundServiceAccountNamespaces"], one["boundServiceAccountNames"])
        for name, one in roles().items()
    } == {name: ([namespace], [account]) for name, (namespace, account) in ACCOUNTS.items()}


def test_a_role_gives_its_own_policy_alone_and_comes_after_it() -> None:
    assert {name: one["tokenPolicies"] for name, one in roles().items()} == {
        name: [name] for name in ACCOUNTS
    }
    for one in declared(recorded("east"), "AuthBackendRole"):
        assert f"policies-{one.inputs['roleName']}" in one.dependencies


def test_a_login_ends_within_the_hour_and_cannot_be_drawn_out() -> None:
    workload = Workload(role="a", account="a", namespace="a", policies=("a",))
    settings = role_settings(workload)
    assert 0 < settings["token_ttl"] <= settings["token_max_ttl"] <= 3600
    assert settings.keys().isdisjoint({"token_period", "token_no_default_policy", "token_explicit_max_ttl"})


def test_each_cluster_has_a_mount_of_its_own_that_asks_its_own_api_server() -> None:
    found = recorded("east", "west")
    mounts = {one.inputs["path"] for one in declared(found, "AuthBackend")}
    assert mounts == {auth_mount("east"), auth_mount("west")}
    asked = {
        one.inputs["backend"]: one.inputs["kubernetesHost"] for one in declared(found, "AuthBackendConfig")
    }
    assert asked == {auth_mount(name): f"https://{name}.example.com:6443" for name in ("east", "west")}


def test_nobody_can_log_in_before_the_mount_knows_its_api_server() -> None:
    for one in declared(recorded("east"), "AuthBackendRole"):
        assert "east-config" in one.dependencies


def test_the_store_keeps_no_credential_of_a_cluster() -> None:
    """Every caller's token is reviewed in the caller's own name."""
    for settings in (config_settings("https://a.example.com", AUTHORITY), config_settings(None, None)):
        assert "token_reviewer_jwt" not in settings


def test_another_clusters_api_server_is_checked_by_that_clusters_authority_alone() -> None:
    settings = config_settings("https://a.example.com", AUTHORITY)
    assert settings["kubernetes_ca_cert"] == AUTHORITY
    assert settings["disable_local_ca_jwt"] is True, (
        "the store's own account would be sent to another cluster"
    )


def test_in_its_own_cluster_the_store_asks_the_api_server_next_to_it() -> None:
    assert config_settings(None, None) == {"kubernetes_host": "https://kubernetes.default.svc"}


@pytest.mark.parametrize("field", ["boundServiceAccountNames", "boundServiceAccountNamespaces"])
def test_no_role_is_open_to_everybody(field: str) -> None:
    assert all("*" not in one[field] for one in roles().values())
    assert all("boundServiceAccountNamespaceSelector" not in one for one in roles().values())
