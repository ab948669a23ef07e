"""The runner with real processes; only the API server is played."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from lab.agent.containers import Sources
from lab.agent.errors import ApiError
from lab.agent.pod_files import Network, PodFiles, Resolved
from lab.agent.process import CONTAINER_MARKER, end_marked
from lab.agent.runner import PodRunner
from lab.folder import LabFolder
from lab.images import Programs

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="container processes need Linux")
_HOSTS = itertools.count(1)
PYTHON = Programs(folder=Path(sys.prefix))
SECONDS = 120
SERVER = """
import http.server, os, pathlib, sys
class Answer(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if pathlib.Path(os.environ["SIGN"]).exists() else 503)
        self.end_headers()
http.server.HTTPServer((os.environ["POD_IP"], 8080), Answer).serve_forever()
"""


class Node:
    """Plays the API: keeps what is published, gives what a pod refers to."""

    def __init__(self, programs: Programs | None) -> None:
        self.address = f"127.251.{os.getpid() % 250 + 1}.{next(_HOSTS)}"
        self.config_maps: dict[str, Any] = {}
        self.away = False
        self.programs = programs
        self.status: dict[str, Any] = {}
        self.events: list[str] = []
        self._told = asyncio.Condition()

    async def resolve(self, pod: Any) -> Resolved:
        if self.away:
            raise ApiError(0, "no answer")
        return Resolved(sources=Sources(namespace="ns", config_maps=dict(self.config_maps)), tokens={})

    async def environment(self, image: str) -> Programs | None:
        return self.programs

    def network(self, pod: Any) -> Network:
        return Network(
            address=self.address,
            service_address=lambda _namespace, _name: "127.0.0.1",
            ports=int,
            service_links={},
            api_server=("127.0.0.1", "6443"),
        )

    def pod_ip(self, pod: Any) -> str:
        return "10.0.0.1"

    async def publish(self, pod: Any, status: dict[str, Any]) -> Any:
        self.status = status
        async with self._told:
            self._told.notify_all()
        return pod

    def event(self, pod: Any, kind: str, reason: str, message: str) -> None:
        self.events.append(f"{reason}: {message}")

    def ready_changed(self) -> None:
        """Nobody listens."""

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        try:
            async with self._told, asyncio.timeout(SECONDS):
                await self._told.wait_for(lambda: bool(self.status) and wanted(self.status))
        except TimeoutError:
            pytest.fail(f"never seen; last status: {self.status}, events: {self.events}")
        return self.status


def container(code: str, **more: Any) -> dict[str, Any]:
    env = [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    env += more.pop("env", [])
    return {"name": "c", "image": "app:1", "command": ["python", "-c", code], "env": env} | more


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    meta = {"name": "p", "namespace": "ns", "uid": f"uid-{os.getpid()}-{next(_HOSTS)}"}
    return {
        "metadata": meta,
        "spec": {"terminationGracePeriodSeconds": 5, "containers": list(containers)} | spec,
    }


def live(
    tmp_path: Path,
    made: dict[str, Any],
    scenario: Callable[[Node, PodRunner], Awaitable[None]],
    programs: Programs = PYTHON,
) -> Node:
    """Run the pod, play the scenario, end the pod; no process of it may be left."""

    async def play() -> Node:
        node = Node(programs)
        runner = PodRunner(made, PodFiles(folder=LabFolder(tmp_path), cluster="east", pod=made), node)
        task = asyncio.create_task(runner.run())
        try:
            await scenario(node, runner)
        finally:
            runner.terminate(2)
            await asyncio.wait_for(task, SECONDS)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing of it goes on"
        return node

    node = asyncio.run(play())
    assert end_marked(lambda marker: marker.startswith(f"{made['metadata']['uid']}/")) == []
    return node


def first(status: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = status["containerStatuses"][0]
    return found


def is_ready(status: dict[str, Any]) -> bool:
    return {"Ready": "True"}.items() <= {one["type"]: one["status"] for one in status["conditions"]}.items()


async def process_of(made: dict[str, Any]) -> psutil.Process:
    """The container's first process, which is a child of this one."""
    wanted = f"{made['metadata']['uid']}/c"
    async with asyncio.timeout(SECONDS):
        while True:
            for process in psutil.Process().children():
                with contextlib.suppress(psutil.Error, OSError):
                    if process.environ().get(CONTAINER_MARKER) == wanted:
                        return process
            await asyncio.sleep(0.01)


def alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def waiting_for(reason: str) -> Callable[[dict[str, Any]], bool]:
    return lambda status: first(status)["state"].get("waiting", {}).get("reason") == reason


def test_readiness_follows_the_probe_both_ways_and_liveness_starts_the_process_again(tmp_path: Path) -> None:
    probe = {
        "httpGet": {"port": 8080},
        "periodSeconds": 0.05,
        "timeoutSeconds": SECONDS,
        "failureThreshold": 2,
    }
    signs = [{"name": "SIGN", "value": "/signs/ready"}]
    made = pod(
        container(
            SERVER, env=signs, readinessProbe=probe, volumeMounts=[{"name": "signs", "mountPath": "/signs"}]
        ),
        volumes=[{"name": "signs", "emptyDir": {}}],
    )
    dies_once = (
        "import os, sys; sign = '/signs/dead'; os.path.exists(sign) and sys.exit(os.remove(sign) or 1)"
    )
    made["spec"]["containers"][0]["livenessProbe"] = {
        "exec": {"command": ["python", "-c", dies_once]},
        "periodSeconds": 0.1,
        "timeoutSeconds": SECONDS,
        "failureThreshold": 1,
    }

    async def scenario(node: Node, runner: PodRunner) -> None:
        await node.until(lambda status: "running" in first(status)["state"] and not is_ready(status))
        folder = runner.files.volumes()["signs"]
        (folder / "ready").touch()
        await node.until(is_ready)
        assert runner.ready
        (folder / "ready").unlink()
        await node.until(lambda status: not is_ready(status))
        (folder / "ready").touch()
        await node.until(is_ready)
        (folder / "dead").touch()
        await node.until(lambda status: first(status)["restartCount"] == 1 and is_ready(status))

    assert any("failed liveness probe" in event for event in live(tmp_path, made, scenario).events)


@pytest.mark.parametrize(
    ("env", "expected"), [([], "ours"), ([{"name": "PYTHONPATH", "value": "/nothing"}], "No module named")]
)
def test_packages_of_the_image_are_found_where_they_lie_unless_the_pod_says_otherwise(
    tmp_path: Path, env: list[dict[str, str]], expected: str
) -> None:
    source = tmp_path / "source"
    (source / "our_service").mkdir(parents=True)
    (source / "our_service" / "__main__.py").write_text("print('ours')")
    made = pod({**container("", env=env), "command": ["python", "-m", "our_service"]}, restartPolicy="Never")

    async def scenario(node: Node, runner: PodRunner) -> None:
        await node.until(lambda status: "terminated" in first(status)["state"])
        assert expected in runner.files.log("c").read_text()

    live(tmp_path / "lab", made, scenario, Programs(folder=Path(sys.prefix), source=source))
    assert [path.name for path in (source / "our_service").iterdir()] == ["__main__.py"]


def test_a_process_gets_what_the_pod_says_and_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAK", "from the agent")
    code = "import os, json; print(json.dumps(dict(os.environ))); print(os.getcwd())"
    made = pod(
        container(code, env=[{"name": "A", "value": "0.0.0.0 /srv"}], workingDir="/srv/deep"),
        restartPolicy="Never",
    )
    seen: list[str] = []

    async def scenario(node: Node, runner: PodRunner) -> None:
        await node.until(lambda status: status["phase"] == "Succeeded")
        seen.extend(runner.files.log("c").read_text().splitlines())

    node = live(tmp_path, made, scenario)
    given = json.loads(seen[0])
    assert "LEAK" not in given
    assert set(given) == {
        "A", "POD_IP", "PATH", "HOME", "TMPDIR", "HOSTNAME", "LANG", "PYTHONDONTWRITEBYTECODE",
        "MLOPS_LAB", CONTAINER_MARKER,
    } | ({"LC_CTYPE"} & set(given))  # fmt: skip
    assert given["A"] == f"{node.address} /srv"
    assert given["POD_IP"] == node.address
    assert given["PATH"].startswith(f"{sys.prefix}/bin:")
    assert given["HOME"].startswith(str(tmp_path))
    assert seen[1].endswith("/containers/c/work/srv/deep")


