"""The twins in a cluster against the policy packs: no critical control without one, and equal verdicts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from controls import catalogue
from controls.control import Control, Severity
from controls.mesh import catalogue as mesh
from controls.supply_chain import catalogue as supply_chain
from controls.workloads import catalogue as workloads

from components.admission.guard import policy_manifest
from components.admission.policy import binding
from components.admission.twins import TWINS, AdmissionTwins, AdmissionTwinsArgs, Twin, guards
from components.isolation.namespace import restricted_namespace
from components.labels import Owner
from components.manifest import NamespaceRef
from components.mesh.allow_nothing import allow_nothing
from components.mesh.names import SYSTEM
from components.mesh.strict import strict_mtls
from tests.components.admission_requests import GUARDS, ISSUER, TENANT, documents, refusing
from tests.policy_packs.control_pairs import found
from tests.recorder import run

PAGE = Path(__file__).parents[2] / "docs/admission.md"
CRITICAL = [
    one.id
    for one in (*workloads.CONTROLS, *mesh.CONTROLS, *supply_chain.CONTROLS)
    if one.severity is Severity.CRITICAL
]
BY_ITEM = [
    pytest.param(catalogue.CONTROLS[one], id=one)
    for one in sorted({guard.control for guard in GUARDS})
    if catalogue.CONTROLS[one].check
]


def test_every_critical_control_of_workloads_mesh_and_supply_chain_has_a_twin() -> None:
    assert [control for control in CRITICAL if not TWINS.get(control)] == []


def test_every_twin_is_of_a_control_that_there_is() -> None:
    assert TWINS.keys() <= catalogue.CONTROLS.keys()


def test_a_policy_is_promised_where_there_is_one_and_nowhere_else() -> None:
    """SC-04 asks for any policy that judges images: its twins are those of its family."""
    promised = {control for control, twins in TWINS.items() if Twin.ADMISSION in twins}
    assert promised - {"SC-04"} == {guard.control for guard in GUARDS}


@pytest.mark.parametrize("control", BY_ITEM)
def test_the_twin_refuses_the_packs_bad_example_and_admits_its_good_one(control: Control) -> None:
    (bad,), (good,) = documents(control.bad), documents(control.good)
    assert control.id in refusing(bad)
    assert control.id not in refusing(good)


@pytest.mark.parametrize("control", [one for one, twins in TWINS.items() if Twin.POD_SECURITY in twins])
def test_what_the_label_is_to_refuse_is_of_pod_security(control: str) -> None:
    assert any(source.startswith("PSS") for source in catalogue.CONTROLS[control].anchors)


def test_the_label_of_the_platforms_namespaces_is_what_the_pack_asks_for() -> None:
    namespace = restricted_namespace("team", TENANT)
    assert refusing(namespace) == set()
    assert found("WL-13", _yaml(namespace)) == []


def test_the_meshs_own_policies_are_what_the_pack_asks_for() -> None:
    """MS-02: nothing is allowed in the mesh or in a namespace before somebody allows it."""
    system, team = (NamespaceRef(name=name, ready=name) for name in (SYSTEM, "team"))
    namespace = restricted_namespace("team", TENANT)
    assert found("MS-02", _yaml(namespace, strict_mtls(system), allow_nothing(team))) == []
    assert found("MS-02", _yaml(namespace, strict_mtls(system)))
    for manifest in (strict_mtls(system), allow_nothing(team), allow_nothing(system)):
        assert refusing(manifest) == set()


def test_the_policies_on_images_are_the_rule_that_sc_04_asks_for() -> None:
    """Failing closed and denying, in every namespace of a tenant and not in others."""
    pod = documents(catalogue.CONTROLS["SC-04"].bad)
    namespace = restricted_namespace("team", TENANT)
    made = [
        one
        for guard in GUARDS
        if guard.control.startswith("SC-")
        for one in (policy_manifest(guard, {}), binding(guard.name, {}))
    ]
    assert found("SC-04", _yaml(namespace, *pod, *made)) == []
    assert found("SC-04", _yaml(restricted_namespace("team", {}), *pod, *made))


def test_images_are_pinned_where_the_environment_asks_for_it() -> None:
    free = guards((), digests=False, issuer=ISSUER)
    assert {one.control for one in GUARDS} - {one.control for one in free} == {"SC-03"}


def test_every_policy_is_bound_by_its_name_and_denies() -> None:
    def program() -> None:
        owner = Owner(team="platform", cost_center="core", environment="test")
        args = AdmissionTwinsArgs(registries=(), digests=True, issuer=ISSUER, owner=owner)
        AdmissionTwins("east-admission", args)

    recorded = run(program)
    policies = {
        one.inputs["metadata"]["name"]
        for one in recorded.kubernetes
        if one.inputs["kind"] == "ValidatingAdmissionPolicy"
    }
    bindings = [
        one for one in recorded.kubernetes if one.inputs["kind"] == "ValidatingAdmissionPolicyBinding"
    ]
    assert {one.inputs["spec"]["policyName"] for one in bindings} == policies
    assert policies == {one.name for one in guards((), digests=True, issuer=ISSUER)}
    assert all("Deny" in one.inputs["spec"]["validationActions"] for one in bindings)
    assert all(one.dependencies for one in bindings)
    assert recorded.misnamed() == []


def _yaml(*manifests: dict[str, Any]) -> str:
    return str(yaml.safe_dump_all(manifests))


def test_the_page_lists_the_twins_as_they_are() -> None:
    policies = {
        control: sorted(guard.name for guard in GUARDS if guard.control == control) for control in TWINS
    }
    policies["SC-04"] = sorted(guard.name for guard in GUARDS if guard.control.startswith("SC-"))
    rows = [
        f"| {control} | {', '.join(twin.value for twin in twins)} | "
        f"{', '.join(f'`{name}`' for name in policies[control]) or '-'} |"
        for control, twins in TWINS.items()
    ]
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in page if re.match(r"\| [A-Z]{2}-\d", line)] == rows
