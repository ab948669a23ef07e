"""Property values: protobuf Structs to Python and back, with secrets and unknowns kept apart.

A property is None, bool, int, float, str, list, dict, `Secret` or `UNKNOWN`. Whole numbers arrive as
doubles and leave here as int, because Kubernetes tells 3 from 3.0. Assets, archives and resource
references stay dicts with Pulumi's signature key, so that they survive the way there and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a secret
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET_TEXT: Final = "[secret]"  # noqa: S105 - what is shown in place of one

Properties = dict[str, Any]


class Unknown:
    """A value that only an apply can tell. There is one: `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class Secret:
    """A value that must not be shown or stored in clear. Its repr shows nothing."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.value == other.value

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return SECRET_TEXT


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """A request's properties."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def from_value(value: struct_pb2.Value) -> Any:
    """One property value."""
    kind = value.WhichOneof("kind")
    result: Any = None
    if kind == "string_value":
        text = value.string_value
        result = UNKNOWN if text == UNKNOWN_TEXT else text
    elif kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            result = _from_signed(fields)
        else:
            result = {key: from_value(item) for key, item in fields.items()}
    elif kind == "list_value":
        result = [from_value(item) for item in value.list_value.values]
    elif kind == "number_value":
        number = value.number_value
        result = int(number) if number.is_integer() else number
    elif kind == "bool_value":
        result = value.bool_value
    return result


def _from_signed(fields: Any) -> Any:
    signature = fields[SIGNATURE].string_value
    if signature == SECRET_SIGNATURE:
        inner = from_value(fields["value"])
        return inner if inner is UNKNOWN else Secret(plain(inner))
    if signature == OUTPUT_SIGNATURE:
        if "value" not in fields:
            return UNKNOWN
        inner = from_value(fields["value"])
        return Secret(plain(inner)) if "secret" in fields and fields["secret"].bool_value else inner
    return {key: from_value(item) for key, item in fields.items()}


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """Properties as a response carries them."""
    struct = struct_pb2.Struct()
    _fill_fields(properties, struct.fields)
    return struct


def _fill_fields(properties: Properties, fields: Any) -> None:
    for key, item in properties.items():
        _fill(item, fields[key])


def _fill(item: Any, target: struct_pb2.Value) -> None:
    if isinstance(item, str):
        target.string_value = item
    elif isinstance(item, bool):
        target.bool_value = item
    elif isinstance(item, (int, float)):
        target.number_value = item
    elif isinstance(item, dict):
        target.struct_value.SetInParent()
        _fill_fields(item, target.struct_value.fields)
    elif isinstance(item, (list, tuple)):
        target.list_value.SetInParent()
        values = target.list_value.values
        for element in item:
            _fill(element, values.add())
    elif isinstance(item, Secret):
        fields = target.struct_value.fields
        fields[SIGNATURE].string_value = SECRET_SIGNATURE
        _fill(item.value, fields["value"])
    elif item is UNKNOWN:
        target.string_value = UNKNOWN_TEXT
    else:
        target.null_value = struct_pb2.NULL_VALUE


def replace(item: Any, secret: Callable[[Any], Any], unknown: Any) -> Any:
    """`item` with every secret and unknown replaced. Parts without any are the very same objects."""
    if isinstance(item, dict):
        changed: Properties | None = None
        for key, value in item.items():
            new = replace(value, secret, unknown)
            if new is not value:
                if changed is None:
                    changed = dict(item)
                changed[key] = new
        return item if changed is None else changed
    if isinstance(item, list):
        news = [replace(value, secret, unknown) for value in item]
        return news if any(new is not old for new, old in zip(news, item, strict=True)) else item
    if isinstance(item, Secret):
        return secret(replace(item.value, secret, unknown))
    return unknown if item is UNKNOWN else item


def plain(item: Any) -> Any:
    """Secrets laid open; only for what leaves over an authenticated connection."""
    return replace(item, lambda value: value, UNKNOWN)


def masked(item: Any) -> Any:
    """Fit for people, plans and logs: secrets as `[secret]`, unknowns as Pulumi's own placeholder."""
    return replace(item, lambda _value: SECRET_TEXT, UNKNOWN_TEXT)


def has_unknown(item: Any) -> bool:
    """Is some part of it not known yet?"""
    if isinstance(item, dict):
        return any(map(has_unknown, item.values()))
    if isinstance(item, list):
        return any(map(has_unknown, item))
    return has_unknown(item.value) if isinstance(item, Secret) else item is UNKNOWN


def has_secret(item: Any) -> bool:
    """Is some part of it secret?"""
    if isinstance(item, dict):
        return any(map(has_secret, item.values()))
    if isinstance(item, list):
        return any(map(has_secret, item))
    return isinstance(item, Secret)


def secret_texts(items: Iterable[Any]) -> set[str]:
    """Every non-trivial text inside secrets: what a message must never show."""
    found: set[str] = set()

    def collect(item: Any, inside: bool) -> None:
        if isinstance(item, Secret):
            collect(item.value, True)
        elif isinstance(item, dict):
            for value in item.values():
                collect(value, inside)
        elif isinstance(item, list):
            for value in item:
                collect(value, inside)
        elif inside and isinstance(item, str) and len(item) >= 4:
            found.add(item)

    for item in items:
        collect(item, False)
    return found
