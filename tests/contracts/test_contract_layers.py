from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT_PACKAGES = ("config", "stacks", "components", "engine", "lab", "proof", "cli")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, for a test to break."""
    folder = tmp_path_factory.mktemp("layers")
    shutil.copy(root / "pyproject.toml", folder)
    for package in ROOT_PACKAGES:
        shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "go"))
    return folder


def test_the_layers_hold(root: Path) -> None:
    done = lint(root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("components/labels.py", "import stacks.platform"),
        ("config/types.py", "import components.base"),
        ("engine/__init__.py", "import config.catalog"),
        ("lab/__init__.py", "import config.schema"),
        ("stacks/platform.py", "import lab"),
        ("proof/__init__.py", "import stacks.platform"),
    ],
)
def test_an_import_against_the_layers_is_seen(copy: Path, module: str, statement: str) -> None:
    file = copy / module
    before = file.read_text(encoding="utf-8")
    file.write_text(f"{before}\n{statement}\n", encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        file.write_text(before, encoding="utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_policy_packs_and_services_import_nothing_of_the_program(root: Path) -> None:
    for area in ("policy-packs", "services"):
        for path in (root / area).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for package in ROOT_PACKAGES:
                assert f"\nfrom {package}." not in text, path
                assert f"\nimport {package}" not in text, path
