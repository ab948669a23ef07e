from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.agent.containers import PodFacts, Sources, environment, expand, plan, service_links
from lab.agent.errors import ContainerConfigError
from lab.agent.quantities import quantity
from lab.agent.rewrite import Rewriter

FACTS = PodFacts(address="127.9.1.4")
SOURCES = Sources(
    namespace="ns",
    config_maps={"cm": {"data": {"greeting": "hello", "bad=name": "x"}}},
    secrets={"s": {"data": {"password": base64.b64encode(b"open sesame").decode()}}},
)


def pod(container: dict[str, Any]) -> dict[str, Any]:
    meta = {
        "name": "p-1",
        "namespace": "ns",
        "uid": "u",
        "labels": {"app": "p"},
        "annotations": {"note": 'a "b"'},
    }
    return {
        "metadata": meta,
        "spec": {"nodeName": "n1", "serviceAccountName": "sa", "containers": [container]},
    }


def variables(container: dict[str, Any], links: dict[str, str] | None = None) -> dict[str, str]:
    return environment(pod(container), {"name": "c"} | container, SOURCES, FACTS, links or {})


def one(value_from: dict[str, Any]) -> dict[str, str]:
    return variables({"env": [{"name": "X", "valueFrom": value_from}]})


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("--x=$(A)$(B)", "--x=12"),
        ("$(MISSING)", "$(MISSING)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A} $(A", "$A ${A} $(A"),
    ],
)
def test_references_expand_as_in_kubernetes(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1", "B": "2"}) == expanded


@given(st.text(st.characters(exclude_characters="$"), max_size=30))
def test_text_without_a_dollar_is_never_changed(text: str) -> None:
    assert expand(text, {"A": "1"}) == text


def test_variables_come_from_config_maps_secrets_and_the_pod_itself() -> None:
    assert one({"configMapKeyRef": {"name": "cm", "key": "greeting"}}) == {"X": "hello"}
    assert one({"secretKeyRef": {"name": "s", "key": "password"}}) == {"X": "open sesame"}
    assert one({"fieldRef": {"fieldPath": "status.podIP"}}) == {"X": "127.9.1.4"}
    assert one({"fieldRef": {"fieldPath": "metadata.name"}}) == {"X": "p-1"}
    assert one({"fieldRef": {"fieldPath": "metadata.labels['app']"}}) == {"X": "p"}
    assert one({"fieldRef": {"fieldPath": "spec.nodeName"}}) == {"X": "n1"}


def test_a_later_variable_sees_the_earlier_ones_and_wins_over_env_from() -> None:
    seen = variables(
        {
            "envFrom": [{"configMapRef": {"name": "cm"}, "prefix": "CM_"}],
            "env": [{"name": "CM_greeting", "value": "hi"}, {"name": "Y", "value": "$(CM_greeting) $(L)"}],
        },
        {"L": "link"},
    )
    assert seen == {"CM_greeting": "hi", "Y": "hi link", "L": "link"}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({"configMapKeyRef": {"name": "cm", "key": "nope"}}, "couldn't find key nope in ConfigMap ns/cm"),
        ({"configMapKeyRef": {"name": "other", "key": "k"}}, 'configmap "other" not found'),
        ({"secretKeyRef": {"name": "s", "key": "nope"}}, "couldn't find key nope in Secret ns/s"),
        ({"fieldRef": {"fieldPath": "status.phase"}}, "not supported"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(reference: dict[str, Any], message: str) -> None:
    with pytest.raises(ContainerConfigError, match=message) as caught:
        one(reference)
    assert caught.value.reason == "CreateContainerConfigError"


def test_an_optional_reference_may_lead_nowhere() -> None:
    assert one({"configMapKeyRef": {"name": "cm", "key": "nope", "optional": True}}) == {}
    assert variables({"envFrom": [{"secretRef": {"name": "none", "optional": True}}]}) == {}


def test_a_secrets_value_is_in_no_message_or_representation() -> None:
    planned = plan(
        {"name": "c", "command": ["x"]}, one({"secretKeyRef": {"name": "s", "key": "password"}}), Rewriter()
    )
    assert planned.env == {"X": "open sesame"}
    assert "sesame" not in repr(planned) + repr(SOURCES)


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("limits.cpu", None, "2"),
        ("limits.cpu", "1m", "1500"),
        ("requests.memory", "1Mi", "513"),
        ("requests.cpu", None, "0"),
    ],
)
def test_resource_fields_are_rounded_up_to_their_divisor(
    resource: str, divisor: str | None, value: str
) -> None:
    container = {
        "name": "c",
        "resources": {"limits": {"cpu": "1500m"}, "requests": {"memory": "537000000"}},
        "env": [{"name": "X", "valueFrom": {"resourceFieldRef": {"resource": resource, "divisor": divisor}}}],
    }
    assert environment(pod(container), container, SOURCES, FACTS, {}) == {"X": value}


@pytest.mark.parametrize(
    ("text", "number"), [("1", 1), ("500m", 0.5), ("2Ki", 2048), ("1.5G", 1.5e9), ("1e3", 1000), ("3E", 3e18)]
)
def test_quantities_are_read_in_every_notation(text: str, number: float) -> None:
    assert float(quantity(text)) == number


def test_a_container_without_a_command_is_refused() -> None:
    with pytest.raises(ContainerConfigError, match="no command specified") as caught:
        plan({"name": "c"}, {}, Rewriter())
    assert caught.value.reason == "CreateContainerError"


def test_a_hook_that_the_lab_cannot_run_is_refused() -> None:
    hooked = {"command": ["a"], "lifecycle": {"postStart": {"exec": {"command": ["b"]}}}}
    with pytest.raises(ContainerConfigError, match="postStart"):
        plan(hooked, {}, Rewriter())


def test_a_plan_expands_then_rewrites_and_leaves_no_variable_of_ours() -> None:
    writer = Rewriter(mounts={"/data": "/lab/data"})
    container = {"name": "c", "command": ["run"], "args": ["$(D)/x", "$(P)"], "workingDir": "/data/w"}
    planned = plan(container, {"D": "/data", "P": "$(D)"}, writer)
    assert planned.argv == ("run", "/lab/data/x", "$(D)")
    assert planned.env == {"D": "/lab/data", "P": "$(D)"}
    assert (planned.cwd, planned.inner_cwd) == ("/lab/data/w", None)
    assert plan({"name": "c", "command": ["x"], "workingDir": "/srv"}, {}, writer).inner_cwd == "/srv"


def test_service_links_are_those_of_the_kubelet() -> None:
    service = {
        "metadata": {"name": "my-db"},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "sql", "port": 80, "protocol": "TCP"}]},
    }
    assert service_links([service], {"my-db": "127.9.201.1"}, {80: 20080}) == {
        "MY_DB_SERVICE_HOST": "127.9.201.1",
        "MY_DB_SERVICE_PORT": "20080",
        "MY_DB_SERVICE_PORT_SQL": "20080",
        "MY_DB_PORT": "tcp://127.9.201.1:20080",
        "MY_DB_PORT_80_TCP": "tcp://127.9.201.1:20080",
        "MY_DB_PORT_80_TCP_PROTO": "tcp",
        "MY_DB_PORT_80_TCP_PORT": "20080",
        "MY_DB_PORT_80_TCP_ADDR": "127.9.201.1",
    }
    headless = {"metadata": {"name": "my-db"}, "spec": {"clusterIP": "None", "ports": [{"port": 80}]}}
    assert service_links([headless], {"my-db": "127.9.201.1"}, {}) == {}
