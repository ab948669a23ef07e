"""Everything that a lab needs on this machine, made ready in one go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lab.binaries import BINARIES, binaries
from lab.cache import Cache
from lab.crds import crds
from lab.errors import Failure, LabError
from lab.images import ENVIRONMENTS, Programs, environment
from lab.keycloak_dist import keycloak_home
from lab.progress import Progress
from lab.toolchain import java_home

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is ready: `tools` by name (every binary's file, and the folders `keycloak` and `java`), the
    programs of images by reference, the definitions of other projects' resources."""

    tools: Mapping[str, Path]
    environments: Mapping[str, Programs]
    crds: list[dict[str, Any]]


def prepare(cache: Cache, progress: Progress) -> Prepared:
    """Make all tools ready; seconds if the cache has them, minutes if not.

    Go builds keep the processors busy, so everything that mostly waits for the network runs beside them,
    one after the other. A failure does not stop the other half: what it completes is kept for the next
    call. Raises `LabError` with every failure.
    """
    java = java_home()

    def rest() -> tuple[Path, list[dict[str, Any]], dict[str, Programs]]:
        keycloak = keycloak_home(cache, java, progress)
        definitions = crds(cache, progress)
        references = [known.image.reference for known in ENVIRONMENTS.values()]
        found = ((image, environment(image, cache, progress)) for image in references)
        return keycloak, definitions, {image: programs for image, programs in found if programs}

    built = _start(lambda: binaries(BINARIES, cache, progress))
    fetched = _start(rest)
    _finish(built, fetched)
    keycloak, definitions, environments = fetched.result()
    tools = {**built.result(), "keycloak": keycloak, "java": java}
    return Prepared(tools=tools, environments=environments, crds=definitions)


def _start(job: Callable[[], T]) -> Future[T]:
    """Run a job in a thread that does not keep an interrupted command alive."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(job())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _finish(*futures: Future[Any]) -> None:
    wait(futures)
    errors = [error for future in futures if (error := future.exception()) is not None]
    for error in errors:
        if not isinstance(error, LabError):
            raise error
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Failure("\n".join(map(str, errors)))
