from __future__ import annotations

import pytest

from components.isolation.namespace import restricted_namespace
from config import catalog


@pytest.mark.parametrize("mode", ["enforce", "audit", "warn"])
def test_every_mode_of_pod_security_is_restricted_at_the_pinned_version(mode: str) -> None:
    labels = restricted_namespace("team", {})["metadata"]["labels"]
    assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
    assert labels[f"pod-security.kubernetes.io/{mode}-version"] == catalog.POD_SECURITY_VERSION


def test_labels_that_are_given_cannot_lower_the_level() -> None:
    given = {"pod-security.kubernetes.io/enforce": "privileged", "team": "vision"}
    labels = restricted_namespace("team", given)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["team"] == "vision"
