from __future__ import annotations

import json
from pathlib import Path

import pytest
from gpu_hours.settings import Budget, Idle, read

from components.gpu.hours import GpuHoursArgs, deployment, rights, settings
from components.labels import Owner
from components.manifest import NamespaceRef
from config.gpu_queues import GpuBudget
from config.gpu_settings import GpuIdle
from tests.components.test_components_queue_objects import EVERYTHING, MIXED, WHOLE

NAMESPACE = NamespaceRef(name="gpu-hours", ready="gpu-hours")
OWNER = Owner(team="platform", cost_center="core", environment="dev")


def arguments(idle: GpuIdle | None = None) -> GpuHoursArgs:
    budget = GpuBudget(gpu_hours=100, per_engineer=10)
    queue = EVERYTHING.model_copy(update={"budget": budget})
    return GpuHoursArgs(pools=[MIXED, WHOLE], queues=[queue], idle=idle, owner=OWNER)


def test_the_service_reads_what_the_program_writes(tmp_path: Path) -> None:
    (text,) = settings(arguments(GpuIdle())).values()
    file = tmp_path / "settings.json"
    file.write_text(text)
    found = read(file)
    assert found.budgets == {"ml": Budget(team=100, engineer=10)}
    assert found.worth["mixed"]["nvidia.com/mig-1g.10gb"] == 0.125
    assert found.worth["whole"] == {"nvidia.com/gpu": 1.0}
    assert found.idle == Idle(utilisation=0.05, warn_seconds=1800, stop_seconds=3600)


def test_a_team_without_a_budget_has_none() -> None:
    (text,) = settings(GpuHoursArgs(pools=[], queues=[EVERYTHING], idle=None, owner=OWNER)).values()
    assert json.loads(text) == {"budgets": {}, "worth": {}, "idle": None}


@pytest.mark.parametrize("idle", [True, False])
def test_it_finds_exporters_only_where_somebody_looks_at_them(idle: bool) -> None:
    found = rights(NAMESPACE, idle, {})
    assert ("metrics" in found) is idle
    for role, binding in found.values():
        assert binding["roleRef"]["name"] == role["metadata"]["name"]
        assert binding["subjects"][0]["namespace"] == "gpu-hours"


def test_it_keeps_its_account_in_its_own_namespace_and_reads_no_other() -> None:
    role, binding = rights(NAMESPACE, False, {})["keeping"]
    assert binding["kind"] == "RoleBinding"
    assert binding["metadata"]["namespace"] == "gpu-hours"
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "gpu-hours")
    assert {resource for rule in role["rules"] for resource in rule["resources"]} == {"configmaps"}
    assert [rule["verbs"] for rule in role["rules"] if "resourceNames" not in rule] == [["create"]]


def test_its_pod_has_its_settings_and_its_token_and_starts_anew_with_a_new_budget() -> None:
    def template(text: str) -> dict[str, object]:
        made: dict[str, object] = deployment("a", "gpu-hours", {"s": text}, NAMESPACE, {})["spec"]["template"]
        return made

    first, second = template("1"), template("2")
    assert first["metadata"] != second["metadata"]
    spec = deployment("a", "gpu-hours", {}, NAMESPACE, {})["spec"]["template"]["spec"]
    assert {one["name"] for one in spec["volumes"]} == {"account", "settings"}
    assert spec["automountServiceAccountToken"] is False
