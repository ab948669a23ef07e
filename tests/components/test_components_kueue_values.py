from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.gpu.claims import device_class
from components.gpu.kueue_values import WEBHOOK_PORT, chart_values, manager_configuration
from config.gpu_settings import GpuSettings
from tests.upstream_charts import defaults, mistakes, needs_charts

DRA = GpuSettings(allocation="dra")
SLICE = "nvidia.com/mig-1g.10gb"


def configuration(settings: GpuSettings | None = None) -> dict[str, Any]:
    return manager_configuration(["mlops-dev", "mlops-training"], [SLICE], settings or GpuSettings())


@needs_charts
@pytest.mark.parametrize("settings", [GpuSettings(), DRA], ids=str)
def test_every_value_is_one_that_the_chart_has(settings: GpuSettings) -> None:
    assert mistakes("kueue", chart_values(["a"], [SLICE], settings, {"team": "platform"})) == []


@needs_charts
def test_ports_and_the_leaders_name_are_those_that_the_charts_other_objects_have() -> None:
    own = yaml.safe_load(defaults("kueue")["managerConfig"]["controllerManagerConfigYaml"])
    mine = configuration()
    for key in ("apiVersion", "kind", "health", "webhook", "leaderElection"):
        assert mine[key] == own[key], key
    assert mine["metrics"]["bindAddress"] == own["metrics"]["bindAddress"]
    assert set(mine["integrations"]["frameworks"]) <= set(own["integrations"]["frameworks"])
    assert own["webhook"]["port"] == WEBHOOK_PORT


def test_whatever_a_tenant_starts_is_queued_whether_it_names_a_queue_or_not() -> None:
    given = configuration()
    assert given["manageJobsWithoutQueueName"] is True
    (expression,) = given["managedJobsNamespaceSelector"]["matchExpressions"]
    assert expression["values"] == ["mlops-dev", "mlops-training"]
    assert {"batch/job", "pod", "deployment"} <= set(given["integrations"]["frameworks"])


def test_no_gpu_resource_goes_past_the_queues() -> None:
    resources = configuration()["resources"]
    assert not [prefix for prefix in resources["excludeResourcePrefixes"] if SLICE.startswith(prefix)]
    assert "quotaCheckStrategy" not in resources


def test_a_run_that_does_not_get_all_its_pods_gives_its_slices_back() -> None:
    waiting = configuration()["waitForPodsReady"]
    assert waiting["timeout"] == "15m"
    assert waiting["blockAdmission"] is False


def test_claims_count_as_the_slices_that_quotas_speak_of() -> None:
    assert "deviceClassMappings" not in configuration()["resources"]
    (mapping,) = configuration(DRA)["resources"]["deviceClassMappings"]
    made = device_class(SLICE, ["1g.10gb"], {})
    assert mapping == {"name": SLICE, "deviceClassNames": [made["metadata"]["name"]]}


def test_two_managers_stand_in_for_each_other() -> None:
    manager = chart_values(["a"], [], GpuSettings(), {})["controllerManager"]
    assert manager["replicas"] == 2
    assert manager["podDisruptionBudget"] == {"enabled": True, "minAvailable": 1}
