"""The project's own sources, as files and as syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("config", "stacks", "components", "engine", "lab", "proof", "cli", "services", "policy-packs")


@dataclass(frozen=True)
class Module:
    """One Python file; `path` is relative to the project."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @property
    def area(self) -> str:
        return self.path.partition("/")[0]


def modules(*areas: str) -> Iterator[Module]:
    for area in areas:
        for path in sorted((ROOT / area).rglob("*.py")):
            yield Module(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def code() -> list[Module]:
    """Every module of the project's own code, tests apart."""
    return list(modules(*CODE))
