"""Controls SE: for each one documents that break it and documents that do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest
from controls.configuration import Configuration
from controls.fields import fields
from controls.item import Item
from controls.judge import Judge
from controls.secrets.store_logins import GOOD as LOGIN
from controls.stack import Stack

from tests.policy_packs.control_pairs import container, found, resource

POLICY = "vault:index/policy:Policy"
CLIENT = "keycloak:openid/client:Client"
DATABASE = "vault:database/secretBackendConnection:SecretBackendConnection"


def config(data: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: team}}\ndata: {data}\n"


def env(name: str, value: str) -> str:
    return container(f"env: [{{name: {name}, value: {value}}}]")


def policy(path: str, *capabilities: str, name: str = "app") -> str:
    allowed = ", ".join(f'"{one}"' for one in capabilities)
    rule = f'path "{path}" {{ capabilities = [{allowed}] }}'
    return resource(POLICY, f"{{name: {name}, policy: '{rule}'}}")


def secret(data: str) -> str:
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: team}}\n{data}\n"


def run_by(chart: str, config: object) -> str:
    """The login to a store that a chart runs, with that configuration of the server and no other audit device."""
    return run_with({"ha": {"enabled": True, "raft": {"enabled": True, "config": config}}}, chart)


def run_with(server: object, chart: str = "openbao") -> str:
    """The same with those values of the chart's server."""
    given = resource(
        "kubernetes:helm.sh/v4:Chart", f"{{chart: {chart}, values: {json.dumps({'server': server})}}}"
    )
    return LOGIN.replace("vault:index/audit:Audit", "vault:index/mount:Mount") + f"---\n{given}"


AUDITED = json.dumps({"audit": [{"type": "file", "path": "log"}]})

BAD = [
    ("SE-01", env("DB_PASSWORD", "correct-horse")),
    ("SE-01", env("azure_batch_key", "Hello from the environment")),
    ("SE-01", env("AWS_ACCESS_KEY_ID", "mine")),
    ("SE-01", env("ANYTHING", "AKIAIOSFODNN7EXAMPLE")),
    ("SE-01", env("PASSWORD_BILLING", "correct-horse")),
    ("SE-01", env("DB_PASSWORD", "!unknown ''")),
    ("SE-01", env("DB_PASSWORD", "12345")),
    ("SE-01", env("URL", "'postgresql://app:correct-horse@db.example/app'")),
    ("SE-01", config("{pwd: cGFzc3dvcmQ=}")),
    ("SE-01", config('{tls.key: "-----BEGIN RSA PRIVATE KEY-----"}')),
    ("SE-01", config('{app.properties: "url=x\\ndb.password=correct-horse"}')),
    ("SE-01", config('{app.json: \'{"clientSecret": "correct-horse"}\'}')),
    ("SE-01", config("{x: QUtJQUlPU0ZPRE5ON0VYQU1QTEU=}")),
    ("SE-01", config("7")),
    ("SE-02", container("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]")),
    ("SE-02", container("envFrom: [{secretRef: {name: s}}]")),
    ("SE-02", container("env: [{name: A, valueFrom: !unknown ''}]")),
    ("SE-02", container("envFrom: s")),
    ("SE-03", policy("*", "read")),
    ("SE-03", policy("+/*", "read")),
    ("SE-03", policy("sys/policies/acl/app", "read")),
    ("SE-03", policy("auth/token/lookup-self", "read", "update")),
    ("SE-03", policy("secret/data/app", "read", "sudo")),
    ("SE-03", policy("secret/*", "read", "delete")),
    ("SE-03", policy("secret/data/other/*", "create", name="tenant-team")),
    ("SE-03", resource(POLICY, "{policy: !unknown ''}")),
    ("SE-03", resource(POLICY, "{policy: 'path secret'}")),
    ("SE-03", resource(POLICY, "{policy: [x]}")),
    ("SE-04", LOGIN.replace("[app]\n    tokenPolicies", "['*']\n    tokenPolicies")),
    ("SE-04", LOGIN.replace("tokenTtl: 3600", "tokenTtl: 86400")),
    ("SE-04", LOGIN.replace("tokenTtl: 3600", "tokenTtl: !unknown ''")),
    ("SE-04", LOGIN.replace("tokenTtl: 3600", "tokenTtl: 3600\n    tokenMaxTtl: 7200")),
    ("SE-04", LOGIN.replace("tokenTtl: 3600", "tokenTtl: 3600\n    tokenPeriod: 60")),
    ("SE-04", LOGIN.replace("tokenPolicies: [app]", "tokenPolicies: [root]")),
    ("SE-04", LOGIN.replace("tokenPolicies: [app]", "tokenPolicies: [!unknown '']")),
    ("SE-04", LOGIN.replace("Namespaces: [team]", "Namespaces: [other]")),
    ("SE-04", LOGIN.replace("Namespaces: [team]", "Namespaces: []")),
    (
        "SE-04",
        LOGIN.replace(
            "Namespaces: [team]", "Namespaces: [team]\n    boundServiceAccountNamespaceSelector: x"
        ),
    ),
    ("SE-04", LOGIN.replace("Namespaces: [team]", "Namespaces: team")),
    ("SE-04", LOGIN.replace("vault:index/audit:Audit", "vault:index/mount:Mount")),
    ("SE-04", run_by("vault", AUDITED)),
    ("SE-04", run_by("openbao", '{"audit": []}')),
    ("SE-04", run_by("openbao", "[]")),
    ("SE-04", run_by("openbao", 'auditing "file" "log" {}')),
    ("SE-04", run_by("openbao", "[" * 100_000)),
    ("SE-04", run_by("openbao", {"audit": []})),
    ("SE-04", run_by("openbao", {"audit": "file"})),
    ("SE-04", run_by("openbao", AUDITED).replace(json.dumps(AUDITED), "!unknown ''")),
    ("SE-04", run_with({"ha": {"enabled": False, "raft": {"enabled": True, "config": AUDITED}}})),
    ("SE-04", run_with({"ha": {"enabled": True, "raft": {"enabled": False, "config": AUDITED}}})),
    ("SE-04", run_with({"ha": {"enabled": True}, "standalone": {"config": AUDITED}})),
    ("SE-04", run_with({"dev": {"enabled": True}, "standalone": {"config": AUDITED}})),
    ("SE-05", secret("stringData: {password: correct-horse}")),
    ("SE-05", secret("data: {password: 7}")),
    ("SE-05", secret("data: [password]")),
    ("SE-05", resource(CLIENT, "{clientSecret: correct-horse}")),
    ("SE-05", resource(DATABASE, "{postgresql: {password: correct-horse}}")),
]

