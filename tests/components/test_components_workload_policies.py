"""Workloads' policies: each as it was asked for, and known only once it is there."""

from __future__ import annotations

from typing import Any

import pulumi

from components.secrets.vault_policies import Rules, kv_read, policy
from components.secrets.workload_policies import WorkloadPolicies, WorkloadPoliciesArgs
from tests.recorder import Recorder, run

RULES: dict[str, Rules] = {
    "tracker": {"database/creds/tracker": ("read",)},
    "team": kv_read("kv", "tenants/team"),
}


def recorded() -> Recorder:
    def program() -> dict[str, Any]:
        made = WorkloadPolicies("workloads", WorkloadPoliciesArgs(policies=RULES), pulumi.ResourceOptions())
        return {"names": made.names}

    found = run(program)
    assert found.misnamed() == []
    return found


def test_each_workload_has_its_own_policy_with_its_own_paths() -> None:
    written = {
        one.inputs["name"]: one.inputs["policy"] for one in recorded().declarations if not one.is_component
    }
    assert written == {name: policy(rules) for name, rules in RULES.items()}
    assert "tenants" not in written["tracker"]


def test_names_are_those_of_the_policies() -> None:
    assert recorded().outputs["names"] == {name: name for name in RULES}
