"""Developer environments, pipelines and deployments: asked of every cluster's API server.

Each row is asked for as an application would ask in the person's name (SelfSubjectAccessReview). Developer
environments are really made and removed on top of that (`environments`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import httpx

from config.access import MATRIX, Enforcer, Grant, Permission, Role
from config.tenants import TenantPurpose
from lab.bootstrap import admin_api
from lab.site import Site
from proof import environments
from proof.cells import Record, Scope, verdict
from proof.environments import CHANGE, READ, Environments
from proof.errors import Refused
from proof.people import People, Person
from proof.servers import Servers

CLIENT = "kubernetes"
_SECONDS = 30.0
_MAY = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

_ENVIRONMENTS, _PIPELINES = "mlops.platform", "pipelines.kubeflow.org"
_MODELS, _ROLLOUTS, _ROUTES = "serving.kserve.io", "argoproj.io", "gateway.networking.k8s.io"
_WRITE, _SEE = ("create", "update", "patch", "delete"), ("get", "list", "watch")

QUESTIONS: Mapping[str, tuple[TenantPurpose, tuple[tuple[str, str, tuple[str, ...]], ...]]] = {
    "dev-environment-create-delete": ("dev", ((_ENVIRONMENTS, "devenvironments", _WRITE),)),
    "dev-environment-read": ("dev", ((_ENVIRONMENTS, "devenvironments", _SEE),)),
    "pipeline-create": ("training", ((_PIPELINES, "pipelines", ("create", "delete")),)),
    "pipeline-run": (
        "training",
        (
            (_PIPELINES, "runs", ("create", "retry", "terminate")),
            (_PIPELINES, "jobs", ("create", "enable", "disable", "delete")),
        ),
    ),
    "pipeline-read": (
        "training",
        (
            (_PIPELINES, "pipelines", ("get", "list")),
            (_PIPELINES, "runs", ("get", "list", "readArtifact")),
            (_PIPELINES, "experiments", ("get", "list")),
        ),
    ),
    "deployment-deploy": (
        "serving",
        (
            (_MODELS, "inferenceservices", _WRITE),
            (_ROLLOUTS, "rollouts", _WRITE),
            (_ROUTES, "httproutes", ("create", "delete")),
        ),
    ),
    "deployment-roll-back": (
        "serving",
        ((_ROLLOUTS, "rollouts/status", ("patch",)), (_ROUTES, "httproutes", ("patch",))),
    ),
    "deployment-read": (
        "serving",
        (
            (_MODELS, "inferenceservices", _SEE),
            (_ROLLOUTS, "rollouts", _SEE),
            (_ROUTES, "httproutes", _SEE),
        ),
    ),
}
"""By row: in whose namespaces, and (group, resource, verbs) of what a person does there."""


class KubernetesProver:
    """The API servers of all clusters that are asked."""

    enforcer = Enforcer.KUBERNETES

    def __init__(self, servers: Servers, site: Site) -> None:
        self._servers, self._site = servers, site
        self._clusters: Mapping[str, tuple[httpx.Client, Environments]] = {}

    @contextmanager
    def ready(self, people: People) -> Iterator[None]:
        """Environments in every cluster."""
        with ExitStack() as opened:
            self._clusters = {
                name: (
                    opened.enter_context(connect(url, self._servers)),
                    opened.enter_context(
                        environments.laid_out(
                            opened.enter_context(admin_api(self._site, name)),
                            self._servers.tenants["dev"][0],
                            people,
                        )
                    ),
                )
                for name, url in self._servers.clusters.items()
            }
            yield

    def ask(self, person: Person, record: Record) -> None:
        header = person.token(CLIENT).header
        for cluster, (api, laid_out) in self._clusters.items():
            for permission in MATRIX.of(Enforcer.KUBERNETES):
                for what, attributes in reviews(permission, self._servers.tenants):
                    scope = Scope.MINE if permission == CHANGE else Scope.OTHERS
                    record.ask(permission, scope, f"{cluster}: {what}", partial(may, api, header, attributes))
            laid_out.ask(cluster, api, header, person, record)

    def gap(self, permission: Permission, role: Role | None) -> str:
        if role is not None and permission == READ and MATRIX.grant(permission, role) is Grant.OWN:
            return "own ones are read through the platform's API, which does not exist yet"
        return ""


def connect(url: str, servers: Servers) -> httpx.Client:
    """An API server, nobody logged in."""
    return httpx.Client(base_url=url, verify=servers.trust, timeout=_SECONDS, trust_env=False)


def reviews(
    permission: Permission, tenants: Mapping[TenantPurpose, tuple[str, ...]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything that a row means, in words and as the attributes of an access review."""
    purpose, wanted = QUESTIONS[permission.name]
    for namespace in tenants[purpose]:
        for group, resource, verbs in wanted:
            name, _, part = resource.partition("/")
            for verb in verbs:
                asked = {"namespace": namespace, "group": group, "resource": name, "verb": verb}
                yield f"{verb} {resource} in {namespace}", asked | ({"subresource": part} if part else {})


def may(api: httpx.Client, header: Mapping[str, str], attributes: Mapping[str, str]) -> bool:
    """The API server's own word on what the holder of a token may do. Raises Refused when it refuses the token."""
    status = _reviewed(api, header, _MAY, {"spec": {"resourceAttributes": dict(attributes)}})
    return bool(status["allowed"])


def known(api: httpx.Client, header: Mapping[str, str]) -> dict[str, Any]:
    """Who the API server takes the holder of a token for (`username`, `groups`). Raises Refused when it refuses
    the token."""
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    return dict(_reviewed(api, header, _WHO, kind)["userInfo"])


def _reviewed(
    api: httpx.Client, header: Mapping[str, str], path: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    answer = api.post(path, headers=header, json=body)
    if not verdict(answer):
        raise Refused(f"the API server refuses the token ({answer.status_code})")
    return dict(answer.json()["status"])
