"""What the API server lets a pod ask for: slices that some pool offers, and nodes of its own purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.admission.policy import Rule, binding, policy
from components.base import Component
from components.isolation.tenant_namespace import PURPOSE_LABEL as TENANT_PURPOSE
from components.manifest import Manifest, part
from config.gpu import POOLS_OF, PURPOSE_LABEL
from config.gpu_pool import GpuPool
from config.gpu_slices import offered
from config.tenants import TenantPurpose

OFFERED = "mlops-gpu-offered"
PURPOSE = "mlops-gpu-purpose"

_CONTAINERS = ("containers", "initContainers")


@dataclass(frozen=True, kw_only=True)
class GpuAdmissionArgs:
    """`pools` are those whose slices a pod asks for as resources; `labels` are on every object."""

    pools: Sequence[GpuPool]
    labels: Mapping[str, str]


class GpuAdmission(Component, token="mlops:index:GpuAdmission"):
    """A pod that no node could ever take is refused at once, with what it could have asked for (GC-01), and a tenant's
    pod cannot get onto nodes of another purpose, whatever it tolerates or names."""

    def __init__(self, name: str, args: GpuAdmissionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for made, bound in (
            (offered_policy(offered(args.pools), args.labels), offered_binding(args.labels)),
            *((purpose_policy(one, args.labels), purpose_binding(one, args.labels)) for one in POOLS_OF),
        ):
            kind = made["metadata"]["name"].removeprefix("mlops-gpu-")
            bound["spec"]["policyName"] = part(self, kind, made)
            part(self, f"{kind}-binding", bound)
        self.register_outputs({})


def offered_policy(resources: Sequence[str], labels: Mapping[str, str]) -> Manifest:
    """Limits alone are looked at: an extended resource's request is its limit, by Kubernetes' own rule."""
    instead = f"ask for one of {', '.join(resources)}" if resources else "claim a slice instead"
    known = "[" + ", ".join(f"'{one}'" for one in resources) + "]"
    validations = [
        {
            "expression": (
                f"!has(object.spec.{group}) || !object.spec.{group}.exists(c, has(c.resources) && "
                "has(c.resources.limits) && c.resources.limits.exists(r, "
                f"r.startsWith('nvidia.com/') && !(r in {known})))"
            ),
            "message": f"no GPU pool of this cluster offers that: {instead}",
            "reason": "Invalid",
        }
        for group in _CONTAINERS
    ]
    return policy(OFFERED, [_pods("CREATE")], validations, labels)


def offered_binding(labels: Mapping[str, str]) -> Manifest:
    """In every namespace: nobody's pod can be placed that asks for something else."""
    return binding(OFFERED, labels)


def purpose_policy(purpose: TenantPurpose, labels: Mapping[str, str]) -> Manifest:
    """No toleration that covers another purpose's taint, and no node by name, which would go round the scheduler.

    A toleration may be added later, so changes are looked at too; a pod that is being deleted may always go.
    """
    own = " || ".join(f"t.value == '{one}'" for one in sorted(POOLS_OF[purpose])) or "false"
    key = f"(!has(t.key) || t.key == '' || t.key == '{PURPOSE_LABEL}')"
    named = f"has(t.key) && t.key == '{PURPOSE_LABEL}' && has(t.value) && ({own})"
    allowed = ", ".join(sorted(POOLS_OF[purpose])) or "none"
    validations = [
        {
            "expression": (
                "has(object.metadata.deletionTimestamp) || !has(object.spec.tolerations) || "
                f"!object.spec.tolerations.exists(t, {key} && !({named}))"
            ),
            "message": (
                f"pods of {purpose} tenants run on GPU nodes of these purposes and no others: {allowed}. Tolerate "
                f"{PURPOSE_LABEL} with that value, never every taint"
            ),
            "reason": "Forbidden",
        },
        {
            "expression": "request.operation != 'CREATE' || !has(object.spec.nodeName)",
            "message": "the scheduler chooses the node: leave nodeName out",
            "reason": "Forbidden",
        },
    ]
    return policy(f"{PURPOSE}-{purpose}", [_pods("CREATE", "UPDATE")], validations, labels)


def purpose_binding(purpose: TenantPurpose, labels: Mapping[str, str]) -> Manifest:
    """In namespaces of tenants of that purpose, by a label that tenants cannot change."""
    selected = {"namespaceSelector": {"matchLabels": {TENANT_PURPOSE: purpose}}}
    return binding(f"{PURPOSE}-{purpose}", labels, matchResources=selected)


def _pods(*operations: str) -> Rule:
    return {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": list(operations)}
