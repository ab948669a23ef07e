from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from config.jsonschema import json_schema, main
from config.vocabulary import keys_at

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "settings.schema.json"
Data = dict[str, Any]


def mistakes(settings: Data) -> list[str]:
    document = {"config": {"mlops-platform:settings": settings}}
    return [error.json_path for error in Draft202012Validator(json_schema()).iter_errors(document)]


def test_the_published_schema_is_the_one_that_the_settings_have(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    written = capsys.readouterr().out
    assert FILE.read_text() == written, "run: python -m config.jsonschema > docs/settings.schema.json"


def test_the_published_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(FILE.read_text()))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stacks_of_the_project_satisfy_the_schema_and_name_it(stack: str) -> None:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=docs/settings.schema.json\n")
    assert not list(Draft202012Validator(json_schema()).iter_errors(yaml.safe_load(text)))


def test_valid_settings_satisfy_the_schema(data: Data) -> None:
    assert mistakes(data) == []


def test_an_editor_sees_an_unknown_key(data: Data) -> None:
    data["colour"] = "red"
    assert len(mistakes(data)) == 1


def test_an_editor_sees_a_number_in_quotes(data: Data) -> None:
    data["tracking"]["replicas"] = "2"
    assert len(mistakes(data)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"model": "H100"},
        {"nodes": -1},
        {"purpose": "serving"},
        {"sharing": {"strategy": "mig", "profiles": {"9g.90gb": 1}}},
        {"sharing": {"strategy": "mig", "replicas": 2}},
        {"sharing": {"strategy": "mps", "replicas": 1}},
    ],
)
def test_an_editor_sees_a_mistake_in_a_pool(data: Data, change: Data) -> None:
    data["clusters"][0]["gpuPools"][0] |= change
    assert len(mistakes(data)) == 1


def test_every_key_of_the_settings_is_described() -> None:
    undescribed = [
        f"{name}.{key}"
        for name, definition in json_schema()["$defs"].items()
        for key, value in definition.get("properties", {}).items()
        if not {"description", "const", "$ref"} & value.keys() and name != "ContainerDefaults"
    ]
    assert undescribed == []


def test_the_keys_of_a_union_are_those_of_the_arm_that_was_chosen() -> None:
    given = {"clusters": [{"kind": "eks"}, {"kind": "lab"}, {"kind": "other"}]}
    assert "context" in keys_at(("clusters", 0), given)
    assert "context" not in keys_at(("clusters", 1), given)
    assert keys_at(("clusters", 2), given) == []


def test_keys_are_known_below_what_may_be_left_out_and_below_free_names() -> None:
    assert keys_at(("network", "clusterMesh"), {}) == ["domain", "ids", "sources"]
    given = {"clusters": [{"kind": "eks"}]}
    assert "maxNodes" in keys_at(("clusters", 0, "aws", "pools", "h100"), given)
    quota = ("clusters", 0, "gpuQueues", 0, "quotas", "h100", "nvidia.com/gpu")
    assert keys_at(quota, given) == ["nominal", "borrowing", "lending"]
