"""The lab's S3: MinIO with one bucket for MLflow and an account that reaches that bucket only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.certs import Pair
from lab.credentials import password
from lab.errors import BootstrapFailed
from lab.folder import LabFolder, write_private
from lab.minio_admin import S3, S3Account, add_policy, add_user, set_policy
from lab.ports import LOOPBACK
from lab.process import ProcessSpec
from lab.site import Server, Site, https_probe, trust

NAME = "minio"
CONSOLE = "minio-console"
BUCKET = "mlflow"
ROOT = "lab-root"
USER = "mlflow"


def server(site: Site) -> Server:
    return Server(
        name=NAME,
        ports=(NAME, CONSOLE),
        configure=lambda: _spec(site),
        probe=https_probe(f"{site.url(NAME)}/minio/health/cluster", lambda: trust(site.folder.ca)),
        settle=lambda: _settle(site),
        tier=1,
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


def _spec(site: Site) -> ProcessSpec:
    folder = site.folder.minio
    data, certificates = folder / "data", folder / "certs"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    serving = site.serving(NAME, folder / "tls")
    _place(serving, site, certificates)
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
            MINIO_UPDATE="off",
            MINIO_CALLHOME_ENABLE="off",
            GOMEMLIMIT="250MiB",
        ),
        cwd=folder,
        log=site.folder.log(NAME),
        priority=100,
        reads=(serving.certificate,),
    )


def _place(serving: Pair, site: Site, certificates: Path) -> None:
    """MinIO wants its own names for these files."""
    write_private(certificates / "public.crt", serving.certificate.read_bytes())
    write_private(certificates / "private.key", serving.key.read_bytes())
    write_private(certificates / "CAs" / "ca.crt", site.folder.ca.read_bytes())


def _settle(site: Site) -> None:
    """Set up once; afterwards the account's own access to the bucket shows that nothing is missing."""
    user = s3(site, USER)
    if user.request("GET", f"/{BUCKET}", {"list-type": "2", "max-keys": "1"}).is_success:
        return
    root = s3(site, ROOT)
    if root.request("HEAD", f"/{BUCKET}").is_error:
        made = root.request("PUT", f"/{BUCKET}")
        if made.is_error:
            raise BootstrapFailed(f"MinIO: bucket {BUCKET} could not be made (status {made.status_code})")
    add_policy(root, BUCKET, bucket_policy(BUCKET))
    add_user(root, user.account)
    set_policy(root, USER, BUCKET)
