"""Policies of the secret store, from the permission matrix and from what each workload was given to read.

Paths are exact per mount, KV version 2, no `sudo`, nothing at the root (SE-03). Policies are additive: what no
policy names is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from config.access import LIMITED_SECRETS, Grant, Matrix, Permission, Role
from config.secret_paths import TENANT_FOLDER

Rules = Mapping[str, Sequence[str]]
"""Capabilities by path."""

_READ = ("read",)
_BROWSE = ("list", "read")
_WRITE = ("create", "delete", "update")


def role_policy_name(role: Role) -> str:
    return f"mlops-{role.value}"


def tenant_policy_name(tenant: str) -> str:
    return f"tenant-{tenant}"


def tenant_folder(tenant: str) -> str:
    """Where a tenant's own secrets lie below the key-value mount."""
    return f"{TENANT_FOLDER}/{tenant}"


def role_policies(matrix: Matrix, mount: str) -> dict[str, str]:
    """The policy of every role by its name; a role without a grant has one that allows nothing."""
    return {role_policy_name(role): policy(role_rules(matrix, role, mount)) for role in Role}


def role_rules(matrix: Matrix, role: Role, mount: str) -> dict[str, tuple[str, ...]]:
    """What a role may do with the secrets of the mount."""
    read, write = matrix.permission("read", "secrets"), matrix.permission("write", "secrets")
    folders = _folders(matrix, read, role)
    rules = _merged(kv_read(mount, folder) for folder in folders)
    if matrix.grant(write, role) is Grant.YES:
        rules = _merged((rules, kv_write(mount), *(kv_write(mount, folder) for folder in folders)))
    return rules


def kv_read(mount: str, folder: str) -> dict[str, tuple[str, ...]]:
    """Read every secret below a folder ("" is the whole mount), and see which there are."""
    below = f"{folder}/*" if folder else "*"
    return {f"{mount}/data/{below}": _READ, f"{mount}/metadata/{below}": _BROWSE}


def kv_write(mount: str, folder: str = "") -> dict[str, tuple[str, ...]]:
    """Write, delete and bring back secrets below a folder ("" is the whole mount); destroying versions is not
    among it. A rule for a longer path hides this one: who also reads a folder by itself needs it there too."""
    below = f"{folder}/*" if folder else "*"
    return {
        f"{mount}/data/{below}": _WRITE,
        f"{mount}/delete/{below}": ("update",),
        f"{mount}/undelete/{below}": ("update",),
    }


def policy(rules: Rules) -> str:
    """The rules in the store's own language."""
    if not rules:
        return "# Nothing.\n"
    return "\n".join(
        f'path "{path}" {{\n  capabilities = {json.dumps(list(verbs))}\n}}\n'
        for path, verbs in sorted(rules.items())
    )


def _folders(matrix: Matrix, read: Permission, role: Role) -> tuple[str, ...]:
    match matrix.grant(read, role):
        case Grant.YES:
            return ("",)
        case Grant.LIMITED:
            return LIMITED_SECRETS.get(role, ())
        case _:
            return ()


def _merged(many: Iterable[Rules]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for rules in many:
        for path, verbs in rules.items():
            found.setdefault(path, set()).update(verbs)
    return {path: tuple(sorted(verbs)) for path, verbs in sorted(found.items())}
