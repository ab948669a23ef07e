"""Workloads at the secret store: exactly one account of one namespace of one cluster for each role."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from kubernetes import client

from tests.platform.command import Platform
from tests.platform.store import api, login, store_of

pytestmark = pytest.mark.lab

OPERATOR = "external-secrets"


@pytest.fixture(scope="module")
def namesake(platform: Platform) -> Iterator[str]:
    """A namespace of the first cluster in which somebody made an account with the operator's name, and gave it
    the right that the store needs of whoever logs in."""
    with api(platform, "east") as connection:
        core, rbac = client.CoreV1Api(connection), client.RbacAuthorizationV1Api(connection)
        account = {"metadata": {"name": OPERATOR}}
        core.create_namespaced_service_account("default", account)
        rbac.create_cluster_role_binding(
            {
                "metadata": {"name": "namesake"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": "mlops:token-review",
                },
                "subjects": [{"kind": "ServiceAccount", "name": OPERATOR, "namespace": "default"}],
            }
        )
        try:
            yield "default"
        finally:
            rbac.delete_cluster_role_binding("namesake")
            core.delete_namespaced_service_account(OPERATOR, "default")


def enter(
    platform: Platform,
    *,
    role: str = OPERATOR,
    account: str = OPERATOR,
    namespace: str = OPERATOR,
    of: str = "east",
    at: str = "east",
) -> httpx.Response:
    """The operator of external secrets logs in, or somebody who is nearly it."""
    return login(platform, role=role, account=account, namespace=namespace, of=of, at=at)


def refused(answer: httpx.Response) -> str:
    assert answer.status_code in {400, 403}, answer.text
    return str(answer.json()["errors"])


@pytest.mark.parametrize("cluster", ["east", "west"])
def test_the_right_account_enters_with_its_own_policy_for_an_hour(platform: Platform, cluster: str) -> None:
    answer = enter(platform, of=cluster, at=cluster)
    assert answer.is_success, answer.text
    given = answer.json()["auth"]
    assert sorted(given["token_policies"]) == ["default", "mlops-external-secrets"]
    assert given["lease_duration"] <= 3600


def test_an_account_of_that_name_in_another_namespace_is_refused(platform: Platform, namesake: str) -> None:
    assert "namespace not authorized" in refused(enter(platform, namespace=namesake))


def test_another_account_of_the_same_namespace_is_refused(platform: Platform) -> None:
    assert "service account name not authorized" in refused(enter(platform, account="default"))


@pytest.mark.parametrize(("of", "at"), [("west", "east"), ("east", "west")])
def test_a_token_of_another_cluster_is_refused(platform: Platform, of: str, at: str) -> None:
    assert enter(platform, of=of, at=of).is_success
    refused(enter(platform, of=of, at=at))


def test_an_account_does_not_enter_in_anothers_role(platform: Platform) -> None:
    refused(enter(platform, role="mlflow"))


def test_a_token_that_is_not_the_clusters_is_refused(platform: Platform) -> None:
    with api(platform, "east") as connection:
        made = client.CoreV1Api(connection).create_namespaced_service_account_token(
            OPERATOR, OPERATOR, {"spec": {}}
        )
    header, body, _ = made.status.token.split(".")
    jwt = f"{header}.{body}.{'A' * 342}"
    refused(store_of(platform).request("POST", "auth/kubernetes-east/login", {"role": OPERATOR, "jwt": jwt}))
