"""Pulumi.yaml and Pulumi.<stack>.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import ProjectError
from engine.project import Project, denied_default_providers


def _project(root: Path, text: str = "name: demo\nruntime: python\n", stack: str = "config: {}\n") -> Project:
    (root / "Pulumi.yaml").write_text(text)
    (root / "Pulumi.dev.yaml").write_text(stack)
    (root / "__main__.py").touch()
    return Project.load(root)


def test_configuration_becomes_the_texts_that_the_pulumi_command_hands_over(tmp_path: Path) -> None:
    project = _project(
        tmp_path,
        "name: demo\nruntime: {name: python}\nconfig:\n  own: {default: 3, type: integer}\n  plain: text\n"
        "  pulumi:disable-default-providers: {value: ['*']}\n  overridden: {default: a}\n",
        "config:\n  demo:overridden: b\n  short: yes\n  demo:on: true\n  demo:day: 2026-01-02\n"
        "  demo:tree: {b: [1, ß], a: null}\n  aws:region: eu\n  demo:n: 1.50\n",
    )
    config = project.stack_config("dev")
    assert json.loads(config.pop("demo:tree")) == {"a": None, "b": [1, "ß"]}
    assert config == {
        "demo:own": "3", "demo:plain": "text", "pulumi:disable-default-providers": '["*"]', "demo:overridden": "b",
        "demo:short": "yes", "demo:on": "true", "demo:day": "2026-01-02", "aws:region": "eu", "demo:n": "1.5",
    }  # fmt: skip
    assert denied_default_providers(config) == {"*"}


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ("runtime: python\n", r"Pulumi\.yaml: name: a project needs a name"),
        ("name: demo\nruntime: nodejs\n", "runtime: given 'nodejs', only python programs can be run"),
        ("name: demo\nruntime: python\nmain: elsewhere\n", "elsewhere does not exist"),
        ("name: demo\nruntime: python\nconfig: [1]\n", "config: must be a mapping"),
        ("[1]\n", "must be a mapping, is a list"),
        ("name: {\n", r"(?s)cannot be read: .*line 2"),
    ],
)
def test_a_project_file_that_cannot_be_used_is_refused(tmp_path: Path, project: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        _project(tmp_path, project)


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("config:\n  demo:key: {secure: v1:abc}\n", r"Pulumi\.dev\.yaml: config\.demo:key: is encrypted"),
        ("config:\n  demo:key: {a: [{secure: v1:abc}]}\n", "is encrypted"),
        ("config: 3\n", "config: must be a mapping"),
    ],
)
def test_a_stack_file_that_cannot_be_used_is_refused(tmp_path: Path, stack: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        _project(tmp_path, stack=stack).stack_config("dev")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"Pulumi\.yaml: no such file"):
        Project.load(tmp_path)


@pytest.mark.parametrize("text", ["nonsense", '"kubernetes"', "[1]"])
def test_a_list_of_denied_providers_must_be_one(text: str) -> None:
    with pytest.raises(ProjectError, match="needs a list of names"):
        denied_default_providers({"pulumi:disable-default-providers": text})
    assert denied_default_providers({}) == frozenset()
