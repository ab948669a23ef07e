"""CustomResourceDefinitions of other projects, read out of the Go modules that ship them."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from config import catalog
from lab.cache import Cache, Entry, remove
from lab.errors import Failure
from lab.gobuild import RECIPES, Workspace
from lab.progress import Progress, Step
from lab.toolchain import go

RECIPE = RECIPES / "crds"
_FILE = "crds.json"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C, where there is one: these files have tens of thousands of lines."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A Go module and the files in it; go.sum of the recipe `crds` must hold its checksum.

    Of files that hold more than is wanted, only the definitions of these `names` are taken.
    """

    module: str
    version: str
    folder: str
    files: tuple[str, ...]
    names: tuple[str, ...] = ()


SOURCES = (
    Source(
        module="github.com/cert-manager/cert-manager",
        version=f"v{catalog.CERT_MANAGER}",
        folder="deploy/crds",
        files=(
            "cert-manager.io_certificates.yaml",
            "cert-manager.io_clusterissuers.yaml",
            "cert-manager.io_issuers.yaml",
        ),
    ),
    Source(
        module="github.com/cilium/cilium",
        version=f"v{catalog.CILIUM}",
        folder="pkg/k8s/apis/cilium.io/client/crds/v2",
        files=("ciliumnetworkpolicies.yaml", "ciliumclusterwidenetworkpolicies.yaml"),
    ),
    Source(
        module="github.com/external-secrets/external-secrets",
        version=f"v{catalog.EXTERNAL_SECRETS_CRDS}",
        folder="config/crds/bases",
        files=(
            "external-secrets.io_clustersecretstores.yaml",
            "external-secrets.io_externalsecrets.yaml",
            "external-secrets.io_secretstores.yaml",
            "generators.external-secrets.io_vaultdynamicsecrets.yaml",
            "generators.external-secrets.io_webhooks.yaml",
        ),
    ),
    Source(
        module="sigs.k8s.io/gateway-api",
        version=f"v{catalog.GATEWAY_API}",
        folder="config/crd/standard",
        files=tuple(
            f"gateway.networking.k8s.io_{kind}.yaml"
            for kind in ("gatewayclasses", "gateways", "httproutes", "referencegrants", "tlsroutes")
        ),
    ),
    Source(
        module="istio.io/api",
        version=f"v{catalog.ISTIO_API}",
        folder="kubernetes",
        files=("customresourcedefinitions.gen.yaml",),
        names=(
            "authorizationpolicies.security.istio.io",
            "peerauthentications.security.istio.io",
            "requestauthentications.security.istio.io",
            "serviceentries.networking.istio.io",
            "sidecars.networking.istio.io",
            "telemetries.telemetry.istio.io",
            "workloadentries.networking.istio.io",
        ),
    ),
)


def crds(cache: Cache, progress: Progress) -> list[dict[str, Any]]:
    """Every definition of `SOURCES`, ready for an API server that can reach no webhook.

    Raises `DownloadError`, `CacheError`, or `Failure` if a module does not have the file.
    """
    folder = cache.entry(entry(SOURCES), progress)
    found: list[dict[str, Any]] = json.loads((folder / _FILE).read_text())
    return found


def entry(sources: tuple[Source, ...]) -> Entry:
    """How the definitions are fetched: all of them or none."""
    sums = (RECIPE / "go.sum").read_bytes()
    key = hashlib.sha256(repr(sources).encode() + sums).hexdigest()[:12]

    def build(folder: Path, step: Step) -> None:
        workspace = Workspace(go=go(), recipe=RECIPE, root=folder / "modules")
        found = [definition for source in sources for definition in _read(source, workspace, step)]
        remove(workspace.root)
        (folder / _FILE).write_text(json.dumps(found))

    return Entry(
        name="crds",
        key=key,
        label="fetching the custom resource definitions of other projects, once per user",
        build=build,
    )


def for_lab(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition without what needs a webhook: versions are stored as they are sent."""
    cleaned = copy.deepcopy(dict(definition))
    cleaned["spec"].pop("conversion", None)
    annotations = cleaned["metadata"].get("annotations", {})
    for name in [name for name in annotations if name.startswith("cert-manager.io/")]:
        del annotations[name]
    cleaned.pop("status", None)
    return cleaned


def _read(source: Source, workspace: Workspace, step: Step) -> list[dict[str, Any]]:
    folder = workspace.module(source.module, source.version, step) / source.folder
    found = []
    for name in source.files:
        try:
            text = (folder / name).read_text()
        except OSError as error:
            raise Failure(
                f"Go module {source.module} {source.version}: it has no {source.folder}/{name}. "
                "Correct the file's name in lab/crds.py for this version."
            ) from error
        found += [for_lab(one) for one in yaml.load_all(text, Loader=_LOADER) if one and _wanted(source, one)]
    if missing := set(source.names) - {one["metadata"]["name"] for one in found}:
        raise Failure(
            f"Go module {source.module} {source.version}: it has no {', '.join(sorted(missing))}. "
            "Correct the names in lab/crds.py for this version."
        )
    return found


def _wanted(source: Source, definition: Mapping[str, Any]) -> bool:
    return not source.names or definition["metadata"]["name"] in source.names
