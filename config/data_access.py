"""Who may do what with the data sets, as S3 policies: one per role, named like it.

The policy language is IAM's (AWS and MinIO alike). A role reaches the bucket of the data sets and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.access import Matrix, Permission, Role

BUCKET = "datasets"
UPLOADS, VERSIONS = "raw", "versions"
"""Folders of the bucket: what was uploaded, and the content-addressed store of versions."""


def s3_policies(matrix: Matrix, bucket: str = BUCKET) -> dict[str, dict[str, Any]]:
    """The policy of every role; one with no grant at all allows nothing."""
    return {role.value: _policy(matrix, role, bucket) for role in Role}


def statements(permission: Permission, bucket: str) -> list[dict[str, Any]]:
    """What one permission allows."""
    return [
        {"Effect": "Allow", "Action": list(actions), "Resource": [f"arn:aws:s3:::{bucket}{path}"]}
        for actions, path in _RIGHTS[permission.verbs]
    ]


_RIGHTS: Mapping[tuple[str, ...], tuple[tuple[tuple[str, ...], str], ...]] = {
    ("upload",): ((("s3:PutObject", "s3:AbortMultipartUpload"), f"/{UPLOADS}/*"),),
    ("version",): ((("s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"), f"/{VERSIONS}/*"),),
    ("read",): ((("s3:ListBucket", "s3:GetBucketLocation"), ""), (("s3:GetObject",), "/*")),
}


def _policy(matrix: Matrix, role: Role, bucket: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": list(_statements(matrix, role, bucket)) or [_nothing(bucket)],
    }


def _statements(matrix: Matrix, role: Role, bucket: str) -> Iterator[dict[str, Any]]:
    for permission in matrix.grants:
        if permission.resource == "data" and role in matrix.holders(permission):
            yield from statements(permission, bucket)


def _nothing(bucket: str) -> dict[str, Any]:
    """IAM has no empty policy."""
    return {
        "Effect": "Deny",
        "Action": ["s3:*"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
