"""The servers that are Go programs: found where the user has them, else built once per user."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config import catalog
from lab.cache import Cache, Entry, remove
from lab.errors import Refusal
from lab.gobuild import RECIPES, Workspace
from lab.progress import Progress, Step
from lab.toolchain import Go, go

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"

_CONTROL_PLANE = RECIPES / "controlplane"
_VERSION_TIMEOUT = 20


@dataclass(frozen=True, kw_only=True)
class Binary:
    """One program: how it is built, and which existing copy may stand in for it.

    `shown` finds the version in what `--version` prints. A copy of another `same` part of the version is not
    used; an API server must be exactly the pinned one, as its objects and defaults are what tests rely on.
    """

    name: str
    version: str
    recipe: Path
    package: str
    shown: str
    same: int
    stamps: Mapping[str, str] = field(default_factory=dict)

    def accepts(self, version: str) -> bool:
        """Whether a copy of this version may be used."""
        return version.split(".")[: self.same] == self.version.split(".")[: self.same]

    def key(self, go_version: str) -> str:
        """Changes with whatever changes the built file."""
        recipe = [(self.recipe / name).read_text() for name in ("go.mod", "go.sum")]
        text = json.dumps([recipe, self.package, dict(self.stamps), go_version])
        return f"{self.version}-{platform_name()}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _kubernetes(name: str) -> Binary:
    major, minor, _ = catalog.KUBERNETES.split(".")
    base = "k8s.io/component-base/version"
    return Binary(
        name=name,
        version=catalog.KUBERNETES,
        recipe=_CONTROL_PLANE,
        package=f"k8s.io/kubernetes/cmd/{name}",
        shown=r"Kubernetes v(\S+)",
        same=3,
        stamps={
            f"{base}.gitVersion": f"v{catalog.KUBERNETES}",
            f"{base}.gitMajor": major,
            f"{base}.gitMinor": minor,
            f"{base}.gitTreeState": "clean",
        },
    )


BINARIES: Mapping[str, Binary] = {
    binary.name: binary
    for binary in (
        Binary(
            name="etcd",
            version=catalog.ETCD,
            recipe=_CONTROL_PLANE,
            package="go.etcd.io/etcd/server/v3",
            shown=r"etcd Version: (\S+)",
            same=2,
        ),
        _kubernetes("kube-apiserver"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kube-scheduler"),
        Binary(
            name="kwok",
            version=catalog.KWOK,
            recipe=_CONTROL_PLANE,
            package="sigs.k8s.io/kwok/cmd/kwok",
            shown=r"kwok version v?(\S+)",
            same=2,
        ),
        Binary(
            name="minio",
            version=catalog.MINIO,
            recipe=RECIPES / "minio",
            package="github.com/minio/minio",
            shown=r"minio version (\S+)",
            same=0,
        ),
    )
}


def binary(name: str, cache: Cache, progress: Progress) -> Path:
    """The file of one program of `BINARIES`; see `binaries`."""
    return binaries([name], cache, progress)[name]


def binaries(names: Iterable[str], cache: Cache, progress: Progress) -> dict[str, Path]:
    """The file of each program: of `$KUBEBUILDER_ASSETS`, else of PATH, else of the cache, built if needed.

    A copy of the wrong version is named and passed over. Raises
    `Refusal` for an unknown name, else `DownloadError`, `ToolError` or `CacheError`.
    """
    wanted = [_known(name) for name in names]
    found = {it.name: path for it in wanted if (path := _given(it, progress)) is not None}
    missing = [it for it in wanted if it.name not in found]
    return found | (build(missing, cache, progress) if missing else {})


def platform_name() -> str:
    """System and processor, as part of a cache key."""
    return f"{platform.system()}-{platform.machine()}".lower()


def _known(name: str) -> Binary:
    if name not in BINARIES:
        raise Refusal(f"{name}: the lab has no such binary; it has {', '.join(BINARIES)}.")
    return BINARIES[name]


def _given(wanted: Binary, progress: Progress) -> Path | None:
    assets = os.environ.get(ASSETS_VARIABLE)
    for found in (shutil.which(wanted.name, path=assets) if assets else None, shutil.which(wanted.name)):
        if found is not None:
            version = _version(wanted, found)
            if version is not None and wanted.accepts(version):
                return Path(found)
            seen = f"its version is {version}" if version else "it does not say its version"
            progress.say(f"{found} is not used: {seen}, the lab needs {wanted.version}")
    return None


def _version(wanted: Binary, command: str) -> str | None:
    try:
        answer = subprocess.run(
            [command, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERSION_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    shown = re.search(wanted.shown, answer.stdout)
    return shown.group(1) if shown else None


def build(wanted: Iterable[Binary], cache: Cache, progress: Progress) -> dict[str, Path]:
    """The file of each program in the cache, built there if it is missing or damaged.

    Builds of several processes queue up. Raises `DownloadError`, `ToolError` or `CacheError`.
    """
    toolchain = go()
    entries = {it.name: _entry(it, toolchain, cache) for it in wanted}
    found = {name: path for name, entry in entries.items() if (path := cache.find(entry)) is not None}
    if len(found) < len(entries):
        with cache.lock("go", progress.say):
            found |= {name: cache.entry(entries[name], progress) for name in entries if name not in found}
            remove(_workspace(cache))
    return {name: folder / name for name, folder in found.items()}


def _entry(wanted: Binary, toolchain: Go, cache: Cache) -> Entry:
    label = f"building {wanted.name} {wanted.version} from source, once per user"

    def make(folder: Path, step: Step) -> None:
        workspace = Workspace(go=toolchain, recipe=wanted.recipe, root=_workspace(cache))
        workspace.fetch([wanted.package], step)
        step.update("compiling")
        workspace.build(wanted.package, folder / wanted.name, wanted.stamps)

    return Entry(name=wanted.name, key=wanted.key(toolchain.version), label=label, build=make)


def _workspace(cache: Cache) -> Path:
    return cache.root / "go-workspace"
