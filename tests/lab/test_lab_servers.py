"""The shared servers of a running lab: each reached as its users reach it, each refusing what it should."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import httpx
import psutil
import psycopg
import pytest

from lab import keycloak, leftovers, minio, openbao, openbao_policies, platform_secrets, postgres, valkey
from lab.certs import authority
from lab.credentials import password
from lab.lab import Lab
from lab.openbao_setup import Bao, bao
from lab.site import connect, trust

pytestmark = pytest.mark.lab


def connection(lab: Lab, role: str, database: str, **changed: Any) -> psycopg.Connection[tuple[object, ...]]:
    site = lab.site()
    wanted = {
        "host": "127.0.0.1",
        "port": site.ports[postgres.FRONT],
        "user": role,
        "password": password(lab.folder, f"postgres-{role}"),
        "dbname": database,
        "sslmode": "verify-full",
        "sslrootcert": str(lab.folder.ca),
        "connect_timeout": 5,
    }
    return psycopg.connect(**{**wanted, **changed})


def test_postgres_is_reached_over_verified_tls(lab: Lab) -> None:
    with connection(lab, "mlflow", "mlflow") as session:
        assert session.execute("select current_user").fetchone() == ("mlflow",)
        assert session.pgconn.ssl_in_use
    with connection(lab, "mlflow", "mlflow", host="localhost", hostaddr="127.0.0.1"):
        pass


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sslmode": "disable", "sslrootcert": None}, "TLS connections only"),
        ({"host": "db.example.org", "hostaddr": "127.0.0.1"}, "does not match host name"),
        ({"password": "wrong"}, "password authentication failed"),
        ({"dbname": "keycloak"}, "permission denied for database"),
    ],
)
def test_postgres_refuses(lab: Lab, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=said):
        connection(lab, "mlflow", "mlflow", **changed)


def test_postgres_under_another_authority_is_not_believed(lab: Lab, tmp_path: Path) -> None:
    wrong = authority(tmp_path, "ca", "mlops lab authority")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connection(lab, "mlflow", "mlflow", sslrootcert=str(wrong.path))


def test_postgres_does_not_listen_but_on_its_private_socket(lab: Lab) -> None:
    with connection(lab, "postgres", "postgres") as session:
        assert session.execute("show listen_addresses").fetchone() == ("",)
    with connection(lab, "mlflow", "mlflow") as session:
        row = session.execute("select rolsuper or rolcreatedb from pg_roles where rolname = 'mlflow'")
        assert row.fetchone() == (False,)


@contextlib.contextmanager
def s3(lab: Lab, account: str, ca: Path | None = None) -> Iterator[Any]:
    found = minio.account(lab.folder, account)
    session = boto3.session.Session(
        aws_access_key_id=found.access_key, aws_secret_access_key=found.secret_key, region_name="us-east-1"
    )
    client = session.client(
        "s3",
        endpoint_url=lab.site().url(minio.NAME),
        verify=str(ca or lab.folder.ca),
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield client
    finally:
        client.close()


def test_the_mlflow_account_puts_gets_lists_and_deletes_in_its_bucket(lab: Lab) -> None:
    with s3(lab, minio.USER) as client:
        client.put_object(Bucket=minio.BUCKET, Key="a/b", Body=b"x" * 100_000)
        assert client.get_object(Bucket=minio.BUCKET, Key="a/b")["Body"].read() == b"x" * 100_000
        listed = client.list_objects_v2(Bucket=minio.BUCKET, Prefix="a/")["Contents"]
        assert [entry["Key"] for entry in listed] == ["a/b"]
        client.delete_object(Bucket=minio.BUCKET, Key="a/b")


def test_the_mlflow_account_gets_no_other_bucket(lab: Lab) -> None:
    with s3(lab, minio.ROOT) as root:
        root.create_bucket(Bucket="other")
        root.put_object(Bucket="other", Key="k", Body=b"x")
        with s3(lab, minio.USER) as client:
            calls: tuple[Callable[[], object], ...] = (
                lambda: client.get_object(Bucket="other", Key="k"),
                lambda: client.put_object(Bucket="other", Key="k", Body=b"y"),
                lambda: client.list_objects_v2(Bucket="other"),
                lambda: client.create_bucket(Bucket="more"),
                lambda: client.put_bucket_policy(Bucket=minio.BUCKET, Policy="{}"),
            )
            for call in calls:
                with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
                    call()
            assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == [minio.BUCKET]
        root.delete_object(Bucket="other", Key="k")
        root.delete_bucket(Bucket="other")


def test_s3_under_another_authority_is_not_believed(lab: Lab, tmp_path: Path) -> None:
    wrong = authority(tmp_path, "ca", "mlops lab authority")
    with s3(lab, minio.USER, wrong.path) as client, pytest.raises(botocore.exceptions.SSLError):
        client.list_buckets()


def test_the_agents_token_reads_the_platforms_secrets_and_nothing_else(lab: Lab) -> None:
    site = lab.site()
    reader = bao(site, site.url(openbao.NAME), openbao_policies.READER)
    path = f"secret/data/{platform_secrets.DATABASE}"
    assert set(reader.call("GET", path)["data"]["data"]) == {"pg_service.conf", "ca.crt"}
    for method, refused in (
        ("POST", path),
        ("GET", "secret/data/other"),
        ("GET", "sys/mounts"),
        ("GET", "sys/policies/acl/secret-sync"),
        ("GET", "secret/metadata/mlflow/database"),
    ):
        body: dict[str, Any] | None = {"data": {}} if method == "POST" else None
        assert reader.request(method, refused, body).status_code == httpx.codes.FORBIDDEN, refused
    nobody = Bao(site.url(openbao.NAME), lab.folder.ca)
    assert nobody.request("GET", path).status_code == httpx.codes.FORBIDDEN


def test_openbao_writes_every_request_to_its_audit_log_without_the_secret(lab: Lab) -> None:
    site = lab.site()
    bao(site, site.url(openbao.NAME), openbao_policies.READER).call("GET", "secret/data/mlflow/artifacts")
    log = lab.folder.openbao / "audit.log"
    text = log.read_text()
    assert "secret/data/mlflow/artifacts" in text
    assert password(lab.folder, f"minio-{minio.USER}") not in text
    assert log.stat().st_mode & 0o077 == 0


def test_openbaos_stored_files_work_as_they_are(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What MLflow gets is what libpq and an AWS SDK read, with nothing added."""
    site = lab.site()
    reader = bao(site, site.url(openbao.NAME), openbao_policies.READER)
    for name in ("database", "artifacts"):
        for file, content in reader.call("GET", f"secret/data/mlflow/{name}")["data"]["data"].items():
            (tmp_path / file).write_text(content)
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "pg_service.conf"))
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "ca.crt"))
    with psycopg.connect("service=mlflow") as session:
        assert session.execute("select current_database()").fetchone() == ("mlflow",)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.crt"))
    client = boto3.session.Session().client("s3")
    try:
        assert client.list_objects_v2(Bucket=minio.BUCKET)["KeyCount"] >= 0
    finally:
        client.close()


