"""Container images that the lab can run without containers: for each one a Python environment.

The environment holds the same programs in the same versions as the image. It stands for exactly the tag that
it was made for: another tag of the same repository is an image that cannot be pulled here, and not one that
is quietly replaced.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config import catalog
from lab.cache import Cache, Entry, Verify, remove
from lab.download import Attempts, TransientError
from lab.errors import Refusal
from lab.progress import Progress, Step
from lab.toolchain import ToolError, run

_LOCKS = Path(__file__).parent / "requirements"
_SERVICES = Path(__file__).parents[1] / "services"
_TARGETS = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_PYTHON")
_OTHER_PLACES = frozenset({*_TARGETS, "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"})
_MAY_PASS = re.compile(
    r"connection|time(d )?out|incomplete|temporary failure|broken|HTTP error 5|NOT MATCH THE HASHES", re.I
)
"""What pip says about faults of the network. One that breaks off is a wrong hash to older versions of pip."""

_REMEDY = (
    "Check the network and the proxy variables, or name a package index that has them in PIP_INDEX_URL; "
    "then run the command again."
)


class ImageError(Refusal):
    """The lab stands for this image's repository, but not for this tag."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """How one image is stood for: by the packages that `lock` names with their hashes, and for an image of ours
    by the packages in the folder `source` of this checkout, read where they lie and never copied."""

    image: catalog.Image
    lock: Path
    source: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Programs:
    """What stands for one image on this machine."""

    folder: Path
    """Its `bin/` has the image's programs."""

    source: Path | None = None
    """Where they find packages of ours."""

    @property
    def variables(self) -> dict[str, str]:
        """What the image itself would say; a pod may say otherwise."""
        return {} if self.source is None else {"PYTHONPATH": str(self.source)}


ENVIRONMENTS: Mapping[str, Environment] = {
    environment.image.repository: environment
    for environment in (
        Environment(image=catalog.MLFLOW_IMAGE, lock=_LOCKS / "mlflow.lock"),
        Environment(image=catalog.TRACKING_GATE_IMAGE, lock=_LOCKS / "gate.lock", source=_SERVICES),
        Environment(image=catalog.GPU_GUARD_IMAGE, lock=_LOCKS / "gate.lock", source=_SERVICES),
    )
}


def repositories() -> tuple[str, ...]:
    """The repositories whose images the lab runs."""
    return tuple(ENVIRONMENTS)


def runnable(image: str) -> bool:
    """Whether pods of this image are run as processes, whatever its tag. Reads nothing."""
    return split(image)[0] in ENVIRONMENTS


def environment(image: str, cache: Cache, progress: Progress) -> Programs | None:
    """What stands for the image, made now if it is not there.

    None if the lab cannot run this image. Raises `ImageError` for a tag that the lab does not have,
    `DownloadError`, `ToolError` or `CacheError`.
    """
    repository, tag = split(image)
    known = ENVIRONMENTS.get(repository)
    if known is None:
        return None
    if tag != known.image.tag:
        raise ImageError(
            f"image {image}: the lab has {known.image.reference} and no other tag of it. "
            "Use that tag, or change the catalogue together with the environment's lock file."
        )
    return Programs(folder=cache.entry(entry(known), progress) / "venv", source=known.source)


def entry(wanted: Environment) -> Entry:
    """How an environment is made. Its files are too many to be hashed each time (1 GB)."""
    name = wanted.lock.stem
    python = f"{sysconfig.get_python_version()}-{sysconfig.get_platform()}"
    recipe = hashlib.sha256(wanted.lock.read_bytes() + sys.base_prefix.encode() + python.encode()).hexdigest()

    def build(folder: Path, step: Step) -> None:
        install(folder / "venv", wanted.lock, step, Attempts())

    return Entry(
        name=f"image-{name}",
        key=f"{wanted.image.tag}-{python}-{recipe[:12]}",
        label=f"installing {name} {wanted.image.tag} for the lab, once per user",
        build=build,
        verify=Verify.STAT,
    )


def install(venv: Path, lock: Path, step: Step, attempts: Attempts) -> None:
    """Make a virtual environment of exactly what the lock names, wheels only, hashes compared.

    Comes from where pip's variables and configuration say. Raises `DownloadError` or `ToolError`.
    """
    what = f"Python packages of {lock.stem}"
    wheels = venv.parent / "fetched"
    env = pip_environment(os.environ)
    run([sys.executable, "-m", "venv", venv], what=f"environment of {lock.stem}", env=env, cwd=venv.parent)

    def action() -> None:
        try:
            run(
                [
                    *(venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--cache-dir", wheels),
                    *("--disable-pip-version-check", "--no-input", "--no-deps"),
                    *("--only-binary", ":all:", "--require-hashes", "-r", lock),
                ],
                what=what,
                env=env,
                cwd=venv.parent,
            )
        except ToolError as error:
            if not error.may_pass or not _MAY_PASS.search(str(error)):
                raise
            raise TransientError(error.seen) from error

    step.update("fetching and installing packages")
    attempts.run(action, what=what, remedy=_REMEDY, step=step)
    remove(wheels)


def pip_environment(user: Mapping[str, str]) -> dict[str, str]:
    """The user's variables without those that would install somewhere else or import other packages."""
    return {name: value for name, value in user.items() if name not in _OTHER_PLACES}


def split(image: str) -> tuple[str, str]:
    """Repository and tag (`latest` if there is none) of an image reference; a digest is left out."""
    name = image.partition("@")[0]
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")