def test_a_container_that_keeps_failing_backs_off_and_shows_why(tmp_path: Path) -> None:
    code = "import sys; print('no database'); sys.exit(3)"
    made = pod(container(code, terminationMessagePolicy="FallbackToLogsOnError"))

    async def scenario(node: Node, _runner: PodRunner) -> None:
        status = await node.until(waiting_for("CrashLoopBackOff"))
        ended = first(status)["lastState"]["terminated"]
        assert (ended["exitCode"], ended["message"].strip()) == (3, "no database")
        await node.until(lambda status: first(status)["restartCount"] >= 2)
        assert status["phase"] == "Running"

    live(tmp_path, made, scenario)


def test_a_killed_process_is_started_again_and_takes_its_children_with_it(tmp_path: Path) -> None:
    child = "[sys.executable, '-c', 'import time; time.sleep(600)']"
    code = f"import subprocess, sys; subprocess.Popen({child}, start_new_session=True).wait()"
    made = pod(container(code))

    async def scenario(node: Node, _runner: PodRunner) -> None:
        await node.until(is_ready)
        leader = await process_of(made)
        children: list[psutil.Process] = []
        async with asyncio.timeout(SECONDS):
            while not children:
                await asyncio.sleep(0.01)
                children = leader.children()
        os.kill(leader.pid, signal.SIGKILL)
        status = await node.until(lambda status: first(status)["restartCount"] == 1 and is_ready(status))
        assert first(status)["lastState"]["terminated"]["exitCode"] == 137
        assert not alive(children[0])

    live(tmp_path, made, scenario)


