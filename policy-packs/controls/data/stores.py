"""DS-02. Sources: CKV_AWS_16, 17, 51, 53-56, 136, 163; Pulumi compliance for AWS; Pulumi, resource option `protect`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controls.control import Control, Severity
from controls.data.buckets import BUCKETS, COMPANIONS, bucket, missing
from controls.fields import Fields, seen
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack

_DATABASE: Final = "aws:rds/instance:Instance"
_DATABASES: Final = "aws:rds/cluster:Cluster"
_MEMBER: Final = "aws:rds/clusterInstance:ClusterInstance"
_IMAGES: Final = "aws:ecr/repository:Repository"

STATEFUL: Final = (
    *BUCKETS,
    _DATABASE,
    _DATABASES,
    *(
        "aws:dynamodb/table:Table",
        "aws:efs/fileSystem:FileSystem",
        "aws:elasticache/replicationGroup:ReplicationGroup",
    ),
)
"""Types whose removal loses data."""


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.type in STATEFUL and not item.protected:
        yield "is not protected in Pulumi, and removing it loses data; set the option protect"
    if item.type in BUCKETS:
        yield from bucket(item)
    elif item.type in COMPANIONS:
        yield from COMPANIONS[item.type](item.fields)
    elif item.type in _CHECKS:
        yield from _CHECKS[item.type](item.fields)


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    return missing(stack)


def _database(database: Fields) -> Iterator[str]:
    for key in ("storageEncrypted", "deletionProtection"):
        if database.value(key) is not True:
            yield f"{key} {seen(database.value(key))}; set it to true"
    yield from _private(database)


def _private(database: Fields) -> Iterator[str]:
    value = database.value("publiclyAccessible")
    if value not in (None, False):
        yield f"publiclyAccessible {seen(value)}; set it to false"


def _images(repository: Fields) -> Iterator[str]:
    mutability = repository.value("imageTagMutability")
    if mutability != "IMMUTABLE":
        yield f"imageTagMutability {seen(mutability)}; set it to IMMUTABLE"
    if repository.section("imageScanningConfiguration").value("scanOnPush") is not True:
        yield "imageScanningConfiguration.scanOnPush is not true; set it"
    if not any(
        one.value("encryptionType") in ("KMS", "KMS_DSSE")
        for one in repository.entries("encryptionConfigurations")
    ):
        yield "encryptionConfigurations do not use KMS; set encryptionType"


_CHECKS: Final[Mapping[str, Callable[[Fields], Iterator[str]]]] = MappingProxyType(
    {_DATABASE: _database, _DATABASES: _database, _MEMBER: _private, _IMAGES: _images}
)

_REST = """\
  storageEncrypted: true
  publiclyAccessible: false
options: {protect: true}
"""

BAD = f"""\
type: {_DATABASE}
name: tracking
properties:
  deletionProtection: false
{_REST}"""

GOOD = f"""\
type: {_DATABASE}
name: tracking
properties:
  deletionProtection: true
{_REST}"""

CONTROL = Control(
    id="DS-02",
    title=(
        "S3: all four public-access blocks, KMS, versioning, TLS-only policy, no principal `*`; RDS: encrypted, "
        "private, deletion protection; stateful resources protected in Pulumi; ECR immutable, scanned, KMS"
    ),
    severity=Severity.CRITICAL,
    anchors=("CKV_AWS_16", "CKV_AWS_17", "CKV_AWS_51", "CKV_AWS_53-56", "CKV_AWS_136", "CKV_AWS_163"),
    why="Here the data and the models lie: what is open, unversioned or unprotected is leaked or lost for good.",
    fix="Block public access, encrypt with a key of your own, keep versions, and protect what holds data.",
    bad=BAD,
    good=GOOD,
    kinds=(*STATEFUL, *COMPANIONS, _MEMBER, _IMAGES),
    check=check,
    check_stack=check_stack,
)