GOOD = [
    ("SE-01", env("DB_PASSWORD_FILE", "/var/run/secrets/db")),
    ("SE-01", env("DB_PASSWORD", "$(DB_PASSWORD)")),
    ("SE-01", env("SECRET_KEY", "/etc/keys/secret")),
    ("SE-01", env("ANYTHING", "!unknown ''")),
    ("SE-01", env("TOKEN_REVIEW_WORKERS", "'4'")),
    ("SE-01", env("PASSWORD_BILLING", "!unknown ''")),
    ("SE-01", config("{token.yaml: 'a: b'}")),
    ("SE-01", container("env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}]")),
    ("SE-01", config("{config: 'REDIS_PASSWORD='}")),
    ("SE-01", config("{password: '${DB_PASSWORD}', token-ttl: 1h}")),
    ("SE-01", config('{run.py: "token = open(path).read()\\npassword = settings.password"}')),
    ("SE-01", config("null")),
    ("SE-02", container("envFrom: [{configMapRef: {name: c}}]")),
    ("SE-02", container("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]")),
    ("SE-03", policy("secret/data/app/*", "create", "read", "delete")),
    ("SE-03", policy("auth/token/renew-self", "update")),
    ("SE-03", policy("*", "deny")),
    ("SE-03", policy("secret/data/tenants/team/*", "create", name="tenant-team")),
    ("SE-03", policy("team/*", "create", "delete", name="tenant-team")),
    ("SE-03", resource(POLICY, "{policy: '# Nothing.'}")),
    ("SE-04", LOGIN),
    ("SE-04", LOGIN.replace("tokenPolicies: [app]", "tokenPolicies: [app, default]")),
    ("SE-04", run_by("openbao", AUDITED)),
    ("SE-04", run_by("oci://quay.io/openbao/charts/openbao@sha256:0a", AUDITED)),
    ("SE-04", run_by("openbao", 'ui = true\naudit "file" "log" {\n}')),
    ("SE-04", run_by("openbao", json.loads(AUDITED))),
    ("SE-04", run_with({"ha": {"enabled": "true", "raft": {"enabled": "false"}, "config": AUDITED}})),
    ("SE-04", run_with({"standalone": {"config": AUDITED}})),
    ("SE-05", secret("type: Opaque")),
    ("SE-05", secret("data: !unknown ''")),
    ("SE-05", resource(CLIENT, "{accessType: CONFIDENTIAL}")),
    ("SE-05", resource(CLIENT, "{clientSecret: !unknown ''}")),
]


@pytest.mark.parametrize(("control", "text"), BAD)
def test_what_breaks_a_control_is_found(control: str, text: str) -> None:
    assert found(control, text)


@pytest.mark.parametrize(("control", "text"), GOOD)
def test_what_meets_a_control_is_left_alone(control: str, text: str) -> None:
    assert found(control, text) == []


@pytest.mark.parametrize(("control", "text"), BAD)
def test_no_message_repeats_what_was_written(control: str, text: str) -> None:
    said = " ".join(found(control, text))
    assert not [word for word in ("correct-horse", "AKIA", "cGFz", "Hello", "BEGIN") if word in said]


FROM_ANOTHER = MappingProxyType({"clientSecret": ("generator",)})


@pytest.mark.parametrize(
    ("kind", "inputs", "changes", "literal"),
    [
        (CLIENT, {"clientSecret": "correct-horse"}, {}, True),
        (CLIENT, {"clientSecret": "correct-horse"}, {"dependencies": FROM_ANOTHER}, False),
        (CLIENT, {"clientSecret": "correct-horse"}, {"secret_outputs": ("clientSecret",)}, True),
        (DATABASE, {"postgresql": {"password": "correct-horse"}}, {"secret_outputs": ("postgresql",)}, False),
    ],
)
def test_a_value_of_another_resource_or_a_declared_secret_is_no_literal(
    kind: str, inputs: dict[object, object], changes: dict[str, object], literal: bool
) -> None:
    item = Item(kind=kind, fields=fields(inputs), **changes)  # type: ignore[arg-type]
    assert found_literal(Stack([item])) is literal


def test_a_secret_that_a_server_made_is_none_of_the_programs() -> None:
    """A client that exists has what Keycloak made for it, and the SDK declares that secret."""
    inputs = fields({"clientId": "app", "clientSecret": "correct-horse"})
    made = Item(
        kind=CLIENT, fields=inputs, secret_outputs=("clientSecret",), declared=frozenset({"clientId"})
    )
    assert not found_literal(Stack([made]))
    assert found_literal(Stack([replace(made, declared=frozenset({"clientId", "clientSecret"}))]))
    assert found_literal(Stack([replace(made, declared=None)]))


def found_literal(stack: Stack) -> bool:
    findings = Judge(Configuration(), date.min).stack(stack).findings
    return any(one.control == "SE-05" for one in findings)
