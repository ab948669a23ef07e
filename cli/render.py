"""Write the Kubernetes objects of a plan as files: <out>/<cluster>/<namespace or _cluster>/<kind>-<name>.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from cli.errors import CommandRefused
from engine.plan import PlannedResource

CLUSTER_SCOPE = "_cluster"
MARKER = ".rendered-by-mlops"


def kubernetes_objects(resources: Iterable[PlannedResource]) -> dict[Path, dict[str, Any]]:
    """Relative path -> object, for every Kubernetes object among the resources; secrets are masked in the plan."""
    found: dict[Path, dict[str, Any]] = {}
    for resource in resources:
        body = resource.inputs
        if not resource.type.startswith("kubernetes:") or "kind" not in body or "apiVersion" not in body:
            continue
        metadata = body.get("metadata") or {}
        folder = Path(resource.cluster or CLUSTER_SCOPE, metadata.get("namespace") or CLUSTER_SCOPE)
        stem = re.sub(r"[^A-Za-z0-9.-]", "_", f"{body['kind'].lower()}-{metadata.get('name', resource.name)}")
        path = folder / f"{stem}.yaml"
        if path in found:
            path = folder / f"{stem}-{resource.name}.yaml"
        found[path] = body
    return found


def write(objects: dict[Path, dict[str, Any]], out: Path) -> None:
    """Replace what an earlier rendering wrote below `out`; refuse a folder that holds anything else."""
    marker = out / MARKER
    if out.exists():
        if not out.is_dir():
            raise CommandRefused(f"--out {out}: is a file; name a folder")
        if any(out.iterdir()) and not marker.exists():
            raise CommandRefused(
                f"--out {out}: not empty and not written by `mlops render`; name another folder"
            )
        _clear(out, marker)
    for path, body in objects.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(body, sort_keys=False, allow_unicode=True), encoding="utf-8")
    out.mkdir(parents=True, exist_ok=True)
    marker.write_text("".join(f"{path}\n" for path in objects), encoding="utf-8")


def _clear(out: Path, marker: Path) -> None:
    if not marker.exists():
        return
    for line in marker.read_text(encoding="utf-8").splitlines():
        target = out / line
        if target.resolve().is_relative_to(out.resolve()):
            target.unlink(missing_ok=True)
    for folder in sorted((p for p in out.rglob("*") if p.is_dir()), key=lambda p: -len(p.parts)):
        if not any(folder.iterdir()):
            folder.rmdir()
