"""Slices by Dynamic Resource Allocation: a class for each kind, and a template that tenants' pods claim one by.

Drivers' attributes are those of kubernetes-sigs/dra-driver-nvidia-gpu.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from config.gpu_pool import GpuPool
from config.gpu_slices import WHOLE, slices

DRIVER = "gpu.nvidia.com"
_API = "resource.k8s.io/v1"


@dataclass(frozen=True, kw_only=True)
class GpuClaimsArgs:
    """`pools` of the cluster; each of the `namespaces` gets the templates; `labels` are on every object."""

    pools: Sequence[GpuPool]
    namespaces: Sequence[NamespaceRef]
    labels: Mapping[str, str]


class GpuClaims(Component, token="mlops:index:GpuClaims"):
    """What takes the place of extended resources where the device plugin does not run."""

    def __init__(self, name: str, args: GpuClaimsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for kind, resource in kinds(args.pools).items():
            made = part(self, f"class-{kind}", device_class(kind, resource, args.labels))
            for namespace in args.namespaces:
                template = claim_template(resource, made, namespace, args.labels)
                part(self, f"claim-{kind}-{namespace.name}", template)
        self.register_outputs({})


def kinds(pools: Sequence[GpuPool]) -> dict[str, str]:
    """Kinds of slices that the pools have, each with the resource that quotas call it by."""
    return {one.kind: one.resource for pool in pools for one in slices(pool)}


def device_class_name(resource: str) -> str:
    """`mlops-mig-1g.10gb` for `nvidia.com/mig-1g.10gb`."""
    return f"mlops-{resource.partition('/')[2]}"


def device_class(kind: str, resource: str, labels: Mapping[str, str]) -> Manifest:
    """Devices of one kind: whole GPUs, or instances of one MIG profile."""
    attributes = f"device.attributes['{DRIVER}']"
    told = (
        f"{attributes}.type == 'gpu'"
        if kind == WHOLE
        else f"{attributes}.type == 'mig' && {attributes}.profile == '{kind}'"
    )
    spec = {"selectors": [{"cel": {"expression": f"device.driver == '{DRIVER}' && {told}"}}]}
    return kubernetes_object(_API, "DeviceClass", device_class_name(resource), labels=labels, spec=spec)


def claim_template(
    resource: str, device_class: pulumi.Input[str], namespace: NamespaceRef, labels: Mapping[str, str]
) -> Manifest:
    """One slice for a pod that names it in `resourceClaims`."""
    request = {"name": "gpu", "exactly": {"deviceClassName": device_class, "count": 1}}
    spec = {"spec": {"devices": {"requests": [request]}}}
    name = device_class_name(resource)
    return kubernetes_object(
        _API, "ResourceClaimTemplate", name, namespace=namespace, labels=labels, spec=spec
    )
