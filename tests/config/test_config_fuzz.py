"""Whatever stands in the file, the answer is settings or a list of mistakes, and never a crash."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from config.explain import problems_of
from config.jsonschema import json_schema
from config.schema import PlatformSettings
from config.source import Source

ROOT = Path(__file__).parents[2]
NOWHERE = Source(file="Pulumi.dev.yaml", lines={})
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-5, max_value=70000),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["lab", "eks", "mig", "mps", "whole", "primary", "platform", "10.10.0.0/16", "1g.10gb"]),
)
KEYS = st.one_of(
    st.text(max_size=6), st.integers(), st.none(), st.booleans(), st.sampled_from(["kind", "name"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in children for place in places(value, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Settings with one to three places replaced, added or taken away."""
    whole = {"root": _settings(draw(st.sampled_from(["dev", "prod"])))}
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        *above, last = draw(st.sampled_from(places(whole)[1:]))
        here: Any = whole
        for part in above:
            here = here[part]
        action = draw(st.sampled_from(["replace", "add", "drop", "repeat"]))
        if action == "drop" and above:
            del here[last]
        elif action == "add" and isinstance(here[last], dict):
            here[last][draw(KEYS)] = draw(VALUES)
        elif action == "repeat" and isinstance(here, list):
            here.append(copy.deepcopy(here[last]))
        else:
            here[last] = draw(VALUES)
    return whole["root"]


def _settings(stack: str) -> Any:
    """A stack of the project, with what it leaves out of the settings about people."""
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    found = document["config"]["mlops-platform:settings"]
    user = {"username": "ada", "email": "ada@example.com", "firstName": "Ada", "lastName": "L"}
    found["access"] |= {
        "users": [{**user, "roles": ["viewer"], "teams": ["platform"]}],
        "redirectUris": {"mlflow": ["https://mlflow.example.com/callback"]},
        "lifetimes": {"accessToken": 300},
    }
    return found


def accepted(data: Any) -> bool:
    try:
        PlatformSettings.model_validate(data)
    except ValidationError:
        return False
    return True


@given(damaged())
@settings(deadline=None, database=None, max_examples=300)
def test_damaged_settings_are_explained_exactly_when_they_are_refused(data: Any) -> None:
    problems = problems_of(data, NOWHERE)
    assert bool(problems) != accepted(data)
    for problem in problems:
        assert problem.key.startswith("settings")
        assert problem.given
        assert problem.remedy
        assert "\n" not in str(problem)


@given(damaged())
@settings(deadline=None, database=None, max_examples=100)
def test_the_schema_refuses_nothing_that_the_loader_accepts(data: Any) -> None:
    if accepted(data):
        document = {"config": {"mlops-platform:settings": data}}
        assert Draft202012Validator(json_schema()).is_valid(document)
