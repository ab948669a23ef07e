"""Where pods name images, and the parts of a reference.

Sources: OCI distribution, `name[:tag][@digest]`; OCI image specification, "Digests", of any algorithm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controls.pods import Pod

_DIGEST: Final = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[\w=-]+", re.ASCII)
_SHA256: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Image:
    """One reference as written."""

    text: str

    @property
    def canonical(self) -> str:
        """With the registry that container runtimes take where none is named: `nginx` is docker.io/library/nginx."""
        head, slash, _ = self.text.partition("/")
        if slash and (head == "localhost" or "." in head or ":" in head):
            return self.text
        return f"docker.io/{self.text}" if slash else f"docker.io/library/{self.text}"

    @property
    def tag(self) -> str:
        return self.text.partition("@")[0].rpartition("/")[2].partition(":")[2]

    @property
    def has_digest(self) -> bool:
        return _DIGEST.fullmatch(self.text.partition("@")[2]) is not None

    @property
    def has_sha256(self) -> bool:
        return _SHA256.fullmatch(self.text.partition("@")[2]) is not None


def images(pod: Pod) -> Iterator[tuple[str, object]]:
    """Every image of a pod with its place: those of containers, and those mounted as volumes."""
    for container in pod.containers:
        yield f"{container.where}: image", container.fields.value("image")
    for index, volume in enumerate(pod.spec.entries("volumes")):
        if volume.unproved is None and volume.value("image") is not None:
            yield f"pod: volumes[{index}].image.reference", volume.section("image").value("reference")
