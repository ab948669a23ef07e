"""A round against an API server that keeps what it is given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from gpu_hours.account import hours, load
from gpu_hours.cluster import Cluster
from gpu_hours.settings import Budget, Idle, Settings, read
from gpu_hours.work import GpuHours

from tests.services.gpu_workloads import NOW, WORTH, workload
from tests.services.test_gpu_hours_idle import EXPORTED

EXPORTER = "fd00::1"
KUEUE = "/apis/kueue.x-k8s.io/v1beta2"
SETTINGS = Settings(
    budgets={"ml": Budget(team=1, engineer=None)},
    worth=WORTH,
    idle=Idle(utilisation=0.05, warn_seconds=60, stop_seconds=120),
)


class Server(httpx.AsyncBaseTransport):
    """Lists, patches and Events of an API server; `broken` paths answer with their status."""

    def __init__(self, workloads: list[dict[str, Any]], broken: Mapping[str, int] = {}) -> None:
        self.account: dict[str, Any] | None = None
        self.events: list[dict[str, Any]] = []
        self.patched: dict[str, dict[str, Any]] = {}
        self._broken = broken
        self._lists = {
            f"{KUEUE}/workloads": workloads,
            f"{KUEUE}/clusterqueues": [{"metadata": {"name": "ml", "uid": "q"}, "spec": {}}],
            f"{KUEUE}/localqueues": [
                {"metadata": {"namespace": "mlops-dev"}, "spec": {"clusterQueue": "ml"}}
            ],
            "/api/v1/namespaces/kube-system/pods": [
                {"metadata": {"name": "exporter"}, "status": {"podIP": EXPORTER}},
                {"metadata": {"name": "starting"}, "status": {}},
            ],
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, request.content
        if path in self._broken:
            return httpx.Response(self._broken[path], json={})
        if request.url.host == EXPORTER:
            return httpx.Response(200, text=EXPORTED)
        if not request.url.host or request.url.port == 9400:
            raise httpx.ConnectError("no route")
        if request.method == "GET" and path in self._lists:
            return httpx.Response(200, json={"items": self._lists[path]})
        if path.endswith("/configmaps/gpu-hours-account"):
            if request.method == "PATCH":
                self.account = json.loads(body)
            return httpx.Response(200 if self.account else 404, json=self.account or {})
        if request.method == "POST":
            self.events.append(json.loads(body))
            return httpx.Response(201, json={})
        self.patched[path] = json.loads(body)
        return httpx.Response(200, json={"metadata": {"uid": "u"}})


def rounds(server: Server, service: GpuHours, count: int = 1) -> None:
    async def run() -> None:
        async with (
            httpx.AsyncClient(transport=server, base_url="https://api.example.com") as api,
            httpx.AsyncClient(transport=server) as exporters,
        ):
            for _ in range(count):
                await service.round(Cluster(api, exporters, "gpu-hours"), NOW)

    asyncio.run(run())


def test_a_team_over_its_budget_is_held_told_and_kept_in_the_account() -> None:
    server = Server([workload()])
    rounds(server, GpuHours(SETTINGS, "gpu-hours"))
    assert server.patched[f"{KUEUE}/clusterqueues/ml"]["spec"] == {"stopPolicy": "Hold"}
    (event,) = server.events
    assert (event["reason"], event["type"], event["metadata"]["namespace"]) == (
        "GpuBudgetSpent",
        "Warning",
        "default",
    )
    assert server.account is not None
    assert hours(load(server.account["data"]["account.json"])) == {("ml", "ada"): pytest.approx(1.0)}


def test_a_service_that_starts_anew_goes_on_from_its_account() -> None:
    server = Server([workload()])
    rounds(server, GpuHours(SETTINGS, "gpu-hours"))
    empty = Server([])
    empty.account = server.account
    rounds(empty, GpuHours(SETTINGS, "gpu-hours"))
    assert f"{KUEUE}/clusterqueues/ml" in empty.patched


def test_an_idle_environment_is_noted_on_its_workload() -> None:
    server = Server([workload(priority="dev-environment", hours=0.1)])
    rounds(server, GpuHours(SETTINGS, "gpu-hours"))
    path = f"{KUEUE}/namespaces/mlops-dev/workloads/job-a"
    assert "mlops.platform/gpu-idle-since" in server.patched[path]["metadata"]["annotations"]


class Slow(httpx.AsyncBaseTransport):
    """Exporters that answer once all of them are asked."""

    def __init__(self, count: int) -> None:
        self._asked = asyncio.Barrier(count)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with asyncio.timeout(60), self._asked:
            if not request.url.host:
                raise httpx.ConnectError("no route")
            return httpx.Response(200, text=request.url.host)


def test_exporters_are_asked_all_at_once() -> None:
    async def run() -> list[str]:
        async with (
            httpx.AsyncClient(transport=Server([]), base_url="https://api.example.com") as api,
            httpx.AsyncClient(transport=Slow(2)) as exporters,
        ):
            return await Cluster(api, exporters, "gpu-hours").figures()

    assert asyncio.run(run()) == [EXPORTER]


def test_nothing_is_decided_on_an_account_that_could_not_be_kept() -> None:
    server = Server([workload()], broken={"/api/v1/namespaces/gpu-hours/configmaps/gpu-hours-account": 500})
    with pytest.raises(httpx.HTTPStatusError):
        rounds(server, GpuHours(SETTINGS, "gpu-hours"))
    assert server.patched == {}


QUEUE, JOB = f"{KUEUE}/clusterqueues/ml", f"{KUEUE}/namespaces/mlops-dev/workloads/job-a"
TOLD = "/api/v1/namespaces/default/events"


@pytest.mark.parametrize("status", [403, 409, 422])
@pytest.mark.parametrize(("path", "what"), [(QUEUE, "ClusterQueue ml"), (TOLD, "Event of ClusterQueue ml")])
def test_a_change_that_is_refused_is_named_and_holds_up_no_other(
    path: str, what: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server([workload(priority="dev-environment")], {path: status})
    rounds(server, GpuHours(SETTINGS, "gpu-hours"))
    assert JOB in server.patched
    assert f"{what}: refused with {status}" in caplog.text


def test_a_change_at_which_the_server_fails_ends_the_round() -> None:
    server = Server([workload(priority="dev-environment")], {QUEUE: 500})
    with pytest.raises(httpx.HTTPStatusError):
        rounds(server, GpuHours(SETTINGS, "gpu-hours"))
    assert server.patched == {}


def test_metrics_tell_what_is_used_and_what_may_be() -> None:
    service = GpuHours(SETTINGS, "gpu-hours")
    rounds(Server([workload()]), service, 2)
    request: Any = None
    text = bytes(asyncio.run(service.metrics(request)).body).decode()
    assert 'mlops_gpu_hours_used{team="ml",engineer="ada"} 1.000000' in text
    assert 'mlops_gpu_hours_budget{team="ml"} 1' in text


def test_settings_are_read_as_the_program_writes_them(tmp_path: Path) -> None:
    document = {
        "budgets": {"ml": {"team": 1, "engineer": None}},
        "worth": WORTH,
        "idle": {"utilisation": 0.05, "warn_seconds": 60, "stop_seconds": 120},
    }
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(document))
    assert read(file) == SETTINGS
    file.write_text(json.dumps({**document, "idle": None}))
    assert read(file).idle is None
