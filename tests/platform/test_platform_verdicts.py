"""Both engines ask the packs alike: every control's examples get the same verdicts from both."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from controls.catalogue import CONTROLS

from cli.pulumi_cli import PulumiCli
from engine.plan import Plan, preview
from engine.project import Project
from tests.platform.command import ROOT
from tests.platform.real_engine import lab_without_servers, need_the_real_engine

pytestmark = pytest.mark.pulumi

PROGRAM = '''
import json
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes


class Declared(pulumi.CustomResource):
    """An object as it stands, of any kind."""


east = kubernetes.Provider("east", cluster_identifier="east", kubeconfig=Path("kubeconfig").read_text())
for name, token, inputs in json.loads(Path("objects.json").read_text()):
    Declared(token, name, inputs, pulumi.ResourceOptions(provider=east))
'''
NOWHERE = """
apiVersion: v1
kind: Config
current-context: east
clusters: [{name: east, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: east, context: {cluster: east, user: nobody}}]
users: [{name: nobody, user: {}}]
"""
"""A cluster that does not answer: a preview knows nothing of it."""
_FINDING = re.compile(r"^\s*([A-Z]{2}-\d{2} .+?)\s*$", re.MULTILINE)


def test_both_engines_give_the_same_verdicts_on_every_example(tmp_path: Path) -> None:
    root = _checkout(tmp_path / "checkout")
    packs = {root / "policy-packs" / "platform": None}
    planned = preview(Project.load(root), "dev", packs=tuple(packs))
    need_the_real_engine(planned.resources)
    backend = lab_without_servers(tmp_path / "lab")
    real, _ = PulumiCli(program="pulumi", root=root, stack="dev", packs=packs, lab=backend).preview()
    embedded = _findings(planned)
    assert len({line.partition(" ")[0] for line, _, _ in embedded}) > 40, "the examples break most controls"
    assert _findings(real) == embedded


def _findings(plan: Plan) -> Counter[tuple[str, str, str]]:
    """Each line of each violation, with its level and what it is about."""
    return Counter(
        (line, one.level, one.urn) for one in plan.violations for line in _FINDING.findall(one.message)
    )


def _checkout(folder: Path) -> Path:
    folder.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "policy-packs"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "kubeconfig").write_text(NOWHERE, encoding="utf-8")
    (folder / "objects.json").write_text(json.dumps(list(_declarations())), encoding="utf-8")
    return folder


def _is_bundle(one: dict[str, Any]) -> bool:
    """Charts are components of the real engine, and are read from their repositories."""
    return str(one["apiVersion"]).startswith("helm.sh/")


def _declarations() -> list[tuple[str, str, dict[str, Any]]]:
    """Name, type and inputs of each Kubernetes object among the good and bad examples."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    for control in CONTROLS.values():
        for text in (control.good, control.bad):
            for one in yaml.safe_load_all(text):
                if isinstance(one, dict) and {"apiVersion", "kind"} <= one.keys() and not _is_bundle(one):
                    version = one["apiVersion"] if "/" in one["apiVersion"] else f"core/{one['apiVersion']}"
                    found.append((f"object-{len(found):03d}", f"kubernetes:{version}:{one['kind']}", one))
    return found
