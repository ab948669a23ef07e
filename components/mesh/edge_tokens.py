"""Who gets through the ingress: people with a token of the realm, and TLS for servers that look for themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object
from components.mesh.names import INGRESS
from components.mesh.realm_tokens import realm_tokens

_HTTP = "80"


def edge_tokens(issuer: str, audience: str, namespace: NamespaceRef) -> Manifest:
    """A token that is not the realm's, or for another application, is refused at the edge; a good one goes on to the
    application, which looks again (MS-05)."""
    return realm_tokens(INGRESS, issuer, audience, namespace)


def edge_access(
    issuer: str, people: Iterable[str], passed: Iterable[str], namespace: NamespaceRef
) -> Manifest:
    """People's hosts need a token; the redirect needs none, as nothing is behind it. Of TLS that goes through, the
    gateway sees the name alone."""
    rules: list[dict[str, Any]] = [{"to": [{"operation": {"ports": [_HTTP]}}]}]
    hosts, names = list(people), list(passed)
    forms = [form for host in hosts for form in (host, f"{host}:*")]
    if hosts:
        rules.append(
            {
                "from": [{"source": {"requestPrincipals": [f"{issuer}/*"]}}],
                "to": [
                    {
                        "operation": {
                            "hosts": forms,
                            "ports": ["443"],
                        }
                    }
                ],
            }
        )
    if names:
        rules.append(
            {
                "to": [{"operation": {"ports": ["443"]}}],
                "when": [{"key": "connection.sni", "values": names}],
            }
        )
    spec = {"selector": {"matchLabels": selector(INGRESS)}, "action": "ALLOW", "rules": rules}
    return kubernetes_object(
        "security.istio.io/v1", "AuthorizationPolicy", f"{INGRESS}-edge", namespace=namespace, spec=spec
    )
