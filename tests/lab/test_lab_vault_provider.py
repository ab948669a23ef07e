"""The engine's vault provider on the lab's OpenBao, with a token that reaches what these tests declare."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509

from engine.deployment import Result
from engine.errors import NotOurs
from engine.providers.base import Action, Settings
from engine.providers.vault import VaultProvider
from engine.values import Secret
from lab import keycloak, openbao, postgres
from lab.certs import authority
from lab.lab import Lab
from lab.openbao_setup import INIT_FILE, Bao
from lab.readiness import NotReady, poll
from tests.engine.engine_stack import Stack, changed

pytestmark = pytest.mark.lab

_ALL = '{ capabilities = ["create", "read", "update", "delete", "list"] }'
_SUDO = '{ capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'
_REACH = f"""
path "sys/mounts/vprov-*" {_ALL}
path "sys/auth/vprov-*" {_SUDO}
path "sys/remount" {_SUDO}
path "sys/remount/status/*" {_ALL}
path "sys/leases/revoke-prefix/vprov-*" {_SUDO}
path "sys/policies/acl/vprov-*" {_ALL}
path "sys/audit/vprov-*" {_SUDO}
path "vprov-*" {_ALL}
path "auth/vprov-*" {_ALL}
path "identity/group*" {_ALL}
"""
_CHILDREN = f'path "auth/token/create" {_ALL}\n'
_HEADER = """
import json, pathlib
import pulumi_vault as vault
AUTHORITY = pathlib.Path("<ca>").read_text()
bao = vault.Provider("bao", address="<url>", ca_cert_file="<ca>")
def opts(*after, **more):
    return Opts(provider=bao, depends_on=list(after), **more)
"""


class Server:
    """OpenBao as its root token sees it, and stacks that work on it."""

    def __init__(self, lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lab, self.folder = lab, folder
        self.url, self.ca = lab.site().url(openbao.NAME), str(lab.folder.ca)
        root = str(json.loads(lab.folder.secret(INIT_FILE).read_text())["root_token"])
        self.root = Bao(self.url, lab.folder.ca, root)
        self._monkeypatch = monkeypatch
        self.enter(_REACH + _CHILDREN)

    def enter(self, policy: str) -> None:
        """Programs work with a new token of that policy from now on."""
        self.root.call("POST", "sys/policies/acl/vprov-tester", {"policy": policy})
        wish = {"policies": ["vprov-tester"], "ttl": "10m"}
        made = self.root.call("POST", "auth/token/create-orphan", wish)["auth"]
        self._monkeypatch.setenv("VAULT_TOKEN", made["client_token"])

    def stack(self, text: str, stack: Stack | None = None, **values: object) -> Stack:
        """A program; `<name>` in it stands for a value."""
        text = _HEADER + textwrap.dedent(text)
        own = {"ca": self.ca, "url": self.url, "tls": f"sslmode=verify-full&sslrootcert={self.ca}"}
        for name, value in {**own, **values}.items():
            text = text.replace(f"<{name}>", str(value))
        return (stack or Stack(self.folder)).program(text)

    def provider(self) -> VaultProvider:
        inputs = {"address": self.url, "caCertFile": self.ca}
        return VaultProvider(
            "urn:pulumi:dev::demo::pulumi:providers:vault::bao", inputs, Settings(root=self.folder)
        )

    def get(self, path: str) -> Any:
        """The data at a path; None if there is nothing."""
        answer = self.root.request("GET", path)
        return answer.json()["data"] if answer.is_success else None

    def clean(self) -> None:
        """Take away what a failed test has left."""
        self.root.request("POST", "sys/leases/revoke-force/vprov-database", {})
        for area in ("mounts", "auth"):
            for path in self.get(f"sys/{area}"):
                if path.startswith("vprov-"):
                    self.root.call("DELETE", f"sys/{area}/{path}")
        for name in self.root.call("LIST", "sys/policies/acl")["data"]["keys"]:
            if name.startswith("vprov-"):
                self.root.call("DELETE", f"sys/policies/acl/{name}")
        self.root.request("DELETE", "identity/group/name/vprov-group")


@pytest.fixture
def server(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    found = Server(lab, tmp_path, monkeypatch)
    yield found
    found.clean()


def applied(stack: Stack) -> dict[str, int]:
    """What an `up` without failures changed."""
    return changed(succeeded(stack.up()))


def succeeded(result: Result) -> Result:
    assert (result.failures, result.skipped) == ((), ())
    return result


def failure(stack: Stack) -> str:
    """The one failure of an `up`."""
    ((_, message),) = stack.up().failures
    return message


def in_clear(stack: Stack) -> bytes:
    """All that the state's files hold."""
    return b"".join(path.read_bytes() for path in stack.state_file.parent.iterdir())


