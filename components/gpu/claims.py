"""Slices by Dynamic Resource Allocation: a class for each resource that quotas speak of, and a template to claim one.

Drivers' attributes are those of kubernetes-sigs/dra-driver-nvidia-gpu.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from config.gpu_pool import GpuPool
from config.gpu_slices import WHOLE, offered, slices

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
        for resource, named in kinds(args.pools).items():
            short = resource.partition("/")[2]
            made = part(self, f"class-{short}", device_class(resource, named, args.labels))
            for namespace in args.namespaces:
                template = claim_template(resource, made, namespace, args.labels)
                part(self, f"claim-{short}-{namespace.name}", template)
        self.register_outputs({})


def kinds(pools: Sequence[GpuPool]) -> dict[str, list[str]]:
    """Each resource of the pools with the kinds of slices that quotas call by it, sorted: `nvidia.com/gpu` is a whole
    GPU in one pool and in another the one MIG profile of its layout `single`."""
    offers = [one for pool in pools for one in slices(pool)]
    return {
        resource: sorted({one.kind for one in offers if one.resource == resource})
        for resource in offered(pools)
    }


def device_class_name(resource: str) -> str:
    """`mlops-mig-1g.10gb` for `nvidia.com/mig-1g.10gb`."""
    return f"mlops-{resource.partition('/')[2]}"


def device_class(resource: str, kinds: Sequence[str], labels: Mapping[str, str]) -> Manifest:
    """Devices of any of the kinds: whole GPUs, or instances of a MIG profile."""
    told = " || ".join(f"({_is(kind)})" for kind in kinds)
    spec = {"selectors": [{"cel": {"expression": f"device.driver == '{DRIVER}' && ({told})"}}]}
    return kubernetes_object(_API, "DeviceClass", device_class_name(resource), labels=labels, spec=spec)


def _is(kind: str) -> str:
    """CEL: the device is of the kind."""
    attributes = f"device.attributes['{DRIVER}']"
    if kind == WHOLE:
        return f"{attributes}.type == 'gpu'"
    return f"{attributes}.type == 'mig' && {attributes}.profile == '{kind}'"


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
