"""URNs, by the rules of Pulumi's engine (deployment.generateURN, resource.NewURN)."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource: parents add their types, not their names; the root stack adds nothing."""
    qualified = qualified_type(parent) if parent else ""
    if qualified and qualified != STACK_TYPE:
        type_ = f"{qualified}${type_}"
    return f"urn:pulumi:{stack}::{project}::{type_}::{name}"


def qualified_type(urn: str) -> str:
    """The types of a resource and its parents, outermost first, joined by `$`."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type token."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The logical name (which may itself contain `::`)."""
    return urn.split("::", 3)[3]


def package_of(type_: str) -> str:
    """The package that owns a type: `kubernetes` of `kubernetes:core/v1:ConfigMap`."""
    if type_.startswith(PROVIDER_PREFIX):
        return type_[len(PROVIDER_PREFIX) :]
    return type_.split(":", 1)[0]


def is_provider(type_: str) -> bool:
    """Is it a provider resource, `pulumi:providers:<package>`?"""
    return type_.startswith(PROVIDER_PREFIX)


def provider_reference(urn: str, id_: str) -> str:
    """How a request names its provider."""
    return f"{urn}::{id_}"


def provider_urn(reference: str) -> str:
    """The URN inside a provider reference."""
    return reference.rsplit("::", 1)[0]