_BASE = """
kv = vault.Mount("kv", path="vprov-kv", type="kv", options={"version": "2"}, description="<words>", opts=opts())
reader = vault.Policy("reader", name="vprov-reader",
                      policy='path "vprov-kv/data/*" { capabilities = ["<capability>"] }', opts=opts())
secret = vault.kv.SecretV2("secret", mount=kv.path, name="team/db", delete_all_versions=True,
                           custom_metadata={"max_versions": 4, "data": {"owner": "team"}},
                           data_json=json.dumps({"password": "<password>", "n": {"deep": [1]}}), opts=opts())
pulumi.export("accessor", kv.accessor)
"""


def test_a_program_is_applied_left_alone_changed_and_taken_away(server: Server) -> None:
    stack = server.stack(_BASE, words="ours", capability="read", password="hush-hush-1")
    assert stack.preview().changes == {"create": 5}
    assert applied(stack) == {"create": 5}
    mount = server.get("sys/mounts/vprov-kv")
    assert (mount["type"], mount["description"], mount["options"]) == ("kv", "ours", {"version": "2"})
    assert stack.rows()["kv"].outputs["accessor"] == mount["accessor"]
    assert '["read"]' in server.get("sys/policies/acl/vprov-reader")["policy"]
    assert server.get("vprov-kv/data/team/db")["data"] == {"password": "hush-hush-1", "n": {"deep": [1]}}
    described = server.get("vprov-kv/metadata/team/db")
    assert (described["custom_metadata"], described["max_versions"]) == ({"owner": "team"}, 4)
    ids = {name: stack.rows()[name].id for name in ("kv", "reader", "secret")}
    assert ids == {"kv": "vprov-kv", "reader": "vprov-reader", "secret": "vprov-kv/data/team/db"}
    assert applied(stack) == {}
    assert server.get("vprov-kv/data/team/db")["metadata"]["version"] == 1

    server.stack(_BASE, stack, words="still ours", capability="list", password="hush-hush-2")
    assert stack.planned().changes == {"same": 2, "update": 3}
    assert applied(stack) == {"update": 3}
    assert server.get("sys/mounts/vprov-kv")["description"] == "still ours"
    assert '["list"]' in server.get("sys/policies/acl/vprov-reader")["policy"]
    now = server.get("vprov-kv/data/team/db")
    assert (now["data"]["password"], now["metadata"]["version"]) == ("hush-hush-2", 2)
    assert b"hush-hush" not in in_clear(stack)
    assert stack.rows()["secret"].inputs["dataJson"] == Secret('{"n":{"deep":[1]},"password":"hush-hush-2"}')

    assert changed(succeeded(stack.destroy())) == {"delete": 5}
    assert server.get("sys/mounts/vprov-kv") is None
    assert server.get("sys/policies/acl/vprov-reader") is None


