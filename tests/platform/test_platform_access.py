"""The permission matrix on the real servers, as `mlops access prove` finds it."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from config.access import MATRIX, Role
from lab.bootstrap import admin_api
from lab.lab import Lab
from lab.readiness import NotReady, poll
from tests.platform.command import MLOPS, ROOT, Platform
from tests.platform.traces import experiments, traces, users

pytestmark = pytest.mark.lab

SECONDS = 60.0
"""In which the whole matrix is proved."""


def prove(platform: Platform, *words: str, expect: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [MLOPS, "access", "prove", "--json", *words],
        cwd=ROOT,
        env=platform.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == expect, f"{done.stderr}\n{done.stdout[-3000:]}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def before(platform: Platform) -> dict[str, set[str]]:
    """What is in the servers before anything is proved."""
    return traces(platform)


@pytest.fixture(scope="module")
def proved(platform: Platform, before: dict[str, set[str]]) -> dict[str, Any]:
    return prove(platform)


@pytest.fixture
def proving(platform: Platform) -> Iterator[subprocess.Popen[bytes]]:
    """A proof in the middle of its questions. Where a shell had this process ignore interrupts, it is to heed them."""
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    begun = subprocess.Popen(
        [MLOPS, "access", "prove", "--json"],
        cwd=ROOT,
        env=platform.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    signal.signal(signal.SIGINT, inherited)
    nothing = experiments(platform)

    def asking() -> None:
        if begun.poll() is not None or experiments(platform) <= nothing:
            raise NotReady("nothing is laid out yet")

    try:
        poll("a proof", asking, SECONDS)
        yield begun
    finally:
        begun.kill()
        begun.wait()


def test_every_cell_is_answered_by_its_server_as_the_matrix_says(proved: dict[str, Any]) -> None:
    assert len(proved["cells"]) == 138
    assert proved["failed"] == []
    said = {(one["resource"], one["action"], one["role"]): one["answered"] for one in proved["cells"]}
    for cell in MATRIX.cells():
        answered = said[cell.permission.resource, ", ".join(cell.permission.verbs), cell.role.value]
        assert answered in {cell.grant.value, None}


def test_what_is_uncovered_is_named_and_is_what_does_not_exist_yet(proved: dict[str, Any]) -> None:
    labeling = {
        f"{row} ({role}): Label Studio does not exist yet"
        for row in MATRIX.grants
        if row.resource == "labeling"
        for role in Role
    }
    environments = (
        "dev environment: read (ml-engineer): own ones are read through the platform's API, which does not "
        "exist yet"
    )
    assert set(proved["uncovered"]) == {*labeling, environments}


def test_a_person_without_a_role_gets_nothing_anywhere(proved: dict[str, Any]) -> None:
    answers = Counter(one["answered"] for one in proved["without_role"])
    assert answers == {"no": 21, None: 2}


def test_a_second_proof_says_the_same(platform: Platform, proved: dict[str, Any]) -> None:
    again = prove(platform)
    for part in ("uncovered", "failed"):
        assert again[part] == proved[part]
    for part in ("cells", "without_role"):
        assert [_timeless(one) for one in again[part]] == [_timeless(one) for one in proved[part]]


@pytest.mark.usefixtures("proved")
def test_a_proof_leaves_nothing_behind(platform: Platform, before: dict[str, set[str]]) -> None:
    assert traces(platform) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_proof_that_is_interrupted_takes_away_what_it_made(
    platform: Platform,
    before: dict[str, set[str]],
    proving: subprocess.Popen[bytes],
    number: signal.Signals,
) -> None:
    proving.send_signal(number)
    assert proving.wait(SECONDS) not in {0, -number}
    assert traces(platform) == before


@pytest.mark.usefixtures("proved")
def test_a_killed_proofs_people_and_objects_are_removed_by_the_next_one(
    platform: Platform, before: dict[str, set[str]], proving: subprocess.Popen[bytes]
) -> None:
    proving.kill()
    proving.wait()
    assert users(platform)
    prove(platform)
    after = traces(platform)
    forgotten = "people of the store"
    """Entities hold no right once their people are gone, and only people tell whose they were."""
    assert {kind: names for kind, names in after.items() if kind != forgotten} == {
        kind: names for kind, names in before.items() if kind != forgotten
    }


def test_a_right_that_somebody_added_by_hand_is_found(platform: Platform) -> None:
    namespace = "/apis/rbac.authorization.k8s.io/v1/namespaces/mlops-serving"
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "mlops:viewer"}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "by-hand"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "mlops:deployment-roll-back",
        },
        "subjects": [group],
    }
    path = f"{namespace}/rolebindings/by-hand"
    with admin_api(Lab(platform.folder).site(), "east") as api:
        api.apply(path, binding)
        try:
            found = prove(platform, "--cluster", "east", expect=1)
        finally:
            api.delete(path)
    (failed,) = found["failed"]
    assert failed.startswith(
        "deployment: roll back (viewer): east: patch rollouts/status in mlops-serving: allowed"
    )


def test_a_right_that_somebody_took_away_by_hand_is_found(platform: Platform) -> None:
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/mlops-training/rolebindings/mlops:pipeline-read"
    with admin_api(Lab(platform.folder).site(), "west") as api:
        before = api.get(path)
        assert before is not None
        others = [one for one in before["subjects"] if one["name"] != "mlops:viewer"]
        assert len(others) == len(before["subjects"]) - 1
        metadata = {"name": before["metadata"]["name"], "namespace": before["metadata"]["namespace"]}
        kept = {key: before[key] for key in ("apiVersion", "kind", "roleRef", "subjects")} | {
            "metadata": metadata
        }
        api.apply(path, {**kept, "subjects": others})
        try:
            found = prove(platform, "--cluster", "west", expect=1)
        finally:
            api.apply(path, kept)
    assert [one.partition(":")[0] for one in found["failed"]] == ["pipeline"]
    assert "pipeline: read (viewer)" in found["failed"][0]


def _timeless(cell: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in cell.items() if name != "seconds"}
