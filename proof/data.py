"""Data sets: asked of the object store by people who exchanged the realm's token for its own credentials."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from config.access import MATRIX, Enforcer, Permission, Role
from lab import minio
from lab.minio_admin import REGION
from lab.site import Site
from proof.cells import Record, Scope
from proof.errors import Refused, Unexpected
from proof.people import People, Person
from proof.servers import Servers

UPLOAD, VERSION = MATRIX.permission("upload", "data"), MATRIX.permission("version", "data")
READ = MATRIX.permission("read", "data")
CLIENT = "objectstore"
_RAW, _VERSIONS = "raw/mlops-proof/", "versions/mlops-proof/"
_THERE = f"{_RAW}there"
_ANY_ROLE = "arn:aws:iam:::role/by-the-token"
"""The SDK wants a role; the store takes the one that the token's claim names."""


class ObjectStore:
    """The object store as people reach it. Clients are made one after the other: the SDK cannot make two at once."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._sdk = boto3.session.Session()
        self._lock = threading.Lock()

    def enter(self, token: str, **more: Any) -> Any:
        """An S3 client for the holder of a token, whose credentials end with it unless `more` asks for other ones.

        Raises Refused when the store gives no credentials for it.
        """
        exchange = self.client("sts", signature_version=botocore.UNSIGNED)
        wanted = {"RoleArn": _ANY_ROLE, "RoleSessionName": "proof", "WebIdentityToken": token, **more}
        try:
            given = exchange.assume_role_with_web_identity(**wanted)["Credentials"]
        except ClientError as error:
            raise Refused(f"the object store gives no credentials: {_told(error)}") from None
        except BotoCoreError as error:
            raise Unexpected(f"the object store: {error}") from None
        finally:
            exchange.close()
        keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return self.client("s3", *keys)

    def client(
        self,
        service: str,
        key: str | None = None,
        secret: str | None = None,
        token: str | None = None,
        **settings: Any,
    ) -> Any:
        """A client of the SDK for these credentials."""
        config = Config(
            s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 2}, **settings
        )
        with self._lock:
            return self._sdk.client(
                service,
                endpoint_url=self._servers.objects,
                region_name=REGION,
                verify=str(self._servers.authority),
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                config=config,
            )


class DataProver:
    """The bucket of the data sets."""

    enforcer = Enforcer.OBJECT_STORE

    def __init__(self, servers: Servers, site: Site) -> None:
        self._bucket, self._site = servers.bucket, site
        self._store = ObjectStore(servers)

    @contextmanager
    def ready(self, people: People) -> Iterator[None]:  # noqa: ARG002
        """One file to read."""
        root = minio.account(self._site.folder, minio.ROOT)
        s3 = self._store.client("s3", root.access_key, root.secret_key)
        try:
            allowed(partial(s3.put_object, Bucket=self._bucket, Key=_THERE, Body=b"proof"))
            yield
        finally:
            self._sweep(s3)
            s3.close()

    def ask(self, person: Person, record: Record) -> None:
        try:
            s3 = self._store.enter(person.token(CLIENT).raw)
        except Refused:
            if person.role is not None:
                raise
            for permission in MATRIX.of(self.enforcer):
                record.ask(permission, Scope.OTHERS, "enter", lambda: False)
            return
        file = secrets.token_hex(6)
        put = partial(s3.put_object, Bucket=self._bucket, Body=b"proof")
        deeds: tuple[tuple[Permission, str, Callable[[], Any]], ...] = (
            (UPLOAD, "upload a file", partial(put, Key=f"{_RAW}{file}")),
            (VERSION, "write a version", partial(put, Key=f"{_VERSIONS}{file}")),
            (READ, "read a file", partial(s3.get_object, Bucket=self._bucket, Key=_THERE)),
            (READ, "list the files", partial(s3.list_objects_v2, Bucket=self._bucket, Prefix=_RAW)),
        )
        for permission, what, deed in deeds:
            record.ask(permission, Scope.OTHERS, what, partial(allowed, deed))
        s3.close()

    def gap(self, permission: Permission, role: Role | None) -> str:  # noqa: ARG002
        return ""

    def _sweep(self, s3: Any) -> None:
        for prefix in (_RAW, _VERSIONS):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for one in page.get("Contents", ()):
                    s3.delete_object(Bucket=self._bucket, Key=one["Key"])


def allowed(deed: Callable[[], Any]) -> bool:
    """Whether the object store does it. Raises Unexpected for an answer that is neither yes nor no."""
    try:
        deed()
    except ClientError as error:
        if error.response["Error"].get("Code") == "AccessDenied":
            return False
        raise Unexpected(f"the object store: {_told(error)}") from None
    except BotoCoreError as error:
        raise Unexpected(f"the object store: {error}") from None
    return True


def _told(error: ClientError) -> str:
    return "{Code}: {Message}".format_map({"Code": "?", "Message": "", **error.response["Error"]})
