"""The supply-chain controls on images, in tenants' namespaces. Source: OCI distribution, `name[:tag][@digest]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components.admission.guard import Guard, labelled
from components.admission.pods import ALIVE, BEARERS, IMAGES
from components.isolation.tenant_namespace import PURPOSE_LABEL
from config import catalog
from config.catalog import Image

CATALOGUE = (catalog.MLFLOW_IMAGE, catalog.TRACKING_GATE_IMAGE)
"""What the platform itself runs in namespaces of tenants."""

PROXY = f"{catalog.ISTIO_HUB}/proxyv2:"
"""The sidecar, which the mesh names by its own version."""


def registries(further: Iterable[str]) -> tuple[str, ...]:
    """Prefixes of the images that may run: those of the catalogue, and `further`; each ends in a slash (SC-01)."""
    own = (f"{image.repository.rpartition('/')[0]}/" for image in CATALOGUE)
    return tuple(sorted({*own, *further}))


def image_guards(further: Iterable[str], *, digests: bool) -> Iterator[Guard]:
    """`digests`: whether images are pinned. What the catalogue itself names without a digest passes as it is named, so
    filling it in there closes the gap here."""
    allowed = " || ".join(f"i.startsWith('{one}')" for one in (*registries(further), PROXY))
    yield _guard("SC-01", "images come from the platform's registries or from images.registries", allowed)
    yield _guard(
        "SC-02",
        "an image names a version other than latest, or its digest",
        "i.matches('^[^@]+@[a-z0-9]+:[0-9a-f]+$') || (i.matches('^([^@]*/)?[^/:@]*:[^/@]+(@.*)?$') && "
        "!i.matches('^([^@]*/)?[^/:@]*:latest(@.*)?$'))",
    )
    if digests:
        named = ", ".join(f"'{one.reference}'" for one in unpinned(CATALOGUE))
        yield _guard(
            "SC-03",
            "an image names its sha256 digest",
            f"i.matches('^[^@]+@sha256:[0-9a-f]{{64}}$') || i.startsWith('{PROXY}') || i in [{named}]",
        )


def unpinned(images: Iterable[Image]) -> Iterator[Image]:
    """Images whose digest the catalogue does not know."""
    return (one for one in images if one.digest is None)


def _guard(control: str, remedy: str, expression: str) -> Guard:
    return Guard(
        control=control,
        subject="images",
        remedy=remedy,
        rules=BEARERS,
        conditions=ALIVE,
        namespaces=(labelled(PURPOSE_LABEL),),
        variables=IMAGES,
        expression=f"variables.images.all(i, {expression})",
    )
