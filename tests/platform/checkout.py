"""This checkout with other settings of the stack dev, as somebody has it who changed them."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.platform.command import ROOT

_PARTS = ("config", "stacks", "components", "services", "Pulumi.yaml", "__main__.py")


def checkout(folder: Path, change: Callable[[dict[str, Any]], None], *, unneeded: str = "") -> Path:
    """`change` gets the settings and changes them in place; exemptions in the namespace `unneeded` are left out."""
    for name in _PARTS:
        (folder / name).symlink_to(ROOT / name)
    (folder / "policy-packs").symlink_to(
        _packs(folder / "packs", unneeded) if unneeded else ROOT / "policy-packs"
    )
    content = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    change(content["config"]["mlops-platform:settings"])
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def _packs(folder: Path, unneeded: str) -> Path:
    shutil.copytree(ROOT / "policy-packs", folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "platform" / "config" / "dev.json"
    packs = json.loads(file.read_text(encoding="utf-8"))
    for pack in packs.values():
        pack["exemptions"] = [one for one in pack.get("exemptions", ()) if one.get("namespace") != unneeded]
    file.write_text(json.dumps(packs), encoding="utf-8")
    return folder


def without_west(settings: dict[str, Any]) -> None:
    """One cluster, which has nobody to watch, and quotas of what it offers."""
    settings["clusters"] = [one for one in settings["clusters"] if one["name"] != "west"]
    settings["mesh"]["multiPrimary"] = False
    for tenant in settings["tenants"]:
        gpus = tenant["quota"].get("gpus", {})
        tenant["quota"]["gpus"] = {name: count for name, count in gpus.items() if name == "nvidia.com/gpu"}


def with_north(settings: dict[str, Any]) -> None:
    """A third cluster, with a network of its own and no GPU."""
    north = copy.deepcopy(settings["clusters"][1])
    north |= {"name": "north", "region": "lab-north", "gpuPools": []}
    north["network"] = {"id": "network-north", "podCidr": "10.30.0.0/16", "serviceCidr": "10.31.0.0/16"}
    settings["clusters"].append(north)
