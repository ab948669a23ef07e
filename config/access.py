"""The permission matrix: who may do what. Everything that grants a right is derived from this table.

Source: the permission matrix of the platform's design (23 rows of actions, six roles). `OWN` is what the caller
itself created; `LIMITED` is the part that `LIMITED_SECRETS` names for the role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from config.closest import closest
from config.errors import AccessError


class Role(StrEnum):
    """The six roles, as they are spelt in the `roles` claim of a token."""

    ADMIN = "admin"
    ML_ENGINEER = "ml-engineer"
    DATA_ENGINEER = "data-engineer"
    MLOPS_ENGINEER = "mlops-engineer"
    LABELER = "labeler"
    VIEWER = "viewer"


class Grant(StrEnum):
    """What one cell says."""

    NO = "no"
    OWN = "own"
    LIMITED = "limited"
    YES = "yes"


class Enforcer(StrEnum):
    """The server that answers for a cell."""

    KUBERNETES = "kubernetes"
    TRACKING_GATE = "tracking gate"
    OBJECT_STORE = "object store"
    LABEL_STUDIO = "label studio"
    KEYCLOAK = "keycloak"
    VAULT = "vault"


LIMITED_SECRETS: Mapping[Role, tuple[str, ...]] = MappingProxyType(
    {
        Role.ML_ENGINEER: ("mlflow", "dev-env"),
        Role.DATA_ENGINEER: ("minio", "datasets"),
        Role.MLOPS_ENGINEER: ("mlflow", "kserve"),
    }
)
"""Folders of the key-value mount that a role reads where its grant is LIMITED."""

OWNED = frozenset({"dev environment", "experiment"})
"""Resources whose servers know who made an object. Nothing else can be granted as OWN."""


@dataclass(frozen=True, kw_only=True, order=True)
class Permission:
    """One row: a resource and the verbs that are granted together."""

    resource: str
    verbs: tuple[str, ...]

    @property
    def name(self) -> str:
        """A DNS label, such as `model-registry-approve`."""
        return "-".join((self.resource, *self.verbs)).replace(" ", "-")

    def __str__(self) -> str:
        return f"{self.resource}: {', '.join(self.verbs)}"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One answer of the matrix."""

    permission: Permission
    role: Role
    grant: Grant
    enforcer: Enforcer


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Every permission with the grant of every role; no cell is left out."""

    grants: Mapping[Permission, Mapping[Role, Grant]]
    enforcers: Mapping[str, Enforcer]

    def __post_init__(self) -> None:
        """Raises AccessError for a cell that is left out or that its server cannot tell from a wider one."""
        missing = [str(row) for row, cells in self.grants.items() if set(cells) != set(Role)]
        if missing:
            raise AccessError(f"rows without a grant for every role: {'; '.join(missing)}")
        homeless = sorted({row.resource for row in self.grants} - self.enforcers.keys())
        if homeless:
            raise AccessError(f"resources that no server answers for: {', '.join(homeless)}")
        for row, cells in self.grants.items():
            for role, grant in cells.items():
                if not _expressible(row, role, grant):
                    raise AccessError(f"{row}: no server can hold {role} to {grant.value!r}")

    def cells(self) -> Iterator[Cell]:
        """Row by row, in the order of the roles."""
        for permission, roles in self.grants.items():
            for role in Role:
                yield Cell(
                    permission=permission,
                    role=role,
                    grant=roles[role],
                    enforcer=self.enforcers[permission.resource],
                )

    def grant(self, permission: Permission, role: Role) -> Grant:
        return self.grants[permission][role]

    def holders(self, permission: Permission, *grants: Grant) -> tuple[Role, ...]:
        """The roles with one of these grants (any but NO if none is named), in the order of the roles."""
        wanted = grants or (Grant.YES, Grant.OWN, Grant.LIMITED)
        return tuple(role for role in Role if self.grants[permission][role] in wanted)

    def of(self, enforcer: Enforcer) -> tuple[Permission, ...]:
        """The rows that this server answers for."""
        return tuple(row for row in self.grants if self.enforcers[row.resource] is enforcer)

    def permission(self, verb: str, resource: str) -> Permission:
        """The row of that verb and resource. Raises AccessError that names the nearest one that exists."""
        resources = tuple(dict.fromkeys(row.resource for row in self.grants))
        wanted = resource.replace("-", " ").lower()
        if wanted not in resources:
            raise AccessError(_unknown("resource", resource, resources))
        verbs = {each: row for row in self.grants if row.resource == wanted for each in row.verbs}
        found = verbs.get(verb.replace("-", " ").lower())
        if found is None:
            raise AccessError(_unknown(f"action on {wanted}", verb, tuple(verbs)))
        return found

    def replaced(self, permission: Permission, role: Role, grant: Grant) -> Matrix:
        """This matrix with one other cell."""
        row = {**self.grants[permission], role: grant}
        return replace(self, grants=MappingProxyType({**self.grants, permission: MappingProxyType(row)}))


def permissions(matrix: Matrix) -> dict[str, dict[str, str]]:
    """What the tracking gate is told: the grant of every role, by the names of the gate's own rows."""
    return {
        row.name: {role.value: matrix.grant(row, role).value for role in Role}
        for row in matrix.of(Enforcer.TRACKING_GATE)
    }