def test_what_is_no_longer_stated_is_set_back(server: Server) -> None:
    text = """
        auth = vault.AuthBackend("auth", type="kubernetes", path="vprov-kubernetes", <mount> opts=opts())
        vault.kubernetes.AuthBackendRole("role", backend=auth.path, role_name="app", <role>
            bound_service_account_names=["a"], bound_service_account_namespaces=["b"], opts=opts())
        vault.kubernetes.AuthBackendConfig("config", backend=auth.path, kubernetes_host="https://127.0.0.1:6443",
            kubernetes_ca_cert=AUTHORITY, token_reviewer_jwt="hush.hush.hush", <config> opts=opts())
    """
    stack = server.stack(
        text,
        mount='description="d", tune={"default_lease_ttl": "30m", "token_type": "service"},',
        role='token_ttl=3600, audience="vault", token_policies=["p"],',
        config='issuer="i", disable_iss_validation=True, disable_local_ca_jwt=True,',
    )
    assert applied(stack) == {"create": 5}
    assert stack.rows()["role"].id == "auth/vprov-kubernetes/role/app"
    assert stack.rows()["config"].id == "auth/vprov-kubernetes/config"
    config = server.get("sys/auth/vprov-kubernetes")["config"]
    assert (config["default_lease_ttl"], config["token_type"]) == (1800, "service")
    role = server.get("auth/vprov-kubernetes/role/app")
    assert (role["token_ttl"], role["audience"], role["token_policies"]) == (3600, "vault", ["p"])
    config = server.get("auth/vprov-kubernetes/config")
    assert config["kubernetes_ca_cert"].startswith("-----BEGIN")
    assert (config["issuer"], config["disable_iss_validation"]) == ("i", True)
    assert config["token_reviewer_jwt_set"] is True
    assert b"hush.hush" not in in_clear(stack)

    server.stack(text, stack, mount="", role="", config="")
    assert applied(stack) == {"update": 3}
    auth = server.get("sys/auth/vprov-kubernetes")
    assert auth["description"] == ""
    assert (auth["config"]["default_lease_ttl"], auth["config"]["token_type"]) == (0, "default-service")
    role = server.get("auth/vprov-kubernetes/role/app")
    assert (role["token_ttl"], role.get("audience", ""), role["token_policies"]) == (0, "", [])
    config = server.get("auth/vprov-kubernetes/config")
    assert (config["issuer"], config["disable_iss_validation"]) == ("", False)
    assert config["token_reviewer_jwt_set"] is True
    assert changed(succeeded(stack.destroy())) == {"delete": 5}


def test_a_role_of_the_database_gives_logins_that_end_with_their_lease(server: Server) -> None:
    site = server.lab.site()
    port = site.ports[postgres.FRONT]
    with postgres.connect(site, postgres.SUPERUSER, "postgres") as session:
        session.execute("drop role if exists vprov_admin")
        session.execute("create role vprov_admin login createrole password 'hush-hush-3'")
        session.execute("grant mlflow to vprov_admin with admin option")
    text = """
        engine = vault.Mount("engine", path="vprov-database", type="database", opts=opts())
        connection = vault.database.SecretBackendConnection("connection", backend=engine.path, name="mlflow",
            allowed_roles=["mlflow"], opts=opts(), postgresql={
                "connection_url": "postgresql://{{username}}:{{password}}@127.0.0.1:<port>/mlflow?<tls>",
                "username": "vprov_admin", "password": "hush-hush-3"})
        vault.database.SecretBackendRole("role", backend=engine.path, name="mlflow", db_name=connection.name,
            default_ttl=<ttl>, max_ttl=3600, opts=opts(),
            creation_statements=["create role \\"{{name}}\\" login password '{{password}}' "
                                 "valid until '{{expiration}}' in role mlflow"],
            revocation_statements=["drop role if exists \\"{{name}}\\""])
    """
    stack = server.stack(text, port=port, ttl=600)
    try:
        assert applied(stack) == {"create": 5}
        assert server.get("vprov-database/config/mlflow")["connection_details"]["username"] == "vprov_admin"
        leased = server.root.call("GET", "vprov-database/creds/mlflow")
        assert leased["lease_duration"] == 600
        login = {**leased["data"], "port": port}
        assert _logs_in(server, login) == "mlflow"
        server.root.call("POST", "sys/leases/revoke", {"lease_id": leased["lease_id"], "sync": True})
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            _logs_in(server, login)

        server.stack(text, stack, port=port, ttl=900)
        assert applied(stack) == {"update": 1}
        assert server.root.call("GET", "vprov-database/creds/mlflow")["lease_duration"] == 900
        assert b"hush-hush" not in in_clear(stack)
        assert isinstance(stack.rows()["connection"].outputs["postgresql"]["password"], Secret)
        succeeded(stack.destroy())
        with postgres.connect(site, postgres.SUPERUSER, "postgres") as session:
            left = session.execute("select count(*) from pg_roles where rolname like 'v-%'").fetchone()
        assert left == (0,), "leases end with their engine"
    finally:
        server.clean()
        with postgres.connect(site, postgres.SUPERUSER, "postgres") as session:
            session.execute("drop role if exists vprov_admin")


