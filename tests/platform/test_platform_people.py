"""People at the real API servers beyond what the matrix's own questions ask: ways around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from config.access import Role
from lab.bootstrap import admin_api
from lab.kube import KubeApi
from lab.lab import Lab
from proof import kubernetes
from proof.environments import OWNER, environment, laid_out
from proof.people import Person
from tests.platform.command import Platform
from tests.platform.doors import Estate

pytestmark = pytest.mark.lab

CLUSTERS = ("east", "west")
OWN_KINDS = {
    "mlops.platform",
    "pipelines.kubeflow.org",
    "serving.kserve.io",
    "argoproj.io",
    "gateway.networking.k8s.io",
}
"""The groups of what the platform's own applications are asked for. None of the cluster's own is among them."""

SELF = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"}
"""What everybody may ask who has logged in: about oneself."""

MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
LIST, PLAIN = "application/json-patch+json", "application/json"
Attempt = Callable[[str, Mapping[str, Any]], tuple[str, str, Any]]
"""From one's own subject and the object as it is to method, content type and body."""

LABEL = f"/metadata/labels/{OWNER.replace('/', '~1')}"


def owned(me: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """The object with oneself as its owner."""
    metadata = {**before["metadata"], "labels": {**before["metadata"]["labels"], OWNER: me}}
    return {**before, "metadata": metadata}


ATTEMPTS: Mapping[str, Attempt] = {
    "replace it by one's own": lambda me, before: ("PUT", PLAIN, owned(me, before)),
    "replace it as it is": lambda _, before: ("PUT", PLAIN, dict(before)),
    "apply over it as one's own": lambda me, before: (
        "PATCH",
        APPLY,
        environment(before["metadata"]["name"], me),
    ),
    "apply over it without an owner": lambda _, before: (
        "PATCH",
        APPLY,
        environment(before["metadata"]["name"], None),
    ),
    "patch nothing, to see it": lambda *_: ("PATCH", MERGE, {}),
    "take its label": lambda me, _: ("PATCH", LIST, [{"op": "replace", "path": LABEL, "value": me}]),
    "remove its label": lambda *_: ("PATCH", LIST, [{"op": "remove", "path": LABEL}]),
    "remove all of its labels": lambda *_: ("PATCH", MERGE, {"metadata": {"labels": None}}),
    "hold its deletion up": lambda *_: (
        "PATCH",
        MERGE,
        {"metadata": {"finalizers": ["mlops.platform/mine"]}},
    ),
    "delete it": lambda *_: ("DELETE", PLAIN, {}),
    "try its deletion only": lambda *_: ("DELETE", PLAIN, {"dryRun": ["All"]}),
}


@pytest.fixture(scope="module", params=CLUSTERS)
def cluster(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def api(estate: Estate, cluster: str) -> Iterator[httpx.Client]:
    with kubernetes.connect(estate.found.clusters[cluster], estate.found) as client:
        yield client


@pytest.fixture(scope="module")
def admin(platform: Platform, estate: Estate, cluster: str) -> Iterator[KubeApi]:
    """The lab's administrator, in whose cluster everybody has environments."""
    with (
        admin_api(Lab(platform.folder).site(), cluster) as client,
        laid_out(client, estate.found.tenants["dev"][0], estate.people),
    ):
        yield client


@pytest.fixture(scope="module")
def engineer(estate: Estate) -> Person:
    return estate.people.by_role[Role.ML_ENGINEER]


def environments(estate: Estate) -> str:
    return f"/apis/mlops.platform/v1alpha1/namespaces/{estate.found.tenants['dev'][0]}/devenvironments"


def send(api: httpx.Client, person: Person, method: str, path: str, kind: str, body: Any) -> httpx.Response:
    """One request in the person's name; what is applied is applied by force."""
    headers = {**person.token(kubernetes.CLIENT).header, "Content-Type": kind}
    query = {"fieldManager": "proof", "force": "true"} if kind == APPLY else {}
    return api.request(method, path, headers=headers, params=query, content=json.dumps(body))


def everybody(estate: Estate) -> list[Person]:
    return list(estate.people.asking)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_engineer_does_nothing_to_anothers_environment(
    estate: Estate, api: httpx.Client, admin: KubeApi, engineer: Person, attempt: str
) -> None:
    path = f"{environments(estate)}/{engineer.name}-other"
    before = admin.get(path)
    assert before is not None
    answer = send(api, engineer, *_at(path, ATTEMPTS[attempt](engineer.subject, before)))
    assert answer.status_code == httpx.codes.FORBIDDEN, answer.text
    assert "only your own" in answer.json()["message"]
    assert estate.people.second.subject not in answer.text, "not even whose it is"
    assert admin.get(path) == before


@pytest.mark.parametrize("attempt", ["replace it by one's own", "apply over it as one's own", "delete it"])
def test_the_same_is_done_to_an_own_one(
    estate: Estate, api: httpx.Client, admin: KubeApi, engineer: Person, attempt: str
) -> None:
    """Without this the refusals above could be those of another mistake."""
    path = f"{environments(estate)}/{engineer.name}-own"
    before = admin.get(path)
    assert before is not None
    answer = send(api, engineer, *_at(path, ATTEMPTS[attempt](engineer.subject, before)))
    assert answer.is_success, answer.text


@pytest.mark.parametrize("whose", ["another's", "nobody's", "another's subject with a blank", "role's"])
def test_an_engineer_makes_no_environment_that_is_not_the_own_one(
    estate: Estate, api: httpx.Client, engineer: Person, whose: str
) -> None:
    owners = {
        "another's": estate.people.second.subject,
        "nobody's": None,
        "another's subject with a blank": "",
        "role's": "mlops-admin",
    }
    made = environment(f"{engineer.name}-new", owners[whose])
    for kind, method, path in (
        (PLAIN, "POST", environments(estate)),
        (APPLY, "PATCH", f"{environments(estate)}/{engineer.name}-new"),
    ):
        answer = send(api, engineer, method, path, kind, made)
        assert answer.status_code == httpx.codes.FORBIDDEN, answer.text


def test_nobody_deletes_environments_by_the_dozen_or_sets_their_status(
    estate: Estate, api: httpx.Client, admin: KubeApi
) -> None:
    """Ownership is asked of one object; a right on the whole collection is given to nobody."""
    for person in everybody(estate):
        many = send(api, person, "DELETE", environments(estate), PLAIN, {})
        status = f"{environments(estate)}/{person.name}-own/status"
        for answer in (many, send(api, person, "PATCH", status, MERGE, {"status": {"phase": "Ready"}})):
            assert answer.status_code == httpx.codes.FORBIDDEN, f"{person.role}: {answer.text}"


def test_people_reach_the_platforms_kinds_in_the_tenants_namespaces_and_nothing_else(
    estate: Estate, api: httpx.Client
) -> None:
    """No pod and so no shell in one, no secret, no token of an account, no right to give rights, no wildcard."""
    tenants = {name for names in estate.found.tenants.values() for name in names}
    for person in everybody(estate):
        for namespace in (*tenants, "default", "kube-system", "external-secrets"):
            rules = own_rules(api, person, namespace)
            groups = {group for rule in rules for group in rule["apiGroups"]}
            names = {name for rule in rules for name in (*rule["resources"], *rule["verbs"])}
            assert "*" not in names | groups
            assert groups <= (OWN_KINDS if namespace in tenants else set()), f"{person.role} in {namespace}"


def test_a_person_without_a_role_may_ask_about_oneself_and_read_the_api_itself(
    estate: Estate, api: httpx.Client
) -> None:
    header = estate.people.nobody.token(kubernetes.CLIENT).header
    for path in ("/api/v1/namespaces", "/api/v1/pods", "/apis/mlops.platform/v1alpha1/devenvironments"):
        assert api.get(path, headers=header).status_code == httpx.codes.FORBIDDEN
    assert kubernetes.known(api, header)["groups"] == ["system:authenticated"]
    for names in estate.found.tenants.values():
        for namespace in names:
            assert own_rules(api, estate.people.nobody, namespace) == []


@pytest.mark.parametrize("way", ["exec", "attach", "portforward"])
def test_nobody_opens_a_shell_in_a_pod_that_really_runs(
    estate: Estate, api: httpx.Client, admin: KubeApi, way: str
) -> None:
    namespace = estate.found.tenants["platform"][0]
    pod = admin.list(f"/api/v1/namespaces/{namespace}/pods")[0]["metadata"]["name"]
    for person in everybody(estate):
        answer = send(api, person, "POST", f"/api/v1/namespaces/{namespace}/pods/{pod}/{way}", PLAIN, {})
        assert answer.status_code == httpx.codes.FORBIDDEN, person.role
        assert f'cannot create resource "pods/{way}"' in answer.json()["message"]


def test_nobody_acts_in_anothers_name(estate: Estate, api: httpx.Client) -> None:
    question = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    for person in everybody(estate):
        other = {"Impersonate-User": f"mlops:{person.subject}", "Impersonate-Group": "mlops:admin"}
        header = person.token(kubernetes.CLIENT).header
        assert api.post(question, headers=header, json=body).is_success
        answer = api.post(question, headers={**header, **other}, json=body)
        assert answer.status_code == httpx.codes.FORBIDDEN, person.role


def own_rules(api: httpx.Client, person: Person, namespace: str) -> list[dict[str, Any]]:
    """What the API server says that a person may do in a namespace, but for asking about oneself."""
    answer = api.post(
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        headers=person.token(kubernetes.CLIENT).header,
        json={"spec": {"namespace": namespace}},
    )
    status = answer.raise_for_status().json()["status"]
    assert not status["incomplete"]
    return [rule for rule in status["resourceRules"] if not set(rule["resources"]) <= SELF]


def _at(path: str, attempt: tuple[str, str, Any]) -> tuple[str, str, str, Any]:
    method, kind, body = attempt
    return method, path, kind, body
