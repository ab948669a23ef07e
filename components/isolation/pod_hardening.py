"""The `restricted` Pod Security Standard, written out in every pod that this program declares."""

from __future__ import annotations

from typing import Any

UNPRIVILEGED = 10001
"""User and group of our pods: not root, and above the ids that images and nodes hand out."""


def pod_security_context() -> dict[str, Any]:
    """For the pod: non-root, its own group on its volumes, the runtime's seccomp profile (WL-06, WL-07)."""
    return {
        "runAsNonRoot": True,
        "runAsUser": UNPRIVILEGED,
        "runAsGroup": UNPRIVILEGED,
        "fsGroup": UNPRIVILEGED,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security_context() -> dict[str, Any]:
    """For a container: no way to gain privileges and no writable image (WL-04, WL-05, WL-09)."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def hardened(pod: dict[str, Any]) -> dict[str, Any]:
    """A pod spec with its security settings put in; what `pod` says about them is replaced, never trusted.

    No ServiceAccount token is mounted (ID-07), and the addresses of the namespace's Services are not copied
    into the environment.
    """
    containers: dict[str, Any] = {
        group: [{**container, "securityContext": container_security_context()} for container in pod[group]]
        for group in ("initContainers", "containers")
        if group in pod
    }
    return {
        **pod,
        **containers,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security_context(),
    }
