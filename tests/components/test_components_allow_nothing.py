"""The mesh's default in a namespace: nobody calls anybody."""

from __future__ import annotations

import pytest

from components.manifest import NamespaceRef
from components.mesh.allow_nothing import AllowNothing, AllowNothingArgs, allow_nothing
from config.access import Role
from tests.components.mesh_judge import PLATFORM, lets_in
from tests.recorder import run

REQUESTS = [("GET", "/"), ("POST", "/api/2.0/mlflow/runs/create")]


def test_it_holds_for_every_workload_of_the_namespace_and_allows_no_request() -> None:
    """Istio: a policy to allow that has no rules matches nothing, and what nothing matches is refused."""
    spec = allow_nothing(PLATFORM)["spec"]
    assert spec.get("action", "ALLOW") == "ALLOW"
    assert not {"selector", "targetRef", "targetRefs", "rules"} & set(spec)


@pytest.mark.parametrize("claims", [None, {"roles": [Role.ADMIN]}])
@pytest.mark.parametrize("request_", REQUESTS)
def test_alone_it_refuses_everybody(claims: dict[str, list[str]] | None, request_: tuple[str, str]) -> None:
    assert not lets_in([allow_nothing(PLATFORM)], claims, request_)


def test_it_lives_in_the_namespace_that_it_closes_and_comes_after_it() -> None:
    def program() -> None:
        for name in ("a", "b"):
            args = AllowNothingArgs(namespace=NamespaceRef(name=name, ready=f"{name}-ready"))
            AllowNothing(f"east-{name}-mesh", args)

    found = run(program)
    for name in ("a", "b"):
        found.find("AuthorizationPolicy", "allow-nothing", provider="", namespace=f"{name}-ready")
    assert found.misnamed() == []
