"""Queues that cannot be what they say, each with the place of the mistake and what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from config.explain import problems_of
from config.gpu_checks import existing
from config.schema import PlatformSettings
from config.source import Source
from tests.config.conftest import Data

GPU = "nvidia.com/gpu"
SOURCE = Source(file="Pulumi.dev.yaml", lines={})
QUEUES = "settings.clusters[0].gpuQueues"


def only(data: Data) -> tuple[str, str, str]:
    (problem,) = problems_of(data, SOURCE)
    with pytest.raises(ValueError, match=r"."):
        PlatformSettings.model_validate(data)
    return problem.key, problem.given, problem.remedy


def queue(team: str = "ml", **quotas: Any) -> Data:
    return {"team": team, "quotas": quotas or {"h100": {GPU: {"nominal": 4}}}}


@pytest.fixture
def queued(data: Data) -> Data:
    """Two teams that may use eight GPUs, and a queue for each."""
    other = {**data["tenants"][1], "name": "mlops-training", "purpose": "training", "team": "vision"}
    data["tenants"].append(other)
    data["clusters"][0]["gpuQueues"] = [queue("ml"), queue("vision")]
    return data


def test_queues_that_share_what_there_is_are_taken(queued: Data) -> None:
    assert problems_of(queued, SOURCE) == ()
    cluster = PlatformSettings.model_validate(queued).clusters[0]
    assert existing(cluster, cluster.gpu_pools[0], GPU) == 8


@pytest.mark.parametrize(
    ("quotas", "key", "given", "remedy"),
    [
        ({}, ".quotas", "an empty mapping", "a queue without a flavor admits nothing"),
        ({"h100": {}}, ".quotas.h100", "an empty mapping", "a queue without a flavor admits nothing"),
        (
            {"h10": {GPU: {"nominal": 1}}},
            ".quotas.h10",
            "'h10'",
            "no GPU pool of this cluster has that name: did you mean 'h100'?",
        ),
        (
            {"h100": {"nvidia.com/mig-1g.10gb": {"nominal": 1}}},
            '.quotas.h100["nvidia.com/mig-1g.10gb"]',
            "'nvidia.com/mig-1g.10gb'",
            "pool 'h100' does not offer it: did you mean 'nvidia.com/gpu'?",
        ),
        (
            {"h100": {GPU: {"nominal": 5}}},
            f'.quotas.h100["{GPU}"].nominal',
            "5",
            "use at most 4: pool 'h100' has 8 of them, and other queues 4",
        ),
        (
            {"h100": {GPU: {"nominal": 4, "borrowing": 5}}},
            f'.quotas.h100["{GPU}"].borrowing',
            "5",
            "use at most 4: that is all that the other queues of the cohort lend",
        ),
        (
            {"h100": {GPU: {"nominal": 4, "lending": 5}}},
            f'.quotas.h100["{GPU}"].lending',
            "5",
            "use at most 4, the nominal quota",
        ),
    ],
)
def test_a_quota_that_cannot_be_is_refused_with_what_could_be(
    queued: Data, quotas: Data, key: str, given: str, remedy: str
) -> None:
    queued["clusters"][0]["gpuQueues"][1]["quotas"] = quotas
    found = only(queued)
    assert found[0] == f"{QUEUES}[1]{key}"
    assert given in found[1]
    assert remedy in found[2]


def test_a_queue_of_a_pool_that_there_is_not_does_not_make_what_others_borrow_look_wrong(
    queued: Data,
) -> None:
    queued["clusters"][0]["gpuQueues"] = [
        queue("ml", h100={GPU: {"nominal": 4, "borrowing": 4}}),
        queue("vision", h10={GPU: {"nominal": 4}}),
    ]
    assert only(queued)[0] == f"{QUEUES}[1].quotas.h10"


def test_what_a_team_does_not_lend_nobody_can_borrow(queued: Data) -> None:
    queued["clusters"][0]["gpuQueues"] = [
        queue("ml", h100={GPU: {"nominal": 4, "lending": 1}}),
        queue("vision", h100={GPU: {"nominal": 4, "borrowing": 2}}),
    ]
    assert "use at most 1" in only(queued)[2]


def test_a_team_has_one_queue(queued: Data) -> None:
    queued["clusters"][0]["gpuQueues"] = [
        queue("vision"),
        queue("ml", h100={GPU: {"nominal": 1}}),
        queue("ml", h100={GPU: {"nominal": 1}}),
    ]
    key, given, remedy = only(queued)
    assert (key, given) == (f"{QUEUES}[2].team", "given 'ml'")
    assert f"{QUEUES}[1] is the same team's" in remedy


def test_a_queue_is_some_teams(queued: Data) -> None:
    queued["clusters"][0]["gpuQueues"].append(queue("visio", h100={GPU: {"nominal": 0}}))
    assert only(queued)[2] == (
        "no tenant that may use GPUs is theirs: did you mean 'vision'? allowed are 'ml', 'vision'"
    )


def test_whoever_may_have_gpus_has_a_queue_where_there_are_queues(queued: Data) -> None:
    del queued["clusters"][0]["gpuQueues"][1]
    queued["tenants"][2]["quota"] = {**queued["tenants"][2]["quota"], "gpus": {GPU: 4}}
    key, given, remedy = only(queued)
    assert (key, given) == (QUEUES, "given no queue of team 'vision'")
    assert "tenant 'mlops-training' may have nvidia.com/gpu" in remedy


@pytest.mark.parametrize(
    ("budget", "key", "remedy"),
    [
        ({"gpuHours": 3}, "gpuHours", "use at least 4: that is what runs in one hour"),
        ({"gpuHours": 100, "perEngineer": 101}, "perEngineer", "use at most 100, the team's own"),
        ({"gpuHours": 0}, "gpuHours", "use at least 1"),
    ],
)
def test_a_budget_below_what_runs_or_that_nobody_could_use_is_refused(
    queued: Data, budget: Data, key: str, remedy: str
) -> None:
    queued["clusters"][0]["gpuQueues"][0]["budget"] = budget
    found = only(queued)
    assert found[0] == f"{QUEUES}[0].budget.{key}"
    assert remedy in found[2]


def test_nobody_is_stopped_before_a_warning(queued: Data) -> None:
    queued["gpu"] = {"idle": {"warnMinutes": 30, "stopMinutes": 30}}
    key, given, remedy = only(queued)
    assert (key, given) == ("settings.gpu.idle.stopMinutes", "given 30")
    assert "nobody is stopped before a warning" in remedy


def test_idle_gpus_are_looked_at_where_jobs_are_queued(queued: Data) -> None:
    queued["gpu"] = {"idle": {"warnMinutes": 30, "stopMinutes": 60}}
    assert problems_of(queued, SOURCE) == ()
    queued["clusters"][0]["gpuQueues"] = []
    key, given, remedy = only(queued)
    assert (key, given) == ("settings.gpu.idle", "given no cluster with gpuQueues")
    assert "add gpuQueues to a cluster" in remedy
    queued["clusters"][0]["gpuQueues"] = [queue("ml", h10={})]
    assert "settings.gpu.idle" not in {one.key for one in problems_of(queued, SOURCE)}


def test_claims_are_for_whole_gpus_and_instances_and_never_for_shares(queued: Data) -> None:
    queued["gpu"] = {"allocation": "dra"}
    assert problems_of(queued, SOURCE) == ()
    queued["clusters"][0]["gpuQueues"] = []
    queued["clusters"][0]["gpuPools"][0]["sharing"] = {"strategy": "mps", "replicas": 4}
    key, given, remedy = only(queued)
    assert key == "settings.clusters[0].gpuPools[0].sharing.strategy"
    assert "a claim is for a whole GPU or for an instance" in remedy
    assert given == "given 'mps'"
