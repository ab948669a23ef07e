"""MLflow's way to its database: logins that the real secret store makes and PostgreSQL really ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from lab import postgres
from lab.lab import Lab
from lab.openbao_setup import INIT_FILE, Bao
from lab.ports import LOOPBACK
from lab.readiness import NotReady, poll
from tests.platform.command import Platform
from tests.platform.store import login, store_of

pytestmark = pytest.mark.lab

CREDENTIALS = "database/creds/mlflow"
SECONDS = 60.0


@pytest.fixture(scope="module")
def mlflow(platform: Platform) -> Iterator[Bao]:
    """The store as MLflow's own account of the first cluster sees it."""
    given = login(platform, role="mlflow", account="mlflow", namespace="mlops-platform")
    assert sorted(given.json()["auth"]["token_policies"]) == ["default", "mlops-mlflow"]
    token = store_of(platform, given.json()["auth"]["client_token"])
    yield token
    token.call("POST", "auth/token/revoke-self")


@pytest.fixture(scope="module")
def root(platform: Platform) -> Bao:
    """The store as its owner sees it."""
    kept = json.loads(platform.folder.secret(INIT_FILE).read_text(encoding="utf-8"))
    return store_of(platform, str(kept["root_token"]))


@pytest.fixture
def lease(mlflow: Bao, root: Bao) -> Iterator[dict[str, Any]]:
    """A login to the database."""
    given = mlflow.call("GET", CREDENTIALS)
    try:
        yield given
    finally:
        revoke(root, given)


def revoke(root: Bao, lease: dict[str, Any]) -> None:
    """Take a login back; one that has ended is as good."""
    root.call("POST", "sys/leases/revoke", {"lease_id": lease["lease_id"], "sync": True})


def connect(platform: Platform, lease: dict[str, Any], database: str = "mlflow") -> psycopg.Connection:
    return psycopg.connect(
        host=LOOPBACK,
        port=Lab(platform.folder).site().ports[postgres.FRONT],
        user=lease["data"]["username"],
        password=lease["data"]["password"],
        dbname=database,
        sslmode="verify-full",
        sslrootcert=str(platform.folder.ca),
        connect_timeout=10,
    )


def as_owner(platform: Platform, question: str, *values: object) -> list[tuple[Any, ...]]:
    """What the database's superuser reads."""
    with postgres.connect(Lab(platform.folder).site(), postgres.SUPERUSER, "postgres") as session:
        return session.execute(question, values).fetchall()


def ended(platform: Platform, lease: dict[str, Any]) -> None:
    """Returns once PostgreSQL has refused the login and does not know it any more."""

    def refused() -> None:
        try:
            connect(platform, lease).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                return
            raise
        raise NotReady("it still logs in")

    def forgotten() -> None:
        name = lease["data"]["username"]
        if as_owner(platform, "select 1 from pg_roles where rolname = %s", name):
            raise NotReady("the role is still there")

    poll("the login has ended", refused, SECONDS)
    poll("the role is gone", forgotten, SECONDS)


def test_a_login_works_for_an_hour_and_leaves_nothing_of_its_own(
    platform: Platform, lease: dict[str, Any]
) -> None:
    assert 0 < lease["lease_duration"] <= 3600
    with closing(connect(platform, lease)) as session:
        assert session.execute("select count(*) from experiments").fetchone() is not None
        session.execute("create table proof_of_ownership (one int)")
        asked = "select tableowner from pg_tables where tablename = 'proof_of_ownership'"
        assert session.execute(asked).fetchone() == ("mlflow",), "what it makes outlives it"
        session.rollback()


def test_a_login_is_no_administrator_and_reaches_no_other_database(
    platform: Platform, lease: dict[str, Any]
) -> None:
    name = lease["data"]["username"]
    asked = "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles"
    assert as_owner(platform, f"{asked} where rolname = %s", name) == [(False,) * 5]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        connect(platform, lease, "keycloak")


def test_a_lease_that_runs_out_ends_the_login(platform: Platform, mlflow: Bao) -> None:
    given = mlflow.call("GET", CREDENTIALS)
    connect(platform, given).close()
    short = mlflow.call("POST", "sys/leases/renew", {"lease_id": given["lease_id"], "increment": 3})
    assert short["lease_duration"] <= 3
    ended(platform, given)


def test_a_login_that_is_taken_back_ends_at_once(
    platform: Platform, lease: dict[str, Any], root: Bao
) -> None:
    connect(platform, lease).close()
    revoke(root, lease)
    ended(platform, lease)


def test_logins_end_with_the_token_that_asked_for_them(platform: Platform) -> None:
    given = login(platform, role="mlflow", account="mlflow", namespace="mlops-platform", of="west", at="west")
    store = store_of(platform, given.json()["auth"]["client_token"])
    made = store.call("GET", CREDENTIALS)
    connect(platform, made).close()
    store.call("POST", "auth/token/revoke-self")
    ended(platform, made)


@pytest.mark.parametrize(
    "path", ["database/config/mlflow", "database/roles/mlflow", "secret/data/mlflow/any"]
)
def test_mlflows_account_reads_its_logins_and_nothing_else(mlflow: Bao, path: str) -> None:
    assert mlflow.request("GET", path).status_code == 403


def test_another_account_of_the_platform_gets_no_login(platform: Platform) -> None:
    for role, namespace in (("external-secrets", "external-secrets"), ("tenant-mlops-dev", "mlops-dev")):
        account = "workload" if role.startswith("tenant-") else role
        given = login(platform, role=role, account=account, namespace=namespace)
        store = store_of(platform, given.json()["auth"]["client_token"])
        assert store.request("GET", CREDENTIALS).status_code == 403
        store.call("POST", "auth/token/revoke-self")


def test_mlflow_itself_is_logged_in_by_such_logins_alone(platform: Platform) -> None:
    asked = "select distinct usename from pg_stat_activity where datname = 'mlflow' and usename is not null"
    names = {str(name) for (name,) in as_owner(platform, asked)} - {"vault-mlflow"}
    assert names
    assert all(name.startswith("v-") for name in names), names