def _logs_in(server: Server, login: dict[str, Any]) -> object:
    with psycopg.connect(
        host="127.0.0.1",
        port=login["port"],
        user=login["username"],
        password=login["password"],
        dbname="mlflow",
        sslmode="verify-full",
        sslrootcert=server.ca,
    ) as session:
        row = session.execute(
            "select 1 from pg_roles where pg_has_role(current_user, 'mlflow', 'member')"
        ).fetchone()
        assert row is not None
        return "mlflow"


def test_a_password_that_the_engine_has_rotated_is_not_written_over(server: Server) -> None:
    site = server.lab.site()
    with postgres.connect(site, postgres.SUPERUSER, "postgres") as session:
        session.execute("drop role if exists vprov_rotated")
        session.execute("create role vprov_rotated login createrole password 'hush-hush-5'")
    text = """
        engine = vault.Mount("engine", path="vprov-database", type="database", opts=opts())
        vault.database.SecretBackendConnection("connection", backend=engine.path, name="db", <more> opts=opts(),
            postgresql={"password_wo": "<password>", "password_wo_version": <version>,
                "connection_url": "postgresql://{{username}}:{{password}}@127.0.0.1:<port>/postgres?<tls>",
                "username": "vprov_rotated"})
    """
    port = site.ports[postgres.FRONT]
    stack = server.stack(text, port=port, more="", password="hush-hush-5", version=1)
    try:
        assert applied(stack) == {"create": 4}
        server.root.call("POST", "vprov-database/rotate-root/db")
        server.stack(text, stack, port=port, more="", password="another", version=1)
        assert applied(stack) == {}, "its version says that it is the same"
        server.stack(text, stack, port=port, more='allowed_roles=["x"],', password="another", version=1)
        assert applied(stack) == {"update": 1}, "the connection is verified, with the rotated password"
        server.stack(text, stack, port=port, more="", password="another", version=2)
        assert "password authentication failed" in failure(stack)
        assert b"hush-hush" not in in_clear(stack)
    finally:
        server.clean()
        with postgres.connect(site, postgres.SUPERUSER, "postgres") as session:
            session.execute("drop role if exists vprov_rotated")


