from __future__ import annotations

import base64
from typing import Any

import pytest

from components.manifest import NamespaceRef
from components.mesh.remote_secrets import token_generator
from lab.agent.errors import SyncError
from lab.agent.generators import generator_address, generator_name
from lab.agent.webhook import needed_secrets, request

HOSTS = {"id.lab.internal:8443": "127.0.0.1:4001"}
SYSTEM = NamespaceRef(name="istio-system", ready="istio-system")


def generator(**spec: Any) -> dict[str, Any]:
    made = token_generator("https://id.lab.internal:8443/realms/r", "PEM", "client", SYSTEM)
    return {**made, "spec": {**made["spec"], **spec}}


def secret(label: str | None = "webhook") -> dict[str, Any]:
    data = {"client_id": "mesh-east", "client_secret": "hunter2"}
    return {
        "metadata": {"name": "client", "labels": {"external-secrets.io/type": label} if label else {}},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
    }


def test_what_the_platform_asks_is_sent_to_where_the_realm_answers() -> None:
    assert needed_secrets(generator()) == {"client": "client"}
    made = request(generator(), {"client": secret()}, HOSTS)
    assert (made.method, made.url) == (
        "POST",
        "https://127.0.0.1:4001/realms/r/protocol/openid-connect/token",
    )
    assert made.body == "grant_type=client_credentials&client_id=mesh-east&client_secret=hunter2"
    assert made.headers == {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_request_does_not_show_its_secrets() -> None:
    assert "hunter2" not in repr(request(generator(), {"client": secret()}, HOSTS))


@pytest.mark.parametrize("label", [None, "other"])
def test_a_secret_without_the_label_is_not_put_into_a_request(label: str | None) -> None:
    with pytest.raises(SyncError, match=r"has no label external-secrets\.io/type: webhook"):
        request(generator(), {"client": secret(label)}, HOSTS)


@pytest.mark.parametrize("action", ["{{ .client.nothing }}", "{{ .other.client_id }}", "{{ now }}"])
def test_a_field_that_is_not_there_is_named(action: str) -> None:
    with pytest.raises(SyncError, match="there is no"):
        request(generator(body=action), {"client": secret()}, HOSTS)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"auth": {"ntlm": {}}}, "spec.auth"),
        ({"caProvider": {"name": "x"}}, "spec.caProvider"),
        ({"result": {"jsonPath": "$.data"}}, "jsonPath"),
    ],
)
def test_what_the_lab_does_not_support_is_refused_by_name(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(SyncError, match=f"Webhook 'mesh-remote': .*{said}"):
        needed_secrets(generator(**spec))


def test_templates_in_an_address_are_refused() -> None:
    with pytest.raises(SyncError, match="templates in the body alone"):
        request(generator(url="https://{{ .client.client_id }}"), {"client": secret()}, HOSTS)


def test_it_is_another_kind_of_generator_than_the_stores() -> None:
    name = generator_name({"generatorRef": {"kind": "Webhook", "name": "mesh-remote"}})
    assert generator_address("a", name).endswith("/namespaces/a/webhooks/mesh-remote")
    store = generator_name({"generatorRef": {"kind": "VaultDynamicSecret", "name": "mesh-remote"}})
    assert generator_address("a", store).endswith("/namespaces/a/vaultdynamicsecrets/mesh-remote")
