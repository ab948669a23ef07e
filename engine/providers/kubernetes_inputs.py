"""The kubernetes provider's Check: names, namespaces, normal forms and secrets. Pure and offline.

Source: pulumi-kubernetes 4.34, provider.go (Check, normalizeInputs, annotateSecrets), clients/unstructured.go.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any, Final

from engine.providers import kubernetes_tables as tables
from engine.providers.kubernetes_normal import normal
from engine.row import Row
from engine.values import UNKNOWN, Properties, Secret, has_unknown, plain

AUTONAMED: Final = "pulumi.com/autonamed"
_READ_ONLY: Final = frozenset(
    ("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields")
) | {"resourceVersion", "uid"}
_DASHED: Final = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
_UNDERSCORED: Final = {dashed: underscored for underscored, dashed in _DASHED.items()}


def check(
    inputs: Properties,
    name: str,
    type_: str,
    *,
    namespace: str,
    scopes: Mapping[tuple[str, str], str],
    old: Row | None,
) -> Properties:
    """The inputs as the provider completes them; the very same object if there is nothing to complete.

    `namespace` is for namespaced objects that state none, `scopes` tells the scope of (group, kind) of the
    definitions in this program.
    """
    api_version, kind = identity(inputs, type_)
    checked = inputs
    if kind == "CustomResourceDefinition":
        checked = {key: value for key, value in renamed(checked, _DASHED).items() if key != "status"}
    elif tables.is_built_in(api_version) and not has_unknown(checked):
        checked = normal(checked)
    metadata = checked.get("metadata")
    if metadata is None or isinstance(metadata, dict):
        completed = _metadata(metadata or {}, name, old)
        if not completed.get("namespace") and namespace and _is_namespaced(api_version, kind, scopes):
            completed = {**completed, "namespace": namespace}
        if completed is not metadata:
            checked = {**checked, "metadata": completed}
    if api_version == "v1" and kind == "Secret":
        checked = _secret_data(checked)
    return checked


def _is_namespaced(api_version: str, kind: str, scopes: Mapping[tuple[str, str], str]) -> bool:
    """The scope of a kind without asking a server: what no table and no definition tells goes by its name."""
    if tables.is_built_in(api_version):
        return kind in tables.NAMESPACED
    scope = scopes.get((tables.group_of(api_version), kind))
    return scope == "Namespaced" if scope else "Cluster" not in kind.removesuffix("Cluster")


def scope_of(definition: Properties) -> tuple[tuple[str, str], str] | None:
    """(group, kind) and scope that a CustomResourceDefinition's inputs state."""
    spec = plain(definition.get("spec"))
    if not isinstance(spec, dict) or not isinstance(spec.get("names"), dict):
        return None
    return (str(spec.get("group")), str(spec["names"].get("kind"))), str(spec.get("scope"))


def identity(inputs: Properties, type_: str) -> tuple[str, str]:
    """apiVersion and kind: as stated, else from the type token `kubernetes:group/version:Kind`."""
    _, _, rest = type_.partition(":")
    module, _, kind = rest.rpartition(":")
    group, _, version = module.partition("/")
    stated = plain(inputs.get("apiVersion")), plain(inputs.get("kind"))
    api_version = (
        stated[0] if isinstance(stated[0], str) else version if group == "core" else f"{group}/{version}"
    )
    return api_version, stated[1] if isinstance(stated[1], str) else kind


def _metadata(metadata: Properties, name: str, old: Row | None) -> Properties:
    completed = metadata
    if not _READ_ONLY.isdisjoint(metadata):
        completed = {key: value for key, value in metadata.items() if key not in _READ_ONLY}
    if completed.get("name") or completed.get("generateName"):
        return completed
    named = ""
    before = plain(old.inputs.get("metadata")) if old is not None else None
    if isinstance(before, dict) and _annotations(before).get(AUTONAMED) == "true":
        named = str(before.get("name", ""))
    annotations = completed.get("annotations")
    completed = {**completed, "name": named or f"{name}-{secrets.token_hex(4)}"}
    if annotations is None or isinstance(annotations, dict):
        completed["annotations"] = {**(annotations or {}), AUTONAMED: "true"}
    return completed


def _annotations(metadata: Properties) -> Properties:
    found = metadata.get("annotations")
    return found if isinstance(found, dict) else {}


def annotation(inputs: Properties, key: str) -> str:
    """An annotation's text, "" if there is none."""
    metadata = plain(inputs.get("metadata"))
    return str(_annotations(metadata).get(key, "")) if isinstance(metadata, dict) else ""


def is_autonamed(inputs: Properties) -> bool:
    """Was the name made by the engine?"""
    return annotation(inputs, AUTONAMED) == "true"


def _secret_data(checked: Properties) -> Properties:
    result = dict(checked)
    texts = plain(result.get("stringData"))
    if isinstance(texts, dict) and texts and not has_unknown(texts):
        encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
        result["data"] = {**(plain(result.get("data")) or {}), **encoded}
        del result["stringData"]
    for key in ("data", "stringData"):
        value = result.get(key)
        if value is not None and value is not UNKNOWN and not isinstance(value, Secret):
            result[key] = Secret(plain(value)) if not has_unknown(value) else _each_secret(value)
    return result


def _each_secret(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item if item is UNKNOWN else Secret(plain(item)) for key, item in value.items()}
    return value


def renamed(item: Any, names: dict[str, str]) -> Any:
    """`item` with its keys renamed, all the way down."""
    if isinstance(item, dict):
        return {names.get(key, key): renamed(value, names) for key, value in item.items()}
    if isinstance(item, list):
        return [renamed(value, names) for value in item]
    return item


def outputs_of(live: Properties, inputs: Properties) -> Properties:
    """The live object as outputs: keys as the SDK spells them, secret where the inputs are secret."""
    if live.get("kind") == "CustomResourceDefinition":
        live = renamed(live, _UNDERSCORED)
    outputs = _annotated(live, inputs)
    if live.get("apiVersion") == "v1" and live.get("kind") == "Secret" and "data" in outputs:
        data = outputs["data"]
        outputs = {**outputs, "data": data if isinstance(data, Secret) else Secret(data)}
    return outputs


def _annotated(outputs: Properties, inputs: Properties) -> Properties:
    result: Properties | None = None
    for key, given in inputs.items():
        if key not in outputs:
            continue
        value = outputs[key]
        if isinstance(value, dict) and isinstance(given, dict):
            new: Any = _annotated(value, given)
        elif not isinstance(value, Secret) and _holds_secret(given):
            new = Secret(value)
        else:
            continue
        if new is not value:
            result = dict(outputs) if result is None else result
            result[key] = new
    return outputs if result is None else result


def _holds_secret(item: Any) -> bool:
    if isinstance(item, dict):
        return any(map(_holds_secret, item.values()))
    if isinstance(item, list):
        return any(map(_holds_secret, item))
    return isinstance(item, Secret)
