"""Habits that a reader could check by eye, checked by machine."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.contracts.conftest import Module, modules

LONGEST = 250
CATALOG = "config/catalog.py"
LOADER = "config/load.py"

VERSION = re.compile(r"(?<![\w.])v?\d+\.\d+\.\d+(?![\w.])")
CITATION = re.compile(r"\bCIS( EKS)? [\d., -]+")
"""A section of a benchmark looks like a version and is none."""

SKIPPED = {".git", ".venv", ".lab", "__pycache__", "build", "rendered", ".hypothesis", "node_modules"}
GENERATED = (".egg-info", "_cache")
TEXT = {"", ".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".json", ".lock", ".mod", ".sh", ".cfg", ".mk"}
HOSTS = [
    ".".join(parts)
    for parts in (("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"))
]
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:root|home|Users|work|tmp/w)/[\w.-]+")

AUTHORSHIP = re.compile(
    r"CONTRACTS[.]md|[c]o-authored-by|[w]ritten by an? (?:agent|assistant|model)", re.IGNORECASE
)


def texts(root: Path) -> Iterator[tuple[str, str]]:
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name for name in folders if name not in SKIPPED and not name.endswith((".egg-info", "_cache"))
        ]
        for name in files:
            path = Path(folder, name)
            if path.suffix in TEXT:
                yield str(path.relative_to(root)), path.read_text(encoding="utf-8", errors="replace")


def literals(module: Module) -> Iterator[tuple[int, str]]:
    """Every string in the code that is no docstring."""
    tree = module.tree
    documentation = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            documentation |= {
                id(statement.value)
                for statement in body
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def test_no_module_is_longer_than_one_concept_needs(code: list[Module]) -> None:
    too_long = {module.path: n for module in code if (n := len(module.text.splitlines())) > LONGEST}
    assert too_long == {}


def test_versions_stand_in_the_catalogue_alone(code: list[Module]) -> None:
    found = [
        f"{module.path}:{line} {value!r}"
        for module in code
        if module.path != CATALOG
        for line, value in literals(module)
        if VERSION.search(CITATION.sub("", value))
    ]
    assert found == []


def test_only_the_loader_asks_which_stack_it_is(code: list[Module]) -> None:
    """Environments differ by data: nothing else may look at the stack's name or read its configuration."""
    program = [
        module
        for module in code
        if module.area in {"config", "stacks", "components"} and module.path != LOADER
    ]
    found = [
        f"{module.path}: {word}"
        for module in program
        for word in ("get_stack(", "pulumi.Config", "stack ==", "os.environ", "getenv")
        if word in module.text
    ]
    assert found == []


def test_config_knows_nothing_of_pulumi(code: list[Module]) -> None:
    importing = [
        module.path
        for module in code
        if module.area == "config" and re.search(r"^\s*(import|from) pulumi", module.text, re.MULTILINE)
    ]
    assert importing == [LOADER]


def test_the_program_is_shorter_than_ten_lines(root: Path) -> None:
    assert len((root / "__main__.py").read_text(encoding="utf-8").splitlines()) < 10


def test_a_stack_declares_nothing_but_providers(code: list[Module]) -> None:
    for module in code:
        if module.area == "stacks":
            assert set(from_providers(module)) <= {"Provider"}, module.path


def from_providers(module: Module) -> Iterator[str]:
    """What a module takes out of a provider's SDK, by import or by attribute."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_"):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.Import):
            yield from (alias.asname for alias in node.names if alias.asname and alias.name[:7] == "pulumi_")
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).startswith("pulumi_"):
            yield node.attr


@pytest.mark.parametrize("area", ["components", "stacks"])
def test_every_module_has_the_test_file_that_mirrors_it(root: Path, area: str) -> None:
    present = {path.stem for path in (root / "tests" / area).rglob("test_*.py")}
    missing = [
        module.path
        for module in modules(area)
        if not module.path.endswith("__init__.py") and f"test_{area}_{Path(module.path).stem}" not in present
    ]
    assert missing == []


def test_every_module_of_the_settings_is_reached_by_a_test_of_the_settings(root: Path) -> None:
    """Imported by a test, or by a module that a test imports: checks are tested through the schema."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (root / "tests" / "config").rglob("*.py"))
    settings = {Path(module.path).stem: module for module in modules("config")}
    direct = {name for name in settings if imports(name, tests)}
    reached = direct | {name for name in settings if any(imports(name, settings[one].text) for one in direct)}
    assert sorted(settings.keys() - reached - {"__init__"}) == []


def imports(name: str, text: str) -> bool:
    return re.search(rf"\bconfig\.{name}\b|from config import .*\b{name}\b", text) is not None


def test_test_files_have_names_of_their_own(root: Path) -> None:
    """pytest imports them by their base name."""
    names = sorted(path.name for path in (root / "tests").rglob("test_*.py"))
    assert [one for one, other in pairwise(names) if one == other] == []


def test_no_file_names_a_path_of_one_machine(root: Path) -> None:
    found = [
        f"{path}: {match.group()}" for path, text in texts(root) for match in MACHINE_PATH.finditer(text)
    ]
    assert found == []


def test_no_file_names_a_package_registry(root: Path) -> None:
    """Which registry or mirror is used is the business of the user's own environment."""
    found = [f"{path}: {host}" for path, text in texts(root) for host in HOSTS if host in text]
    assert found == []


def test_no_file_speaks_of_who_wrote_it_and_how(root: Path) -> None:
    found = [f"{path}: {one.group()}" for path, text in texts(root) for one in AUTHORSHIP.finditer(text)]
    assert found == []
