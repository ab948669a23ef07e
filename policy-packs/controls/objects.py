"""From whatever a document holds to single items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.fields import Fields, fields, text
from controls.item import Item

_LIST: Final = "List"
_KUBERNETES: Final = "kubernetes:"


def items(document: object, *, cluster: str = "") -> Iterator[Item]:
    """Every item of a document: itself, the items of a `List` kind or of an array, nested ones too.

    An item of a typed list (`PodList`) may leave its type to the list. A resource of a program is written as in
    Pulumi YAML, where `provider` stands for its cluster:
    `{type: aws:s3/bucketV2:BucketV2, name: models, properties: {...}, options: {protect: true, provider: east}}`.
    What is no mapping, or has neither kind nor type, is no item.
    """
    pending = [(document, "", "")]
    visited: set[int] = set()
    while pending:
        value, default_version, default_kind = pending.pop()
        if id(value) in visited:
            continue
        if isinstance(value, list):
            visited.add(id(value))
            pending += [(item, default_version, default_kind) for item in reversed(value)]
        if not isinstance(value, dict):
            continue
        kind_here = text(value.get("kind")) or default_kind
        version_here = text(value.get("apiVersion")) or default_version
        entries = value.get("items")
        if kind_here.endswith(_LIST) and isinstance(entries, list):
            visited.add(id(value))
            pending.append((entries, version_here, kind_here.removesuffix(_LIST)))
        elif kind_here:
            yield Item(kind=kind_here, api_version=version_here, fields=fields(value), cluster=cluster)
        elif ":" in text(value.get("type")):
            yield _resource(fields(value))


def type_of(token: str) -> tuple[str, str]:
    """API version and kind of a Kubernetes type; no version and the token itself for another provider's."""
    if not token.startswith(_KUBERNETES):
        return "", token
    api_version, _, kind = token.removeprefix(_KUBERNETES).rpartition(":")
    return api_version, kind


def _resource(value: Fields) -> Item:
    api_version, kind = type_of(text(value.value("type")))
    options = value.section("options")
    return Item(
        kind=kind,
        api_version=api_version,
        fields=value.section("properties"),
        cluster=text(options.value("provider")).strip("${}"),
        resource=text(value.value("name")),
        protected=options.value("protect") is True,
        secret_outputs=tuple(text(one) for one in options.values("additionalSecretOutputs")),
    )
