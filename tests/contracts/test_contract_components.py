from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tests.contracts.conftest import Module

TOKEN = re.compile(r"mlops:index:[A-Z][A-Za-z0-9]*")


def classes(code: list[Module]) -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in code:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                yield module, node


def bases(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).rpartition(".")[2] for base in node.bases}


def components(code: list[Module]) -> list[tuple[Module, ast.ClassDef]]:
    return [(module, node) for module, node in classes(code) if "Component" in bases(node)]


def stated_token(node: ast.ClassDef) -> object:
    (value,) = [keyword.value for keyword in node.keywords if keyword.arg == "token"]
    return value.value if isinstance(value, ast.Constant) else None


def test_every_token_is_a_literal_that_names_its_class(code: list[Module]) -> None:
    assert components(code)
    assert {node.name: stated_token(node) for _, node in components(code)} == {
        node.name: f"mlops:index:{node.name}" for _, node in components(code)
    }


def test_no_two_components_share_a_token(code: list[Module]) -> None:
    counted = Counter(str(stated_token(node)) for _, node in components(code))
    assert [token for token, count in counted.items() if count > 1 or not TOKEN.fullmatch(token)] == []


def test_only_the_one_base_derives_from_pulumis_component(code: list[Module]) -> None:
    derived = [
        (module.path, node.name) for module, node in classes(code) if "ComponentResource" in bases(node)
    ]
    assert derived == [("components/base.py", "Component")]


def test_a_file_holds_at_most_one_component_and_its_arguments(code: list[Module]) -> None:
    counted = Counter(module.path for module, _ in components(code))
    assert [path for path, count in counted.items() if count > 1] == []


def test_components_live_below_components(code: list[Module]) -> None:
    assert {module.area for module, _ in components(code)} == {"components"}


def test_component_arguments_are_frozen_and_keyword_only(code: list[Module]) -> None:
    arguments = [
        (m, node) for m, node in classes(code) if m.area == "components" and node.name.endswith("Args")
    ]
    assert arguments
    for module, node in arguments:
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        assert decorators == ["dataclass(frozen=True, kw_only=True)"], f"{module.path}: {node.name}"


def test_every_component_closes_with_register_outputs_as_its_last_line(code: list[Module]) -> None:
    for module, node in components(code):
        (init,) = [
            item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"
        ]
        last = ast.unparse(init.body[-1])
        assert last.startswith("self.register_outputs("), f"{module.path}: {last}"


def test_children_get_their_components_options_and_nothing_of_the_callers(code: list[Module]) -> None:
    for module, node in components(code):
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and "merge" in ast.unparse(call.func):
                raise AssertionError(f"{module.path}:{call.lineno} merges options into a child")
