"""The node agent in the tests' own lab: real control planes, OpenBao and processes."""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx
import psutil
import pytest
import tenacity

from config.catalog import MLFLOW_IMAGE
from lab import openbao, openbao_policies, openbao_setup
from lab.agent.cluster import LAB_ADDRESS
from lab.agent.process import CONTAINER_MARKER
from lab.agent.stages import SIMULATED
from lab.bootstrap import admin_api
from lab.folder import MARKER
from lab.kube import KubeApi
from lab.lab import Lab

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="container processes need Linux"),
]
T = TypeVar("T")
IMAGE = MLFLOW_IMAGE.reference
NAMESPACE = "agent-test"
SCRIPT = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (os.environ["GREETING"] + " " + open(os.environ["FILE"]).read()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("0.0.0.0" if len(sys.argv) < 2 else sys.argv[1], 8080), Answer).serve_forever()
"""


def eventually(look: Callable[[], T], seconds: float = 90) -> T:
    """What `look` returns once its assertions hold."""
    wanted = tenacity.retry_if_exception_type(
        (AssertionError, KeyError, IndexError, TypeError, httpx.HTTPError)
    )
    policy = tenacity.Retrying(
        stop=tenacity.stop_after_delay(seconds), wait=tenacity.wait_fixed(0.1), retry=wanted, reraise=True
    )
    return policy(look)


class Cluster:
    """The namespace of these tests in one cluster."""

    def __init__(self, lab: Lab, name: str, api: KubeApi) -> None:
        self.lab, self.name, self.api = lab, name, api

    def path(self, kind: str, name: str = "", group: str = "") -> str:
        base = f"/apis/{group}" if group else "/api/v1"
        return f"{base}/namespaces/{NAMESPACE}/{kind}" + (f"/{name}" if name else "")

    def apply(self, kind: str, group: str, manifest: dict[str, Any]) -> None:
        meta = {"namespace": NAMESPACE} | manifest["metadata"]
        self.api.apply(
            self.path(kind, meta["name"], group),
            {"apiVersion": group or "v1"} | manifest | {"metadata": meta},
        )

    def pods(self, app: str) -> list[dict[str, Any]]:
        found = self.api.list(self.path("pods"), labelSelector=f"app={app}")
        return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]

    def pod(self, app: str) -> dict[str, Any]:
        found = self.pods(app)
        assert len(found) == 1
        return found[0]

    def ready_pod(self, app: str) -> dict[str, Any]:
        one = self.pod(app)
        assert {"Ready": "True"}.items() <= {
            it["type"]: it["status"] for it in one["status"]["conditions"]
        }.items()
        return one

    def available(self, app: str) -> None:
        found = self.api.get(self.path("deployments", app, "apps/v1"))
        assert found is not None
        assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
        assert (
            found["status"]["updatedReplicas"]
            == found["status"]["availableReplicas"]
            == found["status"]["replicas"]
            == 1
        )

    def process(self, pod: dict[str, Any]) -> psutil.Process:
        wanted = {CONTAINER_MARKER: f"{pod['metadata']['uid']}/main", MARKER: str(self.lab.folder.root)}
        for process in psutil.process_iter():
            try:
                if wanted.items() <= process.environ().items():
                    return process
            except (psutil.Error, OSError):
                continue
        raise AssertionError(f"no process of pod {pod['metadata']['name']}")


@pytest.fixture(scope="module")
def east(lab: Lab) -> Iterator[Cluster]:
    with admin_api(lab.site(), "east") as api:
        api.apply(
            f"/api/v1/namespaces/{NAMESPACE}",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        )
        cluster = Cluster(lab, "east", api)
        cluster.apply(
            "configmaps",
            "",
            {
                "kind": "ConfigMap",
                "metadata": {"name": "app"},
                "data": {"server.py": SCRIPT, "file": "mounted"},
            },
        )
        yield cluster
        api.delete(f"/api/v1/namespaces/{NAMESPACE}")


def deployment(name: str, greeting: str = "hello", image: str = IMAGE, **container: Any) -> dict[str, Any]:
    main = {
        "name": "main",
        "image": image,
        "command": ["python", "/app/server.py"],
        "env": [{"name": "GREETING", "value": greeting}, {"name": "FILE", "value": "/app/file"}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        "volumeMounts": [{"name": "app", "mountPath": "/app"}],
    } | container
    spec = {
        "terminationGracePeriodSeconds": 5,
        "automountServiceAccountToken": False,
        "containers": [main],
        "volumes": [{"name": "app", "configMap": {"name": "app"}}],
    }
    if image == IMAGE:
        main["args"] = ["$(POD_IP)"]
        main["env"] = [
            *main["env"],
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        ]
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def service(name: str) -> dict[str, Any]:
    ports = [{"name": "web", "port": 80, "targetPort": "http"}]
    return {
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    }


def get(lab: Lab, address: str) -> str:
    context = ssl.create_default_context(cafile=str(lab.folder.ca))
    with httpx.Client(verify=context, trust_env=False, timeout=5) as client:
        return client.get(address).raise_for_status().text


@pytest.fixture(scope="module")
def web(east: Cluster) -> Cluster:
    """A served Deployment called web."""
    east.apply("deployments", "apps/v1", deployment("web"))
    east.apply("services", "", service("web"))
    eventually(lambda: east.available("web"), 300)
    return east


def test_a_deployment_runs_as_a_process_and_is_reached_through_its_service(web: Cluster) -> None:
    pod = web.ready_pod("web")
    assert get(web.lab, f"http://{pod['metadata']['annotations'][LAB_ADDRESS]}") == "hello mounted"
    assert pod["status"]["podIP"].startswith("10.40.")

    def through_the_service() -> None:
        ways = json.loads(web.lab.folder.services.read_text())["east"][f"{NAMESPACE}/web"]["web"]
        assert get(web.lab, f"http://{ways['plain']}") == get(web.lab, ways["tls"]) == "hello mounted"
        assert ways["tls"].startswith(f"https://{ways['plain'].split(':')[0]}:")

    eventually(through_the_service)


def test_a_killed_process_is_started_again(web: Cluster) -> None:
    before = eventually(lambda: web.ready_pod("web"))
    count = before["status"]["containerStatuses"][0]["restartCount"]
    web.process(before).send_signal(signal.SIGKILL)

    def again() -> None:
        after = web.ready_pod("web")
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert after["status"]["containerStatuses"][0]["restartCount"] == count + 1

    eventually(again)


def test_a_killed_agent_comes_back_with_the_same_pods_and_addresses(web: Cluster) -> None:
    before = eventually(lambda: web.ready_pod("web"))
    process = web.process(before)
    ways = web.lab.folder.services.read_text()
    agent = next(one for one in web.lab.status().others if one.name == "agent")
    os.kill(agent.pid, signal.SIGKILL)

    def again() -> None:
        after = web.ready_pod("web")
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert web.process(after).pid != process.pid
        assert get(web.lab, f"http://{before['metadata']['annotations'][LAB_ADDRESS]}") == "hello mounted"
        assert web.lab.folder.services.read_text() == ways
        assert get(web.lab, json.loads(ways)["east"][f"{NAMESPACE}/web"]["web"]["tls"]) == "hello mounted"

    eventually(again)


def test_a_killed_api_server_does_not_disturb_a_process(web: Cluster) -> None:
    before = eventually(lambda: web.ready_pod("web"))
    process = web.process(before)
    cluster = next(one for one in web.lab.status().clusters if one.name == "east")
    os.kill(next(one.pid for one in cluster.processes if one.name == "east-apiserver"), signal.SIGKILL)
    assert get(web.lab, f"http://{before['metadata']['annotations'][LAB_ADDRESS]}") == "hello mounted"

    def back() -> None:
        try:
            web.apply("configmaps", "", {"kind": "ConfigMap", "metadata": {"name": "probe"}, "data": {}})
        except Exception as error:
            raise AssertionError(str(error)) from error

    eventually(back)
    assert web.process(before).pid == process.pid
    process.send_signal(signal.SIGKILL)

    def again() -> None:
        assert web.process(web.ready_pod("web")).pid != process.pid

    eventually(again)


def test_a_changed_specification_replaces_the_process(web: Cluster) -> None:
    before = eventually(lambda: web.ready_pod("web"))
    old = web.process(before)
    web.apply("deployments", "apps/v1", deployment("web", greeting="welcome"))
    eventually(lambda: web.available("web"))

    def replaced() -> None:
        after = web.ready_pod("web")
        assert after["metadata"]["uid"] != before["metadata"]["uid"]
        assert get(web.lab, f"http://{after['metadata']['annotations'][LAB_ADDRESS]}") == "welcome mounted"
        assert not old.is_running()
        assert not web.lab.folder.pod("east", NAMESPACE, before["metadata"]["uid"]).exists()

    eventually(replaced)


def test_a_wrong_key_and_a_wrong_command_fail_where_everybody_sees_it(east: Cluster) -> None:
    wrong = [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "no-such-key"}}}]
    east.apply("deployments", "apps/v1", deployment("wrong-key", env=wrong))
    east.apply("deployments", "apps/v1", deployment("wrong-command", command=["no-such-program"]))

    def shown() -> None:
        waiting = east.pod("wrong-key")["status"]["containerStatuses"][0]["state"]["waiting"]
        assert waiting["reason"] == "CreateContainerConfigError"
        assert f"couldn't find key no-such-key in ConfigMap {NAMESPACE}/app" in waiting["message"]
        status = east.pod("wrong-command")["status"]["containerStatuses"][0]
        assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
        assert "executable file not found" in status["lastState"]["terminated"]["message"]

    eventually(shown)


def test_a_pod_of_another_image_is_simulated_and_says_so(east: Cluster) -> None:
    east.apply("deployments", "apps/v1", deployment("other", image="registry.example.org/other:1"))
    eventually(lambda: east.available("other"))
    pod = east.ready_pod("other")
    assert pod["metadata"]["annotations"][SIMULATED] == "true"
    assert LAB_ADDRESS not in pod["metadata"]["annotations"]
    assert SIMULATED not in (eventually(lambda: east.pod("web"))["metadata"]["annotations"])
    east.api.delete(east.path("deployments", "other", "apps/v1") + "?propagationPolicy=Background")

    def gone() -> None:
        assert east.api.list(east.path("pods"), labelSelector="app=other") == []

    eventually(gone)


@pytest.mark.parametrize("image", [IMAGE, "registry.example.org/other:1"])
def test_a_job_runs_to_its_end_real_or_simulated(east: Cluster, image: str) -> None:
    name = "real" if image == IMAGE else "simulated"
    code = "import sys; print('trained'); sys.exit(0)"
    container = {"name": "main", "image": image, "command": ["python", "-c", code]}
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    east.apply(
        "jobs", "batch/v1", {"kind": "Job", "metadata": {"name": name}, "spec": {"template": template}}
    )

    def complete() -> None:
        found = east.api.get(east.path("jobs", name, "batch/v1"))
        assert found is not None
        assert {"Complete": "True"}.items() <= {
            it["type"]: it["status"] for it in found["status"]["conditions"]
        }.items()

    eventually(complete)
    pod = east.pod(name)
    log = east.lab.folder.pod_logs("east", NAMESPACE, pod["metadata"]["name"]) / "main.log"
    assert log.exists() == (image == IMAGE)
    assert image != IMAGE or log.read_text() == "trained\n"


def test_a_token_of_the_pods_account_opens_the_api(east: Cluster) -> None:
    east.apply("serviceaccounts", "", {"kind": "ServiceAccount", "metadata": {"name": "reader"}})
    code = """
