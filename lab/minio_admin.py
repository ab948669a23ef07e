"""What the lab asks of MinIO's admin API: an account, a policy, and the tie between them.

The admin API takes secrets encrypted with the caller's own secret key (format of madmin's `EncryptData`):
salt (32 bytes), algorithm (1 byte, 0 = Argon2id with AES-256-GCM), nonce (8 bytes), then fragments of 16 KiB
sealed as secure-io's `sio-go` does. Requests are signed with AWS Signature Version 4.
"""

from __future__ import annotations

import json
import os
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from lab.errors import BootstrapFailed

REGION = "us-east-1"
_ARGON2ID_AES_GCM = b"\x00"
_FRAGMENT = 16 * 1024
_LAST = b"\x80"
_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class S3Account:
    """One account of an S3 server; a temporary one has a session token too."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class S3:
    """An S3 server as one account sees it, over verified TLS."""

    url: str
    account: S3Account
    context: ssl.SSLContext

    def request(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> httpx.Response:
        """One signed request; the answer whatever its status."""
        wanted = httpx.URL(self.url).copy_with(path=path, params=dict(query or {}))
        signed = AWSRequest(method=method, url=str(wanted), data=body)
        who = self.account
        credentials = Credentials(who.access_key, who.secret_key, who.session_token)
        S3SigV4Auth(credentials, "s3", REGION).add_auth(signed)
        with httpx.Client(verify=self.context, timeout=_SECONDS, trust_env=False) as client:
            return client.request(method, wanted, content=body, headers=dict(signed.headers.items()))


def add_user(root: S3, account: S3Account) -> None:
    """Create the account, or give it this secret key."""
    document = json.dumps({"secretKey": account.secret_key, "status": "enabled"}).encode()
    body = encrypt(root.account.secret_key, document)
    query = {"accessKey": account.access_key}
    _admin(root, "the account", "add-user", query, body)


def add_policy(root: S3, name: str, policy: Mapping[str, Any]) -> None:
    """Create the policy, or give it this content."""
    _admin(root, "the policy", "add-canned-policy", {"name": name}, json.dumps(policy).encode())


def set_policy(root: S3, access_key: str, policy: str) -> None:
    """The account has this policy and no other."""
    query = {"userOrGroup": access_key, "isGroup": "false", "policyName": policy}
    _admin(root, "the account's policy", "set-user-or-group-policy", query, b"")


def encrypt(secret: str, content: bytes) -> bytes:
    """Encrypt as the admin API expects it."""
    salt, nonce = os.urandom(32), os.urandom(8)
    derived = Argon2id(salt=salt, length=32, iterations=1, lanes=4, memory_cost=64 * 1024)
    cipher = AESGCM(derived.derive(secret.encode()))
    # The tag over nothing, sealed as fragment 0, binds every fragment to key and nonce.
    bound = cipher.encrypt(nonce + struct.pack("<I", 0), b"", None)
    parts = [content[at : at + _FRAGMENT] for at in range(0, len(content), _FRAGMENT)] or [b""]
    sealed = [
        cipher.encrypt(
            nonce + struct.pack("<I", number),
            part,
            (_LAST if number == len(parts) else b"\x00") + bound,
        )
        for number, part in enumerate(parts, start=1)
    ]
    return salt + _ARGON2ID_AES_GCM + nonce + b"".join(sealed)


def _admin(root: S3, what: str, call: str, query: Mapping[str, str], body: bytes) -> None:
    answer = root.request("PUT", f"/minio/admin/v3/{call}", query, body)
    if answer.is_error:
        raise BootstrapFailed(
            f"MinIO: {what} could not be set (status {answer.status_code}: {answer.text[:200]}): "
            "see the log of minio"
        )
