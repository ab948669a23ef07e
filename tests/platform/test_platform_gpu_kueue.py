"""Kueue itself, by its own manager: quotas, lending, priority, taking back, held queues, the default queue, budgets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from gpu_hours.account import Account
from kubernetes import client

from components.gpu.queue_objects import DEFAULT_QUEUE
from config.gpu_pool import GpuPool
from config.load import read
from tests.platform.command import ROOT, Platform
from tests.platform.gpu_account import Accountant, service_account
from tests.platform.gpu_pods import namespace, pod
from tests.platform.kueue import kueues_kinds, needs_definitions
from tests.platform.kueue_jobs import FIRST, GPU, POOL, QUEUE_LABEL, SECOND, Jobs, queue, teams
from tests.platform.kueue_manager import Manager, needs_manager, running_manager

pytestmark = [pytest.mark.lab, pytest.mark.kueue, needs_definitions, needs_manager]

CLUSTER = "west"
HOUR = 3600.0
ADMISSION = "kueue.x-k8s.io/admission"
"""The gate that Kueue keeps a pod behind until its Workload is admitted."""


def pools() -> list[GpuPool]:
    (cluster,) = (one for one in read(ROOT, "dev").clusters if one.name == CLUSTER)
    return [one for one in cluster.gpu_pools if one.name == POOL]


@pytest.fixture(scope="module")
def kinds(platform: Platform) -> Iterator[client.CustomObjectsApi]:
    with kueues_kinds(platform, CLUSTER) as served:
        yield served


@pytest.fixture(scope="module")
def manager(
    platform: Platform, kinds: client.CustomObjectsApi, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Manager]:
    folder = tmp_path_factory.mktemp("kueue")
    with running_manager(platform, CLUSTER, folder, [FIRST, SECOND], [GPU]) as running:
        yield running


@pytest.fixture
def jobs(platform: Platform, kinds: client.CustomObjectsApi, manager: Manager) -> Iterator[Jobs]:
    with teams(platform, CLUSTER, kinds, manager, pools()) as started:
        yield started


@pytest.fixture
def accountant(
    platform: Platform, jobs: Jobs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Accountant]:
    folder = tmp_path_factory.mktemp("account")
    with service_account(platform, CLUSTER) as token:
        yield Accountant(platform=platform, cluster=CLUSTER, folder=folder, token=token, pools=pools())


def spent(engineer: str, hours: float, at: datetime | None = None) -> Account:
    """An account in which somebody of the first team used that much, by jobs that are gone; as of then, or now."""
    looked = at or datetime.now(UTC)
    used = {(FIRST, engineer): hours * HOUR}
    return Account(month=f"{looked:%Y-%m}", looked=looked.isoformat(), gone=used)


def last_month() -> datetime:
    return datetime.now(UTC).replace(day=1) - timedelta(days=1)


def test_a_job_that_names_no_queue_gets_the_default_one_and_waits_for_kueue(jobs: Jobs) -> None:
    jobs.hold(FIRST)
    jobs.start(FIRST, "it")
    found = jobs.batch.read_namespaced_job("it", FIRST)
    assert found.metadata.labels[QUEUE_LABEL] == DEFAULT_QUEUE
    assert found.spec.suspend is True


def test_a_job_of_a_namespace_that_is_not_queued_is_left_alone(jobs: Jobs) -> None:
    core = client.CoreV1Api(jobs.connection)
    with namespace(core, "kueue-elsewhere", "dev") as elsewhere:
        jobs.start(elsewhere, "it")
        found = jobs.batch.read_namespaced_job("it", elsewhere)
    assert QUEUE_LABEL not in found.metadata.labels
    assert not found.spec.suspend


def test_a_server_waits_in_the_default_queue_like_a_job(jobs: Jobs) -> None:
    jobs.start(FIRST, "one", "two")
    jobs.become(FIRST, "one", "two")
    template = pod("it", GPU, "dev")
    template["metadata"]["labels"] = {"app": "it"}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "it"}}, "template": template}
    client.AppsV1Api(jobs.connection).create_namespaced_deployment(
        FIRST, {"metadata": {"name": "it"}, "spec": spec}
    )
    core = client.CoreV1Api(jobs.connection)

    def is_held_back(wanted: bool) -> None:
        (found,) = core.list_namespaced_pod(FIRST, label_selector="app=it").items
        assert (ADMISSION in {gate.name for gate in found.spec.scheduling_gates or ()}) is wanted

    def made() -> None:
        assert core.list_namespaced_pod(FIRST, label_selector="app=it").items

    jobs.manager.until(made)
    is_held_back(True)
    jobs.end(FIRST, "one")
    jobs.manager.until(lambda: is_held_back(False))


def test_a_team_gets_its_quota_and_what_another_lends_and_no_more(jobs: Jobs) -> None:
    jobs.start(SECOND, "a", "b", "c", "d")

    def lent() -> None:
        assert len(jobs.admitted(SECOND)) == 3

    jobs.manager.until(lent)
    jobs.start(FIRST, "own")
    jobs.become(FIRST, "own")
    assert len(jobs.admitted(SECOND)) == 3


def test_a_team_takes_back_what_it_lent(jobs: Jobs) -> None:
    jobs.start(SECOND, "a", "b", "c")
    jobs.become(SECOND, "a", "b", "c")
    jobs.start(FIRST, "own-1", "own-2")
    jobs.become(FIRST, "own-1", "own-2")
    assert len(jobs.admitted(SECOND)) == 2


def test_a_model_in_production_goes_before_development(jobs: Jobs) -> None:
    jobs.start(FIRST, "dev-1", "dev-2", priority="dev-environment")
    jobs.become(FIRST, "dev-1", "dev-2")
    jobs.start(FIRST, "retrain-1", "retrain-2", priority="production-retrain")
    jobs.become(FIRST, "retrain-1", "retrain-2")


def test_a_queue_that_is_held_admits_nothing_and_lets_run_what_runs(jobs: Jobs) -> None:
    jobs.start(FIRST, "before")
    jobs.become(FIRST, "before")
    jobs.hold(FIRST)
    jobs.start(FIRST, "after")
    jobs.start(SECOND, "other")
    jobs.become(SECOND, "other")
    assert jobs.admitted(FIRST) == {"before"}


def test_a_team_that_spent_its_budget_gets_no_more_until_it_is_larger_and_what_runs_goes_on(
    jobs: Jobs, accountant: Accountant
) -> None:
    jobs.start(FIRST, "before", owner="ada")
    jobs.become(FIRST, "before")
    accountant.left_behind(spent("bob", 10))

    def is_policy(wanted: str) -> None:
        assert jobs.policy(FIRST) == wanted

    with accountant.budgets(queue(FIRST, {"gpuHours": 10}, nominal=2)):
        jobs.manager.until(lambda: is_policy("Hold"))
    (counted,) = accountant.kept().entries.values()
    assert (counted.team, counted.engineer) == (FIRST, "ada")
    jobs.start(FIRST, "after")
    jobs.start(SECOND, "other")
    jobs.become(SECOND, "other")
    assert jobs.admitted(FIRST) == {"before"}
    assert jobs.batch.read_namespaced_job("before", FIRST).status.active == 1
    with accountant.budgets(queue(FIRST, {"gpuHours": 20}, nominal=2)):
        jobs.become(FIRST, "before", "after")


def test_an_engineer_who_spent_theirs_waits_for_a_new_month_while_the_team_goes_on(
    jobs: Jobs, accountant: Accountant
) -> None:
    bounded = queue(FIRST, {"gpuHours": 100, "perEngineer": 10}, nominal=2)
    accountant.left_behind(spent("ada", 10))
    jobs.start(FIRST, "one", "two", owner="bob")
    jobs.become(FIRST, "one", "two")
    jobs.start(FIRST, "of-ada", owner="ada")

    def is_active(wanted: bool) -> None:
        found = jobs.workloads(FIRST).get("of-ada")
        assert found is not None
        assert found["spec"].get("active", True) is wanted

    jobs.manager.until(lambda: is_active(True))
    with accountant.budgets(bounded):
        jobs.manager.until(lambda: is_active(False))
    jobs.end(FIRST, "one")
    jobs.become(FIRST, "two")
    jobs.start(FIRST, "three", owner="bob")
    jobs.become(FIRST, "two", "three")
    accountant.left_behind(spent("ada", 10, last_month()))
    with accountant.budgets(bounded):
        jobs.manager.until(lambda: is_active(True))
    jobs.end(FIRST, "two")
    jobs.become(FIRST, "three", "of-ada")


def test_what_kueue_admits_of_an_engineer_who_has_spent_theirs_is_stopped_at_the_next_look(
    jobs: Jobs, accountant: Accountant
) -> None:
    jobs.start(FIRST, "before")
    jobs.become(FIRST, "before")
    admitted = datetime.now(UTC)

    def is_a_second_ago() -> None:
        assert datetime.now(UTC) >= admitted + timedelta(seconds=1)

    jobs.manager.until(is_a_second_ago)
    accountant.left_behind(spent("ada", 10))
    jobs.start(FIRST, "after")
    jobs.become(FIRST, "before", "after")
    with accountant.budgets(queue(FIRST, {"gpuHours": 100, "perEngineer": 10}, nominal=2)):
        jobs.become(FIRST, "before")
    assert jobs.workloads(FIRST)["after"]["spec"]["active"] is False
