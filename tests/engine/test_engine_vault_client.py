"""How the vault provider talks: its token, what it sends where, what it makes of answers. The server is a stand-in."""

from __future__ import annotations

import json
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ClusterUnreachable, Interrupted, NotOurs, ObjectRefused, ProviderError
from engine.providers.base import Action, Settings
from engine.providers.vault import VaultProvider
from engine.providers.vault_api import Api
from engine.providers.vault_client import Vault
from engine.providers.vault_options import Options
from engine.row import Row
from engine.values import Properties, Secret

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    token: str
    namespace: str
    body: Any


@dataclass
class Server:
    """Answers as told, the last answer of a path again and again; 204 for what nobody told about."""

    address: str
    sent: list[Sent] = field(default_factory=list)
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    held: threading.Event = field(default_factory=threading.Event)
    made: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def tell(self, method: str, path: str, *answers: Answer) -> None:
        self.answers[method, path] = list(answers)

    def answer(self, sent: Sent) -> Answer:
        self.sent.append(sent)
        told = self.answers.get((sent.method, sent.path))
        if told:
            return told.pop(0) if len(told) > 1 else told[0]
        if sent.path == "auth/token/lookup-self":
            return 200, {"data": {}}
        if sent.path == "auth/token/create":
            self.made["children"] += 1
            return 200, {"auth": {"client_token": f"child-{self.made['children']}"}}
        return 204, None

    def paths(self, *methods: str) -> list[str]:
        """What was asked for, without the tokens' own affairs."""
        wanted = methods or ("GET", "LIST", "POST", "DELETE")
        return [it.path for it in self.sent if it.method in wanted and not it.path.startswith("auth/token/")]


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            token, namespace = (self.headers.get(f"x-vault-{name}", "") for name in ("token", "namespace"))
            sent = Sent(self.command, self.path.removeprefix("/v1/"), token, namespace, body)
            status, told = found.answer(sent)
            if told == "hold":
                found.held.wait(10)
            content = (
                b"" if told is None else told.encode() if isinstance(told, str) else json.dumps(told).encode()
            )
            self.send_response(status)
            if status == 307:
                self.send_header("location", "https://elsewhere.test/")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_LIST = handle_any  # noqa: N815

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        found = Server(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield found
        found.held.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def api(server: Server) -> Iterator[Callable[..., Api]]:
    """A client of the server; more settings of the provider may be given."""
    opened: list[Vault] = []

    def make(**inputs: object) -> Api:
        given = {"address": server.address, "token": Secret("given"), **inputs}
        opened.append(Vault(Options.of("bao", given, Path()), 2.0))
        return Api(vault=opened[-1])

    yield make
    server.held.set()
    for vault in opened:
        vault.close()


@pytest.fixture
def provider(server: Server, tmp_path: Path) -> Iterator[VaultProvider]:
    inputs = {"address": server.address, "token": Secret("given")}
    made = VaultProvider("urn:pulumi:dev::demo::pulumi:providers:vault::bao", inputs, Settings(root=tmp_path))
    yield made
    made.close()


def _action(type_: str, inputs: Properties, **more: Any) -> Action:
    return Action(urn="u", name="thing", type=type_, inputs=inputs, **more)


def test_a_child_token_does_the_work_and_is_ended_at_the_end(server: Server, api: Callable[..., Api]) -> None:
    one = api(maxLeaseTtlSeconds="600", tokenName="me")
    one.write("a", {})
    one.write("b", {})
    one.vault.close()
    assert [(it.path, it.token) for it in server.sent] == [
        ("auth/token/lookup-self", "given"),
        ("auth/token/create", "given"),
        ("a", "child-1"),
        ("b", "child-1"),
        ("auth/token/revoke-self", "child-1"),
    ]
    wish = {"display_name": "me", "ttl": "600s", "explicit_max_ttl": "600s", "renewable": False}
    assert server.sent[1].body == wish


def test_a_child_that_grows_old_is_followed_by_another(server: Server, api: Callable[..., Api]) -> None:
    vault = Vault(
        Options(
            name="bao", address=server.address, token="given", namespace="", verify=True, child=True, seconds=0,
            token_name="t",
        ),
        2.0,
    )  # fmt: skip
    try:
        for _ in range(2):
            Api(vault=vault).write("a", {})
    finally:
        vault.close()
    assert [it.token for it in server.sent if it.path == "a"] == ["child-1", "child-2"]
    assert [it.token for it in server.sent if it.path == "auth/token/create"] == ["given", "given"]


@pytest.mark.parametrize("status", [400, 403])
def test_a_token_that_may_have_no_child_works_itself_and_is_not_ended(
    server: Server, api: Callable[..., Api], status: int
) -> None:
    server.tell("POST", "auth/token/create", (status, {"errors": ["permission denied"]}))
    one = api()
    one.write("a", {})
    one.vault.close()
    assert [it.token for it in server.sent if it.path == "a"] == ["given"]
    assert "auth/token/revoke-self" not in [it.path for it in server.sent]


def test_no_child_is_made_if_the_program_says_so(server: Server, api: Callable[..., Api]) -> None:
    api(skipChildToken="true").write("a", {})
    assert [it.path for it in server.sent] == ["auth/token/lookup-self", "a"]


def test_namespaces_are_joined_and_the_tokens_own_stands_in(server: Server, api: Callable[..., Api]) -> None:
    one = api(namespace="team")
    Api(vault=one.vault, namespace="sub").write("a", {})
    one.write("b", {})
    server.tell("GET", "auth/token/lookup-self", (200, {"data": {"namespace_path": "own/"}}))
    api().write("c", {})
    namespaces = {it.path: it.namespace for it in server.sent}
    assert (namespaces["a"], namespaces["b"], namespaces["c"]) == ("team/sub", "team", "own")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"address": ""}, "no address of a Vault server: state address of its provider, or set VAULT_ADDR"),
        ({"address": "http://vault.test:8200"}, "needs an https address"),
        ({"token": Secret("")}, "set VAULT_TOKEN"),
        ({"address": "https://127.0.0.1:1", "caCertFile": "/no/such/file"}, "/no/such/file: no such file"),
    ],
)
def test_nothing_is_sent_before_the_server_can_be_entered(
    server: Server, api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch, inputs: Properties, said: str
) -> None:
    for name in ("VAULT_ADDR", "VAULT_TOKEN", "VAULT_CACERT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ObjectRefused, match=said):
        api(**inputs).write("a", {})
    assert server.sent == []


def test_a_server_that_is_not_there_is_named_with_its_address(
    server: Server, api: Callable[..., Api]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{taken.getsockname()[1]}"
        one = api(address=address)
        said = rf"Vault bao \({address}\) cannot be reached: connection refused"
        for _ in range(2):
            with pytest.raises(ClusterUnreachable, match=said):
                one.write("a", {})


def test_what_the_first_call_found_answers_all_later_ones(server: Server, api: Callable[..., Api]) -> None:
    server.tell("GET", "auth/token/lookup-self", (503, {"errors": ["Vault is sealed"]}))
    one = api()
    for _ in range(2):
        with pytest.raises(ClusterUnreachable, match="Vault is sealed"):
            one.write("a", {})
    assert [it.path for it in server.sent] == ["auth/token/lookup-self"]


def test_an_answer_is_waited_for_no_longer_than_it_may_take(server: Server, api: Callable[..., Api]) -> None:
    server.tell("POST", "a", (200, "hold"))
    one = api()
    with pytest.raises(
        ClusterUnreachable, match=rf"{server.address}\) cannot be reached: no answer within 0.2 s"
    ):
        Api(vault=one.vault, seconds=0.2).write("a", {})
    assert server.paths() == ["a"], "what may have been done is not repeated"


def test_a_sealed_server_is_asked_again_and_then_named(server: Server, api: Callable[..., Api]) -> None:
    sealed = (503, {"errors": ["Vault is sealed"]})
    server.tell("POST", "a", sealed, (200, {"data": {"k": "v"}}))
    server.tell("POST", "b", sealed)
    one = api()
    assert one.write("a", {}) == {"k": "v"}
    with pytest.raises(ClusterUnreachable, match="is not able to work: Vault is sealed"):
        one.write("b", {})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}),
            r"POST a/b \(permission denied\)",
        ),
        ((400, {"errors": ["one", "two"]}), "^one; two$"),
        ((404, {"errors": ["no handler for route"]}), r"^nothing is mounted for a/b"),
        ((418, "I am a teapot"), "^I am a teapot$"),
        ((500, None), "HTTP status 500"),
        ((307, None), "give the active one's own address"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(
    server: Server, api: Callable[..., Api], answer: Answer, said: str
) -> None:
    server.tell("POST", "a/b", answer)
    with pytest.raises(ObjectRefused, match=said) as caught:
        api().write("a/b", {})
    assert caught.value.status == answer[0]


def test_what_is_absent_is_none_however_it_is_told(server: Server, api: Callable[..., Api]) -> None:
    absent: tuple[Answer, ...] = (
        (404, {"errors": []}),
        (400, {"errors": ["No secret engine mount at x/"]}),
        (400, {"errors": ["No auth engine at x/"]}),
        (500, {"errors": ["1 error occurred:\n\t* unable to find PKI issuer for reference: x\n\n"]}),
    )
    server.tell("GET", "x", *absent, (400, {"errors": ["something else"]}))
    one = api()
    assert [one.get("x") for _ in absent] == [None] * len(absent)
    with pytest.raises(ObjectRefused, match="something else"):
        one.get("x")
    server.tell("DELETE", "x", (404, {"errors": []}))
    server.tell("LIST", "x", (404, {"errors": []}))
    one.delete("x")
    assert one.list("x") == {}


def test_a_key_value_engine_that_is_being_prepared_is_waited_for(
    server: Server, api: Callable[..., Api]
) -> None:
    busy = (
        400,
        {"errors": ["Upgrading from non-versioned to versioned data. This backend will be unavailable"]},
    )
    server.tell("POST", "kv/data/a", busy, busy, (200, {"data": {"version": 1}}))
    assert api().write("kv/data/a", {}) == {"version": 1}


@pytest.mark.parametrize("path", ["a/../b", "a/./b", "a//b", "/a", "a/"])
def test_a_path_that_means_another_is_not_sent(server: Server, api: Callable[..., Api], path: str) -> None:
    with pytest.raises(ObjectRefused, match="not a path of its own"):
        api().write(path, {})
    assert server.paths() == []


def test_signs_in_a_name_stay_in_the_name(server: Server, api: Callable[..., Api]) -> None:
    api().write("kv/data/a b?c#d%2E%2E/e", {})
    assert server.paths() == ["kv/data/a%20b%3Fc%23d%252E%252E/e"]


def test_a_stopped_run_sends_nothing_more_but_ends_its_token(server: Server, api: Callable[..., Api]) -> None:
    one = api()
    one.write("a", {})
    one.vault.stop()
    with pytest.raises(Interrupted):
        one.write("b", {})
    one.vault.close()
    assert server.paths() == ["a"]
    assert server.sent[-1].path == "auth/token/revoke-self"


_ROLE: Properties = {"roleName": "r", "backend": "b"}
_CREATED = [
    ("index/mount:Mount", {"path": "m", "type": "kv"}, "sys/mounts/m", "m"),
    ("index/policy:Policy", {"name": "p", "policy": "x"}, "sys/policies/acl/p", "p"),
    ("index/authBackend:AuthBackend", {"path": "k", "type": "kubernetes"}, "sys/auth/k", "k"),
    ("index/audit:Audit", {"path": "f", "type": "file", "options": {}}, "sys/audit/f", "f"),
    ("kv/secretV2:SecretV2", {"mount": "kv", "name": "a/b", "dataJson": "{}"}, "kv/data/a/b", "kv/data/a/b"),
    (
        "kubernetes/authBackendConfig:AuthBackendConfig",
        {"backend": "k", "kubernetesHost": "https://h"},
        "auth/k/config",
        "auth/k/config",
    ),
    ("kubernetes/authBackendRole:AuthBackendRole", _ROLE, "auth/b/role/r", "auth/b/role/r"),
    ("jwt/authBackendRole:AuthBackendRole", _ROLE, "auth/b/role/r", "auth/b/role/r"),
    (
        "database/secretBackendConnection:SecretBackendConnection",
        {"backend": "d", "name": "c", "postgresql": {}},
        "d/config/c",
        "d/config/c",
    ),
    ("database/secretBackendRole:SecretBackendRole", {"backend": "d", "name": "r"}, "d/roles/r", "d/roles/r"),
    (
        "pkiSecret/secretBackendRole:SecretBackendRole",
        {"backend": "p", "name": "r"},
        "p/roles/r",
        "p/roles/r",
    ),
    (
        "pkiSecret/secretBackendConfigUrls:SecretBackendConfigUrls",
        {"backend": "p"},
        "p/config/urls",
        "p/config/urls",
    ),
]


@pytest.mark.parametrize(("type_", "inputs", "path", "id_"), _CREATED, ids=[case[0] for case in _CREATED])
def test_a_new_object_is_written_at_its_path_and_has_the_real_providers_id(
    server: Server, provider: VaultProvider, type_: str, inputs: Properties, path: str, id_: str
) -> None:
    live = provider.create(_action(f"vault:{type_}", inputs))
    assert server.paths("POST") == [path]
    assert live.id == id_
    assert live.outputs.items() >= {key: value for key, value in inputs.items() if key != "dataJson"}.items()


def test_a_database_connection_has_the_real_providers_limits_until_others_are_stated(
    server: Server, provider: VaultProvider
) -> None:
    type_, limited = (
        "vault:database/secretBackendConnection:SecretBackendConnection",
        {"maxOpenConnections": 9},
    )
    inputs: Properties = {"backend": "d", "name": "c", "postgresql": {}}
    provider.create(_action(type_, {**inputs, "postgresql": limited}))
    old = Row(
        urn="u",
        type=type_,
        custom=True,
        id="d/config/c",
        parent="",
        provider="p",
        cluster=None,
        inputs={**inputs, "postgresql": limited},
        outputs={},
        property_dependencies={},
    )
    provider.update(_action(type_, inputs, old=old))
    sent = [each.body for each in server.sent if each.path == "d/config/c"]
    assert [body["max_open_connections"] for body in sent] == [9, 2]
    assert not any(body["disable_escaping"] for body in sent)


def test_an_auth_method_without_options_has_none_as_the_real_provider_leaves_it(
    server: Server, provider: VaultProvider
) -> None:
    provider.create(_action("vault:index/authBackend:AuthBackend", {"path": "k", "type": "kubernetes"}))
    provider.create(_action("vault:index/mount:Mount", {"path": "m", "type": "kv"}))
    sent = {each.path: each.body for each in server.sent if each.method == "POST"}
    assert sent["sys/auth/k"]["options"] is None
    assert "options" not in sent["sys/mounts/m"]


def test_what_the_server_repeats_of_a_secret_is_taken_out(server: Server, provider: VaultProvider) -> None:
    server.tell("POST", "kv/data/s", (400, {"errors": ['cannot store {"k":"hush-hush"} there']}))
    secret = {"mount": "kv", "name": "s", "dataJson": Secret('{"k":"hush-hush"}')}
    with pytest.raises(ObjectRefused, match=r"^thing \(SecretV2\): cannot store \[secret\] there$"):
        provider.create(_action("vault:kv/secretV2:SecretV2", secret))


def test_a_mount_that_cannot_be_configured_is_known_all_the_same(
    server: Server, provider: VaultProvider
) -> None:
    server.tell("POST", "auth/oidc/config", (400, {"errors": ["error checking oidc discovery URL"]}))
    inputs = {
        "path": "oidc",
        "type": "oidc",
        "oidcDiscoveryUrl": "https://r",
        "oidcClientSecret": Secret("hush"),
    }
    with pytest.raises(ProviderError, match=r"thing \(AuthBackend\): error checking") as caught:
        provider.create(_action("vault:jwt/authBackend:AuthBackend", inputs))
    live: Any = caught.value.live
    assert live.id == "oidc"
    assert live.outputs["oidcClientSecret"] == Secret("hush")


@pytest.mark.parametrize(
    ("found", "resumed", "ours"),
    [
        ({"type": "kv", "description": "mine"}, True, True),
        ({"type": "kv", "description": "mine"}, False, False),
        ({"type": "kv", "description": "theirs"}, True, False),
        ({"type": "pki", "description": "mine"}, True, False),
    ],
)
def test_a_mount_that_is_there_is_ours_only_if_an_interrupted_create_may_have_made_it(
    server: Server, provider: VaultProvider, found: Properties, resumed: bool, ours: bool
) -> None:
    server.tell("POST", "sys/mounts/m", (400, {"errors": ["path is already in use at m/"]}))
    server.tell("GET", "sys/mounts/m", (200, {"data": found}))
    inputs = {"path": "m", "type": "kv-v2", "description": "mine", "maxLeaseTtlSeconds": 60}
    action = _action("vault:index/mount:Mount", inputs, resumed=resumed)
    if ours:
        assert provider.create(action).id == "m"
        assert server.paths("POST") == ["sys/mounts/m", "sys/mounts/m/tune"]
        assert server.sent[-2].body["max_lease_ttl"] == "60s"
    else:
        with pytest.raises(NotOurs, match='import_="m"'):
            provider.create(action)


def test_a_policy_that_may_not_be_overwritten_is_not(server: Server, provider: VaultProvider) -> None:
    server.tell("GET", "sys/policies/acl/p", (200, {"data": {"policy": "theirs"}}))
    inputs = {"name": "p", "policy": "x", "allowOverwrite": False}
    with pytest.raises(NotOurs, match="p exists already"):
        provider.create(_action("vault:index/policy:Policy", inputs))
    assert server.paths("POST") == []
    provider.create(_action("vault:index/policy:Policy", {**inputs, "allowOverwrite": True}))
    assert server.paths("POST") == ["sys/policies/acl/p"]


@pytest.mark.parametrize("import_id", ["other", "p"])
def test_only_what_is_there_under_its_own_id_is_imported(
    server: Server, provider: VaultProvider, import_id: str
) -> None:
    server.tell("GET", "sys/policies/acl/p", (404, {"errors": []}))
    action = _action("vault:index/policy:Policy", {"name": "p", "policy": "x"}, import_id=import_id)
    with pytest.raises(
        ObjectRefused, match="cannot be imported as it" if import_id == "other" else "no p to import"
    ):
        provider.create(action)
    assert server.paths("POST") == []


def test_a_child_that_cannot_be_ended_is_no_failure(server: Server, provider: VaultProvider) -> None:
    server.tell("POST", "auth/token/revoke-self", (403, {"errors": ["permission denied"]}))
    provider.create(_action("vault:index/policy:Policy", {"name": "p", "policy": "x"}))
    provider.close()
    provider.close()
    assert server.sent[-1].path == "auth/token/revoke-self"
