"""The per-user cache of what the lab builds or downloads once.

    <root>/<name>/<key>             symbolic link to the complete content; replaced in one step
    <root>/<name>/<key>.<random>/   the content and its manifest; never moved after it was built, so that
                                    absolute paths inside it (the scripts of a venv) stay right
    <root>/<name>/<key>.lock        held while the entry is built

An entry exists only through its link, and the link is set after the manifest is written: a process that is
killed while it builds leaves a folder that nobody uses and that the next builder removes.
"""

from __future__ import annotations

import contextlib
import enum
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs

from lab import manifest
from lab.errors import Failure
from lab.progress import Progress, Step

VARIABLE = "MLOPS_CACHE_DIR"
_MANIFEST = ".manifest.json"

Build = Callable[[Path, Step], None]


class CacheError(Failure):
    """The cache folder cannot be used; the message names it and `MLOPS_CACHE_DIR`."""


class Verify(enum.Enum):
    """How a complete entry is checked each time it is used."""

    CONTENT = "sha256 of every file: finds a single wrong bit"
    STAT = "size, mode and modification time of every file: for trees of thousands of files"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is cached and how it is made.

    `label` is what a reader sees while it is made. `key` must change with everything that changes the
    content. `build` fills the empty folder that it is given; what it raises leaves no entry behind.
    """

    name: str
    key: str
    label: str
    build: Build
    verify: Verify = Verify.CONTENT


class Cache:
    """Complete, verified entries below one folder that several processes may share."""

    def __init__(self, root: Path | None = None) -> None:
        """`root` defaults to `$MLOPS_CACHE_DIR`, else to the user's cache folder. No file is touched."""
        self.root = (root or default_root()).absolute()

    def entry(self, entry: Entry, progress: Progress) -> Path:
        """The folder of the complete entry, made now if it is missing or damaged.

        Waits while another process makes the same entry. Opens a step only if there is something to make.
        Raises `CacheError` if the folder cannot be written, and whatever `entry.build` raises.
        """
        link = self.root / entry.name / entry.key
        if self.find(entry) is None:
            with progress.step(entry.label) as step, self.lock(f"{entry.name}/{entry.key}", step.update):
                fault = _fault(link, entry.verify)
                if fault is not None:
                    if link.is_symlink():
                        progress.say(f"{link}: the cached copy is damaged ({fault}); it is made again")
                    self._make(entry, link, step)
        return link

    def find(self, entry: Entry) -> Path | None:
        """The folder of the complete, undamaged entry, if it is there."""
        link = self.root / entry.name / entry.key
        return link if _fault(link, entry.verify) is None else None

    @contextlib.contextmanager
    def lock(self, name: str, say: Callable[[str], None]) -> Iterator[None]:
        """Hold `<root>/<name>.lock` against every other process; it is free again when its holder dies.

        `say` hears of it when another process has it and this one waits.
        """
        path = self.root / f"{name}.lock"
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path)
            try:
                lock.acquire(blocking=False)
            except filelock.Timeout:
                say(f"waiting for another process that prepares {name} for this user")
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _make(self, entry: Entry, link: Path, step: Step) -> None:
        content = link.parent / os.readlink(link) if link.is_symlink() else None
        for leftover in _folders(link):
            if leftover != content:
                remove(leftover)
        with self._writing():
            folder = Path(tempfile.mkdtemp(prefix=f"{link.name}.", dir=link.parent))
        try:
            entry.build(folder, step)
            recorded = manifest.record(folder, content=entry.verify is Verify.CONTENT)
            with self._writing():
                (folder / _MANIFEST).write_text(json.dumps(recorded))
                _point(link, folder)
        except BaseException:
            remove(folder)
            raise
        if content is not None:
            remove(content)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CacheError(
                f"cache folder {self.root}: cannot be written ({error.strerror or error}). "
                f"Make it writable and free some space, or name another folder in {VARIABLE}."
            ) from error


def default_root() -> Path:
    """`$MLOPS_CACHE_DIR`, else the cache folder that the user's system provides."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else Path(platformdirs.user_cache_dir("mlops-platform"))


def remove(folder: Path) -> None:
    """Remove a tree, read-only folders included.

    What somebody still writes to (a tool that outlived a killed build) stays for the next builder.
    """
    with contextlib.suppress(FileNotFoundError):
        try:
            shutil.rmtree(folder)
        except OSError:
            for path, _, _ in os.walk(folder):
                Path(path).chmod(0o700)
            shutil.rmtree(folder, ignore_errors=True)


def _fault(link: Path, verify: Verify) -> str | None:
    """What is wrong with an entry, or None if it is complete and undamaged."""
    try:
        recorded = json.loads((link / _MANIFEST).read_text())
    except (OSError, ValueError):
        return "it has no readable manifest"
    return manifest.difference(recorded, link, content=verify is Verify.CONTENT)


def _folders(link: Path) -> list[Path]:
    return [path for path in link.parent.glob(f"{link.name}.*") if path.is_dir()]


def _point(link: Path, folder: Path) -> None:
    """Let `link` name `folder`, in one step that no reader can see half-way."""
    new = folder / ".link"
    new.symlink_to(folder.name)
    new.replace(link)