def test_people_are_sent_to_the_realm_by_the_oidc_method(server: Server) -> None:
    realm = f"{server.lab.site().url(keycloak.NAME)}/realms/master"
    text = """
        oidc = vault.jwt.AuthBackend("oidc", type="oidc", path="<path>", oidc_discovery_url="<realm>",
            oidc_discovery_ca_pem=AUTHORITY, oidc_client_id="vault", oidc_client_secret="hush-hush-4",
            bound_issuer="<realm>", default_role="viewer", tune={"listing_visibility": "unauth"}, opts=opts())
        vault.jwt.AuthBackendRole("viewer", backend=oidc.path, role_name="viewer", role_type="oidc", user_claim="sub",
            bound_audiences=["vault"], bound_claims={"roles": "viewer, admin"}, token_ttl=600,
            allowed_redirect_uris=["http://127.0.0.1:8250/oidc/callback"], token_policies=["vprov-p"], opts=opts())
        group = vault.identity.Group("group", name="vprov-group", type="external", policies=["vprov-p"], opts=opts())
        vault.identity.GroupAlias("alias", name="viewer", mount_accessor=oidc.accessor, canonical_id=group.id,
                                  opts=opts())
    """
    stack = server.stack(text, path="vprov-oidc", realm="https://127.0.0.1:1/realms/none")
    result = stack.up()
    ((_, message),) = result.failures
    assert message.startswith("oidc (AuthBackend): error checking oidc discovery URL")
    assert stack.rows()["oidc"].id == "vprov-oidc", "the mount is there, and known"

    server.stack(text, stack, path="vprov-oidc", realm=realm)
    assert applied(stack) == {"create": 2, "update": 1}
    role = server.get("auth/vprov-oidc/role/viewer")
    assert (role["bound_claims"], role["bound_audiences"]) == ({"roles": ["viewer", "admin"]}, ["vault"])
    assert (role["token_ttl"], role["token_policies"], role["role_type"]) == (600, ["vprov-p"], "oidc")
    assert server.get("sys/auth/vprov-oidc")["config"]["listing_visibility"] == "unauth"
    assert _authorization(server, "vprov-oidc").startswith(f"{realm}/protocol/openid-connect/auth?")
    group = server.get("identity/group/name/vprov-group")
    assert group["alias"]["mount_accessor"] == stack.rows()["oidc"].outputs["accessor"]
    assert stack.rows()["group"].id == group["id"]
    assert applied(stack) == {}
    assert b"hush-hush" not in in_clear(stack)

    server.stack(text, stack, path="vprov-oidc-moved", realm=realm)
    assert applied(stack) == {"replace": 1, "update": 1}, (
        "the method moves, and its role's path is another one"
    )
    assert server.get("sys/auth/vprov-oidc") is None
    assert _authorization(server, "vprov-oidc-moved").startswith(realm)
    succeeded(stack.destroy())
    assert server.get("identity/group/name/vprov-group") is None


def _authorization(server: Server, path: str) -> str:
    wish = {"role": "viewer", "redirect_uri": "http://127.0.0.1:8250/oidc/callback"}
    return str(server.root.call("POST", f"auth/{path}/oidc/auth_url", wish)["data"]["auth_url"])


_PKI = """
mesh = vault.Mount("mesh", path="vprov-mesh", type="pki", max_lease_ttl_seconds=10**8, opts=opts())
root = vault.pkisecret.SecretBackendRootCert("root", backend=mesh.path, type="internal", common_name="<subject>",
    ttl="20000h", key_type="ec", key_bits=256, issuer_name="<name>", opts=opts())
east = vault.Mount("east", path="vprov-east", type="pki", max_lease_ttl_seconds=10**7, opts=opts())
request = vault.pkisecret.SecretBackendIntermediateCertRequest("request", backend=east.path, type="exported",
    common_name="east", key_type="ec", key_bits=256, opts=opts())
signed = vault.pkisecret.SecretBackendRootSignIntermediate("signed", backend=mesh.path, csr=request.csr,
    common_name="east", ttl="2000h", opts=opts(root))
given = vault.pkisecret.SecretBackendIntermediateSetSigned("given", backend=east.path,
    certificate=signed.certificate_bundle, opts=opts())
vault.pkisecret.SecretBackendConfigUrls("urls", backend=east.path, issuing_certificates=["https://ca.test/"],
    opts=opts())
vault.pkisecret.SecretBackendRole("role", backend=east.path, name="workload", allowed_domains=["cluster.local"],
    allow_subdomains=True, key_type="ec", key_bits=256, max_ttl="24h", key_usages=["DigitalSignature"],
    opts=opts(given))
"""


