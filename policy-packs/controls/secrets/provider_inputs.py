"""SE-05. Sources: Pulumi, "Secrets"; CIS Kubernetes 5.4.2 (external secret storage).

A policy sees secrets unwrapped, so it judges where a value comes from: another resource, or nowhere but the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, quoted
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack

_SECRET: Final = "Secret"  # noqa: S105 - a kind
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key by which Pulumi marks a value in its state; a marked one is a secret."""

SENSITIVE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "aws:elasticache/replicationGroup:ReplicationGroup": ("authToken",),
        "aws:rds/cluster:Cluster": ("masterPassword",),
        "aws:rds/instance:Instance": ("password",),
        "aws:redshift/cluster:Cluster": ("masterPassword",),
        "aws:secretsmanager/secretVersion:SecretVersion": ("secretString", "secretBinary"),
        "keycloak:index/user:User": ("initialPassword.value",),
        "keycloak:index/realm:Realm": ("smtpServer.auth.password",),
        "keycloak:ldap/userFederation:UserFederation": ("bindCredential",),
        "keycloak:oidc/identityProvider:IdentityProvider": ("clientSecret",),
        "keycloak:openid/client:Client": ("clientSecret",),
        "vault:aws/secretBackend:SecretBackend": ("secretKey",),
        "vault:database/secretBackendConnection:SecretBackendConnection": (
            "postgresql.password",
            "mysql.password",
            "mongodb.password",
        ),
        "vault:generic/secret:Secret": ("dataJson",),
        "vault:jwt/authBackend:AuthBackend": ("oidcClientSecret",),
        "vault:kv/secret:Secret": ("dataJson",),
        "vault:kv/secretV2:SecretV2": ("dataJson",),
    }
)
"""Type to the inputs that are credentials."""


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    for kind, paths in SENSITIVE.items():
        for item in stack.of(kind):
            for path in paths:
                if _is_literal(item, path):
                    yield (
                        item,
                        f"{path} is written in the program; take it from a generator or the secret store",
                    )
    for secret in stack.of(_SECRET):
        for key in ("data", "stringData"):
            if secret.dependencies.get(key):
                continue
            section = secret.fields.section(key)
            if section.unproved is Unproved.MALFORMED:
                yield secret, f"{key} has the wrong type; write a mapping"
            if _SIGNATURE in (name for name, _ in section.present()):
                continue
            for name, value in section.present():
                if not isinstance(value, Unproved) and not marked(value) and value != "":
                    yield (
                        secret,
                        f"{key} {quoted(name)} is written in the program; let the secret store bring it",
                    )


def _is_literal(item: Item, path: str) -> bool:
    """A nested input that the program declares secret is taken for one; of others the SDK declares that always."""
    head, *rest = path.split(".")
    made = item.declared is not None and head not in item.declared
    if made or item.dependencies.get(head) or (rest and head in item.secret_outputs):
        return False
    here = item.fields
    for key in (head, *rest)[:-1]:
        here = here.section(key)
        if marked(here):
            return False
    value = here.value((head, *rest)[-1])
    return value is not None and value != "" and not isinstance(value, Unproved) and not marked(value)


def marked(value: object) -> bool:
    """Whether Pulumi's state keeps it as a secret."""
    data = value.data if isinstance(value, Fields) else value
    return isinstance(data, dict) and _SIGNATURE in data


BAD = """\
apiVersion: v1
kind: Secret
metadata: {name: database, namespace: team}
stringData: {password: correct-horse}
"""

GOOD = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: database, namespace: team}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: store}
  target: {name: database}
  dataFrom: [{extract: {key: team/database}}]
"""

CONTROL = Control(
    id="SE-05",
    title=(
        "Sensitive provider inputs (client secrets, passwords, Vault data) are Pulumi secrets and come from a "
        "generator or Vault, not from a literal; no Secret object with literal data"
    ),
    severity=Severity.CRITICAL,
    anchors=("Pulumi secrets docs", "CIS 5.4.2"),
    why="A literal is in the repository and in every plan that is shown; whoever reads either has the credential.",
    fix="Let a generator or the secret store make it, and pass it on as an output, marked as a secret.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
