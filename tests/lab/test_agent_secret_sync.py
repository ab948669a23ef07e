from __future__ import annotations

import base64
from typing import Any

import pytest

from lab.agent.errors import SyncError
from lab.agent.secret_sync import (
    Key,
    check_store,
    check_target,
    generators,
    keys,
    seconds,
    secret,
    sync_status,
    target_name,
    values,
)

NOW = "2026-01-01T00:00:00Z"
CONTENT = {Key(path="mlflow/database"): {"password": "open sesame", "nested": {"a": {"b": 1}}, "b64": "aGk="}}


def external(**spec: Any) -> dict[str, Any]:
    meta = {"name": "db", "namespace": "ns", "uid": "u", "labels": {"team": "x"}}
    return {"apiVersion": "external-secrets.io/v1", "metadata": meta, "spec": spec}


def data(key: str = "p", **reference: Any) -> dict[str, Any]:
    return {"secretKey": key, "remoteRef": {"key": "mlflow/database"} | reference}


def store(**spec: Any) -> dict[str, Any]:
    vault = {"vault": {"server": "https://bao", "path": "kv", "version": "v2"}}
    return {"metadata": {"name": "platform"}, "spec": {"provider": vault} | spec}


def test_properties_and_whole_secrets_become_keys() -> None:
    wanted = external(data=[data(property="password"), data("n", property="nested.a.b"), data("all")])
    assert keys(wanted) == {Key(path="mlflow/database")}
    found = values(wanted, CONTENT)
    assert (found["p"], found["n"]) == (b"open sesame", b"1")
    assert b'"password": "open sesame"' in found["all"]
    extracted = values(external(dataFrom=[{"extract": {"key": "mlflow/database"}}]), CONTENT)
    assert extracted["nested"] == b'{"a": {"b": 1}}'
    assert values(external(data=[data(property="b64", decodingStrategy="Base64")]), CONTENT) == {"p": b"hi"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"data": [data(property="nope")]},
            "cannot find secret data for key: 'mlflow/database', property 'nope'",
        ),
        ({"data": [data(property="password", decodingStrategy="Base64")]}, "is not Base64"),
        ({"data": [data(property="password", decodingStrategy="Auto")]}, "decodingStrategy Auto"),
    ],
)
def test_what_cannot_be_met_is_named_without_the_secret(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(SyncError, match=message) as caught:
        values(external(**spec), CONTENT)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("spec", [{"dataFrom": [{"find": {"name": {}}}]}, {"data": [data(version="latest")]}])
def test_an_unsupported_wish_is_refused_before_anything_is_read(spec: dict[str, Any]) -> None:
    with pytest.raises(SyncError):
        keys(external(**spec))


def test_a_store_serves_only_the_namespaces_of_its_conditions() -> None:
    assert check_store(store(), "any") == "kv"
    limited = store(conditions=[{"namespaces": ["a"]}, {"namespaceRegexes": ["^team-"]}])
    assert check_store(limited, "a") == check_store(limited, "team-x") == "kv"
    with pytest.raises(SyncError, match='not allowed from namespace "b"'):
        check_store(limited, "b")
    with pytest.raises(SyncError, match="only the vault provider"):
        check_store({"metadata": {"name": "s"}, "spec": {"provider": {"aws": {}}}}, "a")


def test_the_secret_belongs_to_its_external_secret() -> None:
    wanted = external(target={"name": "other", "template": {"type": "kubernetes.io/tls"}})
    made = secret(wanted, {"p": b"open sesame"}, {})
    assert (made["metadata"]["name"], made["type"], target_name(wanted)) == (
        "other",
        "kubernetes.io/tls",
        "other",
    )
    assert base64.b64decode(made["data"]["p"]) == b"open sesame"
    assert made["metadata"]["ownerReferences"][0]["uid"] == "u"
    assert made["metadata"]["labels"]["team"] == "x"
    orphan = secret(external(target={"creationPolicy": "Orphan"}), {}, {})
    assert "ownerReferences" not in orphan["metadata"]


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ({"creationPolicy": "Merge"}, "creationPolicy Merge"),
        ({"template": {"templateFrom": [{"literal": "x"}]}}, "templateFrom"),
        ({"template": {"mergePolicy": "Merge"}}, "mergePolicy Merge"),
        ({"template": {"engineVersion": "v1"}}, "engineVersion v1"),
    ],
)
def test_an_unsupported_target_is_refused_by_name(target: dict[str, Any], name: str) -> None:
    with pytest.raises(SyncError, match=f"{name} is not supported by the lab"):
        check_target(external(target=target))


def test_a_template_makes_the_secret_of_its_texts_alone() -> None:
    target = {"template": {"mergePolicy": "Replace", "engineVersion": "v2", "data": {"file": "p={{ .p }}"}}}
    wanted = external(target=target)
    check_target(wanted)
    assert secret(wanted, {"p": b"open sesame"}, {})["data"] == {
        "file": base64.b64encode(b"p=open sesame").decode()
    }


def test_what_a_generator_made_joins_what_the_store_keeps_and_the_later_one_wins() -> None:
    reference = {"kind": "VaultDynamicSecret", "name": "login"}
    login = {"sourceRef": {"generatorRef": reference}}
    wanted = external(dataFrom=[login], data=[data("fixed", property="password")])
    assert generators(wanted) == ("login",)
    assert keys(wanted) == {Key(path="mlflow/database")}
    made = {"login": {"username": "v-1", "password": "p", "fixed": "shadowed"}}
    assert values(wanted, CONTENT, made) == {"username": b"v-1", "password": b"p", "fixed": b"open sesame"}


@pytest.mark.parametrize(
    ("text", "length"),
    [("1h", 3600), ("5m", 300), ("1h30m10s", 5410), ("0", 0), (None, 3600), ("500ms", 0.5)],
)
def test_refresh_intervals_are_go_durations(text: str | None, length: float) -> None:
    assert seconds(text) == length


def test_the_status_tells_success_and_failure_apart() -> None:
    good = sync_status(external(), None, NOW, "1")
    assert (good["conditions"][0]["reason"], good["binding"]) == ("SecretSynced", {"name": "db"})
    failed = sync_status(external() | {"status": good}, "no such key", "2027-01-01T00:00:00Z", "1")
    assert failed["conditions"][0]["message"] == "no such key"
    assert failed["conditions"][0]["lastTransitionTime"] == "2027-01-01T00:00:00Z"
    assert "refreshTime" not in failed
    again = sync_status(external() | {"status": good}, None, "2027-01-01T00:00:00Z", "1")
    assert again["conditions"][0]["lastTransitionTime"] == NOW
