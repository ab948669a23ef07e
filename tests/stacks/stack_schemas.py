"""Are manifests what their kinds' schemas allow? Unknown fields are mistakes: the API server drops them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from kubernetes import client

Manifest = Mapping[str, Any]

_SCALARS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "datetime": (str,),
    "object": (object,),
}


def built_in_mistakes(manifest: Manifest) -> list[str]:
    """Mistakes of a built-in kind, by the official client's own model of it."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    if group and not (group in {"apps", "batch", "policy"} or group.endswith(".k8s.io")):
        raise ValueError(f"{manifest['apiVersion']} is no group of the API server")
    return list(_against(f"{version.capitalize()}{manifest['kind']}", manifest, manifest["kind"]))


def custom_mistakes(manifest: Manifest, schema: Mapping[str, Any]) -> list[str]:
    """Mistakes of a custom kind, by the schema of its CRD."""
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]


@cache
def crd_schema(folder: Path, api_version: str, kind: str) -> dict[str, Any]:
    """The served schema of a kind, closed to unknown fields. Raises LookupError where no CRD has it."""
    group, _, version = api_version.partition("/")
    for path in sorted(folder.rglob(f"*.{group}.yaml")):
        crd = yaml.safe_load(path.read_text(encoding="utf-8"))
        if crd["spec"]["names"]["kind"] != kind:
            continue
        for served in crd["spec"]["versions"]:
            if served["name"] == version and served["served"]:
                closed: dict[str, Any] = _closed(served["schema"]["openAPIV3Schema"])
                closed["properties"] |= _EVERYWHERE
                return closed
    raise LookupError(f"no CRD below {folder} serves {api_version} {kind}")


_EVERYWHERE = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
"""What every kind has, whether its CRD says so or not."""


def _closed(schema: Any) -> Any:
    """A structural schema that says no to fields it does not name, as strict field validation does."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    done = {key: _closed(value) for key, value in schema.items()}
    if schema.get("x-kubernetes-int-or-string"):
        done["type"] = ["integer", "string"]
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if schema.get("type") == "object" and "properties" in schema and not open_ended:
        done["additionalProperties"] = False
    return done


def _against(model: str, value: Any, path: str) -> Iterator[str]:
    container = re.fullmatch(r"[Ll]ist\[(.+)\]|[Dd]ict[\[(]str, (.+)[\])]", model)
    if container and container[1]:
        yield from _items(container[1], value, path)
    elif container:
        yield from _entries(container[2], value, path)
    elif model in _SCALARS:
        wrong_bool = isinstance(value, bool) and model in {"int", "float"}
        if wrong_bool or not isinstance(value, _SCALARS[model]):
            yield f"{path}: {value!r} is no {model}"
    else:
        yield from _fields(getattr(client, model), value, path)


def _items(model: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for index, item in enumerate(value):
        yield from _against(model, item, f"{path}[{index}]")


def _entries(model: str, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no mapping"
        return
    for key, item in value.items():
        yield from _against(model, item, f"{path}.{key}")


def _fields(model: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    attributes = {wire: name for name, wire in model.attribute_map.items()}
    for key, item in value.items():
        if key not in attributes:
            yield f"{path}.{key}: unknown field"
        else:
            yield from _against(model.openapi_types[attributes[key]], item, f"{path}.{key}")
    try:
        model(**{attributes[key]: item for key, item in value.items() if key in attributes})
    except ValueError as missing:
        yield f"{path}: {missing}"
