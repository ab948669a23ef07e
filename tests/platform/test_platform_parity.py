"""Both engines are held to the same URNs, inputs and live objects, wherever the real one and its plugins are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.pulumi_cli import PulumiCli
from config.load import FULL_KEY, read
from config.outside import read_outside
from engine.plan import PlannedResource, preview
from engine.project import Project
from tests.platform import remains
from tests.platform.command import ROOT, Platform
from tests.platform.real_engine import lab_without_servers, need_the_real_engine

pytestmark = pytest.mark.pulumi

STRANGER = "nobody"
"""A preview of a new stack asks no server for anything: no token has to be a good one."""


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_both_engines_plan_the_same_resources_with_the_same_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: str
) -> None:
    root, backend = _without_charts(stack, tmp_path / "checkout"), lab_without_servers(tmp_path / "lab")
    monkeypatch.setenv("MLOPS_LAB_DIR", str(backend.root))
    monkeypatch.setenv("KEYCLOAK_ACCESS_TOKEN", STRANGER)
    planned = plan(stack, root)
    need_the_real_engine(planned)
    driver = PulumiCli(program="pulumi", root=root, stack=stack, lab=backend)
    real = {resource.urn: resource for resource in driver.preview()[0].resources}
    embedded = {resource.urn: resource for resource in planned}
    assert len(embedded) > 100
    assert embedded.keys() == real.keys()
    above = {resource.parent for resource in planned}
    for urn, resource in embedded.items():
        ours, theirs = _comparable(resource, resource), _comparable(real[urn], resource)
        if not resource.provider and urn not in above:
            theirs["cluster"] = ours[
                "cluster"
            ]  # pulumi does not tell the cluster of a component without children
        assert ours == theirs, urn


@pytest.mark.lab
def test_both_engines_leave_the_same_behind_and_find_nothing_to_change_in_it(platform: Platform) -> None:
    planned = plan("dev")
    need_the_real_engine(planned)
    embedded = _left_behind(platform, planned)
    platform.mlops("down", "--engine", "embedded")
    try:
        platform.mlops("up", "--engine", "pulumi")
        real = _left_behind(platform, planned)
        again = platform.mlops("up", "--engine", "pulumi")
        platform.mlops("down", "--engine", "pulumi")
    finally:
        platform.mlops("up", "--engine", "embedded")
    assert f"{len(planned)} unchanged" in again
    for server, objects in embedded.items():
        assert len(objects) > 20, server
        assert objects.keys() == real[server].keys(), server
        for key, body in objects.items():
            assert body == real[server][key], (server, key)


def plan(stack: str, root: Path = ROOT) -> tuple[PlannedResource, ...]:
    """What the embedded engine would do for a new stack."""
    return preview(Project.load(root), stack).resources


def _without_charts(stack: str, checkout: Path) -> Path:
    """A checkout whose stack installs no chart: the real engine reads charts from their repositories and asks a
    cluster what it serves, even for a preview."""
    checkout.mkdir()
    for entry in ROOT.iterdir():
        (checkout / entry.name).symlink_to(entry)
    file = checkout / f"Pulumi.{stack}.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["config"][FULL_KEY]["secrets"].pop("server", None)
    file.unlink()
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return checkout


def _comparable(planned: PlannedResource, embedded: PlannedResource) -> dict[str, Any]:
    """Without the operation (each engine has a state of its own) and what the real one adds to providers."""
    inputs = {k: v for k, v in planned.inputs.items() if k not in {"__internal", "version"}}
    return {
        "type": planned.type,
        "name": planned.name,
        "parent": planned.parent,
        "provider": planned.provider,
        "cluster": planned.cluster,
        "dependencies": sorted(planned.dependencies),
        "inputs": _stated(inputs, embedded.inputs),
    }


def _stated(value: Any, embedded: Any) -> Any:
    """Without the defaults, named in `__defaults`, that a bridged provider writes down before it applies them.

    Those that the embedded engine writes down as well are compared.
    """
    if isinstance(value, dict):
        beside = embedded if isinstance(embedded, dict) else {}
        left_out = {"__defaults", *value.get("__defaults", ())} - beside.keys()
        return {k: _stated(v, beside.get(k)) for k, v in value.items() if k not in left_out}
    if isinstance(value, list):
        beside_each = embedded if isinstance(embedded, list) else []
        return [_stated(each, beside) for each, beside in zip_longest(value, beside_each[: len(value)])]
    return value


def _left_behind(platform: Platform, planned: Iterable[PlannedResource]) -> Mapping[str, Mapping[Any, Any]]:
    """What is there by server, and there by name."""
    settings = read(ROOT, "dev").with_outside(read_outside(platform.folder.root))
    return {
        "keycloak": remains.realm(platform.folder, settings),
        "secret store": remains.secret_store(platform.folder, settings),
        **{c.name: remains.cluster_objects(platform.folder, c.name, planned) for c in settings.clusters},
    }
