"""The one place where a resource as Pulumi's policy SDK hands it out becomes an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pulumi_policy import PolicyResource, ResourceValidationArgs
from pulumi_policy.proxy import UnknownValueError

from controls.fields import Unproved, fields, text
from controls.item import Item
from controls.objects import items, type_of


def read(
    resource: ResourceValidationArgs | PolicyResource, wanted: Callable[[Item], bool] = lambda _: True
) -> Iterator[Item]:
    """The item of a resource, or the items of one that is a list; those that are `wanted`.

    That is asked of an item without fields: no value is read where the type alone tells that nobody wants it.
    """
    api_version, kind = type_of(resource.resource_type)
    bare = Item(
        kind=kind,
        api_version=api_version,
        fields=fields(None),
        cluster=_cluster(resource.provider),
        resource=resource.name,
        protected=bool(resource.opts.protect),
        secret_outputs=tuple(resource.opts.additional_secret_outputs),
        dependencies=_dependencies(resource),
    )
    if not wanted(bare) and not kind.endswith("List"):
        return
    props = copied(resource.props)
    if kind.endswith("List"):
        for item in items({**props, "apiVersion": api_version, "kind": kind}, cluster=bare.cluster):
            yield replace(item, resource=bare.resource)
    else:
        yield replace(bare, fields=fields(props if bare.is_kubernetes else stated(props)))


def stated(value: Any) -> Any:
    """Without empty texts: a bridged provider answers with one for what nobody set, and takes one for the same
    (Terraform's plugin SDK, zero values)."""
    if isinstance(value, dict):
        return {key: stated(one) for key, one in value.items() if one != ""}
    return [stated(one) for one in value] if isinstance(value, list) else value


def copied(props: Mapping[str, object]) -> dict[object, object]:
    """Copy what the SDK hands out into dicts and lists, an unknown value becoming Unproved.UNKNOWN.

    The SDK's proxies are neither dict nor list and raise when an unknown is read, which would end the
    whole policy as one advisory line.
    """
    return {key: _known(props, key) for key in props}


def writable(value: Any) -> Any:
    """Copy what the SDK hands out to be mended into dicts and lists; a secret stays one, and an unknown its mark.

    `__target` is the SDK's own way past its proxies, which give secrets away as plain values.
    """
    if isinstance(value, Mapping):
        target = value if isinstance(value, dict) else value["__target"]
        return {key: writable(target[key]) for key in target}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        inner: Any = value
        target = value if isinstance(value, list) else inner["__target"]
        return [writable(one) for one in target]
    return value


def _known(container: Any, key: object) -> object:
    try:
        value = container[key]
    except UnknownValueError:
        return Unproved.UNKNOWN
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return copied(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_known(value, index) for index in range(len(value))]
    return value


def _cluster(provider: Any) -> str:
    """What the provider calls its cluster, or the provider's name; two providers of one cluster are one."""
    if provider is None:
        return ""
    try:
        stated = text(provider.props.get("clusterIdentifier"))
    except UnknownValueError:
        stated = ""
    return stated or str(provider.name)


def _dependencies(resource: Any) -> Mapping[str, tuple[str, ...]]:
    found = getattr(resource, "property_dependencies", None) or {}
    return MappingProxyType({key: tuple(one.name for one in those) for key, those in found.items()})
