"""GC-03. Sources: Trivy KSV-0039 and KSV-0040; Kubernetes, "Resource quotas" of extended resources.

A tenant's namespace has the label of tenants. Where no namespace of the stack has it, each one is a tenant's but the
cluster's own and those of gateways.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack

_GPUS: Final = "requests.nvidia.com/"


def check_stack(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    for namespace in _tenants(stack, settings):
        where = (namespace.cluster, namespace.name)
        quotas = stack.of_namespace(where, "ResourceQuota")
        if not any(
            name.startswith(_GPUS) for one in quotas for name, _ in one.spec.section("hard").present()
        ):
            yield (
                namespace,
                f"has no ResourceQuota with {_GPUS}*; declare how many it may ask for, none included",
            )
        if not stack.of_namespace(where, "LimitRange"):
            yield namespace, "has no LimitRange; declare what a container gets that asks for nothing"


def _tenants(stack: Stack, settings: Settings) -> list[Item]:
    namespaces = stack.of("Namespace")
    labelled = [one for one in namespaces if one.labels.value(settings.tenant_label) is not None]
    others = {"default", *settings.gateway_namespaces}
    return labelled or [
        one for one in namespaces if one.name not in others and not one.name.startswith("kube-")
    ]


BAD = """\
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: LimitRange
metadata: {name: bounds, namespace: team}
"""

GOOD = f"""\
{BAD}---
apiVersion: v1
kind: ResourceQuota
metadata: {{name: quota, namespace: team}}
spec: {{hard: {{requests.nvidia.com/gpu: "0"}}}}
"""

CONTROL = Control(
    id="GC-03",
    title="Every tenant namespace has a ResourceQuota (with requests.nvidia.com/*) and a LimitRange",
    severity=Severity.HIGH,
    anchors=("KSV-0039", "KSV-0040"),
    why="Without a bound one tenant takes every GPU, and the bill, of all others.",
    fix="Declare a quota that names GPUs, if only to allow none, and a LimitRange with defaults.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
