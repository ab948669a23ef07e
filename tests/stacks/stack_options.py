"""Stack prod with a setting that it leaves off, and what its packs' configuration takes up then."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from controls.configuration import Configuration
from controls.manifests import read_configuration

from config.network_settings import ClusterMesh
from config.schema import PlatformSettings
from stacks.platform import build
from tests.recorder import Recorder, run
from tests.stacks.conftest import settings_of
from tests.stacks.stack_items import CONFIG

STACK = "prod"
_VAULT = (
    "EX-02 StatefulSet vault/vault: the exemption from SC-01 exempts nothing; platform team must remove it"
)


def _cluster_mesh(settings: PlatformSettings) -> PlatformSettings:
    mesh = ClusterMesh(domain="mesh.mlops.example.com")
    return settings.model_copy(update={"network": settings.network.model_copy(update={"cluster_mesh": mesh})})


def _openbao(settings: PlatformSettings) -> PlatformSettings:
    return settings.model_copy(update={"secrets": settings.secrets.model_copy(update={"backend": "openbao"})})


OPTIONS: Mapping[str, tuple[Callable[[PlatformSettings], PlatformSettings], list[str]]] = {
    "cluster-mesh": (_cluster_mesh, []),
    "openbao": (_openbao, [_VAULT]),
}
"""By file: the setting, and what the packs then say of entries that are for something else."""


@cache
def recorded_with(option: str) -> Recorder:
    """What the stack declares with the setting; shared, so never to be changed."""
    return run(lambda: build(OPTIONS[option][0](settings_of(STACK))), STACK)


def configuration_with(option: str, folder: Path) -> dict[str, Configuration]:
    """The stack's configuration with every list of the option's file added to the list of the same name."""
    merged, added = (_read(CONFIG / one) for one in (f"{STACK}.json", f"options/{option}.json"))
    for pack, settings in added.items():
        for key, entries in settings.items():
            merged[pack].setdefault(key, []).extend(entries)
    file = folder / f"{option}.json"
    file.write_text(json.dumps(merged), encoding="utf-8")
    return read_configuration(str(file))


def _read(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found
