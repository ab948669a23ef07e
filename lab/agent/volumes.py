"""A pod's volumes as folders below the lab's folder.

`volume_files` decides (pure), `write_volume` writes the way the kubelet's AtomicWriter does: a mounted
ConfigMap or Secret changes as a whole, through one swapped symbolic link, so that a reader never sees half
of an update. Unlike in a cluster, read-only mounts are not enforced, and a subPath mount sees later
updates.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from lab.agent.containers import PodFacts, Sources, expand, field_value, resource_value
from lab.agent.errors import ContainerConfigError, MountError
from lab.agent.references import TokenWanted, token_wanted

Object = Mapping[str, Any]
_DATA = "..data"
_DEFAULT_MODE = 0o644
_ANYONE = 0o777
WRITTEN = ("configMap", "secret", "projected", "downwardAPI")
"""Kinds of volumes whose content comes from the API and is kept up to date."""


@dataclass(frozen=True, kw_only=True)
class VolumeFile:
    """One file of a volume. Its folder is private to the user, whatever `mode` lets others do."""

    content: bytes = field(repr=False)
    mode: int


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything a volume's files can come from."""

    pod: Object
    sources: Sources
    facts: PodFacts
    tokens: Mapping[TokenWanted, str] = field(default_factory=dict, repr=False)


def volume_files(volume: Object, content: Content) -> dict[str, VolumeFile]:
    """The files of a volume of one of the `WRITTEN` kinds, by path. Raises `MountError`."""
    if "configMap" in volume:
        return _from_object("configmap", volume["configMap"], volume["configMap"].get("name", ""), content)
    if "secret" in volume:
        return _from_object("secret", volume["secret"], volume["secret"].get("secretName", ""), content)
    if "downwardAPI" in volume:
        return _downward(volume["downwardAPI"], content)
    projected = volume["projected"]
    mode = projected.get("defaultMode", _DEFAULT_MODE)
    result: dict[str, VolumeFile] = {}
    for source in projected.get("sources") or []:
        result |= _projection(source, mode, content)
    return result


def _projection(source: Object, mode: int, content: Content) -> dict[str, VolumeFile]:
    if reference := source.get("configMap"):
        return _from_object("configmap", reference, reference.get("name", ""), content, mode)
    if reference := source.get("secret"):
        return _from_object("secret", reference, reference.get("name", ""), content, mode)
    if "downwardAPI" in source:
        return _downward(source["downwardAPI"] or {}, content, mode)
    if reference := source.get("serviceAccountToken"):
        token = content.tokens.get(token_wanted(reference))
        if token is None:
            raise MountError("failed to fetch token: the API server has not issued one yet")
        return {reference["path"]: VolumeFile(content=token.encode(), mode=0o600)}
    raise MountError(f"projected source {sorted(source)} is not supported by the lab")


def _from_object(
    kind: str, reference: Object, name: str, content: Content, mode: int | None = None
) -> dict[str, VolumeFile]:
    data = content.sources.data(kind, name)
    default = reference.get("defaultMode", _DEFAULT_MODE if mode is None else mode)
    if data is None:
        if reference.get("optional"):
            return {}
        raise MountError(f'{kind} "{name}" not found')
    if not reference.get("items"):
        return {key: VolumeFile(content=value, mode=default) for key, value in data.items()}
    result = {}
    for item in reference["items"]:
        if item["key"] in data:
            result[item["path"]] = VolumeFile(content=data[item["key"]], mode=item.get("mode", default))
        elif not reference.get("optional"):
            raise MountError(f"references non-existent {kind} key: {item['key']} (in {kind} {name!r})")
    return result


def _downward(reference: Object, content: Content, mode: int | None = None) -> dict[str, VolumeFile]:
    default = reference.get("defaultMode", _DEFAULT_MODE if mode is None else mode)
    result = {}
    for item in reference.get("items") or []:
        try:
            if "fieldRef" in item:
                value = field_value(content.pod, content.facts, item["fieldRef"]["fieldPath"])
            else:
                value = resource_value(content.pod, {}, item["resourceFieldRef"])
        except ContainerConfigError as error:
            raise MountError(str(error)) from error
        result[item["path"]] = VolumeFile(content=value.encode(), mode=item.get("mode", default))
    return result


def volume_folder(volume: Object, pod: Object, volumes: Path, claims: Path) -> Path:
    """Where a volume lies: below the pod's folder, or, for a claim, where it outlives the pod."""
    if claim := volume.get("persistentVolumeClaim"):
        return claims / str(claim["claimName"])
    if "ephemeral" in volume:
        return claims / f"{pod['metadata']['name']}-{volume['name']}"
    return volumes / str(volume["name"])


def prepare_volume(volume: Object, folder: Path, content: Content) -> None:
    """Make the volume's folder and write its files. Raises `MountError`; safe to repeat."""
    if any(kind in volume for kind in WRITTEN):
        write_volume(folder, volume_files(volume, content))
    elif any(kind in volume for kind in ("emptyDir", "persistentVolumeClaim", "ephemeral")):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_ANYONE)
    else:
        kinds = sorted(set(volume) - {"name"})
        raise MountError(f"volume {volume['name']!r} of kind {kinds} is not supported by the lab")


def write_volume(folder: Path, files: Mapping[str, VolumeFile]) -> bool:
    """Make `folder` hold exactly these files, in one step; whether anything changed."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / _DATA
    if link.is_symlink() and _same(link.resolve(), files):
        return False
    fresh = folder / f"..{secrets.token_hex(6)}"
    fresh.mkdir(mode=0o755)
    for path, file in files.items():
        _write_file(fresh / path, file)
    before = link.resolve() if link.is_symlink() else None
    staged = folder / f"{_DATA}_tmp"
    staged.unlink(missing_ok=True)
    staged.symlink_to(fresh.name)
    os.replace(staged, link)
    wanted = {PurePosixPath(path).parts[0] for path in files}
    for name in wanted:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"{_DATA}/{name}")
    for entry in folder.iterdir():
        if not entry.name.startswith("..") and entry.name not in wanted and entry.is_symlink():
            entry.unlink()
    if before is not None and before != fresh:
        shutil.rmtree(before, ignore_errors=True)
    return True


def _write_file(path: Path, file: VolumeFile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(file.content)
    path.chmod(file.mode)


def _same(current: Path, files: Mapping[str, VolumeFile]) -> bool:
    present = {str(path.relative_to(current)): path for path in current.rglob("*") if path.is_file()}
    if set(present) != {str(PurePosixPath(path)) for path in files}:
        return False
    return all(
        (current / path).read_bytes() == file.content
        and (current / path).stat().st_mode & 0o7777 == file.mode
        for path, file in files.items()
    )


def mount_paths(
    container: Object, folders: Mapping[str, Path], variables: Mapping[str, str]
) -> dict[str, str]:
    """Container path -> path on this machine, for every mount. Raises `ContainerConfigError`."""
    result = {}
    for mount in container.get("volumeMounts") or []:
        folder = folders.get(mount["name"])
        if folder is None:
            raise ContainerConfigError(
                f"volume {mount['name']!r} of container {container['name']!r} not found"
            )
        below = mount.get("subPath") or expand(mount.get("subPathExpr") or "", variables)
        parts = PurePosixPath(below)
        if parts.is_absolute() or ".." in parts.parts:
            raise ContainerConfigError(f"subPath {below!r} must be a relative path without '..'")
        target = folder / below if below else folder
        if below and not target.exists():
            target.mkdir(parents=True, exist_ok=True)
        result[mount["mountPath"]] = str(target)
    return result
