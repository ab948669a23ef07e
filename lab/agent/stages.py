"""KWOK's part of the lab: which nodes and pods it simulates, and how (format: kwok.x-k8s.io/v1alpha1
Stage).

The stages are the fast ones of KWOK 0.8.0 (`kustomize/stage`), with three differences. They match only pods
that are *not* wholly made of images the lab can run: those are the node agent's, and no stage touches them.
What KWOK simulates is annotated, so that nobody takes it for a real workload. A deleted pod that still
carries a finalizer is first marked Failed, as the kubelet does, because the Job controller waits for a
terminal phase.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import yaml

from lab.agent.stage_templates import NODE_CONDITIONS, NODE_INITIALIZE, POD_READY, ended

SIMULATED = "mlops.platform/simulated"
"""Annotation with value "true" on every pod that has no process behind it."""

_JOB_SECONDS = 1
_HEARTBEAT_MILLISECONDS = (20_000, 25_000)

_ANNOTATE = f'annotations:\n  {SIMULATED}: "true"\n'


def _jq(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"jq": {"key": key, "operator": operator, **({"values": list(values)} if values else {})}}


_DELETED = ".metadata.deletionTimestamp"
_FREE = "((.metadata.finalizers // []) == [])"
_OVER = '(.status.phase == "Succeeded" or .status.phase == "Failed")'
_READY = '.status.conditions.[] | select( .type == "Ready" ) | .status'


def _status(template: str) -> dict[str, Any]:
    return {"patch": {"subresource": "status", "root": "status", "template": template, "type": "strategic"}}


def _stage(
    name: str,
    kind: str,
    when: list[dict[str, Any]],
    steps: list[dict[str, Any]],
    delay: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": {"matchExpressions": when},
            **({"delay": delay} if delay else {}),
            "steps": steps,
        },
    }


def simulated_expression(runnable_images: Iterable[str]) -> str:
    """A jq expression that is true for a pod KWOK simulates: some image of it is not in `runnable_images`.

    An entry is a repository ("ghcr.io/mlflow/mlflow", any tag or digest of it) or a full reference.
    """
    known = json.dumps(sorted(set(runnable_images)))
    return (
        "[.spec.containers[].image, (.spec.initContainers[]?).image] | all(. as $image | "
        f"{known} | any(. as $known | $image | "
        '(. == $known or startswith($known + ":") or startswith($known + "@")))) | not'
    )


def stages(runnable_images: Iterable[str]) -> list[dict[str, Any]]:
    """The Stage objects; see the module's text for what they promise."""
    simulated = _jq(simulated_expression(runnable_images), "In", "true")
    alive, deleted = _jq(_DELETED, "DoesNotExist"), _jq(_DELETED, "Exists")
    unended, held = _jq(_OVER, "In", "false"), _jq(_FREE, "In", "false")
    shortest, longest = _HEARTBEAT_MILLISECONDS
    return [
        _stage("node-initialize", "Node", [_jq(_READY, "NotIn", "True")], [_status(NODE_INITIALIZE)]),
        _stage(
            "node-heartbeat",
            "Node",
            [_jq(".status.phase", "In", "Running"), _jq(_READY, "In", "True")],
            [_status(NODE_CONDITIONS)],
            {"durationMilliseconds": shortest, "jitterDurationMilliseconds": longest},
        ),
        _stage(
            "pod-create",
            "Pod",
            [simulated, alive, _jq(f'.metadata.annotations["{SIMULATED}"]', "NotIn", "true")],
            [{"patch": {"root": "metadata", "template": _ANNOTATE, "type": "merge"}}],
        ),
        _stage(
            "pod-ready",
            "Pod",
            [
                simulated,
                alive,
                _jq(f'.metadata.annotations["{SIMULATED}"]', "In", "true"),
                _jq(".status.phase", "In", "Pending"),
                _jq(_READY, "NotIn", "True"),
            ],
            [_status(POD_READY)],
        ),
        _stage(
            "pod-complete",
            "Pod",
            [
                simulated,
                alive,
                _jq(".status.phase", "In", "Running"),
                _jq(".metadata.ownerReferences.[].kind", "In", "Job"),
            ],
            [_status(ended(0, "Completed", "Succeeded"))],
            {
                "durationMilliseconds": _JOB_SECONDS * 1000,
                "durationFrom": {
                    "jq": {"expression": '.metadata.annotations["mlops.platform/simulated-duration"]'}
                },
            },
        ),
        _stage(
            "pod-terminate",
            "Pod",
            [simulated, deleted, held, unended],
            [_status(ended(137, "Error", "Failed")), {"delete": True}],
        ),
        _stage(
            "pod-delete",
            "Pod",
            [
                simulated,
                deleted,
                _jq(f"{_FREE} or {_OVER}", "In", "true"),
            ],
            [{"delete": True}],
        ),
    ]


def stage_config(runnable_images: Iterable[str]) -> str:
    """The file for `kwok --config`: simulate the nodes and every pod that the lab cannot run as processes."""
    return yaml.safe_dump_all(stages(tuple(runnable_images)), sort_keys=False)
