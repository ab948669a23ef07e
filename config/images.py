"""Which images may run besides the platform's own."""

from __future__ import annotations

from typing import Annotated

from config.types import Settings, matching

ImagePrefix = Annotated[
    str,
    *matching(
        r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?/([a-z0-9]([-a-z0-9._]*[a-z0-9])?/)*",
        "use a registry, or a part of one, written out and ending in '/', such as 'registry.example.com/ml/'",
        longest=255,
    ),
]
"""The start of images' names. Without the slash at its end it would take longer names, too (SC-01)."""


class ImageSettings(Settings):
    """Images of tenants' pods."""

    registries: tuple[ImagePrefix, ...] = ()
    """Where they may come from, besides the registries of the platform's own images."""
