"""The authority of one cluster's own servers: it signs for what never leaves the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import Manifest, kubernetes_object, part
from components.network.certificate import ISSUER
from components.trust.cert_manager_traffic import HOME

SECRET = "platform-ca"  # noqa: S105 - the name of a Secret
"""In cert-manager's namespace; `ca.crt` in it is what clients of these servers trust."""

_SELF = "platform-self-signed"


@dataclass(frozen=True, kw_only=True)
class PlatformIssuerArgs:
    """`labels` are on every object."""

    cluster: str
    labels: Mapping[str, str]


class PlatformIssuer(Component, token="mlops:index:PlatformIssuer"):
    """The ClusterIssuer `platform`. Its key is made in the cluster and never leaves it. The output is its name."""

    issuer: pulumi.Output[str]

    def __init__(
        self, name: str, args: PlatformIssuerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        parts = manifests(args.cluster, args.labels)
        parts["authority"]["spec"]["issuerRef"]["name"] = part(self, "self-signed", parts["self-signed"])
        parts["issuer"]["spec"]["ca"]["secretName"] = part(self, "authority", parts["authority"])
        self.issuer = part(self, "issuer", parts["issuer"])
        self.register_outputs({"issuer": self.issuer})


def manifests(cluster: str, labels: Mapping[str, str]) -> dict[str, Manifest]:
    """Ten years for the authority, a year's renewal before its end: its servers' certificates live for 90 days."""
    authority = {
        "secretName": SECRET,
        "isCA": True,
        "commonName": f"{cluster} platform",
        "duration": "87600h",
        "renewBefore": "8760h",
        "privateKey": {"algorithm": "ECDSA", "size": 384, "rotationPolicy": "Always"},
        "usages": ["cert sign", "crl sign", "digital signature"],
        "issuerRef": {"group": "cert-manager.io", "kind": "Issuer", "name": _SELF},
    }
    made = "cert-manager.io/v1"
    return {
        "self-signed": kubernetes_object(
            made, "Issuer", _SELF, namespace=HOME, labels=labels, spec={"selfSigned": {}}
        ),
        "authority": kubernetes_object(
            made, "Certificate", SECRET, namespace=HOME, labels=labels, spec=authority
        ),
        "issuer": kubernetes_object(
            made, "ClusterIssuer", ISSUER, labels=labels, spec={"ca": {"secretName": SECRET}}
        ),
    }
