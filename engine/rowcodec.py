"""Rows as JSON text, with every secret sealed."""

from __future__ import annotations

import json
from typing import Any, Final

from engine.goal import NO_OPTIONS, Options, Timeouts
from engine.row import Row
from engine.secrets import Cipher
from engine.values import Properties, Secret, plain, replace

_SEALED: Final = "$sealed"


def encode(row: Row, cipher: Cipher) -> str:
    """The text that the state keeps of a row. Unknown values are left out: they say nothing."""
    options = row.options
    body: dict[str, Any] = {
        "type": row.type,
        "custom": row.custom,
        "id": row.id,
        "parent": row.parent,
        "provider": row.provider,
        "cluster": row.cluster,
        "inputs": _sealed(row.inputs, cipher, row.urn),
        "outputs": _sealed(row.outputs, cipher, row.urn),
        "dependencies": row.dependencies,
        "property_dependencies": row.property_dependencies,
    }
    if options != NO_OPTIONS:
        body["options"] = {
            **{name: getattr(options, name) for name in Options.__slots__ if name != "timeouts"},
            "timeouts": {name: getattr(options.timeouts, name) for name in Timeouts.__slots__},
        }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def decode(urn: str, text: str, cipher: Cipher) -> Row:
    """The row again."""
    body = json.loads(text)
    options = _options(body["options"]) if "options" in body else NO_OPTIONS
    return Row(
        urn=urn,
        type=body["type"],
        custom=body["custom"],
        id=body["id"],
        parent=body["parent"],
        provider=body["provider"],
        cluster=body["cluster"],
        inputs=_opened(body["inputs"], cipher, urn),
        outputs=_opened(body["outputs"], cipher, urn),
        dependencies=tuple(body["dependencies"]),
        property_dependencies={key: tuple(urns) for key, urns in body["property_dependencies"].items()},
        options=options,
    )


def _options(given: dict[str, Any]) -> Options:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in given.items()}
    values["timeouts"] = Timeouts(**given["timeouts"])
    return Options(**values)


def encode_properties(properties: Properties, cipher: Cipher, context: str) -> str:
    """Properties alone, sealed under `context`."""
    return json.dumps(_sealed(properties, cipher, context), ensure_ascii=False)


def decode_properties(text: str, cipher: Cipher, context: str) -> Properties:
    """And back."""
    opened = _opened(json.loads(text), cipher, context)
    return dict(opened)


def _sealed(item: Any, cipher: Cipher, context: str) -> Any:
    return replace(item, lambda value: {_SEALED: cipher.seal(json.dumps(value), context)}, None)


def _opened(item: Any, cipher: Cipher, context: str) -> Any:
    if isinstance(item, dict):
        if item.keys() == {_SEALED}:
            inside = _opened(json.loads(cipher.open(item[_SEALED], context)), cipher, context)
            return Secret(plain(inside))
        for key, value in item.items():
            if isinstance(value, (dict, list)):
                item[key] = _opened(value, cipher, context)
        return item
    if isinstance(item, list):
        return [
            _opened(value, cipher, context) if isinstance(value, (dict, list)) else value for value in item
        ]
    return item
