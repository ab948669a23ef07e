"""DS-01. Sources: Gatekeeper storageclass, Kyverno require-storageclass and limit-hostpath-type-pv; the parameters of
the EBS CSI driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, is_given, quoted, seen, text
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings
from controls.stack import Stack

CLASS: Final = "StorageClass.storage.k8s.io"
_CLAIM: Final = "PersistentVolumeClaim"
_VOLUME: Final = "PersistentVolume"
_EBS: Final = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.type == CLASS:
        yield from _encrypted(item)
    elif item.type == _VOLUME and item.spec.value("hostPath") is not None:
        yield "pv-hostpath: spec.hostPath is set; use a volume of a driver"
    for where, claim in _claims(item):
        value = claim.value("storageClassName")
        if not is_given(value):
            yield f"storageclass-named: {where}storageClassName {seen(value or None)}; name a StorageClass"


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    classes = {(one.cluster, one.name) for one in stack.of(CLASS)}
    for item in (*stack.of(_CLAIM), *(one for some in stack.bearers.values() for one in some)):
        for where, claim in _claims(item):
            name = claim.value("storageClassName")
            if name is Unproved.UNKNOWN:
                yield item, f"storageclass-exists: {where}storageClassName {seen(name)}; write it out"
            elif text(name) and (item.cluster, name) not in classes:
                yield (
                    item,
                    f"storageclass-exists: {where}storageClassName is {quoted(name)}, which the stack does not "
                    "declare; declare it",
                )


def _encrypted(storage: Item) -> Iterator[str]:
    provisioner = storage.fields.value("provisioner")
    if isinstance(provisioner, Unproved):
        yield f"provisioner {seen(provisioner)}; write it out"
    if provisioner not in _EBS:
        return
    parameters = storage.fields.section("parameters")
    encrypted = parameters.value("encrypted")
    if encrypted is not True and text(encrypted).lower() != "true":
        yield f"parameters.encrypted {seen(encrypted)}; set it to true"
    if not is_given(parameters.value("kmsKeyId")):
        yield "parameters.kmsKeyId is not set; name the key"


def _claims(item: Item) -> Iterator[tuple[str, Fields]]:
    """The spec of every claim that an object is or makes, with its place."""
    if item.type == _CLAIM:
        yield "", item.spec
    if item.type == "StatefulSet.apps":
        for index, claim in enumerate(item.spec.entries("volumeClaimTemplates")):
            yield f"volumeClaimTemplates[{index}].", claim.section("spec")
    if item.pod is None or item.pod.spec.unproved:
        return
    for index, volume in enumerate(item.pod.spec.entries("volumes")):
        if volume.unproved is None and volume.value("ephemeral") is not None:
            template = volume.section("ephemeral").section("volumeClaimTemplate")
            yield f"volumes[{index}].ephemeral.", template.section("spec")


_CLASS = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: gp3}
provisioner: ebs.csi.aws.com
"""

BAD = f"""\
{_CLASS}parameters: {{type: gp3}}
"""

GOOD = f"""\
{_CLASS}parameters: {{type: gp3, encrypted: "true", kmsKeyId: alias/volumes}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: models, namespace: team}}
spec: {{storageClassName: gp3}}
"""

CONTROL = Control(
    id="DS-01",
    title=(
        "EBS StorageClass encrypted with a named key; claims and volumeClaimTemplates name a StorageClass "
        "(storageclass-named) that exists (storageclass-exists); no hostPath PersistentVolume (pv-hostpath)"
    ),
    severity=Severity.HIGH,
    anchors=("Gatekeeper storageclass", "Kyverno limit-hostpath-type-pv"),
    why="A claim without a class lands wherever the cluster's default of the day puts it, encrypted or not.",
    fix="Declare an encrypted StorageClass with a key of your own and name it in every claim.",
    bad=BAD,
    good=GOOD,
    kinds=(CLASS, _CLAIM, _VOLUME, *KINDS),
    check=check,
    check_stack=check_stack,
)
