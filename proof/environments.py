"""Developer environments that are really made, taken over, given away and deleted, own ones and another person's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from config.access import MATRIX, Permission
from lab.kube import KubeApi
from proof.cells import Record, Scope, verdict
from proof.people import People, Person

CHANGE, READ = MATRIX.permission("create", "dev environment"), MATRIX.permission("read", "dev environment")
OWNER = "mlops.platform/owner"
_PROOF = "mlops.platform/proof"
"""Label of everything that a proof makes."""

_CONTENT = {"POST": "application/json", "PATCH": "application/merge-patch+json"}


class Environments:
    """One cluster's. Each person has an environment and beside it one that is the second person's."""

    def __init__(self, path: str, second: Person) -> None:
        self._path, self._second = path, second

    def ask(
        self, cluster: str, api: httpx.Client, header: Mapping[str, str], person: Person, record: Record
    ) -> None:
        """Whatever a person could try: the same in every role."""
        me, other = person.subject, self._second.subject
        own, others = f"{self._path}/{person.name}-own", f"{self._path}/{person.name}-other"

        def deed(
            permission: Permission,
            scope: Scope,
            what: str,
            method: str,
            path: str,
            body: Mapping[str, Any] | None = None,
        ) -> None:
            content = None if body is None else json.dumps(body)
            headers = {**header, **({"Content-Type": _CONTENT[method]} if content else {})}
            record.ask(
                permission,
                scope,
                f"{cluster}: {what}",
                lambda: verdict(api.request(method, path, headers=headers, content=content)),
            )

        def made(name: str, owner: str | None) -> Mapping[str, Any]:
            return environment(f"{person.name}-{name}", owner)

        mine, theirs = Scope.MINE, Scope.OTHERS
        deed(READ, theirs, "list all environments", "GET", self._path)
        deed(READ, theirs, "read another's environment", "GET", others)
        deed(CHANGE, mine, "create an own environment", "POST", self._path, made("new", me))
        deed(CHANGE, theirs, "create one that is another's", "POST", self._path, made("foreign", other))
        deed(CHANGE, theirs, "create one that is nobody's", "POST", self._path, made("unowned", None))
        deed(CHANGE, mine, "change an own environment", "PATCH", own, {"spec": {"ttlHours": 2}})
        deed(CHANGE, theirs, "change another's environment", "PATCH", others, {"spec": {"ttlHours": 2}})
        deed(CHANGE, theirs, "take another's environment over", "PATCH", others, _label(me))
        deed(CHANGE, theirs, "leave another's environment without owner", "PATCH", others, _label(None))
        deed(CHANGE, theirs, "give an own environment away", "PATCH", own, _label(other))
        deed(CHANGE, theirs, "delete another's environment", "DELETE", others)
        deed(CHANGE, mine, "delete an own environment", "DELETE", own)


@contextmanager
def laid_out(admin: KubeApi, namespace: str, people: People) -> Iterator[Environments]:
    """The environments that the questions are about; afterwards none of a proof is left."""
    path = f"/apis/mlops.platform/v1alpha1/namespaces/{namespace}/devenvironments"
    _sweep(admin, path)
    try:
        for person in people.asking:
            for kind, owner in (("own", person), ("other", people.second)):
                name = f"{person.name}-{kind}"
                admin.apply(f"{path}/{name}", environment(name, owner.subject))
        yield Environments(path, people.second)
    finally:
        _sweep(admin, path)


def environment(name: str, owner: str | None) -> dict[str, Any]:
    """A developer environment with that owner's subject, or with none."""
    labels = {_PROOF: "true", **({OWNER: owner} if owner else {})}
    return {
        "apiVersion": "mlops.platform/v1alpha1",
        "kind": "DevEnvironment",
        "metadata": {"name": name, "labels": labels},
        "spec": {"gpuResource": "nvidia.com/mig-1g.10gb"},
    }


def _label(owner: str | None) -> dict[str, Any]:
    return {"metadata": {"labels": {OWNER: owner}}}


def _sweep(admin: KubeApi, path: str) -> None:
    for found in admin.list(path, labelSelector=_PROOF):
        admin.delete(f"{path}/{found['metadata']['name']}")
