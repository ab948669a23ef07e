"""What goes wrong with clusters, objects and processes, and what is left when it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from engine.errors import PassphraseError, RegistrationError, StackBusy
from engine.state import State
from tests.engine.api_server import ApiServer
from tests.engine.engine_stack import PASSPHRASE, Stack, changed

Live = Callable[[str], Stack]
ROOT = Path(__file__).parents[2]


def _names(server: ApiServer, namespace: str) -> set[str]:
    items = server.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"]
    return {item["metadata"]["name"] for item in items} - {"kube-root-ca.crt"}


@dataclass(frozen=True)
class Dead:
    """An address on which no API server answers; `connections` counts who tried, where that can be told."""

    port: int
    listener: socket.socket | None

    def connections(self) -> int:
        count = 0
        while self.listener is not None:
            try:
                self.listener.accept()[0].close()
            except BlockingIOError:
                break
            count += 1
        return count


@pytest.fixture(params=["closed", "silent"])
def dead(request: pytest.FixtureRequest) -> Iterator[Dead]:
    """A port that refuses connections, or one that takes them and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        listener.setblocking(False)
        port = int(listener.getsockname()[1])
        if request.param == "silent":
            yield Dead(port, listener)
            return
    yield Dead(port, None)


def _second_cluster(server: ApiServer, stack: Stack, port: int) -> None:
    document = yaml.safe_load(server.kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    (stack.root / "dead").write_text(yaml.safe_dump(document))


def test_a_cluster_that_does_not_answer_is_named_and_does_not_stop_the_others(
    live: Live, server: ApiServer, namespace: str, dead: Dead
) -> None:
    stack = live("""
        east, west = cluster("east"), cluster("west", kubeconfig="dead")
        config_map("here", east, namespace=NS)
        there = config_map("there", west, namespace=NS)
        for i in range(20):
            config_map(f"there-{i}", west, namespace=NS)
        config_map("after", east, {"x": there.metadata["name"]}, namespace=NS)
    """)
    _second_cluster(server, stack, dead.port)
    result = stack.up(connect_timeout=3)
    assert dead.connections() == (1 if dead.listener else 0), (
        "each provider is probed once, not each resource"
    )
    assert _names(server, namespace) == {"here"}, result.failures
    ((urn, message),) = result.failures
    assert urn.endswith("::west")
    assert message.startswith(f"cluster west (https://127.0.0.1:{dead.port}) cannot be reached: ")
    assert "the context west of dead" in message
    assert len(result.skipped) == 22
    assert [event.cluster for event in stack.events if event.kind == "failed"] == ["west"]
    (stack.root / "dead").write_text(server.kubeconfig.read_text())
    again = stack.up()
    assert again.succeeded
    assert changed(again) == {"create": 22}


def test_nothing_is_deleted_on_a_cluster_that_failed(live: Live, server: ApiServer, namespace: str) -> None:
    live("""
        config_map("east-old", cluster("east"), namespace=NS)
        config_map("west-old", cluster("west"), namespace=NS)
    """).up()
    stack = live("""
        cluster("east")
        config_map("west-new", cluster("west"), {"bad key!": "x"}, namespace=NS)
    """)
    result = stack.up()
    assert _names(server, namespace) == {"west-old"}
    assert changed(result) == {"delete": 1, "failed": 1, "skipped": 1}
    assert dict(result.skipped).popitem()[1] == "something failed on cluster west"


def test_an_object_that_the_server_refuses_stops_only_what_needs_it(
    live: Live, server: ApiServer, namespace: str
) -> None:
    stack = live("""
        east = cluster("east")
        bad = config_map("bad", east, {"no such key!": "x"}, namespace=NS)
        middle = config_map("middle", east, {"x": bad.metadata["uid"]}, namespace=NS)
        config_map("last", east, namespace=NS, opts={"depends_on": [middle]})
        config_map("free", east, namespace=NS)
        pulumi.export("uid", bad.metadata["uid"])
        pulumi.export("free", "yes")
    """)
    result = stack.up()
    ((urn, message),) = result.failures
    assert urn.endswith("::bad")
    assert message.startswith('bad (ConfigMap, cluster east): ConfigMap "bad" is invalid: data[no such key!]')
    assert [skipped.rpartition("::")[2] for skipped, _ in result.skipped] == ["middle", "last"]
    assert _names(server, namespace) == {"free"}
    assert result.outputs["free"] == "yes"
    assert not result.succeeded
    assert stack.state().pending() == {}


def test_a_misspelt_field_is_refused(live: Live) -> None:
    stack = live("""
        k8s.apiextensions.CustomResource("odd", api_version="apps/v1", kind="Deployment", spec={"replicaz": 1},
            metadata={"name": "odd", "namespace": NS}, opts=Opts(provider=cluster("east")))
    """)
    ((_, message),) = stack.up().failures
    assert "field not declared in schema" in message


def test_a_kind_that_the_server_does_not_serve_is_named(live: Live) -> None:
    stack = live("""
        k8s.apiextensions.CustomResource("odd", api_version="none.example.org/v1", kind="Odd",
            metadata={"name": "odd", "namespace": NS}, opts=Opts(provider=cluster("east")))
    """)
    ((_, message),) = stack.up().failures
    assert "serves no kind Odd in none.example.org/v1; is its CustomResourceDefinition installed?" in message


def test_an_object_of_somebody_else_is_refused_and_taken_over_when_told_so(
    live: Live, server: ApiServer, namespace: str
) -> None:
    body = {"metadata": {"name": "theirs"}, "data": {"k": "v"}}
    server.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", body)
    ((_, message),) = live('config_map("theirs", cluster("east"), namespace=NS)').up().failures
    assert f"ConfigMap {namespace}/theirs exists already and was made by Python-urllib" in message
    assert f'opts=ResourceOptions(import_="{namespace}/theirs")' in message
    stack = live('config_map("theirs", cluster("east"), namespace=NS, opts={"import_": f"{NS}/theirs"})')
    assert stack.up().succeeded
    assert stack.destroy().succeeded
    assert _names(server, namespace) == set()


def test_two_resources_cannot_share_one_object(live: Live) -> None:
    stack = live("""
        east = cluster("east")
        first = config_map("first", east, namespace=NS, object_name="same")
        config_map("second", east, namespace=NS, object_name="same", opts={"depends_on": [first]})
    """)
    ((_, message),) = stack.up().failures
    assert message.startswith(
        "second (ConfigMap, cluster east): the object is already managed by this stack as urn:"
    )


def test_an_unknown_provider_is_refused_before_anything_is_touched(
    live: Live, server: ApiServer, namespace: str
) -> None:
    stack = live("""
        config_map("one", cluster("east"), namespace=NS)
        class Other(pulumi.ProviderResource):
            def __init__(self, name):
                super().__init__("other", name, {})
        class Thing(pulumi.CustomResource):
            def __init__(self, name, opts):
                super().__init__("other:index:Thing", name, {}, opts)
        Thing("thing", Opts(provider=Other("other")))
    """)
    with pytest.raises(RegistrationError, match="unknown provider 'other' of other:index:Thing"):
        stack.up()
    assert _names(server, namespace) == set()
    assert stack.rows() == {}
    notes = stack.preview().notes
    assert any("unknown provider 'other'" in note for note in notes)


def test_clouds_are_planned_and_never_applied(stack: Stack) -> None:
    stack.program("""
        class Aws(pulumi.ProviderResource):
            def __init__(self, name):
                super().__init__("aws", name, {"region": "eu-central-1"})
        class Bucket(pulumi.CustomResource):
            def __init__(self, name, opts):
                super().__init__("aws:s3/bucket:Bucket", name, {"arn": None, "acl": "private"}, opts)
        Bucket("b", Opts(provider=Aws("aws")))
    """)
    plan = stack.preview()
    assert {resource.name for resource in plan.resources} == {"demo-dev", "aws", "b"}
    assert any("this engine plans aws resources, it never applies them" in note for note in plan.notes)
    with pytest.raises(RegistrationError, match="it never applies them"):
        stack.up()


def test_a_wrong_passphrase_is_told_and_changes_nothing(live: Live) -> None:
    stack = live('config_map("one", cluster("east"), namespace=NS)')
    stack.up()
    with pytest.raises(PassphraseError, match="wrong passphrase; give the one that the state was made with"):
        stack.state("another")
    assert changed(stack.up()) == {}


def test_a_second_process_does_not_get_the_stack(stack: Stack) -> None:
    stack.program("")
    code = (
        "import sys; from pathlib import Path; from engine.state import State; "
        "state = State(Path(sys.argv[1]), sys.argv[2]); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(stack.state_file), PASSPHRASE],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StackBusy, match="another process works on this stack"):
            stack.up()
        holder.kill()
    assert stack.up().succeeded, "a killed process leaves no lock behind"


_KILLED = """
import os, signal, sys
from pathlib import Path
from engine.deployment import destroy, up
from engine.project import Project
from engine.state import State

root, passphrase, method, name, when, verb = sys.argv[1:]
original = getattr(State, method)

def interrupted(self, what, *args, **kwargs):
    urn = what if isinstance(what, str) else what.urn
    hit = urn.endswith(f"::{name}")
    if hit and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(self, what, *args, **kwargs)
    if hit and when == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(State, method, interrupted)
project = Project.load(Path(root))
with State(Path(root) / "state" / "dev.db", passphrase) as state:
    (up if verb == "up" else destroy)(project, "dev", state=state)
"""


def _killed(stack: Stack, method: str, name: str, when: str, verb: str = "up") -> None:
    """Run `up` in a process that is killed at one call of the state."""
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(stack.root), PASSPHRASE, method, name, when, verb],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


_THREE = """
    east = cluster("east")
    one = config_map("one", east, {"v": "%s"}, namespace=NS)
    two = config_map("two", east, {"v": "%s"}, namespace=NS, opts={"depends_on": [one]})
    config_map("three", east, {"v": "%s"}, namespace=NS, opts={"depends_on": [two]})
"""


@pytest.mark.parametrize(
    ("method", "when"),
    [("begin", "after"), ("put", "before"), ("put", "after")],
    ids=["before the object is made", "after it is made, before it is remembered", "after it is remembered"],
)
def test_up_converges_after_a_kill_while_creating(
    live: Live, server: ApiServer, namespace: str, method: str, when: str
) -> None:
    stack = live(_THREE % (1, 1, 1))
    _killed(stack, method, "two", when)
    interrupted = _names(server, namespace)
    assert interrupted == ({"one"} if method == "begin" else {"one", "two"})
    result = stack.up()
    assert result.succeeded
    assert _names(server, namespace) == {"one", "two", "three"}
    assert changed(stack.up()) == {}
    assert stack.state().pending() == {}


@pytest.mark.parametrize(
    ("method", "when", "left"),
    [
        ("begin", "after", {"one", "two", "three"}),
        ("forget", "before", {"one", "three"}),
        ("forget", "after", {"one", "three"}),
        ("put", "before", {"one", "two", "three"}),
    ],
    ids=[
        "before the old one is deleted",
        "after it is deleted",
        "before the new one is made",
        "after it is made",
    ],
)
def test_up_converges_after_a_kill_while_replacing(
    live: Live, server: ApiServer, namespace: str, method: str, when: str, left: set[str]
) -> None:
    live(_THREE % (1, 1, 1)).up()
    stack = live(_THREE % (1, 2, 1))
    _killed(stack, method, "two", when)
    assert _names(server, namespace) == left
    result = stack.up()
    assert result.failures == ()
    assert server.get(f"/api/v1/namespaces/{namespace}/configmaps/two")["data"] == {"v": "2"}
    assert changed(stack.up()) == {}


@pytest.mark.parametrize("verb", ["up", "destroy"])
@pytest.mark.parametrize(("method", "when"), [("begin", "after"), ("forget", "before")])
def test_a_kill_while_deleting_is_made_good(
    live: Live, server: ApiServer, namespace: str, method: str, when: str, verb: str
) -> None:
    live(_THREE % (1, 1, 1)).up()
    stack = live('cluster("east")')
    _killed(stack, method, "two", when, verb)
    assert _names(server, namespace) == ({"one", "two"} if method == "begin" else {"one"})
    assert (stack.up() if verb == "up" else stack.destroy()).succeeded
    assert _names(server, namespace) == set()


def test_an_interrupted_deletion_that_is_wanted_again_is_put_back(
    live: Live, server: ApiServer, namespace: str
) -> None:
    live(_THREE % (1, 1, 1)).up()
    _killed(live('cluster("east")'), "forget", "three", "before")
    assert _names(server, namespace) == {"one", "two"}
    stack = live(_THREE % (1, 1, 1))
    assert stack.up().succeeded
    assert _names(server, namespace) == {"one", "two", "three"}


_INTERRUPTED = """
import sys
from pathlib import Path
from engine.deployment import destroy, up
from engine.project import Project
from engine.state import State

root, passphrase, verb = sys.argv[1:]
project = Project.load(Path(root))

def told(event):
    if event.kind == "progress":
        print("waits", flush=True)

with State(Path(root) / "state" / "dev.db", passphrase) as state:
    result = (up if verb == "up" else destroy)(project, "dev", state=state, on_event=told)
print(sorted(message for _, message in (*result.failures, *result.skipped)), flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("verb", ["up", "destroy"])
def test_a_signal_ends_the_waiting_and_nothing_is_lost(
    live: Live, server: ApiServer, namespace: str, number: int, verb: str
) -> None:
    held = """
        meta = {"name": "one", "namespace": NS, "finalizers": ["example.org/held"]}
        east = cluster("east")
        one = k8s.core.v1.ConfigMap("one", metadata=meta, opts=Opts(provider=east))
    """
    waiting = """
        east = cluster("east")
        one = k8s.core.v1.Pod("one", metadata={"name": "one", "namespace": NS},
                              spec={"containers": [{"name": "c", "image": "i"}]}, opts=Opts(provider=east))
    """
    after = """
        config_map("after", east, namespace=NS, opts={"depends_on": [one]})
    """
    stack = live(waiting + after if verb == "up" else held)
    if verb == "destroy":
        assert stack.up().succeeded
    process = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, str(stack.root), PASSPHRASE, verb],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "interrupted; the next run takes up what was begun" in out
    rows = stack.rows()
    assert "one" in rows, "it is there, so it is remembered"
    assert "after" not in rows
    kind = "pods" if verb == "up" else "configmaps"
    path = f"/api/v1/namespaces/{namespace}/{kind}/one"
    if verb == "up":
        ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
        server.call("PATCH", f"{path}/status", ready)
        assert changed(stack.up()) == {"create": 1, "update": 1}
    else:
        server.call("PATCH", path, {"metadata": {"finalizers": None}})
        assert stack.destroy().succeeded
        assert server.get(path) is None


def test_a_program_that_fails_keeps_what_it_made_and_deletes_nothing(
    live: Live, server: ApiServer, namespace: str
) -> None:
    live('config_map("old", cluster("east"), namespace=NS)').up()
    stack = live("""
        config_map("new", cluster("east"), namespace=NS)
        raise ValueError("half-way")
    """)
    result = stack.up()
    ((urn, message),) = result.failures
    assert urn.endswith("::demo-dev")
    assert "ValueError: half-way" in message
    assert "line" in message
    assert _names(server, namespace) == {"old", "new"}


def test_a_secret_is_nowhere_in_clear_text(
    live: Live, server: ApiServer, namespace: str, capfd: pytest.CaptureFixture[str]
) -> None:
    stack = live("""
        east = cluster("east")
        password = random.RandomPassword("password", length=24, opts=Opts(provider=random.Provider("random")))
        hidden = pulumi.Output.secret("hunter-two-hunter")
        config_map("map", east, {"token": hidden, "open": "plain-text-value"}, namespace=NS)
        k8s.core.v1.Secret("key", metadata={"name": "key", "namespace": NS},
            string_data={"password": password.result}, opts=Opts(provider=east))
        k8s.core.v1.Secret("bad", metadata={"name": "bad", "namespace": NS},
            string_data={"no good!": "sesame-open-sesame"}, opts=Opts(provider=east))
        pulumi.export("password", password.result)
        pulumi.export("token", hidden)
    """)
    plan = stack.preview()
    result = stack.up()
    data = server.get(f"/api/v1/namespaces/{namespace}/secrets/key")["data"]["password"]
    password = stack.rows()["password"].outputs["result"].value
    assert len(password) == 24
    assert result.outputs == {"password": "[secret]", "token": "[secret]"}
    assert [urn.rpartition("::")[2] for urn, _ in result.failures] == ["bad"]
    stored = b"".join(path.read_bytes() for path in (stack.root / "state").iterdir())
    shown = repr((plan, result, stack.events)) + "".join(capfd.readouterr())
    texts = [resource.inputs for resource in plan.resources]
    for text in (password, data, "hunter-two-hunter", "sesame-open-sesame", "c2VzYW1lLW9wZW4tc2VzYW1l"):
        assert text.encode() not in stored
        assert text not in shown
        assert text not in repr(texts)
    assert b"plain-text-value" in stored, "the search would find what is not secret"
    assert changed(stack.up()) == {"failed": 1}
    assert stack.state_file.stat().st_mode & 0o777 == 0o600
    with State(stack.state_file, PASSPHRASE) as state:
        assert state.outputs()["password"].value == password
    assert os.stat(stack.root / "state").st_mode & 0o777 == 0o700
