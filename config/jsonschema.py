"""The published JSON Schema of a stack's file, for editors: `docs/settings.schema.json`.

Written by `python -m config.jsonschema > docs/settings.schema.json`. It describes the whole
`Pulumi.<stack>.yaml`, so that a file may name it in its first line
(`# yaml-language-server: $schema=docs/settings.schema.json`). What lies between sections (unique names,
disjoint ranges, MIG mixes) is beyond JSON Schema; `config.load` checks it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from config.load import FULL_KEY
from config.vocabulary import settings_schema


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `Pulumi.<stack>.yaml`."""
    settings = dict(settings_schema())
    definitions = settings.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pulumi.<stack>.yaml of mlops-platform",
        "description": "A stack's settings. Other keys are those that the Pulumi CLI writes itself.",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [FULL_KEY],
                "properties": {FULL_KEY: {"$ref": "#/$defs/PlatformSettings"}},
                "additionalProperties": True,
            },
        },
        "additionalProperties": True,
        "$defs": {**definitions, "PlatformSettings": settings},
    }


def main() -> None:
    """Writes the schema to standard output."""
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
