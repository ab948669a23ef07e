"""Tokens of the realm, as the mesh verifies them for one application."""

from __future__ import annotations

from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object


def realm_tokens(app: str, issuer: str, audience: str, namespace: NamespaceRef) -> Manifest:
    """The app's RequestAuthentication: a token that is not the realm's, or not for that audience, is refused; a good
    one goes on with the request. It demands none: that is a policy's part."""
    rule = {
        "issuer": issuer,
        "jwksUri": f"{issuer}/protocol/openid-connect/certs",
        "audiences": [audience],
        "forwardOriginalToken": True,
    }
    spec = {"selector": {"matchLabels": selector(app)}, "jwtRules": [rule]}
    return kubernetes_object(
        "security.istio.io/v1", "RequestAuthentication", app, namespace=namespace, spec=spec
    )
