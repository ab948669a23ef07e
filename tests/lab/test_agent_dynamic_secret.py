"""A login that the lab's OpenBao makes in its PostgreSQL, as a Secret of a cluster that a process can use."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lab import openbao, postgres
from lab.access import environment
from lab.bootstrap import admin_api
from lab.kube import KubeApi
from lab.lab import Lab
from lab.names import hosts
from lab.openbao_policies import PROVIDER
from lab.openbao_setup import Bao, bao
from lab.readiness import NotReady, poll
from tests.lab.lab_namespaces import made_namespace

pytestmark = pytest.mark.lab

NAMESPACE = "dynamic-secret-test"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/login"
LEASE_SECONDS = 6
SERVICE = (
    "[mlflow]\nhost=postgres.lab.internal\nport=5432\ndbname=mlflow\n"
    "user={{ .username }}\npassword={{ .password }}\nsslmode=verify-full\n"
)
GENERATOR = {
    "apiVersion": "generators.external-secrets.io/v1alpha1",
    "kind": "VaultDynamicSecret",
    "metadata": {"name": "login"},
    "spec": {
        "path": "database/creds/mlflow",
        "method": "GET",
        "resultType": "Data",
        "provider": {
            "server": "https://openbao.openbao.svc:8200",
            "auth": {"kubernetes": {"mountPath": "kubernetes-east", "role": "mlflow"}},
        },
    },
}


def external_secret(service: str) -> dict[str, Any]:
    reference = {"apiVersion": GENERATOR["apiVersion"], "kind": "VaultDynamicSecret", "name": "login"}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "login"},
        "spec": {
            "refreshInterval": "1h",
            "target": {"name": "login", "template": {"data": {"pg_service.conf": service}}},
            "dataFrom": [{"sourceRef": {"generatorRef": reference}}],
        },
    }


@pytest.fixture(scope="module")
def engine(lab: Lab) -> Iterator[Bao]:
    """The database engine as the program declares it, with leases of a few seconds."""
    site = lab.site()
    store = bao(site, site.url(openbao.NAME), PROVIDER)
    address = hosts(site.ports, ())["postgres.lab.internal:5432"]
    store.call("POST", "sys/mounts/database", {"type": "database"})
    try:
        connection = {
            "plugin_name": "postgresql-database-plugin",
            "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@{address}/mlflow?sslmode=verify-full",
            "username": postgres.ISSUER,
            "password": environment(lab.folder)["MLOPS_DATABASE_PASSWORD"],
            "password_authentication": "scram-sha-256",
            "allowed_roles": ["mlflow"],
        }
        store.call("POST", "database/config/mlflow", connection)
        role = {
            "db_name": "mlflow",
            "creation_statements": [
                "create role \"{{name}}\" login password '{{password}}' valid until '{{expiration}}' in role mlflow",
                'alter role "{{name}}" set role = mlflow',
            ],
            "revocation_statements": ['drop role if exists "{{name}}"'],
            "default_ttl": LEASE_SECONDS,
            "max_ttl": LEASE_SECONDS,
        }
        store.call("POST", "database/roles/mlflow", role)
        yield store
    finally:
        store.call("DELETE", "sys/mounts/database")


@pytest.fixture
def api(lab: Lab, engine: Bao) -> Iterator[KubeApi]:
    made_namespace(lab, "east", NAMESPACE)
    group = f"/apis/generators.external-secrets.io/v1alpha1/namespaces/{NAMESPACE}/vaultdynamicsecrets"
    with admin_api(lab.site(), "east") as opened:
        opened.apply(f"{group}/login", GENERATOR)
        yield opened
        opened.delete(external_path())


def external_path() -> str:
    return f"/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/externalsecrets/login"


def service_file(api: KubeApi) -> str:
    found = api.get(SECRET)
    if found is None:
        raise NotReady("no Secret yet")
    assert set(found["data"]) == {"pg_service.conf"}
    return base64.b64decode(found["data"]["pg_service.conf"]).decode()


def there(api: KubeApi) -> None:
    service_file(api)


def user(service: str) -> str:
    return next(line for line in service.splitlines() if line.startswith("user=")).removeprefix("user=")


def test_a_process_logs_in_with_it_over_verified_tls_and_gets_another_before_it_ends(
    lab: Lab, api: KubeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.apply(external_path(), external_secret(SERVICE))
    poll("the Secret", lambda: there(api), 60)
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "pg_service.conf"))
    monkeypatch.setenv("PGSSLROOTCERT", str(lab.folder.ca))

    def logged_in_as() -> str:
        (tmp_path / "pg_service.conf").write_text(service_file(api))
        with psycopg.connect("service=mlflow") as session:
            assert session.pgconn.ssl_in_use
            row = session.execute("select session_user, current_user").fetchone()
        assert row is not None
        assert row[1] == "mlflow"
        return str(row[0])

    first = logged_in_as()

    def replaced() -> None:
        if user(service_file(api)) == first:
            raise NotReady(f"still {first}")

    poll("another login, long before the refresh interval", replaced, 60)
    assert logged_in_as() != first
    poll("the first one gone", lambda: absent(lab, first), 60)
    logged_in_as()


def absent(lab: Lab, role: str) -> None:
    with postgres.connect(lab.site(), postgres.SUPERUSER, "postgres") as session:
        if session.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
            raise NotReady(f"{role} is still there")


def test_a_text_that_cannot_be_filled_in_is_told_and_makes_no_secret(lab: Lab, api: KubeApi) -> None:
    api.apply(external_path(), external_secret("{{ .nobody }}"))

    def told() -> None:
        found = api.get(external_path()) or {}
        conditions = (found.get("status") or {}).get("conditions") or [{}]
        if "no value 'nobody' among password, username" not in conditions[0].get("message", ""):
            raise NotReady(str(conditions))

    poll("the condition", told, 60)
    assert api.get(SECRET) is None
