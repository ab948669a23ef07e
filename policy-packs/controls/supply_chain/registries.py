"""SC-01. Source: Gatekeeper allowedrepos: a prefix has to end in a slash, or it also takes longer names."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from controls.control import Control, Severity
from controls.fields import seen
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings
from controls.supply_chain.images import Image, images


def check(item: Item, settings: Settings) -> Iterator[str]:
    allowed = tuple(f"{one.rstrip('/')}/" for one in settings.allowed_registries)
    if item.pod is None:
        return
    for where, image in images(item.pod):
        if not isinstance(image, str):
            yield f"{where} {seen(image)}; write it out"
        elif not image.startswith(allowed) and not Image(image).canonical.startswith(allowed):
            yield f"{where} is from a registry that allowedRegistries does not list; mirror it to one that is"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers: [{name: app, image: registry.example.evil.test/app}]
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers: [{name: app, image: registry.example/app}]
"""

CONTROL = Control(
    id="SC-01",
    title="Images only from the configured registries (prefix with a slash)",
    severity=Severity.HIGH,
    anchors=("C-0078", "Gatekeeper allowedrepos"),
    why="A public registry gives whatever its owner of today uploads, and nobody here has scanned it.",
    fix="Mirror the image to a registry of `allowedRegistries`. With none configured no image is allowed.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=check,
    given=MappingProxyType({"allowedRegistries": ["registry.example/"]}),
)
