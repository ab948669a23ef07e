"""The part of the permission matrix that this gate answers for. Pure but for `load`.

The file is a JSON object {"<permission>": {"<role>": "yes" | "own" | "no"}} of exactly the permissions below,
each with the same roles. Roles of a token that the file does not name grant nothing; of several roles the
widest grant wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

RUN = "experiment-run"
READ = "experiment-read"
DELETE = "experiment-delete"
REGISTER = "model-registry-register"
APPROVE = "model-registry-approve"
REGISTRY_READ = "model-registry-read"
PERMISSIONS = (RUN, READ, DELETE, REGISTER, APPROVE, REGISTRY_READ)
OWNABLE = frozenset({RUN, READ, DELETE})
"""Only experiments have an owner; registered models are everybody's who may read them."""


class Grant(IntEnum):
    """What a caller may do, from nothing to everything."""

    NO = 0
    OWN = 1
    YES = 2


class MatrixError(Exception):
    """The permissions' file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Matrix:
    """The grant of every role for every permission."""

    grants: Mapping[str, Mapping[str, Grant]]

    def grant(self, permission: str, roles: Iterable[str]) -> Grant:
        """The widest grant of these roles; role names are compared by exact case."""
        known = self.grants[permission]
        return max((known[role] for role in roles if role in known), default=Grant.NO)


def load(path: Path) -> Matrix:
    """The matrix in this file. Raises `MatrixError`."""
    try:
        return parse(json.loads(path.read_bytes()))
    except OSError as error:
        raise MatrixError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise MatrixError(f"{path}: no JSON: {error}") from error


def parse(value: Any) -> Matrix:
    """The matrix that this JSON value says. Raises `MatrixError`."""
    if not isinstance(value, dict) or set(value) != set(PERMISSIONS):
        raise MatrixError(f"it must be an object with exactly the keys {', '.join(PERMISSIONS)}")
    grants = {permission: _row(permission, row) for permission, row in value.items()}
    if len({frozenset(row) for row in grants.values()}) != 1:
        raise MatrixError("every permission must name the same roles")
    return Matrix(grants)


def _row(permission: str, row: Any) -> Mapping[str, Grant]:
    words = {grant.name.lower(): grant for grant in Grant if grant is not Grant.OWN or permission in OWNABLE}
    if not isinstance(row, dict) or not row:
        raise MatrixError(f"{permission}: it must be an object of roles")
    for role, word in row.items():
        if not isinstance(word, str) or word not in words:
            raise MatrixError(f"{permission}.{role}: {word!r} is none of {', '.join(words)}")
    return {role: words[word] for role, word in row.items()}
