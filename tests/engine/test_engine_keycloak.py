"""The keycloak provider without a server: its tables, its configuration, and what it says when there is none."""

from __future__ import annotations

import importlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi._types import input_type_py_to_pulumi_names

from engine.errors import ProviderError, RegistrationError
from engine.goal import Goal
from engine.providers.base import Action, Settings
from engine.providers.keycloak import KINDS, KeycloakProvider
from engine.providers.keycloak_access import Access
from engine.providers.keycloak_fields import Field, holds, many, rendered, seconds
from engine.row import Row
from engine.values import UNKNOWN, Secret
from tests.engine.engine_stack import Stack

ROLE = "keycloak:index/role:Role"
CLIENT = "keycloak:openid/client:Client"
REALM = "keycloak:index/realm:Realm"
KEYSTORE = "keycloak:index/realmKeystoreRsaGenerated:RealmKeystoreRsaGenerated"
FLOW = "keycloak:authentication/flow:Flow"
_NOT_SUPPORTED = {
    CLIENT: {
        "authorization",
        "clientSecretRegenerateWhenChanged",
        "clientSecretWo",
        "clientSecretWoVersion",
    },
    "keycloak:index/group:Group": {"organizationId"},
    "keycloak:index/user:User": {"federatedIdentities", "initialPassword"},
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "BASE_PATH", "REALM", "CLIENT_ID", "CLIENT_SECRET", "CLIENT_TIMEOUT"):
        monkeypatch.delenv(f"KEYCLOAK_{name}", raising=False)


def _provider(**inputs: Any) -> KeycloakProvider:
    return KeycloakProvider("urn:keycloak", inputs, Settings(root=Path(), connect_timeout=0.5))


def _goal(type_: str, **inputs: Any) -> Goal:
    return Goal(
        urn="urn:x",
        type=type_,
        name="x",
        custom=True,
        parent="",
        provider="urn:keycloak",
        providers={},
        inputs=inputs,
        dependencies=(),
        property_dependencies={},
    )


def _row(type_: str, **inputs: Any) -> Row:
    return Row(
        urn="urn:x",
        type=type_,
        custom=True,
        id="i",
        parent="",
        provider="urn:keycloak",
        cluster=None,
        inputs=inputs,
        outputs={},
        property_dependencies={},
    )


@pytest.mark.parametrize("type_", sorted(KINDS))
def test_every_input_of_the_sdk_is_a_field_or_is_refused_by_name(type_: str) -> None:
    _, module, name = type_.split(":")
    folder = module.partition("/")[0].replace("index", "")
    package = importlib.import_module(f"pulumi_keycloak.{folder}".rstrip("."))
    wire = set(input_type_py_to_pulumi_names(getattr(package, f"{name}Args")).values())
    known = {field.name for field in KINDS[type_].fields}
    assert known <= wire
    assert wire - known == _NOT_SUPPORTED.get(type_, set())
    assert KINDS[type_].fixed <= known | {
        "clientId",
        "clientScopeId",
        "protocol",
        "protocolMapper",
        "authenticator",
    }


@pytest.mark.parametrize(
    ("text", "value"), [("5m", 300), ("5m0s", 300), ("1h30m", 5400), ("300s", 300), ("1.5h", 5400), ("0s", 0)]
)
def test_durations_are_those_of_go(text: str, value: int) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "five"])
def test_what_is_no_duration_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="needs a duration such as 5m or 1h30m"):
        seconds(text)


def test_what_is_not_stated_is_the_default_or_stays_as_it_is() -> None:
    fields = (
        Field("stated"),
        Field("enforced", default=True),
        Field("once", initial="new"),
        Field("left"),
        Field("entry", "config/a.b", default=3, to=str),
        Field("place", None, default="nowhere"),
        Field("several", "*", default={}, to=lambda given: {"x": len(given), "y": True}),
    )
    given = {"stated": 1, "several": {"k": "v"}}
    made = {"stated": 1, "enforced": True, "once": "new", "config": {"a.b": "3"}, "x": 1, "y": True}
    assert rendered(fields, given) == made
    current = {"once": "theirs", "config": {"a.b": "7", "c": "8"}}
    changed = {"stated": 1, "enforced": True, "config": {"a.b": "3", "c": "8"}, "x": 1, "y": True}
    assert rendered(fields, given, current) == changed
    assert current["config"] == {"a.b": "7", "c": "8"}
    assert rendered(fields, given, current, stated=True) == {"stated": 1, "x": 1, "y": True}


def test_an_object_that_says_all_already_needs_no_update() -> None:
    current = {"a": 1, "list": ["x", "y"], "map": {"k": "v", "more": "z"}}
    assert holds(current, {"a": 1, "list": ["y", "x"], "map": {"k": "v"}})
    assert not holds(current, {"map": {"k": "w"}})
    assert not holds(current, {"list": ["x"]})
    assert not holds(current, {"new": False})
    assert many({"a": "1##2", "b": "3"}) == {"a": ["1", "2"], "b": ["3"]}


