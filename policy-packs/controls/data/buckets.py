"""What a bucket needs beside itself, in resources of its own. Source: AWS provider; CKV_AWS_53-56, CKV_AWS_145, 21."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controls.aws.policy_documents import is_tls_only, statements
from controls.fields import Fields, Unproved, is_given, seen, text
from controls.item import Item
from controls.stack import Stack

BUCKETS: Final = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_BLOCK: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
_ENCRYPTION: Final = tuple(
    f"aws:s3/bucketServerSideEncryptionConfiguration{one}:BucketServerSideEncryptionConfiguration{one}"
    for one in ("", "V2")
)
_VERSIONING: Final = tuple(f"aws:s3/bucketVersioning{one}:BucketVersioning{one}" for one in ("", "V2"))
_PUBLIC_ACLS: Final = ("public-read", "public-read-write", "authenticated-read", "website")
_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _block(block: Fields) -> Iterator[str]:
    for key in _BLOCKS:
        if block.value(key) is not True:
            yield f"{key} {seen(block.value(key))}; set it to true"


def _encryption(encryption: Fields) -> Iterator[str]:
    rules = encryption.entries("rules")
    if not rules:
        yield "rules are not set; encrypt with KMS"
    for index, rule in enumerate(rules):
        default = rule.section("applyServerSideEncryptionByDefault")
        if not text(default.value("sseAlgorithm")).startswith("aws:kms"):
            yield f"rules[{index}] does not encrypt with KMS; use aws:kms"
        elif not is_given(default.value("kmsMasterKeyId")):
            yield f"rules[{index}] names no key; name one of your own"


def _versioning(versioning: Fields) -> Iterator[str]:
    status = versioning.section("versioningConfiguration").value("status")
    if status != "Enabled":
        yield f"versioningConfiguration.status {seen(status)}; set it to Enabled"


def _policy(policy: Fields) -> Iterator[str]:
    document = policy.value("policy")
    if document is Unproved.UNKNOWN:
        return
    found = statements(document)
    if not any(is_tls_only(one) for one in found):
        yield "policy does not deny requests without TLS; deny them by aws:SecureTransport"
    if any(one.allows and "*" in one.principals for one in found):
        yield "policy allows something to everybody; name who is meant"


COMPANIONS: Final[Mapping[str, Callable[[Fields], Iterator[str]]]] = MappingProxyType(
    {
        _BLOCK: _block,
        _POLICY: _policy,
        **dict.fromkeys(_ENCRYPTION, _encryption),
        **dict.fromkeys(_VERSIONING, _versioning),
    }
)
"""Type to the check of it. A policy that names a bucket's ARN is not known before the bucket is there."""

_NEEDED: Final = (
    ("public access block", (_BLOCK,), ""),
    ("KMS encryption", _ENCRYPTION, "serverSideEncryptionConfiguration"),
    ("versioning", _VERSIONING, "versioning"),
    ("TLS-only policy", (_POLICY,), "policy"),
)
"""What each bucket has, by which types, or by which input of an older bucket."""


def bucket(item: Item) -> Iterator[str]:
    """What a bucket says about itself."""
    acl = item.fields.value("acl")
    if isinstance(acl, Unproved) or acl in _PUBLIC_ACLS:
        yield f"acl {seen(acl)}; remove it"


def missing(stack: Stack) -> Iterator[tuple[Item, str]]:
    """What buckets lack beside them."""
    for item in stack.of(*BUCKETS):
        for what, types, inline in _NEEDED:
            beside = any(_belongs(one, item) for one in stack.of(*types))
            if not beside and not (inline and item.fields.value(inline) is not None):
                yield item, f"has no {what} in the stack; declare it"


def _belongs(companion: Item, owner: Item) -> bool:
    if owner.resource in companion.dependencies.get("bucket", ()):
        return True
    named = text(companion.fields.value("bucket"))
    return bool(named) and (
        named == text(owner.fields.value("bucket"))
        or named in {f"${{{owner.resource}}}", f"${{{owner.resource}.id}}", f"${{{owner.resource}.bucket}}"}
    )
