"""Which keys the settings know at a path; read from the JSON Schema, so that it can never be out of step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from config.checks import Path
from config.schema import PlatformSettings


class _Untitled(GenerateJsonSchema):
    """Without pydantic's titles for keys ("Podcidr"): editors show the key and its description."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


@cache
def settings_schema() -> dict[str, Any]:
    """The JSON Schema of the settings themselves, in the spelling of YAML."""
    return PlatformSettings.model_json_schema(by_alias=True, schema_generator=_Untitled)


def keys_at(path: Path, given: Any) -> list[str]:
    """The keys that the mapping at `path` may have; `given` decides between the arms of a union."""
    whole = settings_schema()
    node = _resolve(whole, whole, given)
    for part in path:
        given = _item(given, part)
        node = _resolve(_below(node, part), whole, given)
    return list(node.get("properties", {}))


def _below(node: dict[str, Any], part: str | int) -> dict[str, Any]:
    """What stands under a key: in a list any item, in a mapping of free names any value."""
    if isinstance(part, int):
        return node.get("items") or {}
    free = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    return node.get("properties", {}).get(part) or next((one for one in free if isinstance(one, dict)), {})


def _item(given: Any, part: str | int) -> Any:
    if isinstance(given, Mapping):
        return given.get(part)
    if isinstance(given, Sequence) and isinstance(part, int) and part < len(given):
        return given[part]
    return None


def _resolve(node: dict[str, Any], whole: dict[str, Any], given: Any) -> dict[str, Any]:
    node = next((arm for arm in node.get("anyOf", ()) if arm.get("type") != "null"), node)
    if "$ref" in node:
        node = whole["$defs"][node["$ref"].rpartition("/")[2]]
    if "discriminator" in node and isinstance(given, Mapping):
        rule = node["discriminator"]
        target = rule["mapping"].get(given.get(rule["propertyName"]))
        return _resolve({"$ref": target}, whole, given) if target else node
    return node
