"""Which control of the policy packs has which twin inside a cluster, and the component that puts them there."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pulumi

from components.admission.guard import Guard, policy_manifest
from components.admission.image_guards import image_guards
from components.admission.mesh_guards import MESH_GUARDS, tokens
from components.admission.policy import binding
from components.admission.workload_guards import WORKLOAD_GUARDS
from components.base import Component
from components.labels import Owner, labels
from components.manifest import part


class Twin(enum.Enum):
    """What refuses inside the cluster."""

    POD_SECURITY = "Pod Security label"
    ADMISSION = "ValidatingAdmissionPolicy"
    MESH = "mesh policy"


TWINS: Mapping[str, tuple[Twin, ...]] = MappingProxyType(
    {
        "WL-01": (Twin.POD_SECURITY, Twin.ADMISSION),
        "WL-02": (Twin.POD_SECURITY, Twin.ADMISSION),
        "WL-03": (Twin.POD_SECURITY, Twin.ADMISSION),
        "WL-04": (Twin.POD_SECURITY,),
        "WL-05": (Twin.POD_SECURITY,),
        "WL-06": (Twin.POD_SECURITY,),
        "WL-07": (Twin.POD_SECURITY,),
        "WL-08": (Twin.POD_SECURITY,),
        "WL-10": (Twin.POD_SECURITY,),
        "WL-13": (Twin.ADMISSION,),
        "MS-01": (Twin.ADMISSION,),
        "MS-02": (Twin.MESH, Twin.ADMISSION),
        "MS-03": (Twin.ADMISSION,),
        "MS-05": (Twin.MESH, Twin.ADMISSION),
        "MS-07": (Twin.ADMISSION,),
        "MS-10": (Twin.MESH,),
        "SC-01": (Twin.ADMISSION,),
        "SC-02": (Twin.ADMISSION,),
        "SC-03": (Twin.ADMISSION,),
        "SC-04": (Twin.ADMISSION,),
    }
)
"""Control to its twins. Every critical one of workloads, mesh and supply chain has one.

The label judges pods as they are made; a policy refuses what would make them, too. The mesh's policies hold for what
no single object shows: who has no policy that allows is refused (MS-02, MS-05), and who has no certificate of the
mesh's root and trust domain gets no connection (MS-10). SC-04 asks for a rule on images that denies and fails closed:
that is what SC-01 to SC-03 have.
"""


UNPINNED = "dev"
"""The environment in which images may go without a digest, as in the policy packs (SC-03)."""


@dataclass(frozen=True, kw_only=True)
class AdmissionTwinsArgs:
    """`registries` are prefixes of images that tenants may run besides the platform's own; `digests` says whether
    images have to be pinned; `issuer` is the address of the realm whose tokens count."""

    registries: Sequence[str]
    digests: bool
    issuer: str
    owner: Owner


class AdmissionTwins(Component, token="mlops:index:AdmissionTwins"):
    """The policies of one cluster; `policies` are their names, each bound."""

    policies: pulumi.Output[list[str]]

    def __init__(
        self, name: str, args: AdmissionTwinsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        common = labels("admission", "policy", args.owner)
        bound = []
        for guard in guards(args.registries, digests=args.digests, issuer=args.issuer):
            made = part(self, guard.name, policy_manifest(guard, common))
            bound_by = binding(guard.name, common)
            bound_by["spec"]["policyName"] = made
            bound.append(part(self, f"{guard.name}-binding", bound_by))
        self.policies = pulumi.Output.all(*bound)
        self.register_outputs({"policies": self.policies})


def guards(registries: Sequence[str], *, digests: bool, issuer: str) -> tuple[Guard, ...]:
    """Every admission policy of a cluster."""
    return (*WORKLOAD_GUARDS, *MESH_GUARDS, tokens(issuer), *image_guards(registries, digests=digests))
