"""A namespace whose pods are held to the `restricted` Pod Security Standard at a pinned version."""

from __future__ import annotations

from collections.abc import Mapping

from components.manifest import Manifest, kubernetes_object
from config import catalog

NAME_LABEL = "kubernetes.io/metadata.name"
"""Set on every namespace by the API server itself, so a policy that selects by it cannot be fooled."""


def restricted_namespace(name: str, labels: Mapping[str, str]) -> Manifest:
    """The namespace; enforce, audit and warn agree, so that nobody is surprised at admission (WL-13)."""
    pod_security = {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in ("enforce", "audit", "warn")
        for suffix, value in (("", "restricted"), ("-version", catalog.POD_SECURITY_VERSION))
    }
    return kubernetes_object("v1", "Namespace", name, labels={**labels, **pod_security})
