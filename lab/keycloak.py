"""The lab's Keycloak: HTTPS only, on the lab's PostgreSQL (verified TLS), with a small heap.

Java is run directly and not through `kc.sh`, which stays in between: killed, it would leave a Java process
that holds the port. The distribution in the cache is shared by all labs and read only; what a server
writes lies in the lab's folder, which is its `kc.home.dir`.
"""

from __future__ import annotations

import urllib.parse
from pathlib import Path

import httpx

from lab import keycloak_setup
from lab.credentials import password
from lab.errors import BootstrapFailed
from lab.folder import write_private
from lab.ports import LOOPBACK
from lab.postgres import FRONT as DATABASE
from lab.postgres import login
from lab.process import ProcessSpec
from lab.site import Server, Site, https_probe, trust

NAME = "keycloak"
MANAGEMENT = "keycloak-management"
ADMIN = "admin"
ADMIN_PASSWORD = "keycloak-admin"  # noqa: S105 (the name of a file)
REALM = "mlops-platform"
"""The realm that the program makes; the lab's servers wait for it and believe its tokens."""

_CALL_SECONDS = 20.0
_SHARED = ("lib", "providers", "themes", "version.txt")
_JAVA_OPTIONS = (
    "-Xms64m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:MetaspaceSize=96M",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:ReservedCodeCacheSize=64m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
    "-Djava.security.egd=file:/dev/urandom",
    "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
    "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Dpicocli.disable.closures=true",
    "-Dquarkus-log-max-startup-records=10000",
    "-Duser.language=en",
    "-Duser.country=US",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
)


def server(site: Site) -> Server:
    return Server(
        name=NAME,
        ports=(NAME, MANAGEMENT),
        configure=lambda: _spec(site),
        probe=https_probe(f"{site.url(MANAGEMENT)}/health/ready", lambda: trust(site.folder.ca)),
        settle=lambda: _settle(site),
        after=(DATABASE,),
        seconds=300.0,
        tier=3,
    )


def issuer(site: Site) -> str:
    """What the realm's tokens carry as `iss`."""
    return f"{site.url(NAME)}/realms/{REALM}"


def realm_exists(site: Site) -> bool:
    """Whether there is a realm that signs tokens. Raises BootstrapFailed when Keycloak does not say."""
    address = f"{issuer(site)}/.well-known/openid-configuration"
    try:
        with session(site) as client:
            status = client.get(address).status_code
    except httpx.HTTPError as error:
        raise BootstrapFailed(f"Keycloak: {address}: no answer ({type(error).__name__})") from error
    if status not in (httpx.codes.OK, httpx.codes.NOT_FOUND):
        raise BootstrapFailed(f"Keycloak: {address} was answered {status}: see the log of {NAME}")
    return status == httpx.codes.OK


def session(site: Site) -> httpx.Client:
    """Keycloak over verified TLS, nobody logged in."""
    return httpx.Client(
        base_url=site.url(NAME), verify=trust(site.folder.ca), timeout=_CALL_SECONDS, trust_env=False
    )


def admin_token(site: Site) -> httpx.Response:
    """Log the administrator in; the answer whatever its status."""
    form = {
        "grant_type": "password",
        "client_id": "admin-cli",
        "username": ADMIN,
        "password": password(site.folder, ADMIN_PASSWORD),
    }
    with session(site) as client:
        return client.post("/realms/master/protocol/openid-connect/token", data=form)


def _spec(site: Site) -> ProcessSpec:
    home, java = site.tools["keycloak"], site.tools["java"]
    folder = site.folder.keycloak
    (folder / "data" / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _SHARED:
        _link(folder / name, home / name)
    serving = site.serving(NAME, folder / "tls")
    config = folder / "conf" / "keycloak.conf"
    write_private(config, _config(site, serving.certificate, serving.key))
    return ProcessSpec(
        name=NAME,
        argv=(
            str(java / "bin" / "java"),
            *_JAVA_OPTIONS,
            f"-Djava.io.tmpdir={folder / 'data' / 'tmp'}",
            f"-Dkc.home.dir={folder}",
            f"-Djboss.server.config.dir={folder / 'conf'}",
            "-cp",
            str(home / "lib" / "quarkus-run.jar"),
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
            "start",
            "--optimized",
        ),
        env=site.environment(JAVA_HOME=str(java)),
        cwd=folder,
        log=site.folder.log(NAME),
        priority=600,
        stop_seconds=20,
        nice=3,
        reads=(config, serving.certificate),
    )


def _config(site: Site, certificate: Path, key: Path) -> str:
    database = login(site, NAME)
    trusted = urllib.parse.urlencode({"sslmode": "verify-full", "sslrootcert": str(site.folder.ca)})
    secret = database.password_file.read_text(encoding="ascii")
    return (
        f"db-url=jdbc:postgresql://{LOOPBACK}:{database.port}/{database.database}?{trusted}\n"
        f"db-username={database.role}\ndb-password={secret}\n"
        "db-pool-initial-size=2\ndb-pool-min-size=2\ndb-pool-max-size=20\n"
        f"bootstrap-admin-username={ADMIN}\n"
        f"bootstrap-admin-password={password(site.folder, ADMIN_PASSWORD)}\n"
        f"hostname={site.url(NAME)}\nhttp-enabled=false\nhttp-host={LOOPBACK}\n"
        # Each wait for readiness would fill the log with health reports.
        "log-level=info,io.smallrye.health:error\n"
        # This server is alone: it joins no cluster and opens no port for one.
        "cache=local\n"
        f"https-port={site.ports[NAME]}\nhttps-certificate-file={certificate}\n"
        f"https-certificate-key-file={key}\n"
        f"http-management-host={LOOPBACK}\nhttp-management-port={site.ports[MANAGEMENT]}\n"
    )


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _settle(site: Site) -> None:
    """The administrator can log in, and the program's client is there."""
    answer = admin_token(site)
    if answer.is_error:
        raise BootstrapFailed(
            f"Keycloak: {ADMIN} cannot log in with the password of {site.folder.secret(ADMIN_PASSWORD)} "
            f"(status {answer.status_code}): put the right password there if it was changed"
        )
    secret = password(site.folder, keycloak_setup.CLIENT_SECRET)
    with session(site) as client:
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        keycloak_setup.settle(client, secret)
