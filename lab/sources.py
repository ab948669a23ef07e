"""What a lab is made of and does not make itself: programs, kinds, images that it can run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.cache import Cache
from lab.images import repositories
from lab.prepare import prepare
from lab.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Sources:
    """`tools`: the file of each program by name; `keycloak` and `java` are folders."""

    tools: Mapping[str, Path] = field(default_factory=dict)
    crds: Sequence[Mapping[str, Any]] = ()
    runnable_images: tuple[str, ...] = ()
    cache: Path | None = None
    """Where the node agent finds what `runnable_images` need."""


def gather(cache: Cache, progress: Progress) -> Sources:
    """Find, fetch or build everything; what the cache has takes no time. Raises LabError."""
    prepared = prepare(cache, progress)
    return Sources(
        tools=prepared.tools,
        crds=prepared.crds,
        runnable_images=repositories(),
        cache=cache.root,
    )
