"""The group of last resort: it works, it is narrow, and everything about it is written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from config.access import BREAK_GLASS, ROLES_CLAIM, Role
from lab.bootstrap import admin_api
from lab.kube import KubeApi
from lab.lab import Lab
from lab.readiness import NotReady, poll
from proof import kubernetes, vault
from proof.directory import PREFIX
from proof.errors import Refused
from proof.people import Person
from tests.platform.command import Platform
from tests.platform.doors import Estate
from tests.platform.newcomer import newcomer, person

pytestmark = pytest.mark.lab

CLUSTER = "east"
DEPLOYMENTS = "/apis/apps/v1/namespaces/mlops-dev/deployments"
NAME = f"{PREFIX}broken"
MERGE = {"Content-Type": "application/merge-patch+json"}
SECONDS = 60.0


@pytest.fixture(scope="module")
def saviour(estate: Estate) -> Iterator[Person]:
    """Somebody whom an administrator put into the group."""
    with person(estate, BREAK_GLASS) as found:
        yield found


@pytest.fixture(scope="module")
def api(estate: Estate) -> Iterator[httpx.Client]:
    with kubernetes.connect(estate.found.clusters[CLUSTER], estate.found) as client:
        yield client


@pytest.fixture(scope="module")
def admin(platform: Platform) -> Iterator[KubeApi]:
    """The lab's administrator, in whose cluster something has to be restarted."""
    with admin_api(Lab(platform.folder).site(), CLUSTER) as client:
        client.apply(f"{DEPLOYMENTS}/{NAME}", broken())
        try:
            yield client
        finally:
            client.delete(f"{DEPLOYMENTS}/{NAME}")


def broken() -> dict[str, Any]:
    """A Deployment without pods."""
    chosen = {"app": NAME}
    container = {"name": "app", "image": "ghcr.io/mlops-platform/app@sha256:" + "0" * 64}
    template = {"metadata": {"labels": chosen}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": chosen}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": spec}


def recorded(platform: Platform, person: Person, verb: str, resource: str, code: int) -> dict[str, Any]:
    """The one record of the cluster's audit log about that."""
    log = platform.folder.cluster(CLUSTER).audit_log
    found: list[dict[str, Any]] = []

    def written() -> None:
        whole = log.read_text(encoding="utf-8").rpartition("\n")[0]
        records = map(json.loads, whole.splitlines())
        found[:] = [
            one
            for one in records
            if one["user"].get("username") == f"mlops:{person.subject}"
            and one["verb"] == verb
            and one.get("objectRef", {}).get("resource") == resource
            and one.get("responseStatus", {}).get("code") == code
        ]
        if not found:
            raise NotReady(f"{verb} {resource} is not in the log")

    poll("the audit log", written, SECONDS)
    assert len(found) == 1
    return found[0]


def test_its_token_opens_the_api_servers_and_no_other_door(estate: Estate, saviour: Person) -> None:
    assert saviour.token("kubernetes").claims[ROLES_CLAIM] == [BREAK_GLASS]
    for door in estate.doors:
        token = door.token(saviour)
        if door.client != kubernetes.CLIENT:
            assert not token.claims.get(ROLES_CLAIM)
            assert not door.opens(token.raw), door.name
    for role in (*Role, BREAK_GLASS):
        with pytest.raises(Refused):
            vault.enter(estate.found, saviour, role)


def test_it_sees_what_runs_and_restarts_it_and_the_audit_log_says_who_did_what(
    platform: Platform, api: httpx.Client, admin: KubeApi, saviour: Person
) -> None:
    header = saviour.token("kubernetes").header
    pods = api.get("/api/v1/namespaces/mlops-platform/pods", headers=header)
    assert any(
        pod["metadata"]["name"].startswith("mlflow") for pod in pods.raise_for_status().json()["items"]
    )
    annotations = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    restart = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    path = f"{DEPLOYMENTS}/{NAME}"
    assert api.patch(path, headers={**header, **MERGE}, content=json.dumps(restart)).is_success
    live = admin.get(path)
    assert live is not None
    assert live["spec"]["template"]["metadata"]["annotations"] == annotations
    seen = recorded(platform, saviour, "list", "pods", 200)
    assert "mlops:break-glass" in seen["user"]["groups"]
    done = recorded(platform, saviour, "patch", "deployments", 200)
    assert done["objectRef"]["name"] == NAME
    assert done["requestObject"] == restart, "what was changed, not only that"
    assert "mlops:break-glass" in done["annotations"]["authorization.k8s.io/reason"]
    assert saviour.token("kubernetes").raw not in platform.folder.cluster(CLUSTER).audit_log.read_text()


@pytest.mark.parametrize(
    ("verb", "attributes"),
    [
        ("list", {"resource": "secrets", "namespace": "mlops-platform"}),
        ("get", {"resource": "secrets", "namespace": "mlops-platform", "name": "mlflow-database"}),
        ("create", {"resource": "pods", "subresource": "exec", "namespace": "mlops-platform"}),
        ("create", {"resource": "pods", "namespace": "mlops-platform"}),
        ("create", {"resource": "serviceaccounts", "subresource": "token", "namespace": "mlops-platform"}),
        ("create", {"group": "rbac.authorization.k8s.io", "resource": "clusterrolebindings"}),
        ("impersonate", {"resource": "groups", "name": "mlops:admin"}),
        ("create", {"group": "mlops.platform", "resource": "devenvironments", "namespace": "mlops-dev"}),
        ("delete", {"group": "apps", "resource": "deployments", "namespace": "mlops-platform"}),
        ("*", {"group": "*", "resource": "*"}),
    ],
    ids=lambda value: value if isinstance(value, str) else value["resource"],
)
def test_it_reads_no_secret_opens_no_shell_and_gives_no_rights(
    api: httpx.Client, saviour: Person, verb: str, attributes: dict[str, str]
) -> None:
    assert not kubernetes.may(api, saviour.token("kubernetes").header, {"verb": verb, **attributes})


def test_what_it_tries_in_vain_is_in_the_audit_log_too(
    platform: Platform, api: httpx.Client, saviour: Person
) -> None:
    header = saviour.token("kubernetes").header
    assert api.get("/api/v1/namespaces/mlops-platform/secrets", headers=header).status_code == 403
    refused = recorded(platform, saviour, "list", "secrets", 403)
    assert refused["annotations"]["authorization.k8s.io/decision"] == "forbid"


def test_keycloak_records_who_put_whom_into_the_group(estate: Estate) -> None:
    admin, user = estate.people.by_role[Role.ADMIN], newcomer(estate)
    (door,) = [door for door in estate.doors if door.client == "security-admin-console"]
    group = estate.directory.group(BREAK_GLASS)
    address = f"{estate.found.keycloak}/admin/realms/{estate.found.realm_name}"
    with httpx.Client(verify=estate.found.trust, trust_env=False, timeout=30) as client:
        header = door.token(admin, new=True).header
        client.put(f"{address}/users/{user.subject}/groups/{group}", headers=header).raise_for_status()
    about = {"resourceTypes": "GROUP_MEMBERSHIP", "resourcePath": f"users/{user.subject}/groups/{group}"}
    (event,) = estate.directory.call("GET", "/admin-events", params=about).json()
    assert event["operationType"] == "CREATE"
    assert event["authDetails"]["userId"] == admin.subject
    assert json.loads(event["representation"])["name"] == BREAK_GLASS
