"""The lab's S3: MinIO with a bucket for MLflow, whose account reaches that bucket only, and one for data sets,
which users of the realm reach as their roles allow.

MinIO learns of the realm when it starts, and then lets nobody in until the realm answers. So it is started
after Keycloak, and told of the realm only if there is one; see `Lab.follow_realm`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.access import MATRIX, ROLES_CLAIM
from config.data_access import BUCKET as DATASETS
from config.data_access import s3_policies
from lab import keycloak
from lab.certs import Pair
from lab.credentials import password
from lab.errors import BootstrapFailed
from lab.folder import LabFolder, write_private
from lab.minio_admin import S3, S3Account, add_policy, add_user, set_policy
from lab.ports import LOOPBACK
from lab.process import ProcessSpec
from lab.readiness import NotReady, poll
from lab.site import Server, Site, https_probe, trust

NAME = "minio"
CLIENT = "objectstore"
"""The realm's client whose tokens MinIO takes."""

CONSOLE = "minio-console"
BUCKET = "mlflow"
ROOT = "lab-root"
USER = "mlflow"
_LOADED_SECONDS = 60.0


def server(site: Site) -> Server:
    return Server(
        name=NAME,
        ports=(NAME, CONSOLE),
        configure=lambda: _spec(site),
        probe=https_probe(f"{site.url(NAME)}/minio/health/cluster", lambda: trust(site.folder.ca)),
        settle=lambda: _settle(site),
        after=(keycloak.NAME,),
        tier=4,
    )


def account(folder: LabFolder, name: str) -> S3Account:
    """The stored account of that name."""
    return S3Account(access_key=name, secret_key=password(folder, f"minio-{name}"))


def s3(site: Site, name: str) -> S3:
    """The server as that account sees it."""
    return S3(url=site.url(NAME), account=account(site.folder, name), context=trust(site.folder.ca))


def bucket_policy(bucket: str) -> dict[str, Any]:
    """Read, write and list one bucket."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
                "Resource": [f"arn:aws:s3:::{bucket}"],
            },
            {
                "Effect": "Allow",
                "Action": [
                    "s3:GetObject",
                    "s3:PutObject",
                    "s3:DeleteObject",
                    "s3:AbortMultipartUpload",
                    "s3:ListMultipartUploadParts",
                ],
                "Resource": [f"arn:aws:s3:::{bucket}/*"],
            },
        ],
    }


def role_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    """A role's policy with what MinIO would allow beside it taken away: credentials that outlive the token, and
    accounts that outlive the credentials."""
    guards = [
        {
            "Effect": "Deny",
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {"NumericGreaterThan": {"sts:DurationSeconds": "0"}},
        },
        {"Effect": "Deny", "Action": ["admin:CreateServiceAccount", "admin:UpdateServiceAccount"]},
    ]
    return {**policy, "Statement": [*policy["Statement"], *guards]}


def _spec(site: Site) -> ProcessSpec:
    folder = site.folder.minio
    data, certificates = folder / "data", folder / "certs"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    serving = site.serving(NAME, folder / "tls")
    _place(serving, site, certificates)
    identity = folder / "identity.env"
    write_private(identity, _identity(site))
    root = account(site.folder, ROOT)
    return ProcessSpec(
        name=NAME,
        argv=(
            str(site.tools[NAME]),
            "server",
            "--quiet",
            f"--address={LOOPBACK}:{site.ports[NAME]}",
            f"--console-address={LOOPBACK}:{site.ports[CONSOLE]}",
            f"--certs-dir={certificates}",
            str(data),
        ),
        env=site.environment(
            MINIO_ROOT_USER=root.access_key,
            MINIO_ROOT_PASSWORD=root.secret_key,
            MINIO_CONFIG_ENV_FILE=str(identity),
            MINIO_UPDATE="off",
            MINIO_CALLHOME_ENABLE="off",
            GOMEMLIMIT="250MiB",
        ),
        cwd=folder,
        log=site.folder.log(NAME),
        priority=100,
        reads=(serving.certificate, identity),
    )


def _identity(site: Site) -> str:
    """Variables that name the realm; none while it does not exist.

    MinIO takes the client's secret for a key that signs tokens (HS256): without one, anybody could sign. The
    client itself is public and has none, so this one is known to nobody.
    """
    if not keycloak.realm_exists(site):
        return "# The realm does not exist.\n"
    values = {
        "CONFIG_URL": f"{keycloak.issuer(site)}/.well-known/openid-configuration",
        "CLIENT_ID": CLIENT,
        "CLIENT_SECRET": password(site.folder, "minio-realm-client"),
        "CLAIM_NAME": ROLES_CLAIM,
        "SCOPES": "openid",
    }
    return "".join(f"MINIO_IDENTITY_OPENID_{name}={value}\n" for name, value in values.items())


def _place(serving: Pair, site: Site, certificates: Path) -> None:
    """MinIO wants its own names for these files."""
    write_private(certificates / "public.crt", serving.certificate.read_bytes())
    write_private(certificates / "private.key", serving.key.read_bytes())
    write_private(certificates / "CAs" / "ca.crt", site.folder.ca.read_bytes())


def _settle(site: Site) -> None:
    """Buckets, the policy of every role, and MLflow's account if it does not reach its bucket."""
    root = s3(site, ROOT)
    poll("MinIO: accounts loaded", lambda: _loaded(root), _LOADED_SECONDS)
    for bucket in (BUCKET, DATASETS):
        _make(root, bucket)
    for role, policy in s3_policies(MATRIX).items():
        add_policy(root, role, role_policy(policy))
    user = s3(site, USER)
    if user.request("GET", f"/{BUCKET}", {"list-type": "2", "max-keys": "1"}).is_error:
        add_policy(root, BUCKET, bucket_policy(BUCKET))
        add_user(root, user.account)
        set_policy(root, USER, BUCKET)


def _loaded(root: S3) -> None:
    answer = root.request("GET", "/")
    if answer.is_error:
        raise NotReady(f"the list of buckets was answered {answer.status_code}: {answer.text[:200]}")


def _make(root: S3, bucket: str) -> None:
    if root.request("HEAD", f"/{bucket}").is_error:
        made = root.request("PUT", f"/{bucket}")
        if made.is_error:
            raise BootstrapFailed(f"MinIO: bucket {bucket} could not be made (status {made.status_code})")
