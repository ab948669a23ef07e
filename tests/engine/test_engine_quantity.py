"""Canonical quantities, as Kubernetes writes them back."""

from __future__ import annotations

import pytest

from engine.providers.quantity import canonical


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("100m", "100m"),
        (2, "2"),
        (0.5, "500m"),
        ("1024Mi", "1Gi"),
        ("2048Mi", "2Gi"),
        ("1536Mi", "1536Mi"),
        ("1.5Gi", "1536Mi"),
        ("1000", "1k"),
        ("1000k", "1M"),
        ("512Mi", "512Mi"),
        ("0", "0"),
        ("0Gi", "0"),
        ("512", "512"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("0.1Ki", "102400m"),
        ("-1Gi", "-1Gi"),
        ("many", "many"),
        (True, True),
        (None, None),
        ("", ""),
    ],
)
def test_a_quantity_takes_its_canonical_form(given: object, expected: object) -> None:
    assert canonical(given) == expected
