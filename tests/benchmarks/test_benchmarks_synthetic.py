"""A benchmark that measures something else than it says is worse than none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import access, synthetic
from config.schema import PlatformSettings
from engine.plan import as_json, preview
from engine.project import Project

KEYS = ("type", "name")


def planned(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.chdir(folder)
    return as_json(preview(Project.load(folder), "bench"))


@pytest.mark.parametrize(("clusters", "teams"), [(1, 0), (50, 0), (2, 50)])
def test_settings_of_every_size_are_good_settings(clusters: int, teams: int) -> None:
    settings = PlatformSettings.model_validate(synthetic.stack_settings(clusters, teams))
    assert len(settings.clusters) == clusters
    assert len({tenant.team for tenant in settings.tenants}) >= teams
    assert {one.kind for one in settings.clusters} == {"existing"}


def test_the_bare_program_registers_the_same_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = planned(synthetic.checkout(tmp_path / "stack", 1), monkeypatch)
    bare = synthetic.bare(tmp_path / "bare", resources)
    counting = (
        (bare / "runner.py")
        .read_text()
        .replace("import asyncio\n", "import asyncio\nimport os\n")
        .replace(
            "return args.name, args.inputs",
            "os.write(1, f'{args.typ} {args.name}\\n'.encode()); return args.name, args.inputs",
        )
    )
    (bare / "runner.py").write_text(counting)
    done = subprocess.run(
        [sys.executable, "runner.py"], cwd=bare, capture_output=True, text=True, check=True, timeout=120
    )
    registered = {tuple(line.split()) for line in done.stdout.splitlines()}
    wanted = {
        tuple(one[key] for key in KEYS)
        for one in resources
        if not one["type"].startswith(("mlops:", "pulumi:pulumi:"))
    }
    assert registered >= wanted
    assert {kind.partition(":")[0] for kind, _ in wanted} >= {"kubernetes", "keycloak", "vault", "pulumi"}


def test_access_adds_the_realm_and_the_secret_store_to_the_bare_estate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without, together = (
        planned(synthetic.checkout(tmp_path / name, 1, teams=3, program=text), monkeypatch)
        for name, text in (("without", access.ESTATE), ("with", access.ACCESS))
    )
    more = [one for one in together if one["urn"] not in {each["urn"] for each in without}]
    assert [one["type"] for one in without] == ["pulumi:pulumi:Stack", "pulumi:providers:kubernetes"]
    groups = {one["name"] for one in more if one["type"] == "keycloak:index/group:Group"}
    assert all(any(f"team-{number:02d}" in name for name in groups) for number in range(3))
    policies = {one["inputs"]["name"] for one in more if one["type"] == "vault:index/policy:Policy"}
    assert len([name for name in policies if "team-" in name]) == 3
    assert json.dumps(more)
