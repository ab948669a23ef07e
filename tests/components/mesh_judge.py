"""Requests of people at the tracking gate, judged as the mesh judges them by its AuthorizationPolicies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from tracking_gate import matching
from tracking_gate.matching import Route

from components.labels import selector
from components.manifest import Manifest, NamespaceRef
from components.mesh.allow_nothing import allow_nothing
from components.mesh.tracking_access import GATE, people, workloads
from config.access import ROLES_CLAIM, Enforcer, Matrix

ISSUER = "https://id.example.com/realms/mlops-platform"
PLATFORM = NamespaceRef(name="mlops-platform", ready="mlops-platform")
TEAM = NamespaceRef(name="training", ready="training")

Request = tuple[str, str]
"""Method and path."""


def policies(matrix: Matrix) -> list[Manifest]:
    """Everything that the mesh has in the gate's namespace."""
    rows = matrix.of(Enforcer.TRACKING_GATE)
    exceptions = [people(matrix, row, ISSUER, PLATFORM) for row in rows]
    return [allow_nothing(PLATFORM), *exceptions, workloads(PLATFORM, [TEAM])]


def requests(route: Route) -> tuple[Request, ...]:
    """The gate's route as requests that people may send, under both names of MLflow's interface."""
    path = "/" + re.sub(r"\{\w+\}", "some-id", re.sub(r"\{\w+\.\.\.\}", "some/deep/thing", route.pattern))
    twin = re.sub(r"^/api/", "/ajax-api/", path)
    return tuple(dict.fromkeys(((route.method, path), (route.method, twin))))


@cache
def requests_of(permission: str) -> tuple[Request, ...]:
    """The requests that need this row of the matrix and no other, by the gate's own table."""
    alone = (route for route in matching.declared() if route.permissions == (permission,))
    return tuple(request for route in alone for request in requests(route))


@cache
def shared_requests() -> tuple[Request, ...]:
    """The requests that belong to no single row."""
    shared = (route for route in matching.declared() if len(route.permissions) > 1)
    return tuple(request for route in shared for request in requests(route))


def lets_in(
    found: Iterable[Mapping[str, Any]],
    claims: Mapping[str, Any] | None,
    request: Request,
    issuer: str = ISSUER,
) -> bool:
    """Whether the gate's sidecar passes a request whose verified token has these claims (None: no token)."""
    return request in passed(found, claims, (request,), issuer)


def passed(
    found: Iterable[Mapping[str, Any]],
    claims: Mapping[str, Any] | None,
    asked: tuple[Request, ...],
    issuer: str = ISSUER,
) -> frozenset[Request]:
    """Those of the requests that the sidecar passes.

    A workload with policies to allow refuses what none of them allows; a policy without rules matches nothing.
    """
    here = [one for one in found if _is_for_the_gate(one)]
    assert here, "a workload without a policy would be open to everybody"
    rules = [rule for one in here for rule in one["spec"].get("rules", ()) if _admits(rule, claims, issuer)]
    return frozenset().union(*(_fitting(json.dumps(rule["to"]), asked) for rule in rules))


def fits(pattern: str, path: str) -> bool:
    """The mesh's own patterns: `{*}` is one segment, `{**}` the rest."""
    return _compiled(pattern).fullmatch(path) is not None


def operations_fit(operations: Iterable[Mapping[str, Any]], request: Request) -> bool:
    """`to` of a rule: one of its operations has the method and the path."""
    return bool(_fitting(json.dumps(list(operations)), (request,)))


def _is_for_the_gate(policy: Mapping[str, Any]) -> bool:
    wanted: dict[str, str] = policy["spec"].get("selector", {}).get("matchLabels", {})
    assert policy["spec"].get("action", "ALLOW") == "ALLOW"
    return wanted.items() <= selector(GATE).items()


def _admits(rule: Mapping[str, Any], claims: Mapping[str, Any] | None, issuer: str) -> bool:
    assert set(rule) == {"from", "to", "when"}, "a part that a rule leaves out is no bound"
    sources = [one["source"] for one in rule["from"]]
    assert all(set(source) == {"requestPrincipals"} for source in sources)
    principals = {name for source in sources for name in source["requestPrincipals"]}
    known = claims is not None and f"{issuer}/*" in principals
    return known and all(_condition(one, claims or {}) for one in rule["when"])


def _condition(condition: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    assert condition["key"] == f"request.auth.claims[{ROLES_CLAIM}]"
    assert not any("*" in one for one in condition["values"]), "a star in a value is a pattern"
    return bool(set(condition["values"]) & set(claims.get(ROLES_CLAIM, ())))


@cache
def _fitting(operations: str, asked: tuple[Request, ...]) -> frozenset[Request]:
    found = [one["operation"] for one in json.loads(operations)]
    assert all(set(one) == {"methods", "paths"} for one in found)
    return frozenset(
        (method, path)
        for method, path in asked
        if any(method in one["methods"] and any(fits(p, path) for p in one["paths"]) for one in found)
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\*\*?\})", pattern)
    assert not any("*" in one or "{" in one for one in parts[::2]), f"{pattern}: not a pattern of the mesh"
    return re.compile("".join({"{*}": "[^/]+", "{**}": ".*"}.get(one, re.escape(one)) for one in parts))