import os, ssl, sys, urllib.request
folder = sys.argv[1]
url = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}/api"
request = urllib.request.Request(url, headers={"Authorization": "Bearer " + open(folder + "/token").read()})
context = ssl.create_default_context(cafile=folder + "/ca.crt")
print(urllib.request.urlopen(request, context=context).status)
"""
    mount = "/var/run/secrets/kubernetes.io/serviceaccount"
    container = {"name": "main", "image": IMAGE, "command": ["python", "-c", code, mount]}
    spec = {"restartPolicy": "Never", "serviceAccountName": "reader", "containers": [container]}
    east.apply(
        "pods", "", {"kind": "Pod", "metadata": {"name": "token", "labels": {"app": "token"}}, "spec": spec}
    )

    def succeeded() -> None:
        assert east.pod("token")["status"]["phase"] == "Succeeded"

    eventually(succeeded)
    assert (east.lab.folder.pod_logs("east", NAMESPACE, "token") / "main.log").read_text() == "200\n"


def test_an_external_secret_is_filled_and_follows_the_store(east: Cluster) -> None:
    group = "external-secrets.io/v1"
    site = east.lab.site()
    bao = openbao_setup.bao(site, site.url(openbao.NAME), openbao_policies.WRITER)
    bao.call("POST", "secret/data/mlflow/agent-test", {"data": {"password": "one"}})
    store = {
        "apiVersion": group,
        "kind": "ClusterSecretStore",
        "metadata": {"name": "agent-test"},
        "spec": {
            "conditions": [{"namespaces": [NAMESPACE]}],
            "provider": {
                "vault": {
                    "server": "https://openbao.openbao.svc:8200",
                    "path": "secret",
                    "version": "v2",
                    "auth": {"tokenSecretRef": {"name": "unused", "namespace": NAMESPACE, "key": "token"}},
                }
            },
        },
    }
    east.api.apply(f"/apis/{group}/clustersecretstores/agent-test", store)
    wanted = {
        "refreshInterval": "1s",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": "agent-test"},
        "target": {"name": "made"},
        "data": [{"secretKey": "pass", "remoteRef": {"key": "mlflow/agent-test", "property": "password"}}],
    }
    east.apply(
        "externalsecrets", group, {"kind": "ExternalSecret", "metadata": {"name": "made"}, "spec": wanted}
    )

    def holds(value: str) -> None:
        secret = east.api.get(east.path("secrets", "made"))
        assert secret is not None
        assert base64.b64decode(secret["data"]["pass"]).decode() == value
        assert secret["metadata"]["ownerReferences"][0]["kind"] == "ExternalSecret"

    def condition(status: str, text: str) -> None:
        found = east.api.get(east.path("externalsecrets", "made", group))
        assert found is not None
        (ready,) = found["status"]["conditions"]
        assert (ready["status"], text in ready["message"]) == (status, True)

    eventually(lambda: holds("one"))
    eventually(lambda: condition("True", "secret synced"))
    bao.call("POST", "secret/data/mlflow/agent-test", {"data": {"password": "two"}})
    eventually(lambda: holds("two"))
    east.api.delete(east.path("secrets", "made"))
    eventually(lambda: holds("two"))
    bao.call("POST", "secret/data/mlflow/agent-test", {"data": {"other": "x"}})
    eventually(lambda: condition("False", "property 'password'"))
    holds("two")
    east.api.delete(east.path("externalsecrets", "made", group))

    def gone() -> None:
        assert east.api.get(east.path("secrets", "made")) is None

    eventually(gone)


def test_deleting_the_deployment_leaves_no_process_and_no_file(web: Cluster) -> None:
    pod = eventually(lambda: web.ready_pod("web"))
    process = web.process(pod)
    web.api.delete(web.path("deployments", "web", "apps/v1") + "?propagationPolicy=Background")

    def gone() -> None:
        assert web.api.list(web.path("pods"), labelSelector="app=web") == []
        assert not process.is_running()
        assert not web.lab.folder.pod("east", NAMESPACE, pod["metadata"]["uid"]).exists()
        assert f"{NAMESPACE}/web" not in json.loads(web.lab.folder.services.read_text())["east"]

    eventually(gone)
