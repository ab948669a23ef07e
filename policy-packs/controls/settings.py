"""What the controls compare with. One field is one configuration key (camelCase) with its type and its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, TypeVar

from controls.fields import whole

T = TypeVar("T")


def setting(default: T, description: str, **schema: Any) -> T:
    """A field of Settings: a string, an integer, a boolean or a tuple of strings, with a line for the schema.

    `schema` adds JSON Schema keywords (`enum`, `minimum`), which the parser holds as well.
    """
    found: T = field(default=default, metadata={"description": description, **schema})
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The values of one run."""

    environment: str = setting(
        "production", "The environment that is judged.", enum=["dev", "staging", "production"]
    )
    unknowns: str = setting(
        "mandatory",
        "What a value that is not known in preview weighs; `up` judges it again before it applies anything.",
        enum=["mandatory", "advisory"],
    )
    allowed_registries: tuple[str, ...] = setting((), "Prefixes of images, each with its slash (SC-01).")
    required_labels: tuple[str, ...] = setting((), "Labels that everything carries (GC-04).")
    chart_repositories: tuple[str, ...] = setting(
        (), "Prefixes of chart repositories and of remote manifests (SC-05)."
    )
    helm_releases: tuple[str, ...] = setting(
        (), "Logical names of Helm Releases, into which policies cannot look (SC-05)."
    )
    max_canary_percent: int = setting(50, "The most traffic that a canary takes (SR-01).", minimum=1)
    tenant_label: str = setting(
        "mlops.platform/tenant-purpose", "Label of tenants' namespaces, where any namespace has it (GC-03)."
    )
    gateway_namespaces: tuple[str, ...] = setting(
        ("istio-gateways",), "Namespaces whose gateways may face the outside (NW-05, NW-06, MS-03)."
    )

    mesh_root_namespace: str = setting("istio-system", "The mesh's root namespace (MS-02).")
    mesh_free_namespaces: tuple[str, ...] = setting(
        ("default", "kube-node-lease", "kube-public", "kube-system", "istio-system", "istio-gateways"),
        "Namespaces that carry no mesh label (MS-07).",
    )
    mesh_hubs: tuple[str, ...] = setting(
        (),
        "Clusters that see all and that all see, the others seeing these alone; with none, all see all (MS-10).",
    )
    trust_domains: tuple[str, ...] = setting(
        ("cluster.local",), "The mesh's trust domain, and its aliases (MS-04)."
    )
    path_normalization: bool = setting(
        False, "Whether the mesh normalizes paths, merging and decoding slashes (MS-03)."
    )
    gateway_security_groups: tuple[str, ...] = setting(
        (), "Logical names of security groups, or rules of one, that the internet may reach by 443 (AW-03)."
    )
    egress_policies: tuple[str, ...] = setting(
        (), "Cilium policies outside the gateway that may name the world, as NAMESPACE/NAME (NW-05)."
    )
    pods_from_elsewhere: tuple[str, ...] = setting(
        (), "Pods that nothing in the stack declares, as NAMESPACE/KEY=VALUE,KEY=VALUE (NW-04, MS-09)."
    )

    controllers: tuple[str, ...] = setting(
        (),
        "Accounts of controllers, whose pods mount a token of the API server, as NAMESPACE/SERVICEACCOUNT (ID-07).",
    )

    @property
    def production(self) -> bool:
        return self.environment == "production"


def key_of(name: str) -> str:
    """The configuration key of a field."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


FIELDS: Final = MappingProxyType({key_of(one.name): one for one in fields(Settings)})

_TYPES: Final = {str: "string", bool: "boolean", int: "integer"}


def _schema(default: object, extra: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(default, tuple):
        return {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": list(default),
            **extra,
        }
    return {"type": _TYPES[type(default)], "default": default, **extra}


SCHEMA: Final = MappingProxyType({key: _schema(one.default, one.metadata) for key, one in FIELDS.items()})
"""JSON Schema of each key, as Pulumi checks it before the pack runs."""


def fault(key: str, value: object) -> str | None:
    """What is wrong with a value given for a key, or None."""
    wanted = SCHEMA[key]
    if wanted["type"] == "array":
        right = isinstance(value, list | tuple) and all(isinstance(one, str) and one for one in value)
        return None if right else "must be a list of strings, none of them empty"
    if wanted["type"] == "integer":
        least, number = wanted.get("minimum", 0), whole(value)
        right = number is not None and number >= least
        return None if right else f"must be a whole number of at least {least}"
    if wanted["type"] == "boolean":
        return None if isinstance(value, bool) else "must be true or false"
    choices = wanted.get("enum")
    if choices and value not in choices:
        return f"must be one of {', '.join(choices)}"
    return None if isinstance(value, str) and value else "must be a string that is not empty"


def plain(default: object, value: Any) -> object:
    """A value without fault in the type of its field; numbers arrive as floats over gRPC."""
    if isinstance(default, tuple):
        return tuple(value)
    return int(value) if isinstance(default, int) and not isinstance(default, bool) else value