def test_a_realm_is_made_with_the_defences_that_the_real_provider_sets() -> None:
    body = rendered(KINDS[REALM].fields, {"realm": "r"})
    assert (body["bruteForceProtected"], body["failureFactor"], body["maxDeltaTimeSeconds"]) == (
        False,
        30,
        43200,
    )
    assert body["browserSecurityHeaders"]["xXSSProtection"] == "1; mode=block"
    assert (body["sslRequired"], body["registrationAllowed"]) == ("external", False)
    assert (body["internationalizationEnabled"], body["smtpServer"]) == (False, {})
    guarded = {"bruteForceDetection": {"maxLoginFailures": 5, "failureResetTimeSeconds": 60}}
    body = rendered(KINDS[REALM].fields, {"realm": "r", "securityDefenses": guarded})
    assert (body["bruteForceProtected"], body["failureFactor"], body["maxDeltaTimeSeconds"]) == (True, 5, 60)


def test_the_mail_server_and_passkeys_of_a_realm_are_one_document() -> None:
    mail = {"host": "mail", "from": "a@b", "ssl": True, "auth": {"username": "u", "password": "p"}}
    body = rendered(KINDS[REALM].fields, {"realm": "r", "smtpServer": mail})
    assert body["smtpServer"] == {
        "host": "mail",
        "from": "a@b",
        "ssl": "true",
        "starttls": "false",
        "allowutf8": "false",
        "auth": "true",
        "authType": "basic",
        "user": "u",
        "password": "p",
    }
    policy = {"relyingPartyId": "example.org", "signatureAlgorithms": ["ES256"]}
    body = rendered(KINDS[REALM].fields, {"realm": "r", "webAuthnPasswordlessPolicy": policy})
    assert body["webAuthnPolicyPasswordlessRpId"] == "example.org"
    assert body["webAuthnPolicyPasswordlessSignatureAlgorithms"] == ["ES256"]


def test_the_password_of_a_mail_server_becomes_a_secret() -> None:
    mail = {"host": "mail", "auth": {"username": "u", "password": "p"}}
    checked = _provider().check(_goal(REALM, realm="r", smtpServer=mail), None)
    assert checked["smtpServer"] == Secret(mail)


@pytest.mark.parametrize(
    ("type_", "inputs", "message"),
    [
        (CLIENT, {"authorization": {}}, "authorization is not supported by this engine"),
        (
            CLIENT,
            {"accessType": "OPEN"},
            "accessType: given 'OPEN', one of CONFIDENTIAL, PUBLIC, BEARER-ONLY",
        ),
        ("keycloak:index/user:User", {"initialPassword": {}}, "initialPassword is not supported"),
        (REALM, {"sslRequired": "never"}, "sslRequired: given 'never', one of none, external, all"),
        (KEYSTORE, {"keySize": 3072}, "keySize: given 3072, one of 1024, 2048, 4096"),
        (KEYSTORE, {"algorithm": "ES256"}, "algorithm: given 'ES256', one of RS256"),
    ],
)
def test_inputs_that_cannot_be_applied_are_refused_by_name(type_: str, inputs: Any, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        _provider().check(_goal(type_, **inputs), None)


def test_a_name_that_is_not_stated_is_completed_once() -> None:
    provider = _provider()
    goal = _goal(ROLE, realmId="r")
    name = provider.check(goal, None)["name"]
    assert name.startswith("x-")
    assert len(name) == len("x-") + 7
    assert provider.check(goal, _row(ROLE, realmId="r", name="x-1234567"))["name"] == "x-1234567"
    stated = _goal(ROLE, realmId=UNKNOWN, name="x")
    assert provider.check(stated, None) is stated.inputs
    own = _goal(CLIENT, realmId="r", clientId="account", accessType=UNKNOWN, **{"import": True})
    assert provider.check(own, None) is own.inputs


def test_null_is_nothing_at_any_depth() -> None:
    given = _goal(REALM, realm="r", displayName=None, otpPolicy={"digits": None, "period": 30})
    assert _provider().check(given, None) == {"realm": "r", "otpPolicy": {"period": 30}}
    secret = _goal(REALM, realm="r", smtpServer=Secret({"host": "h", "replyTo": None}))
    assert _provider().check(secret, None)["smtpServer"] == Secret({"host": "h"})


@pytest.mark.parametrize(
    ("type_", "names"), [(CLIENT, {"clientId", "name"}), (FLOW, {"alias"}), (REALM, {"realm"})]
)
def test_whatever_names_an_object_is_completed(type_: str, names: set[str]) -> None:
    made = _provider().check(_goal(type_), None)
    assert made.keys() == names
    assert all(made[name].startswith("x-") for name in names)


@pytest.mark.parametrize(
    ("type_", "replaced"),
    [
        (ROLE, {"realmId", "clientId"}),
        (CLIENT, {"realmId"}),
        (REALM, {"realm"}),
        ("keycloak:index/user:User", {"realmId", "username"}),
        ("keycloak:index/group:Group", {"realmId", "parentId"}),
        ("keycloak:authentication/flow:Flow", {"realmId"}),
        ("keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper", {"realmId", "clientId"}),
        ("keycloak:openid/fullNameProtocolMapper:FullNameProtocolMapper", {"realmId", "clientId", "name"}),
    ],
)
def test_replaced_is_what_the_real_provider_replaces(type_: str, replaced: set[str]) -> None:
    names = (
        "realmId",
        "realm",
        "clientId",
        "name",
        "username",
        "parentId",
        "alias",
        "description",
        "enabled",
    )
    changed: list[tuple[str | int, ...]] = [(name,) for name in names]
    found = {path[0] for path in _provider().replaces(type_, {}, [*changed, ("config", "a")])}
    known = {field.name for field in KINDS[type_].fields}
    assert found & known == replaced


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"username": "admin", "password": "x"}, "password, username: this engine logs in with clientId"),
        ({"tlsInsecureSkipVerify": "true"}, "TLS is always verified"),
        ({"url": "http://here"}, "url: given 'http://here', needs https"),
        ({"clientTimeout": "soon"}, "clientTimeout: given 'soon', needs seconds"),
    ],
)
def test_ways_of_access_that_the_engine_lacks_are_refused(inputs: dict[str, str], message: str) -> None:
    with pytest.raises(RegistrationError, match=message) as caught:
        _provider(**{"url": "https://here", **inputs})
    assert "'x'" not in str(caught.value), "the password"


