"""The mesh's authority in one cluster: an intermediate below the root, renewed while its predecessor is still good."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.manifest import Manifest, NamespaceRef, custom_resource, declare, kubernetes_object, name_of
from components.trust.mesh_names import DURATION, ISSUER, SECRET, common_name
from components.trust.vault_issuer import StoreAccess, vault_issuer

ROOTS = "mesh-roots"
"""ConfigMap that Istio's control plane reads besides its own configuration: the roots that are trusted."""


@dataclass(frozen=True, kw_only=True)
class MeshIntermediateArgs:
    """`namespace` is the control plane's. `path` is where the root signs, `roots` are the PEM texts of all roots that
    are trusted. `signed` is False where nobody runs who would ask for a signature: then nothing waits for one."""

    namespace: NamespaceRef
    access: StoreAccess
    path: str
    roots: Sequence[pulumi.Input[str]]
    signed: bool
    labels: Mapping[str, str]


class MeshIntermediate(Component, token="mlops:index:MeshIntermediate"):
    """The issuer, the Secret `cacerts` by its Certificate, and the roots. The output is the Secret's name.

    A control plane that starts before the Secret is there makes a root of its own: `ready` is what it waits for.
    """

    secret: pulumi.Output[str]

    def __init__(
        self, name: str, args: MeshIntermediateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        issuer = vault_issuer(ISSUER, args.path, ISSUER, args.access, args.labels)
        made = custom_resource(self.child("issuer"), issuer, self.opts())
        wanted = certificate(args.access.cluster, args.namespace, args.labels, wait=args.signed)
        wanted["spec"]["issuerRef"]["name"] = name_of(made)
        self.certificate = custom_resource(self.child("certificate"), wanted, self.opts())
        roots = declare(
            self.child("roots"), trusted_roots(args.roots, args.namespace, args.labels), self.opts()
        )
        self.ready: tuple[pulumi.Resource, ...] = (self.certificate, roots)
        self.secret = name_of(self.certificate)
        self.register_outputs({"secret": self.secret})


def certificate(cluster: str, namespace: NamespaceRef, labels: Mapping[str, str], *, wait: bool) -> Manifest:
    """90 days, a new key a month before the end: what the old one signed, for a day at most, stays good meanwhile,
    since both are below the same root. With `wait` it counts as made once it is signed."""
    spec = {
        "secretName": SECRET,
        "isCA": True,
        "commonName": common_name(cluster),
        "duration": DURATION,
        "renewBefore": "720h0m0s",
        "privateKey": {"algorithm": "ECDSA", "size": 384, "rotationPolicy": "Always"},
        "usages": ["cert sign", "crl sign", "digital signature"],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": ISSUER},
    }
    made = kubernetes_object(
        "cert-manager.io/v1", "Certificate", SECRET, namespace=namespace, labels=labels, spec=spec
    )
    if wait:
        made["metadata"]["annotations"] = {"pulumi.com/waitFor": "condition=Ready"}
    return made


def trusted_roots(
    roots: Sequence[pulumi.Input[str]], namespace: NamespaceRef, labels: Mapping[str, str]
) -> Manifest:
    """During a change of roots proxies of every cluster trust what either of them signed, whichever signs for their
    own cluster. A single root they have from their own authority: nothing is said of it twice."""
    listed = roots if len(roots) > 1 else ()
    mesh: pulumi.Input[str] = pulumi.Output.all(*listed).apply(mesh_config) if listed else mesh_config(())
    return kubernetes_object(
        "v1", "ConfigMap", ROOTS, namespace=namespace, labels=labels, data={"mesh": mesh}
    )


def mesh_config(roots: Sequence[str]) -> str:
    """The part of Istio's own configuration that names them; JSON is YAML too."""
    return json.dumps({"caCertificates": [{"pem": root} for root in roots]}, indent=1)


def control_plane_values(generation: str) -> dict[str, Any]:
    """What Istio's control plane needs for it. `generation` names the root that signs: a new one restarts the control
    plane, which reads a new intermediate by itself, but one below another root at its start alone."""
    return {
        "env": {"ISTIO_MULTIROOT_MESH": "true", "SHARED_MESH_CONFIG": ROOTS},
        "meshConfig": {"defaultConfig": {"proxyMetadata": {"PROXY_CONFIG_XDS_AGENT": "true"}}},
        "podAnnotations": {"mlops.platform/mesh-root": generation},
    }
