"""Inference services, part by part. Source: KServe API, `InferenceService` of serving.kserve.io/v1beta1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.fields import Fields
from controls.item import Item

SERVICE: Final = "InferenceService.serving.kserve.io"
_COMPONENTS: Final = ("predictor", "transformer", "explainer")


def components(service: Item) -> Iterator[tuple[str, Fields]]:
    """The predictor, which every service has, and the other parts that are declared."""
    for key in _COMPONENTS:
        if key == "predictor" or service.spec.value(key) is not None:
            yield key, service.spec.section(key)


def storage_uris(service: Item) -> Iterator[tuple[str, object]]:
    """Where models come from, with the place of each: `model`, or the older key of a framework."""
    for name, component in components(service):
        for key, value in component.present():
            if isinstance(value, dict) and value.get("storageUri") is not None:
                yield f"{name}.{key}.storageUri", value["storageUri"]