def test_a_chain_of_authorities_signs_for_workloads(server: Server) -> None:
    stack = server.stack(_PKI, subject="mesh", name="mesh")
    assert applied(stack) == {"create": 10}
    rows = stack.rows()
    assert rows["root"].id == f"vprov-mesh/issuer/{rows['root'].outputs['issuerId']}"
    assert rows["root"].outputs["certificate"] in rows["signed"].outputs["caChains"]
    assert isinstance(rows["request"].outputs["privateKey"], Secret)
    assert b"PRIVATE KEY" not in in_clear(stack)
    leaf = _issued(server)
    leaf.verify_directly_issued_by(
        x509.load_pem_x509_certificate(rows["signed"].outputs["certificate"].encode())
    )
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment) == (True, False)
    assert applied(stack) == {}

    server.root.call("DELETE", rows["root"].id)
    server.stack(_PKI, stack, subject="mesh 2", name="mesh-2")
    assert applied(stack) == {"replace": 3, "update": 1}, "what the old root has signed is signed again"
    again = stack.rows()
    assert again["signed"].outputs["issuingCa"] == again["root"].outputs["certificate"]
    signer = x509.load_pem_x509_certificate(again["signed"].outputs["certificate"].encode())
    signer.verify_directly_issued_by(
        x509.load_pem_x509_certificate(again["root"].outputs["certificate"].encode())
    )
    assert changed(succeeded(stack.destroy())) == {"delete": 10}


def _issued(server: Server) -> x509.Certificate:
    wish = {"common_name": "a.cluster.local", "ttl": "1h"}
    made = server.root.call("POST", "vprov-east/issue/workload", wish)["data"]
    return x509.load_pem_x509_certificate(made["certificate"].encode())


def test_a_mount_of_somebody_else_is_taken_over_by_import_alone(server: Server) -> None:
    server.root.call("POST", "sys/mounts/vprov-theirs", {"type": "kv", "options": {"version": "2"}})
    text = """
        vault.Mount("theirs", path="vprov-theirs", type="kv", options={"version": "2"}, description="now ours",
                    opts=opts(<more>))
    """
    stack = server.stack(text, more="")
    message = failure(stack)
    assert 'import_="vprov-theirs"' in message
    assert "a mount of type kv" in message
    assert server.get("sys/mounts/vprov-theirs")["description"] == ""
    server.stack(text, stack, more='import_="vprov-theirs"')
    assert applied(stack) == {"create": 1}
    assert server.get("sys/mounts/vprov-theirs")["description"] == "now ours"
    assert applied(server.stack(text, stack, more="")) == {}
    succeeded(stack.destroy())
    assert "nothing is mounted at vprov-theirs" in failure(
        server.stack(text, stack, more='import_="vprov-theirs"')
    )


def test_a_moved_mount_takes_its_secrets_along(server: Server) -> None:
    text = 'vault.Mount("kv", path="<path>", type="kv", options={"version": "2"}, opts=opts())'
    stack = server.stack(text, path="vprov-here")
    assert applied(stack) == {"create": 3}
    server.root.call("POST", "vprov-here/data/a", {"data": {"k": "v"}})
    assert applied(server.stack(text, stack, path="vprov-there")) == {"update": 1}
    assert server.get("vprov-there/data/a")["data"] == {"k": "v"}
    assert server.get("sys/mounts/vprov-here") is None
    assert stack.rows()["kv"].id == "vprov-there"
    succeeded(stack.destroy())
    assert server.get("sys/mounts/vprov-there") is None


def test_a_mount_that_an_interrupted_run_has_moved_is_found_where_it_is(server: Server) -> None:
    text = 'vault.Mount("kv", path="<path>", type="kv", options={"version": "2"}, opts=opts())'
    stack = server.stack(text, path="vprov-here")
    assert applied(stack) == {"create": 3}
    accessor = server.get("sys/mounts/vprov-here")["accessor"]
    begun = server.root.call("POST", "sys/remount", {"from": "vprov-here", "to": "vprov-there"})["data"]
    poll("the move", lambda: _moved(server, begun["migration_id"]), 60)
    assert applied(server.stack(text, stack, path="vprov-there")) == {"update": 1}
    assert stack.rows()["kv"].id == "vprov-there"
    assert server.get("sys/mounts/vprov-there")["accessor"] == accessor
    succeeded(stack.destroy())