def test_keycloaks_administrator_logs_in_over_verified_https(lab: Lab, tmp_path: Path) -> None:
    site = lab.site()
    token = keycloak.admin_token(site).json()["access_token"]
    with httpx.Client(verify=trust(lab.folder.ca), trust_env=False, timeout=20) as session:
        realms = session.get(
            f"{site.url(keycloak.NAME)}/admin/realms", headers={"Authorization": f"Bearer {token}"}
        )
        assert [realm["realm"] for realm in realms.json()] == ["master"]
        found = session.get(f"{site.url(keycloak.NAME)}/realms/master/.well-known/openid-configuration")
        assert found.json()["issuer"] == f"{site.url(keycloak.NAME)}/realms/master"
        assert session.get(f"{site.url(keycloak.NAME)}/admin/realms").status_code == httpx.codes.UNAUTHORIZED
    wrong = authority(tmp_path, "ca", "mlops lab authority")
    with (
        httpx.Client(verify=trust(wrong.path), trust_env=False) as session,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        session.get(site.url(keycloak.NAME))


def test_valkey_wants_tls_and_a_password(lab: Lab) -> None:
    with (
        connect(lab.site().ports[valkey.FRONT]) as plain,
        trust(lab.folder.ca).wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"GET k\r\n")
        assert secured.recv(100).startswith(b"-NOAUTH")


def test_nothing_of_the_lab_listens_beyond_loopback(lab: Lab) -> None:
    pids = {process.pid for process in leftovers.processes(lab.folder)}
    listening = {
        (entry.laddr.ip, entry.laddr.port)
        for entry in psutil.net_connections(kind="inet")
        if entry.laddr and entry.pid in pids and entry.status == psutil.CONN_LISTEN
    }
    assert len(listening) > 10
    beyond = {ip for ip, _ in listening if not ip_address(ip.removeprefix("::ffff:")).is_loopback}
    assert beyond == set()


def test_no_secret_of_the_lab_is_in_an_argv_or_readable_by_others(lab: Lab) -> None:
    argvs = "\n".join(" ".join(process.cmdline()) for process in leftovers.processes(lab.folder))
    for path in lab.folder.secrets.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
        content = path.read_bytes()
        if content.isascii() and b"\n" not in content:
            assert content.decode() not in argvs, path.name
    assert lab.folder.root.stat().st_mode & 0o077 == 0