def test_the_environment_completes_what_the_program_does_not_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYCLOAK_URL", "https://other")
    monkeypatch.setenv("KEYCLOAK_CLIENT_ID", "me")
    monkeypatch.setenv("KEYCLOAK_CLIENT_SECRET", "hidden")
    settings = Settings(root=Path(), connect_timeout=10)
    stated = {
        "url": Secret("https://here/"),
        "basePath": "/auth",
        "clientTimeout": "90",
        "initialLogin": "false",
    }
    access = Access.of("urn", stated, settings)
    assert (access.url, access.realm, access.client_id) == ("https://here/auth", "master", "me")
    assert (access.connect_timeout, access.read_timeout) == (10, 90)
    assert access.missing() == []
    assert "hidden" not in repr(access)
    assert Access.of("urn", {}, settings).url == "https://other"


def test_missing_credentials_are_named_with_their_variables() -> None:
    action = Action(urn="u", name="x", type=ROLE, inputs={"realmId": "r", "name": "n"})
    with pytest.raises(ProviderError) as caught:
        _provider(url="https://here").create(action)
    assert str(caught.value) == (
        "Keycloak https://here cannot be used: clientId (KEYCLOAK_CLIENT_ID), "
        "clientSecret (KEYCLOAK_CLIENT_SECRET) is missing"
    )


@pytest.fixture(params=["closed", "silent"])
def dead(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The URL of a server that does not answer, and what is said of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        if request.param == "silent":
            yield url, "it took more than 0.5 s to connect"
            return
    yield url, "connection refused, or no route to it"


def test_a_server_that_does_not_answer_is_one_failure_with_its_url(
    stack: Stack, dead: tuple[str, str]
) -> None:
    url, reason = dead
    stack.program(f"""
        import pulumi_keycloak as kc
        k = kc.Provider("keycloak", url={url!r}, client_id="me", client_secret=pulumi.Output.secret("hidden"))
        for name in ("one", "two", "three"):
            kc.Realm(name, realm=name, opts=Opts(provider=k))
    """)
    result = stack.up(connect_timeout=0.5)
    ((urn, message),) = result.failures
    assert urn.endswith("::keycloak")
    assert message.startswith(f"Keycloak {url} cannot be reached: {reason}")
    assert len(result.skipped) == 3
    assert b"hidden" not in b"".join(path.read_bytes() for path in stack.state_file.parent.iterdir())


def test_a_preview_needs_neither_server_nor_credentials(stack: Stack) -> None:
    stack.program("""
        import pulumi_keycloak as kc
        from pulumi_keycloak import openid
        k = kc.Provider("keycloak", url=pulumi.Output.from_input("https://nowhere.example.org"))
        realm = kc.Realm("realm", realm="r", opts=Opts(provider=k))
        role = kc.Role("role", name="role", realm_id=realm.id, opts=Opts(provider=k))
        app = openid.Client("app", client_id="app", realm_id=realm.id, access_type="PUBLIC", opts=Opts(provider=k))
        kc.GenericRoleMapper("mapper", realm_id=realm.id, client_id=app.id, role_id=role.id, opts=Opts(provider=k))
    """)
    plan = stack.preview()
    assert plan.notes == ()
    assert {"realm", "role", "app", "mapper"} <= {each.name for each in plan.resources}


def test_a_type_that_is_not_applied_is_refused_before_anything_is_touched(stack: Stack) -> None:
    stack.program("""
        import pulumi_keycloak as kc
        k = kc.Provider("keycloak", url="https://nowhere.example.org")
        kc.Realm("realm", realm="r", opts=Opts(provider=k))
        kc.Organization("mine", realm="r", domains=[{"name": "d"}], opts=Opts(provider=k))
    """)
    with pytest.raises(
        RegistrationError, match="mine: keycloak:index/organization:Organization: this engine does"
    ):
        stack.up()
    assert stack.rows() == {}
