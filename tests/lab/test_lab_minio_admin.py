from __future__ import annotations

import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from lab.minio import bucket_policy
from lab.minio_admin import S3Account, encrypt

FRAGMENT = 16 * 1024


def decrypt(secret: str, sealed: bytes) -> bytes:
    """Read the format as its description has it, one fragment after the other."""
    salt, algorithm, nonce, rest = sealed[:32], sealed[32], sealed[33:41], sealed[41:]
    assert algorithm == 0
    key = Argon2id(salt=salt, length=32, iterations=1, lanes=4, memory_cost=65536).derive(secret.encode())
    cipher = AESGCM(key)
    bound = cipher.encrypt(nonce + (0).to_bytes(4, "little"), b"", None)
    content, number = b"", 1
    while rest:
        part, rest = rest[: FRAGMENT + 16], rest[FRAGMENT + 16 :]
        mark = b"\x00" if rest else b"\x80"
        content += cipher.decrypt(nonce + number.to_bytes(4, "little"), part, mark + bound)
        number += 1
    return content


@pytest.mark.parametrize("size", [0, 1, FRAGMENT, FRAGMENT + 1, 3 * FRAGMENT])
def test_what_is_encrypted_is_read_back_whole_with_the_same_secret_only(size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    sealed = encrypt("secret", content)
    assert decrypt("secret", sealed) == content
    with pytest.raises(InvalidTag):
        decrypt("other", sealed)


def test_an_account_never_shows_its_secret() -> None:
    assert "hidden" not in repr(S3Account(access_key="me", secret_key="hidden"))


def test_the_policy_names_one_bucket_and_no_wildcard_action() -> None:
    policy = bucket_policy("mlflow")
    resources = {resource for statement in policy["Statement"] for resource in statement["Resource"]}
    assert resources == {"arn:aws:s3:::mlflow", "arn:aws:s3:::mlflow/*"}
    assert "s3:*" not in json.dumps(policy)
