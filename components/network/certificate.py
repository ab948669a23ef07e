"""A server certificate that cert-manager makes and renews; its key never leaves the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.manifest import Manifest, NamespaceRef, kubernetes_object

ISSUER = "platform"
"""The ClusterIssuer that signs for the platform's own servers; it comes with cert-manager."""


def certificate(
    name: str,
    hosts: Sequence[str],
    namespace: NamespaceRef,
    labels: Mapping[str, str],
    *,
    addresses: Sequence[str] = (),
) -> Manifest:
    """The Certificate, and by its `secretName` the Secret of the same name (`tls.crt`, `tls.key`, `ca.crt`).

    Every host is named as it is. The key is made anew at each renewal, a month before the end.
    """
    spec = {
        "secretName": name,
        "dnsNames": list(hosts),
        **({"ipAddresses": list(addresses)} if addresses else {}),
        "duration": "2160h",
        "renewBefore": "720h",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "server auth"],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": ISSUER},
    }
    return kubernetes_object(
        "cert-manager.io/v1", "Certificate", name, namespace=namespace, labels=labels, spec=spec
    )