def role_named(name: str) -> Role:
    """The role of that exact name. Raises AccessError that names the nearest one that exists."""
    try:
        return Role(name)
    except ValueError:
        raise AccessError(_unknown("role", name, tuple(Role))) from None


def _expressible(permission: Permission, role: Role, grant: Grant) -> bool:
    if grant is Grant.OWN:
        return permission.resource in OWNED
    if grant is Grant.LIMITED:
        return (permission.resource, permission.verbs) == ("secrets", ("read",)) and role in LIMITED_SECRETS
    return True


def _unknown(what: str, given: str, known: tuple[str, ...]) -> str:
    near = closest(given, map(str, known))
    hint = f"did you mean {near!r}?" if near else "the matrix has no such one."
    return f"{what}: given {given!r}, {hint} Known: {', '.join(known)}"


_N, _O, _L, _Y = Grant.NO, Grant.OWN, Grant.LIMITED, Grant.YES
_ROWS: tuple[tuple[str, tuple[str, ...], tuple[Grant, Grant, Grant, Grant, Grant, Grant]], ...] = (
    # resource          verbs                  admin ml  data mlops label view
    ("dev environment", ("create", "delete"), (_Y, _O, _N, _Y, _N, _N)),
    ("dev environment", ("read",), (_Y, _O, _N, _Y, _N, _N)),
    ("experiment", ("run",), (_Y, _Y, _N, _Y, _N, _N)),
    ("experiment", ("read",), (_Y, _O, _N, _Y, _N, _Y)),
    ("experiment", ("delete",), (_Y, _O, _N, _Y, _N, _N)),
    ("model registry", ("register",), (_Y, _Y, _N, _Y, _N, _N)),
    ("model registry", ("approve",), (_Y, _N, _N, _Y, _N, _N)),
    ("model registry", ("read",), (_Y, _Y, _N, _Y, _N, _Y)),
    ("pipeline", ("create",), (_Y, _N, _N, _Y, _N, _N)),
    ("pipeline", ("run",), (_Y, _N, _N, _Y, _N, _N)),
    ("pipeline", ("read",), (_Y, _N, _N, _Y, _N, _Y)),
    ("deployment", ("deploy",), (_Y, _N, _N, _Y, _N, _N)),
    ("deployment", ("roll back",), (_Y, _N, _N, _Y, _N, _N)),
    ("deployment", ("read",), (_Y, _N, _N, _Y, _N, _Y)),
    ("data", ("upload",), (_Y, _N, _Y, _N, _N, _N)),
    ("data", ("version",), (_Y, _N, _Y, _N, _N, _N)),
    ("data", ("read",), (_Y, _Y, _Y, _Y, _Y, _Y)),
    ("labeling", ("label",), (_Y, _N, _N, _N, _Y, _N)),
    ("labeling", ("read",), (_Y, _Y, _Y, _Y, _Y, _Y)),
    ("users", ("create", "delete"), (_Y, _N, _N, _N, _N, _N)),
    ("users", ("assign roles",), (_Y, _N, _N, _N, _N, _N)),
    ("secrets", ("read",), (_Y, _L, _L, _L, _N, _N)),
    ("secrets", ("write",), (_Y, _N, _N, _N, _N, _N)),
)

MATRIX = Matrix(
    grants=MappingProxyType(
        {
            Permission(resource=resource, verbs=verbs): MappingProxyType(dict(zip(Role, grants, strict=True)))
            for resource, verbs, grants in _ROWS
        }
    ),
    enforcers=MappingProxyType(
        {
            "dev environment": Enforcer.KUBERNETES,
            "experiment": Enforcer.TRACKING_GATE,
            "model registry": Enforcer.TRACKING_GATE,
            "pipeline": Enforcer.KUBERNETES,
            "deployment": Enforcer.KUBERNETES,
            "data": Enforcer.OBJECT_STORE,
            "labeling": Enforcer.LABEL_STUDIO,
            "users": Enforcer.KEYCLOAK,
            "secrets": Enforcer.VAULT,
        }
    ),
)

ROLES_CLAIM = "roles"
"""The claim that carries the roles in every token of the realm."""

BREAK_GLASS = "break-glass"
"""The group of last resort: none of the six roles, empty in normal times, every use of it in the audit log."""
