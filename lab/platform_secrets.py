"""What MLflow gets from the secret store: how it reaches its database and its bucket."""

from __future__ import annotations

from collections.abc import Mapping

from lab import minio, openbao, openbao_policies, openbao_setup, postgres
from lab.credentials import password
from lab.minio_admin import REGION
from lab.ports import LOOPBACK
from lab.site import Site

DATABASE = "mlflow/database"
ARTIFACTS = "mlflow/artifacts"


def write(site: Site) -> None:
    """Write both secrets; one that is as it should be gets no new version."""
    authority = site.folder.ca.read_text(encoding="ascii")
    store = openbao_setup.bao(site, site.url(openbao.NAME), openbao_policies.WRITER)
    for name, content in ((DATABASE, database(site)), (ARTIFACTS, artifacts(site))):
        path = f"{openbao_setup.MOUNT}/data/{name}"
        wanted = {**content, "ca.crt": authority}
        stored = store.request("GET", path)
        if not stored.is_success or stored.json()["data"]["data"] != wanted:
            store.call("POST", path, {"data": wanted})


def database(site: Site) -> Mapping[str, str]:
    """A libpq service file with the service `mlflow`; PGSSLROOTCERT names the authority."""
    login = postgres.login(site, "mlflow")
    secret = password(site.folder, login.password_file.name)
    return {
        "pg_service.conf": (
            f"[mlflow]\nhost={LOOPBACK}\nport={login.port}\ndbname={login.database}\n"
            f"user={login.role}\npassword={secret}\nsslmode=verify-full\n"
        )
    }


def artifacts(site: Site) -> Mapping[str, str]:
    """The files of an AWS SDK; AWS_CA_BUNDLE names the authority."""
    account = minio.account(site.folder, minio.USER)
    return {
        "credentials": (
            f"[default]\naws_access_key_id = {account.access_key}\n"
            f"aws_secret_access_key = {account.secret_key}\n"
        ),
        "config": (
            f"[default]\nregion = {REGION}\nendpoint_url = {site.url(minio.NAME)}\n"
            "s3 =\n    addressing_style = path\n"
        ),
    }
