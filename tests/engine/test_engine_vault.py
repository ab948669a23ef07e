"""The vault provider without a server: inputs, replacements, bodies; and its table beside the SDK."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RegistrationError
from engine.goal import Goal
from engine.providers.base import Settings
from engine.providers.vault import VaultProvider
from engine.providers.vault_api import Api
from engine.providers.vault_client import Vault
from engine.providers.vault_kinds import Task, fields_of, filled
from engine.providers.vault_options import Options
from engine.providers.vault_shapes import jwt_config, jwt_role, kubernetes_config
from engine.providers.vault_tables import KINDS
from engine.row import Row
from engine.values import UNKNOWN, Properties, Secret, masked, plain
from tests.engine.engine_stack import Stack

_URN = "urn:pulumi:dev::demo::pulumi:providers:vault::bao"
_POLICY = "vault:index/policy:Policy"
_SECRET = "vault:kv/secretV2:SecretV2"
_OIDC = "vault:jwt/authBackend:AuthBackend"
_CONNECTION = "vault:database/secretBackendConnection:SecretBackendConnection"
_ROOT = "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert"


def _provider(tmp_path: Path, **inputs: object) -> VaultProvider:
    return VaultProvider(_URN, dict(inputs), Settings(root=tmp_path))


@pytest.fixture
def provider(tmp_path: Path) -> VaultProvider:
    return _provider(tmp_path)


def _goal(type_: str, inputs: Properties) -> Goal:
    return Goal(
        urn=f"urn:pulumi:dev::demo::{type_}::thing",
        type=type_,
        name="thing",
        custom=True,
        parent="",
        provider="",
        providers={},
        inputs=inputs,
        dependencies=(),
        property_dependencies={},
    )


def _row(type_: str, inputs: Properties) -> Row:
    goal = _goal(type_, inputs)
    return Row(
        urn=goal.urn,
        type=type_,
        custom=True,
        id="id",
        parent="",
        provider="",
        cluster=None,
        inputs=inputs,
        outputs={},
        property_dependencies={},
    )


def _task(inputs: Properties, before: Properties | None = None) -> Task:
    options = Options.of("bao", {}, Path())
    return Task(api=Api(vault=Vault(options, 1.0)), inputs=inputs, before=before)


def _sdk_properties(type_: str) -> set[str]:
    """The input properties of a type as the SDK sends them."""
    _, module, name = type_.split(":")
    package = {"index": "pulumi_vault", "pkiSecret": "pulumi_vault.pkisecret"}
    area = module.partition("/")[0]
    made = getattr(importlib.import_module(package.get(area, f"pulumi_vault.{area}")), name)
    args = getattr(sys.modules[made.__module__], f"{name}Args")
    found = inspect.getmembers(args, lambda member: isinstance(member, property))
    return {getattr(member.fget, "_pulumi_name", None) or key for key, member in found}


_REFUSED = {
    "vault:index/authBackend:AuthBackend": {"identityTokenKey"},
    _CONNECTION: {
        "cassandra", "couchbase", "data", "disableAutomatedRotation", "elasticsearch", "hana", "influxdb",
        "mongodb", "mongodbatlas", "mssql", "mysql", "mysqlAurora", "mysqlLegacy", "mysqlRds", "oracle", "redis",
        "redisElasticache", "redshift", "rotationPeriod", "rotationSchedule", "rotationWindow",
        "skipStaticRoleImportRotation", "snowflake",
    },
    "vault:pkiSecret/secretBackendRole:SecretBackendRole": {"parameterSet", "policyIdentifier"},
    _ROOT: {"jksPassword", "jksPrivateKeyAlias", "parameterSet", "pkcs12Encoder", "pkcs12Password"},
    "vault:pkiSecret/secretBackendIntermediateCertRequest:SecretBackendIntermediateCertRequest": {"parameterSet"},
    "vault:pkiSecret/secretBackendRootSignIntermediate:SecretBackendRootSignIntermediate": {
        "jksPassword", "pkcs12Encoder", "pkcs12Password",
    },
}  # fmt: skip


@pytest.mark.parametrize("type_", KINDS)
def test_every_property_of_the_sdk_is_applied_or_refused_by_name(type_: str) -> None:
    known = KINDS[type_].known()
    assert _sdk_properties(type_) - known == _REFUSED.get(type_, set())
    assert known - _sdk_properties(type_) <= {"privateKey"}, "only what is an output"


@pytest.mark.parametrize(
    "type_", ["vault:index/namespace:Namespace", "vault:aws/secretBackend:SecretBackend"]
)
def test_other_types_are_refused(type_: str) -> None:
    assert "run with --engine pulumi" in VaultProvider.refusal(type_)


def test_a_preview_plans_a_type_that_is_not_applied_and_says_so(stack: Stack) -> None:
    stack.program("""
        import pulumi_vault as vault
        v = vault.Provider("bao", address="https://nowhere.example.org")
        vault.Namespace("area", path="area", opts=Opts(provider=v))
    """)
    plan = stack.preview()
    assert [each.inputs for each in plan.resources if each.name == "area"] == [{"path": "area"}]
    assert any("area: vault:index/namespace:Namespace" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"skipTlsVerify": "true"}, "certificates are always verified"),
        ({"skipTlsVerify": True}, "certificates are always verified"),
        ({"token": "in-clear"}, "its token is given in clear"),
        ({"authLoginUserpass": '{"username":"me"}'}, "authLoginUserpass is not supported"),
        ({"clientAuth": "{}"}, "clientAuth is not supported"),
    ],
)
def test_a_provider_that_would_be_unsafe_or_different_is_refused(
    tmp_path: Path, inputs: Properties, said: str
) -> None:
    with pytest.raises(RegistrationError, match=f"bao: .*{said}"):
        _provider(tmp_path, **inputs)


def test_what_the_provider_does_not_state_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "ADDR": "https://b:8200/",
        "TOKEN": "t",
        "CACERT": "ca.pem",
        "NAMESPACE": "n/",
    }.items():
        monkeypatch.setenv(f"VAULT_{name}", value)
    found = Options.of("bao", {}, tmp_path)
    assert (found.address, found.token, found.namespace) == ("https://b:8200", "t", "n")
    assert found.verify == str(tmp_path / "ca.pem")
    stated = {
        "address": "https://a:8200",
        "token": Secret("mine"),
        "caCertFile": "/ca",
        "maxLeaseTtlSeconds": "60",
        "skipChildToken": "true",
    }
    found = Options.of("bao", stated, tmp_path)
    assert (found.address, found.token, found.verify) == ("https://a:8200", "mine", "/ca")
    assert (found.seconds, found.child) == (60, False)
    assert "mine" not in repr(found)


def test_a_name_that_is_left_out_is_made_once(provider: VaultProvider) -> None:
    first = provider.check(_goal(_POLICY, {"policy": "p"}), None)
    assert first["name"].startswith("thing-")
    assert len(first["name"]) == len("thing-") + 7
    assert provider.check(_goal(_POLICY, {"policy": "q"}), _row(_POLICY, first))["name"] == first["name"]
    assert provider.check(_goal(_POLICY, {"policy": "p"}), None)["name"] != first["name"]
    assert provider.check(_goal(_POLICY, {"policy": "p", "name": "mine"}), None)["name"] == "mine"


@pytest.mark.parametrize(
    ("type_", "inputs", "completed"),
    [
        ("vault:index/authBackend:AuthBackend", {"type": "kubernetes"}, {"path": "kubernetes"}),
        ("vault:index/audit:Audit", {"type": "file", "options": {}}, {"path": "file"}),
        (_OIDC, {"oidcDiscoveryUrl": "https://r"}, {"path": "jwt", "type": "jwt", "namespaceInState": True}),
        (
            "vault:kubernetes/authBackendRole:AuthBackendRole",
            {"roleName": "r", "boundServiceAccountNames": ["a"]},
            {"backend": "kubernetes", "tokenType": "default"},
        ),
    ],
)
def test_what_is_left_out_has_the_real_providers_default(
    provider: VaultProvider, type_: str, inputs: Properties, completed: Properties
) -> None:
    assert provider.check(_goal(type_, inputs), None) == {**inputs, **completed}


@pytest.mark.parametrize(
    ("type_", "inputs", "said"),
    [
        (_POLICY, {"name": "p"}, "policy must be stated"),
        (_POLICY, {"name": "../x", "policy": "p"}, r"name: given '\.\./x'"),
        (_POLICY, {"name": "a//b", "policy": "p"}, "without empty"),
        (_POLICY, {"name": "", "policy": "p", "policies": 1}, "does not apply policies"),
        ("vault:index/mount:Mount", {"path": "a/./b", "type": "kv"}, "path: given"),
        (_SECRET, {"mount": "kv", "name": "s"}, "one of dataJson and dataJsonWo must be stated"),
        (
            _SECRET,
            {"mount": "kv", "name": "s", "dataJson": Secret('{"hush"')},
            "dataJson is not JSON: Expecting",
        ),
        (_SECRET, {"mount": "kv", "name": "s", "dataJson": Secret('["hush"]')}, "is not a JSON object"),
        (_OIDC, {"type": "oidc"}, "one of oidcDiscoveryUrl"),
        (_CONNECTION, {"backend": "d", "name": "c"}, "connects to postgresql alone"),
        (_CONNECTION, {"backend": "d", "mysql": {}}, "does not apply mysql"),
        (_CONNECTION, {"backend": "d", "postgresql": {"strange": 1}}, "does not apply strange"),
    ],
)
def test_inputs_that_cannot_be_used_are_told_without_their_secrets(
    provider: VaultProvider, type_: str, inputs: Properties, said: str
) -> None:
    with pytest.raises(RegistrationError, match=said) as caught:
        provider.check(_goal(type_, inputs), None)
    assert str(caught.value).startswith(f"thing ({type_}): ")
    assert "hush" not in str(caught.value)


def test_unknown_inputs_are_no_problem_in_a_preview(provider: VaultProvider) -> None:
    cases: dict[str, Properties] = {
        _POLICY: {"name": UNKNOWN, "policy": UNKNOWN},
        _SECRET: {"mount": UNKNOWN, "name": "s", "dataJson": UNKNOWN},
        _CONNECTION: {"backend": "d", "postgresql": UNKNOWN},
        _OIDC: {"oidcDiscoveryUrl": UNKNOWN, "oidcClientSecret": UNKNOWN},
    }
    for type_, inputs in cases.items():
        checked = provider.check(_goal(type_, inputs), None)
        assert {name: plain(checked[name]) for name in inputs} == inputs


def test_what_is_secret_is_marked_whatever_the_program_says(provider: VaultProvider) -> None:
    inputs: Properties = {"backend": "d", "postgresql": {"username": "u", "password": "hush"}}
    checked = provider.check(_goal(_CONNECTION, inputs), None)
    assert checked["postgresql"] == {"username": "u", "password": Secret("hush")}
    assert inputs["postgresql"]["password"] == "hush", "the goal's own inputs are left alone"
    for secret in ("hush", UNKNOWN):
        checked = provider.check(_goal(_OIDC, {"jwksUrl": "https://r", "oidcClientSecret": secret}), None)
        assert checked["oidcClientSecret"] == Secret(secret)
        assert masked(checked["oidcClientSecret"]) == "[secret]"


def test_null_is_nothing_at_any_depth(provider: VaultProvider) -> None:
    given: Properties = {
        "backend": "d",
        "passwordPolicy": None,
        "postgresql": {"username": None, "tlsCa": "c"},
    }
    checked = provider.check(_goal(_CONNECTION, given), None)
    assert checked["postgresql"] == {"tlsCa": "c"}
    assert "passwordPolicy" not in checked


def test_the_spelling_of_a_secrets_content_is_no_change(provider: VaultProvider) -> None:
    def checked(text: str) -> Any:
        return provider.check(_goal(_SECRET, {"mount": "kv", "name": "s", "dataJson": text}), None)[
            "dataJson"
        ]

    assert checked('{"b": 1,  "a": [1, 2]}') == checked('{"a":[1,2],"b":1}')
    assert checked('{"a":[1,2]}') != checked('{"a":[2,1]}')


@pytest.mark.parametrize(
    ("type_", "rest", "value", "version"),
    [
        (_SECRET, {"mount": "kv", "name": "s"}, ("dataJsonWo",), ("dataJsonWoVersion",)),
        (_OIDC, {"jwksUrl": "https://r"}, ("oidcClientSecretWo",), ("oidcClientSecretWoVersion",)),
        (
            _CONNECTION,
            {"backend": "d", "name": "c"},
            ("postgresql", "passwordWo"),
            ("postgresql", "passwordWoVersion"),
        ),
    ],
)
def test_a_write_only_value_changes_with_its_version_alone(
    provider: VaultProvider, type_: str, rest: Properties, value: tuple[str, ...], version: tuple[str, ...]
) -> None:
    def inputs(text: str, number: int) -> Properties:
        own = {value[-1]: text, version[-1]: number}
        return {**rest, **({value[0]: own} if len(value) == 2 else own)}

    first = provider.check(_goal(type_, inputs('{"a":1}', 1)), None)
    row = _row(type_, first)
    assert provider.check(_goal(type_, inputs('{"a":2}', 1)), row) == first
    changed = plain(provider.check(_goal(type_, inputs('{"a":2}', 2)), row))
    assert changed == {**plain(first), **inputs('{"a":2}', 2)}


@pytest.mark.parametrize(
    ("type_", "inputs", "kept", "replaced"),
    [
        (_POLICY, {"name": "p", "policy": "x"}, {"policy"}, {"name", "namespace"}),
        (
            "vault:index/mount:Mount",
            {"path": "p", "type": "kv"},
            {"path", "description", "options", "maxLeaseTtlSeconds"},
            {"type", "local", "sealWrap"},
        ),
        (
            "vault:index/authBackend:AuthBackend",
            {"type": "a"},
            {"path", "tune", "description"},
            {"type", "local"},
        ),
        ("vault:index/authBackend:AuthBackend", {"type": "a", "disableRemount": True}, {"tune"}, {"path"}),
        ("vault:index/audit:Audit", {"type": "a", "options": {}}, set(), {"path", "options", "description"}),
        (_SECRET, {"mount": "m", "dataJson": "{}"}, {"dataJson", "customMetadata", "cas"}, {"mount", "name"}),
        (_OIDC, {"jwksUrl": "u"}, {"path", "jwksUrl", "oidcClientSecret"}, {"type", "local"}),
        (
            "vault:jwt/authBackendRole:AuthBackendRole",
            {"roleName": "r", "userClaim": "sub"},
            {"userClaim", "boundClaims", "tokenPolicies"},
            {"backend", "roleName", "roleType"},
        ),
        (_CONNECTION, {"backend": "b", "postgresql": {}}, {"postgresql", "allowedRoles"}, {"backend"}),
        (
            "vault:database/secretBackendRole:SecretBackendRole",
            {"backend": "b", "dbName": "d", "creationStatements": ["x"]},
            {"creationStatements", "maxTtl"},
            {"backend", "dbName", "name"},
        ),
        (
            _ROOT,
            {"backend": "b", "commonName": "c", "type": "internal"},
            {"ttl", "notAfter", "signatureBits"},
            {"commonName", "keyType", "keyBits", "issuerName", "maxPathLength"},
        ),
        ("vault:identity/group:Group", {"name": "g"}, {"name", "policies", "metadata"}, {"type"}),
    ],
)
def test_replaced_is_what_the_real_provider_replaces(
    provider: VaultProvider, type_: str, inputs: Properties, kept: set[str], replaced: set[str]
) -> None:
    checked = provider.check(_goal(type_, inputs), None)
    paths = [(name,) for name in sorted(kept | replaced)]
    assert {path[0] for path in provider.replaces(type_, checked, paths)} == replaced


def test_a_nested_change_counts_for_its_property(provider: VaultProvider) -> None:
    audit = "vault:index/audit:Audit"
    checked = provider.check(_goal(audit, {"type": "file", "options": {"a": "b"}}), None)
    assert provider.replaces(audit, checked, [("options", "a")]) == [("options", "a")]


def test_a_write_states_what_is_given_and_sets_back_what_is_not_any_more() -> None:
    fields = ("tokenTtl", "boundAudiences", "boundClaimsType", "userClaim", "verboseOidcLogging")
    before = {"tokenTtl": 60, "boundAudiences": ["a"], "boundClaimsType": "glob", "verboseOidcLogging": True}
    task = _task({"userClaim": "sub", "strange": 1}, before)
    assert fields_of(task, fields, {}, {"boundClaimsType": "string"}) == {
        "user_claim": "sub",
        "token_ttl": 0,
        "bound_audiences": [],
        "bound_claims_type": "string",
        "verbose_oidc_logging": False,
    }
    assert fields_of(task, fields, {"userClaim": "u"}, {}, whole=True) == {"u": "sub"}


def test_bound_claims_are_lists_unless_they_are_not_to_be_parsed() -> None:
    claims = {"boundClaims": {"roles": "admin, viewer", "sub": "x"}, "boundAudiences": ["a"]}
    assert jwt_role({}, _task(claims)) == {
        "bound_claims": {"roles": ["admin", "viewer"], "sub": ["x"]},
        "bound_audiences": ["a"],
    }
    unparsed = jwt_role({}, _task({**claims, "disableBoundClaimsParsing": True}))
    assert unparsed["bound_claims"]["roles"] == ["admin, viewer"]
    assert jwt_role({}, _task({})) == {"bound_claims": {}, "bound_audiences": []}


def test_the_settings_of_an_identity_provider_have_their_types() -> None:
    given = {"provider": "azure", "fetch_groups": "true", "groups_recurse_max_depth": "2"}
    shaped = jwt_config({"provider_config": given}, _task({"oidcClientSecretWo": "s"}))
    assert shaped["provider_config"] == {
        "provider": "azure",
        "fetch_groups": True,
        "groups_recurse_max_depth": 2,
    }
    assert shaped["oidc_client_secret"] == "s"


def test_the_reviewers_token_is_a_part_of_every_write() -> None:
    assert kubernetes_config({}, _task({"tokenReviewerJwt": "j"}))["token_reviewer_jwt"] == "j"
    assert "token_reviewer_jwt" not in kubernetes_config({}, _task({}))
    assert kubernetes_config({"disable_iss_validation": True}, _task({}))["disable_iss_validation"] is True


def test_slashes_at_the_ends_of_a_value_do_not_count_in_a_path() -> None:
    assert (
        filled("auth/{backend}/role/{roleName}", {"backend": "/a/b/", "roleName": "r"}) == "auth/a/b/role/r"
    )