def test_a_missing_key_is_shown_and_healed_when_it_appears(tmp_path: Path) -> None:
    wanted = {"name": "X", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k"}}}
    made = pod(container("import os; print(os.environ['X']); input()", env=[wanted]), restartPolicy="Never")

    async def scenario(node: Node, _runner: PodRunner) -> None:
        node.config_maps["cm"] = {"data": {"other": "1"}}
        status = await node.until(waiting_for("CreateContainerConfigError"))
        assert "couldn't find key k in ConfigMap ns/cm" in first(status)["state"]["waiting"]["message"]
        assert status["phase"] == "Pending"
        node.config_maps["cm"] = {"data": {"k": "v"}}
        await node.until(lambda status: "terminated" in first(status)["state"])

    live(tmp_path, made, scenario)


def test_a_missing_volume_keeps_the_pod_from_starting_until_it_is_there(tmp_path: Path) -> None:
    volume = {"name": "v", "configMap": {"name": "later"}}
    made = pod(
        container("open('/v/k')", volumeMounts=[{"name": "v", "mountPath": "/v"}]),
        volumes=[volume],
        restartPolicy="Never",
    )
    made["spec"]["containers"][0]["command"] = [
        "python",
        "-c",
        "import sys; print(open(sys.argv[1]).read())",
        "/v/k",
    ]

    async def scenario(node: Node, _runner: PodRunner) -> None:
        status = await node.until(lambda status: "not found" in str(first(status)["state"]))
        assert first(status)["state"]["waiting"]["reason"] == "ContainerCreating"
        node.config_maps["later"] = {"data": {"k": "v"}}
        await node.until(lambda status: status["phase"] == "Succeeded")

    live(tmp_path, made, scenario)


def test_a_command_that_is_not_there_is_a_start_error(tmp_path: Path) -> None:
    made = pod(container("", command=["no-such-program"]), restartPolicy="Never")

    async def scenario(node: Node, _runner: PodRunner) -> None:
        status = await node.until(lambda status: status["phase"] == "Failed")
        ended = first(status)["state"]["terminated"]
        assert (ended["reason"], ended["exitCode"]) == ("StartError", 128)
        assert '"no-such-program": executable file not found in $PATH' in ended["message"]

    live(tmp_path, made, scenario)


def test_an_image_without_an_environment_is_named(tmp_path: Path) -> None:
    made = pod(container("pass"))

    async def play() -> None:
        node = Node(None)
        runner = PodRunner(made, PodFiles(folder=LabFolder(tmp_path), cluster="east", pod=made), node)
        task = asyncio.create_task(runner.run())
        status = await node.until(waiting_for("ErrImageNeverPull"))
        assert "app:1" in first(status)["state"]["waiting"]["message"]
        runner.terminate(1)
        await asyncio.wait_for(task, SECONDS)

    asyncio.run(play())


def test_init_containers_run_in_order_and_a_failing_one_holds_the_pod_back(tmp_path: Path) -> None:
    mount = {"volumeMounts": [{"name": "v", "mountPath": "/v"}], "env": [{"name": "F", "value": "/v/log"}]}
    code = "import os, sys; open(os.environ['F'], 'a').write(sys.argv[1])"
    one, two = (
        container(code, **mount) | {"name": name, "command": ["python", "-c", code, name]}
        for name in ("i1", "i2")
    )
    check = container("import os; assert open(os.environ['F']).read() == 'i1i2'", **mount)
    volumes = [{"name": "v", "emptyDir": {}}]
    good = pod(check, initContainers=[one, two], volumes=volumes, restartPolicy="Never")

    async def succeeds(node: Node, _runner: PodRunner) -> None:
        status = await node.until(lambda status: status["phase"] in {"Succeeded", "Failed"})
        assert status["phase"] == "Succeeded"

    live(tmp_path, good, succeeds)
    broken = container("raise SystemExit(1)") | {"name": "i1"}
    bad = pod(check, initContainers=[broken], volumes=volumes)

    async def waits(node: Node, _runner: PodRunner) -> None:
        status = await node.until(
            lambda status: (
                status["initContainerStatuses"][0]["state"].get("waiting", {}).get("reason")
                == "CrashLoopBackOff"
            )
        )
        assert (status["phase"], first(status)["state"]["waiting"]["reason"]) == (
            "Pending",
            "PodInitializing",
        )

    live(tmp_path, bad, waits)
    final = pod(check, initContainers=[broken], volumes=volumes, restartPolicy="Never")

    async def fails(node: Node, _runner: PodRunner) -> None:
        await node.until(lambda status: status["phase"] == "Failed")

    live(tmp_path, final, fails)


def test_a_probe_that_is_being_asked_has_ended_before_its_pod_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process would be left over: killed, perhaps, and never waited for."""
    course: list[str] = []

    async def lingering(*_: object) -> tuple[int, str]:
        course.append("asked")
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(1)
            course.append("ended")
        return 0, ""

    monkeypatch.setattr("lab.agent.container.output", lingering)
    made = pod(container("import time; time.sleep(600)"))
    made["spec"]["containers"][0]["livenessProbe"] = {
        "exec": {"command": ["python"]},
        "timeoutSeconds": SECONDS,
    }

    async def scenario(_node: Node, _runner: PodRunner) -> None:
        async with asyncio.timeout(SECONDS):
            while not course:
                await asyncio.sleep(0.01)

    live(tmp_path, made, scenario)
    assert course == ["asked", "ended"]


def test_termination_asks_first_and_kills_when_the_grace_is_over(tmp_path: Path) -> None:
    polite, deaf = "lambda *_: sys.exit(0)", "signal.SIG_IGN"
    for handler, expected in ((polite, 0), (deaf, 137)):
        code = (
            f"import signal, sys, time; signal.signal(15, {handler}); print('up', flush=True); time.sleep(60)"
        )
        made = pod(container(code))

        async def scenario(node: Node, runner: PodRunner) -> None:
            await node.until(is_ready)
            async with asyncio.timeout(SECONDS):
                while "up" not in runner.files.log("c").read_text():
                    await asyncio.sleep(0.01)
            runner.terminate(0.5)
            assert not runner.ready
            await node.until(lambda status: "terminated" in first(status)["state"])

        ended = first(live(tmp_path / str(expected), made, scenario).status)["state"]["terminated"]
        assert ended["exitCode"] == expected


def test_a_running_pod_does_not_need_the_api_server(tmp_path: Path) -> None:
    made = pod(container("import time; time.sleep(600)"))

    async def scenario(node: Node, _runner: PodRunner) -> None:
        await node.until(is_ready)
        node.away = True
        (await process_of(made)).kill()
        await node.until(lambda status: first(status)["restartCount"] == 1 and is_ready(status))

    live(tmp_path, made, scenario)


@pytest.mark.parametrize(("policy", "phase"), [("Always", "Running"), ("Never", "Failed")])
def test_a_pod_of_an_earlier_agent_goes_on_or_has_failed_by_its_policy(
    tmp_path: Path, policy: str, phase: str
) -> None:
    made = pod(container("import time; time.sleep(600)"), restartPolicy=policy)
    running = {
        "name": "c",
        "image": "app:1",
        "restartCount": 4,
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
    }
    made["status"] = {"phase": "Running", "containerStatuses": [running]}

    async def scenario(node: Node, _runner: PodRunner) -> None:
        status = await node.until(
            lambda status: status["phase"] == phase and (phase == "Failed" or is_ready(status))
        )
        assert first(status)["restartCount"] == (5 if policy == "Always" else 4)
        shown = first(status)["lastState" if policy == "Always" else "state"]["terminated"]
        assert (shown["exitCode"], shown["message"]) == (
            137,
            "the node agent ended and its containers with it",
        )

    live(tmp_path, made, scenario)


def test_a_mounted_config_map_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.agent.runner.REFRESH_SECONDS", 0.05)
    code = "import sys, time\nwhile open(sys.argv[1]).read() != 'new': time.sleep(0.02)"
    made = pod(
        container(
            "", command=["python", "-c", code, "/v/k"], volumeMounts=[{"name": "v", "mountPath": "/v"}]
        ),
        volumes=[{"name": "v", "configMap": {"name": "cm"}}],
        restartPolicy="Never",
    )

    async def scenario(node: Node, _runner: PodRunner) -> None:
        node.config_maps["cm"] = {"data": {"k": "old"}}
        await node.until(is_ready)
        node.config_maps["cm"] = {"data": {"k": "new"}}
        await node.until(lambda status: status["phase"] == "Succeeded")

    live(tmp_path, made, scenario)


def test_a_deadline_fails_the_pod(tmp_path: Path) -> None:
    made = pod(container("import time; time.sleep(600)"), activeDeadlineSeconds=1, restartPolicy="Never")

    async def scenario(node: Node, _runner: PodRunner) -> None:
        status = await node.until(lambda status: status["phase"] == "Failed")
        assert status["reason"] == "DeadlineExceeded"

    live(tmp_path, made, scenario)


def test_a_sidecar_runs_beside_the_main_container_and_ends_after_it(tmp_path: Path) -> None:
    sidecar = container("import time; time.sleep(600)") | {"name": "side", "restartPolicy": "Always"}
    made = pod(container("pass"), initContainers=[sidecar], restartPolicy="Never")

    async def scenario(node: Node, _runner: PodRunner) -> None:
        status = await node.until(lambda status: "terminated" in status["initContainerStatuses"][0]["state"])
        assert status["phase"] == "Succeeded"

    live(tmp_path, made, scenario)
