from __future__ import annotations

from components.admission.policy import Rule, binding, policy
from tests.components.cel import admits
from tests.stacks.stack_schemas import built_in_mistakes

PODS: Rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
NAMED = {"expression": "object.metadata.name == 'good'", "message": "only good ones"}
MADE = policy("named", [PODS], [NAMED], {"team": "a"}, constraints={"namespaceSelector": {}}, variables=[])


def made(name: str, **metadata: str) -> dict[str, object]:
    manifest = {"metadata": {"name": name, **metadata}}
    return {"resource": ("", "v1", "pods"), "operation": "CREATE", "object": manifest}


def test_a_policy_and_its_binding_are_what_the_api_takes() -> None:
    assert built_in_mistakes(MADE) == []
    assert built_in_mistakes(binding("named", {}, matchResources={})) == []


def test_what_does_not_hold_or_cannot_be_judged_is_refused() -> None:
    assert admits(MADE, made("good"))
    assert not admits(MADE, made("bad"))
    unjudged = policy("named", [PODS], [{"expression": "object.spec.x.y == 'z'"}], {})
    assert not admits(unjudged, made("good"))


def test_who_is_refused_is_recorded() -> None:
    spec = binding("named", {})["spec"]
    assert (spec["policyName"], set(spec["validationActions"])) == ("named", {"Deny", "Audit"})
