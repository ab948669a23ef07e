"""What lies where in the secret store, and the paths that settings may name there."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from config.types import matching, refusal

_PATH = matching(
    r"[a-z0-9]([-a-z0-9_]*[a-z0-9])?(/[a-z0-9]([-a-z0-9_]*[a-z0-9])?)*",
    "use a path below the mount, such as 'mlflow' or 'team/mlflow': lower-case names with '/' between them, "
    "no '..', no '*' and no '+'",
    longest=128,
)
DATABASE_MOUNT = "database"
"""Where the store makes logins to databases."""

MESH_MOUNT = "pki-mesh"
"""Where it keeps the root of the mesh."""

_MOUNTED = frozenset({"auth", "cubbyhole", "identity", "sys", DATABASE_MOUNT, MESH_MOUNT})
_ENDPOINTS = frozenset({"config", "data", "delete", "destroy", "metadata", "subkeys", "undelete"})
"""What stands between mount and path in the API of a key-value engine, and never in settings."""


def _own_mount(value: str) -> str:
    if "/" in value:
        raise refusal("use one name without '/', such as 'secret'")
    if value in _MOUNTED:
        raise refusal(f"use another name, such as 'secret': the store has something else at {value!r}")
    return value


CLIENT_FOLDER = "oidc"
"""Where the secrets of the realm's clients lie below the key-value mount."""

TENANT_FOLDER = "tenants"
"""Where tenants' own secrets lie there, in a folder for each."""


def _own_folder(value: str) -> str:
    first, _, rest = value.partition("/")
    if first in _ENDPOINTS:
        remedy = f"leave out '{first}/'" if rest else "use another name, such as 'mlflow'"
        raise refusal(f"{remedy}: {first!r} is what the store's API puts before a path")
    if first in (CLIENT_FOLDER, TENANT_FOLDER):
        raise refusal(f"use a folder of its own, such as 'mlflow': {first!r} holds secrets of others")
    return value


SecretMount = Annotated[str, *_PATH, AfterValidator(_own_mount)]
"""A mount is one segment, since a deeper one would lie inside of another's paths, and nobody else's."""

SecretPath = Annotated[str, *_PATH, AfterValidator(_own_folder)]
"""A path in the secret store. Settings hold paths to secrets, never a secret."""