def _moved(server: Server, migration: str) -> None:
    if server.get(f"sys/remount/status/{migration}")["migration_info"]["status"] != "success":
        raise NotReady("on its way")


def test_an_authority_whose_mount_was_replaced_is_made_anew(server: Server) -> None:
    text = """
        mesh = vault.Mount("mesh", path="vprov-mesh", type="pki", max_lease_ttl_seconds=10**8, local=<local>,
                           opts=opts())
        vault.pkisecret.SecretBackendRootCert("root", backend=mesh.path, type="internal", common_name="mesh",
            ttl="20000h", key_type="ec", key_bits=256, opts=opts())
    """
    stack = server.stack(text, local=False)
    assert applied(stack) == {"create": 4}
    first = stack.rows()["root"].id
    assert applied(server.stack(text, stack, local=True)) == {"replace": 2}
    now = stack.rows()["root"].id
    assert now != first
    assert server.get(now)["certificate"].strip() == stack.rows()["root"].outputs["certificate"]
    succeeded(stack.destroy())


def test_what_was_in_a_replaced_mount_is_written_again(server: Server) -> None:
    text = """
        kv = vault.Mount("kv", path="vprov-kv", type="kv", options={"version": "2"}, local=<local>,
                         opts=opts())
        vault.kv.SecretV2("secret", mount=kv.path, name="s", data_json_wo='{"k": "hush-hush"}', opts=opts())
    """
    stack = server.stack(text, local=False)
    assert applied(stack) == {"create": 4}
    assert applied(server.stack(text, stack, local=True)) == {"replace": 1, "update": 1}
    assert server.get("vprov-kv/data/s")["data"] == {"k": "hush-hush"}
    assert b"hush-hush" not in in_clear(stack)
    succeeded(stack.destroy())


@pytest.mark.parametrize("gone", ["mount", "secret", "policy", "all"])
def test_what_is_gone_already_is_no_trouble_to_delete(server: Server, gone: str) -> None:
    stack = server.stack(_BASE, words="ours", capability="read", password="hush")
    assert applied(stack) == {"create": 5}
    if gone in ("secret", "all"):
        server.root.call("DELETE", "vprov-kv/metadata/team/db")
    if gone in ("mount", "all"):
        server.root.call("DELETE", "sys/mounts/vprov-kv")
    if gone in ("policy", "all"):
        server.root.call("DELETE", "sys/policies/acl/vprov-reader")
    assert changed(succeeded(stack.destroy())) == {"delete": 5}


def _again(server: Server, type_: str, inputs: dict[str, Any]) -> tuple[str, str]:
    """Create, forget and create anew as after a kill: the two ids. Without the kill it is somebody else's."""
    provider = server.provider()
    action = Action(urn="u", name="n", type=type_, inputs=inputs)
    try:
        first = provider.create(action)
        if type_ in ("vault:index/mount:Mount", "vault:identity/group:Group"):
            with pytest.raises(NotOurs, match="import_="):
                provider.create(action)
        resumed = Action(urn="u", name="n", type=type_, inputs=inputs, resumed=True)
        return first.id, provider.create(resumed).id
    finally:
        provider.close()


def test_an_interrupted_create_takes_over_what_it_left(server: Server) -> None:
    pki = {"path": "vprov-mesh", "type": "pki", "maxLeaseTtlSeconds": 10**8}
    assert _again(server, "vault:index/mount:Mount", pki) == ("vprov-mesh", "vprov-mesh")
    root = {"backend": "vprov-mesh", "type": "internal", "commonName": "mesh", "ttl": "1000h"}
    for more in ({"issuerName": "mesh"}, {}):
        first, second = _again(
            server, "vault:pkiSecret/secretBackendRootCert:SecretBackendRootCert", {**root, **more}
        )
        assert first == second
    group = {"name": "vprov-group", "type": "external"}
    first, second = _again(server, "vault:identity/group:Group", group)
    assert first == second
    server.root.call("POST", "sys/auth/vprov-oidc", {"type": "oidc"})
    accessor = server.get("sys/auth/vprov-oidc")["accessor"]
    alias = {"name": "a", "mountAccessor": accessor, "canonicalId": first}
    one, two = _again(server, "vault:identity/groupAlias:GroupAlias", alias)
    assert one == two


