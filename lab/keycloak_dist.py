"""Keycloak as it is distributed, built once per user for PostgreSQL.

The result is read only and shared by all labs. A server needs a home of its own (`kc.home.dir`) that links
to `lib`, `providers` and `themes` of this one: it takes the options of the build from `lib` and writes to
`data` there. Without such a home it starts too, but 30 s later, as it cannot write its transaction log.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from config import catalog
from lab.cache import Cache, Entry
from lab.download import maven
from lab.progress import Progress, Step
from lab.toolchain import run

BUILD_OPTIONS = ("--db=postgres", "--health-enabled=true", "--metrics-enabled=true")
"""The options that Keycloak fixes when it is built; `start --optimized` must not contradict them."""

_CHECKSUMS = Path(__file__).parent / "requirements" / "keycloak.sha256"
_HOME = "home"
_ABOUT_THE_BUILD = ("KC_", "QUARKUS_", "JAVA_OPTS", "JAVA_ADD_OPENS", "JAVA_LOCALE", "JAVA_TOOL_OPTIONS")


def keycloak_home(cache: Cache, java: Path, progress: Progress) -> Path:
    """Keycloak's folder, fetched, checked and built with the Java home `java` if it is not there.

    Raises `DownloadError`, `ToolError` or `CacheError`.
    """
    return cache.entry(entry(java), progress) / _HOME


def entry(java: Path) -> Entry:
    """How the folder is made."""
    version = catalog.KEYCLOAK
    sha256 = expected_sha256(_CHECKSUMS.read_text(), f"keycloak-quarkus-dist-{version}.zip")

    def build(folder: Path, step: Step) -> None:
        archive = folder / "keycloak.zip"
        maven(f"org.keycloak:keycloak-quarkus-dist:zip:{version}", sha256, archive, step)
        step.update("unpacking")
        unpack(archive, folder)
        archive.unlink()
        home = (folder / f"keycloak-{version}").rename(folder / _HOME)
        step.update("building it for PostgreSQL, once per user")
        run(
            ["/bin/sh", home / "bin" / "kc.sh", "build", *BUILD_OPTIONS],
            what=f"building Keycloak {version}",
            env=environment(java, os.environ),
            cwd=home,
        )

    recipe = hashlib.sha256("\n".join([sha256, *BUILD_OPTIONS]).encode()).hexdigest()
    return Entry(
        name="keycloak",
        key=f"{version}-{recipe[:12]}",
        label=f"fetching and building Keycloak {version}, once per user",
        build=build,
    )


def expected_sha256(checksums: str, file: str) -> str:
    """The checksum of a file in a list as `sha256sum` writes it. Raises KeyError if it is not in it."""
    return {name: value for value, name in map(str.split, checksums.splitlines())}[file]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip file with the modes that it states, which Python's own method leaves out."""
    with zipfile.ZipFile(archive) as zipped:
        for member in zipped.infolist():
            path = Path(zipped.extract(member, folder))
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                path.chmod(mode | 0o600)


def environment(java: Path, user: Mapping[str, str]) -> dict[str, str]:
    """The user's variables without those that would end up in the build."""
    kept = {name: value for name, value in user.items() if not name.startswith(_ABOUT_THE_BUILD)}
    kept.pop("JAVA", None)
    return kept | {"JAVA_HOME": str(java)}
