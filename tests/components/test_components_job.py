from __future__ import annotations

import fnmatch
from datetime import date

from controls.configuration import Configuration
from controls.judge import Judge
from controls.objects import items
from controls.workloads.catalogue import CONTROLS

from components.labels import Owner
from components.tracking.mlflow import server_settings
from components.tracking.mlflow_server import PORT
from components.training.job import TrainingJob, script_config_map, training_job
from tests.stacks.stack_schemas import built_in_mistakes

OWNER = Owner(team="ml", cost_center="research", environment="dev")
JOB = TrainingJob(
    name="run-1", namespace="team", platform_namespace="platform", owner=OWNER, script="print('hello')"
)


def test_both_objects_are_what_their_kinds_allow() -> None:
    assert built_in_mistakes(training_job(JOB)) == []
    assert built_in_mistakes(script_config_map(JOB, "1234")) == []


def test_the_controls_on_workloads_find_nothing() -> None:
    judge = Judge(Configuration(), date.min, CONTROLS)
    assert [judge.item(item).findings for item in items(training_job(JOB))] == [()]


def test_the_job_runs_the_script_of_the_config_map_that_it_owns() -> None:
    pod = training_job(JOB)["spec"]["template"]["spec"]
    script = script_config_map(JOB, "1234")
    (volume,) = [one for one in pod["volumes"] if "configMap" in one]
    (container,) = pod["containers"]
    (mount,) = [one for one in container["volumeMounts"] if one["name"] == volume["name"]]
    assert volume["configMap"]["name"] == script["metadata"]["name"]
    assert container["command"][-1] in {f"{mount['mountPath']}/{key}" for key in script["data"]}
    assert script["metadata"]["ownerReferences"][0]["uid"] == "1234"


def test_the_job_calls_the_tracking_server_by_a_name_that_it_answers_to() -> None:
    (container,) = training_job(JOB)["spec"]["template"]["spec"]["containers"]
    (address,) = [one["value"] for one in container["env"] if one["name"] == "MLFLOW_TRACKING_URI"]
    host = address.removeprefix("http://")
    allowed = server_settings("platform")["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert any(fnmatch.fnmatch(host, pattern) for pattern in allowed)
    assert host.endswith(f":{PORT}")


def test_job_and_pod_say_who_owns_and_pays_for_them() -> None:
    job = training_job(JOB)
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        found = {metadata["labels"][key] for key in ("team", "cost-center", "environment")}
        assert found == {"ml", "research", "dev"}
