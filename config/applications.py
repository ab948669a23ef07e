"""The platform's applications as clients of the realm: who they are, and where a login may come back to.

A public client holds no secret (a command line, a browser page); it proves with PKCE that the code is its own
(RFC 7636). A native one listens on the loopback address of the user's machine (RFC 8252).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NATIVE_REDIRECT = "http://127.0.0.1:18000/callback"
"""Where command lines of the platform listen during a login."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """`client` is the client's name and the audience of its tokens; `callbacks` are paths at its own host."""

    client: str
    title: str
    confidential: bool
    callbacks: tuple[str, ...] = ()
    loopback: tuple[str, ...] = ()

    def redirect_uris(self, domain: str, more: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Every exact address, without repetition."""
        own = tuple(f"https://{self.client}.{domain}{path}" for path in self.callbacks)
        return tuple(dict.fromkeys((*own, *self.loopback, *more.get(self.client, ()))))


APPLICATIONS: tuple[Application, ...] = (
    Application(
        client="kubernetes",
        title="kubectl",
        confidential=False,
        loopback=(NATIVE_REDIRECT, "http://localhost:8000"),
    ),
    Application(
        client="api",
        title="Platform API",
        confidential=False,
        callbacks=("/callback",),
        loopback=(NATIVE_REDIRECT,),
    ),
    Application(
        client="mlflow",
        title="MLflow",
        confidential=False,
        callbacks=("/oauth2/callback",),
        loopback=(NATIVE_REDIRECT,),
    ),
    Application(client="objectstore", title="Object store", confidential=False, loopback=(NATIVE_REDIRECT,)),
    Application(client="kfp", title="Kubeflow Pipelines", confidential=True, callbacks=("/oauth2/callback",)),
    Application(client="argocd", title="Argo CD", confidential=True, callbacks=("/auth/callback",)),
    Application(client="signoz", title="SigNoz", confidential=True, callbacks=("/api/v1/complete/oidc",)),
    Application(client="labeling", title="Label Studio", confidential=True, callbacks=("/oidc/callback",)),
    Application(
        client="vault",
        title="Vault",
        confidential=True,
        callbacks=("/ui/vault/auth/oidc/oidc/callback",),
        loopback=("http://localhost:8250/oidc/callback",),
    ),
)
