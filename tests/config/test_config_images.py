"""Which registries settings may name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from config.images import ImagePrefix
from config.schema import PlatformSettings

PREFIX: TypeAdapter[str] = TypeAdapter(ImagePrefix)


@pytest.mark.parametrize("given", ["ghcr.io/ml/", "registry.example.com:5000/", "quay.io/a/b-c/d_e/"])
def test_a_registry_or_a_part_of_one_is_taken_as_it_is(given: str) -> None:
    assert PREFIX.validate_python(given) == given


@pytest.mark.parametrize(
    "given", ["", "/", "ghcr.io", "ghcr.io/ml", "https://ghcr.io/", "ghcr.io/*/", "ghcr.io//", "x'/", "a b/"]
)
def test_what_would_take_longer_names_or_is_no_registry_is_refused_with_the_form_that_would_do(
    given: str,
) -> None:
    with pytest.raises(ValidationError, match=r"ending in '/', such as 'registry\.example\.com/ml/'"):
        PREFIX.validate_python(given)


def test_without_a_setting_nothing_is_added_to_the_platforms_own(data: dict[str, Any]) -> None:
    assert PlatformSettings.model_validate(data).images.registries == ()