_POLICY = {"name": "vprov-p", "policy": 'path "x" { capabilities = ["read"] }'}


def test_the_work_is_done_by_a_child_token_that_ends_with_the_run(server: Server) -> None:
    before = _tokens(server)
    provider = server.provider()
    provider.create(Action(urn="u", name="n", type="vault:index/policy:Policy", inputs=_POLICY))
    (child,) = _tokens(server) - before
    about = server.root.call("POST", "auth/token/lookup-accessor", {"accessor": child})["data"]
    assert about["explicit_max_ttl"] == 1200
    assert about["policies"] == ["default", "vprov-tester"]
    assert about["orphan"] is False
    provider.close()
    assert _tokens(server) == before


def _tokens(server: Server) -> set[str]:
    return set(server.root.call("LIST", "auth/token/accessors")["data"]["keys"])


def test_a_token_that_may_have_no_children_works_itself(server: Server) -> None:
    server.enter(_REACH)
    before = _tokens(server)
    provider = server.provider()
    provider.create(Action(urn="u", name="n", type="vault:index/policy:Policy", inputs=_POLICY))
    provider.close()
    assert _tokens(server) == before, "neither a child, nor is the given token ended"


def test_what_the_token_may_not_is_told_with_its_path(server: Server) -> None:
    stack = server.stack('vault.Mount("kv", path="other", type="kv", opts=opts())')
    message = failure(stack)
    assert message.startswith(f"kv (Mount): {server.url} refuses POST sys/mounts/other (permission denied)")


def test_a_server_under_another_authority_is_not_believed(server: Server, tmp_path: Path) -> None:
    wrong = authority(tmp_path, "ca", "mlops lab authority")
    server.ca = str(wrong.path)
    message = failure(server.stack('vault.Policy("p", name="vprov-p", policy="x", opts=opts())'))
    assert message.startswith(f"Vault bao ({server.url}): its certificate is not trusted")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'vault.Policy("p", name="vprov-p", policy="path {", opts=opts())',
            "p (Policy): failed to parse policy",
        ),
        (
            'vault.kv.SecretV2("s", mount="vprov-none", name="x", data_json="{}", opts=opts())',
            "s (SecretV2): nothing is mounted for vprov-none/data/x",
        ),
        (
            'vault.Audit("a", type="file", path="vprov-audit", options={"file_path": "stdout"}, opts=opts())',
            "a (Audit): cannot enable audit device via API",
        ),
    ],
)
def test_the_servers_own_words_are_told(server: Server, text: str, said: str) -> None:
    assert failure(server.stack(text)).startswith(said)


def test_many_resources_are_applied_side_by_side(server: Server) -> None:
    text = """
        kv = vault.Mount("kv", path="vprov-kv", type="kv", options={"version": "2"}, opts=opts())
        for i in range(60):
            vault.Policy(f"p{i}", name=f"vprov-{i}", policy='path "x" { capabilities = ["read"] }', opts=opts())
            vault.kv.SecretV2(f"s{i}", mount=kv.path, name=f"a/{i}", data_json=json.dumps({"i": i}), opts=opts())
    """
    stack = server.stack(text)
    assert applied(stack) == {"create": 123}
    assert all(server.get(f"vprov-kv/data/a/{i}")["data"] == {"i": i} for i in range(60))
    assert applied(stack) == {}
    assert changed(succeeded(stack.destroy())) == {"delete": 123}
    assert [
        key for key in server.root.call("LIST", "sys/policies/acl")["data"]["keys"] if key[6:].isdigit()
    ] == []
