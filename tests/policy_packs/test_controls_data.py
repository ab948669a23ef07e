"""Controls DS: for each one documents that break it and documents that do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest
from controls.configuration import Configuration
from controls.data.buckets import BUCKETS, COMPANIONS
from controls.fields import Unproved, fields
from controls.item import Item
from controls.judge import Judge
from controls.stack import Stack

from tests.policy_packs.control_pairs import found, pod, resource

BUCKET = BUCKETS[1]
BLOCK, POLICY, ENCRYPTION, _, VERSIONING, _ = COMPANIONS
PROTECTED = "{protect: true}"
ALL_BLOCKED = (
    "{blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true}"
)
TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
CLASS = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: gp3}\n"
PLAIN = CLASS + "provisioner: example.com/nfs\n---\n"
DATABASE = "aws:rds/instance:Instance"
IMAGES = "aws:ecr/repository:Repository"
SCANNED = "imageScanningConfiguration: {scanOnPush: true}, encryptionConfigurations: [{encryptionType: KMS}]"


def claim(spec: str) -> str:
    return (
        f"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: c, namespace: team}}\nspec: {spec}\n"
    )


def stateful(spec: str) -> str:
    return f"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: s, namespace: team}}\nspec: {spec}\n"


def ephemeral(spec: str) -> str:
    return pod(f"{{volumes: [{{name: v, ephemeral: {{volumeClaimTemplate: {{spec: {spec}}}}}}}]}}")


def allowing(principal: object, *others: object) -> str:
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"},
        *others,
    ]
    return resource(POLICY, f"{{policy: {json.dumps(json.dumps({'Statement': statements}))}}}")


def encryption(rule: str) -> str:
    return resource(ENCRYPTION, f"{{rules: [{{applyServerSideEncryptionByDefault: {rule}}}]}}")


def database(properties: str, options: str = PROTECTED) -> str:
    return resource(
        DATABASE, f"{{storageEncrypted: true, deletionProtection: true, {properties}}}", options=options
    )


BAD = [
    ("DS-01", CLASS + "provisioner: ebs.csi.aws.com\n"),
    ("DS-01", CLASS + "provisioner: ebs.csi.aws.com\nparameters: {encrypted: 'true'}\n"),
    ("DS-01", CLASS + "provisioner: kubernetes.io/aws-ebs\nparameters: {encrypted: 'false', kmsKeyId: k}\n"),
    ("DS-01", CLASS + "provisioner: !unknown ''\n"),
    ("DS-01", CLASS + "provisioner: ebs.csi.aws.com\nparameters: 7\n"),
    ("DS-01", claim("{}")),
    ("DS-01", claim("{storageClassName: 7}")),
    ("DS-01", claim("{storageClassName: gp3}")),
    ("DS-01", PLAIN + claim("{storageClassName: !unknown ''}")),
    ("DS-01", PLAIN + claim("{storageClassName: gp4}")),
    ("DS-01", PLAIN + stateful("{volumeClaimTemplates: [{spec: {storageClassName: ''}}]}")),
    ("DS-01", PLAIN + stateful("{volumeClaimTemplates: [null]}")),
    ("DS-01", PLAIN + ephemeral("{}")),
    ("DS-01", "apiVersion: v1\nkind: PersistentVolume\nspec: {hostPath: {path: /}}\n"),
    ("DS-01", "apiVersion: v1\nkind: PersistentVolume\nspec: !unknown ''\n"),
    ("DS-02", resource(BLOCK, ALL_BLOCKED.replace("ignorePublicAcls: true", "ignorePublicAcls: false"))),
    ("DS-02", resource(BLOCK, "{blockPublicAcls: true}")),
    ("DS-02", resource(BLOCK, ALL_BLOCKED.replace("blockPublicAcls: true", "blockPublicAcls: !unknown ''"))),
    ("DS-02", encryption("{sseAlgorithm: AES256}")),
    ("DS-02", encryption("{sseAlgorithm: 'aws:kms'}")),
    ("DS-02", resource(ENCRYPTION, "{rules: 7}")),
    ("DS-02", resource(ENCRYPTION, "{rules: []}")),
    ("DS-02", resource(VERSIONING, "{versioningConfiguration: {status: Suspended}}")),
    ("DS-02", resource(VERSIONING, "{versioningConfiguration: !unknown ''}")),
    ("DS-02", allowing("*", TLS)),
    ("DS-02", allowing({"AWS": ["*"]}, TLS)),
    ("DS-02", allowing({"AWS": "arn:aws:iam::123456789012:role/a"})),
    ("DS-02", resource(POLICY, "{policy: '{'}")),
    ("DS-02", resource(BUCKET, "{bucket: models}", options=PROTECTED)),
    ("DS-02", database("publiclyAccessible: true")),
    ("DS-02", database("publiclyAccessible: !unknown ''")),
    ("DS-02", database("publiclyAccessible: false", options="{}")),
    (
        "DS-02",
        database("publiclyAccessible: false").replace("storageEncrypted: true", "storageEncrypted: 'yes'"),
    ),
    ("DS-02", database("publiclyAccessible: false").replace("deletionProtection: true", "engine: postgres")),
    ("DS-02", resource("aws:rds/clusterInstance:ClusterInstance", "{publiclyAccessible: true}")),
    ("DS-02", resource(IMAGES, f"{{imageTagMutability: MUTABLE, {SCANNED}}}")),
    (
        "DS-02",
        resource(IMAGES, "{imageTagMutability: IMMUTABLE, imageScanningConfiguration: {scanOnPush: true}}"),
    ),
    ("DS-02", resource(IMAGES, f"{{imageTagMutability: !unknown '', {SCANNED}}}")),
    (
        "DS-02",
        resource(IMAGES, f"{{imageTagMutability: IMMUTABLE, {SCANNED.replace('true', '!unknown true')}}}"),
    ),
]

GOOD = [
    (
        "DS-01",
        CLASS + "provisioner: ebs.csi.aws.com\nparameters: {encrypted: 'true', kmsKeyId: !unknown ''}\n",
    ),
    ("DS-01", PLAIN + claim("{storageClassName: gp3}")),
    ("DS-01", PLAIN + stateful("{volumeClaimTemplates: [{spec: {storageClassName: gp3}}]}")),
    ("DS-01", PLAIN + ephemeral("{storageClassName: gp3}")),
    ("DS-01", "apiVersion: v1\nkind: PersistentVolume\nspec: {csi: {driver: ebs.csi.aws.com}}\n"),
    ("DS-02", resource(BLOCK, ALL_BLOCKED)),
    ("DS-02", encryption("{sseAlgorithm: 'aws:kms', kmsMasterKeyId: !unknown ''}")),
    ("DS-02", resource(VERSIONING, "{versioningConfiguration: {status: Enabled}}")),
    ("DS-02", allowing({"AWS": "arn:aws:iam::123456789012:role/a"}, TLS)),
    ("DS-02", resource(POLICY, "{policy: !unknown ''}")),
    ("DS-02", database("publiclyAccessible: false")),
    ("DS-02", resource(IMAGES, f"{{imageTagMutability: IMMUTABLE, {SCANNED}}}")),
]


@pytest.mark.parametrize(("control", "text"), BAD)
def test_what_breaks_a_control_is_found(control: str, text: str) -> None:
    assert found(control, text)


@pytest.mark.parametrize(("control", "text"), GOOD)
def test_what_meets_a_control_is_left_alone(control: str, text: str) -> None:
    assert found(control, text) == []


def whole_bucket(named: object, *, dependent: bool) -> list[Item]:
    """A bucket with everything it needs beside it, which says so by name or by dependency."""
    by = MappingProxyType({"bucket": ("models",)} if dependent else {})
    inputs: dict[str, dict[object, object]] = {
        BLOCK: dict.fromkeys(
            ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
        ),
        POLICY: {"policy": json.dumps({"Statement": [TLS]})},
        ENCRYPTION: {
            "rules": [
                {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"}}
            ]
        },
        VERSIONING: {"versioningConfiguration": {"status": "Enabled"}},
    }
    companions = [
        Item(kind=kind, fields=fields({**given, "bucket": named}), dependencies=by)
        for kind, given in inputs.items()
    ]
    bucket = Item(kind=BUCKET, fields=fields({"bucket": "company-models"}), resource="models", protected=True)
    return [bucket, *companions]


def said(items: list[Item]) -> list[str]:
    judge = Judge(Configuration(), date.min)
    verdicts = (*map(judge.item, items), judge.stack(Stack(items)))
    return [one.message for verdict in verdicts for one in verdict.findings if one.control == "DS-02"]


@pytest.mark.parametrize(
    ("named", "dependent"),
    [("company-models", False), ("${models}", False), ("${models.id}", False), (Unproved.UNKNOWN, True)],
)
def test_a_bucket_finds_what_stands_beside_it(named: object, dependent: bool) -> None:
    assert said(whole_bucket(named, dependent=dependent)) == []


@pytest.mark.parametrize("left_out", [1, 2, 3, 4])
def test_a_bucket_lacks_each_of_its_companions(left_out: int) -> None:
    items = whole_bucket("company-models", dependent=False)
    assert len(said(items[:left_out] + items[left_out + 1 :])) == 1


def test_a_companion_of_another_bucket_does_not_count() -> None:
    assert len(said(whole_bucket("other", dependent=False))) == 4


@pytest.mark.parametrize("acl", ["public-read", "authenticated-read", Unproved.UNKNOWN])
def test_a_bucket_is_open_to_nobody_by_its_acl(acl: object) -> None:
    bucket, *companions = whole_bucket("company-models", dependent=False)
    opened = replace(bucket, fields=fields({"bucket": "company-models", "acl": acl}))
    assert len(said([opened, *companions])) == 1
