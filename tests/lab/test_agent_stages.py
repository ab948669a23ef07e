from __future__ import annotations

import yaml

from lab.agent.stages import SIMULATED, stage_config, stages


def expressions(name: str) -> list[str]:
    stage = next(one for one in stages(["example.org/app"]) if one["metadata"]["name"] == name)
    return [one["jq"]["key"] for one in stage["spec"]["selector"]["matchExpressions"]]


def test_every_stage_of_a_pod_spares_pods_that_the_lab_can_run() -> None:
    pods = [one["metadata"]["name"] for one in stages([]) if one["spec"]["resourceRef"]["kind"] == "Pod"]
    assert len(pods) == 5
    assert all("example.org/app" in expressions(name)[0] for name in pods)


def test_a_pod_is_marked_as_simulated_before_it_can_become_ready() -> None:
    create = next(one for one in stages([]) if one["metadata"]["name"] == "pod-create")
    template = create["spec"]["steps"][0]["patch"]["template"]
    assert yaml.safe_load(template) == {"annotations": {SIMULATED: "true"}}
    assert any(SIMULATED in expression for expression in expressions("pod-ready"))


def test_the_configuration_is_one_document_per_stage_and_the_same_each_time() -> None:
    written = stage_config(["b", "a"])
    assert [one["kind"] for one in yaml.safe_load_all(written)] == ["Stage"] * len(stages([]))
    assert written == stage_config(iter(["a", "b", "a"]))
