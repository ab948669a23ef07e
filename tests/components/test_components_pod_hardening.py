from __future__ import annotations

from typing import Any

import pytest

from components.isolation.pod_hardening import hardened

PLAIN: dict[str, Any] = {
    "initContainers": [{"name": "init", "image": "example/init"}],
    "containers": [{"name": "app", "image": "example/app"}, {"name": "side", "image": "example/side"}],
}
CAREFREE: dict[str, Any] = {
    "automountServiceAccountToken": True,
    "securityContext": {"runAsUser": 0},
    "containers": [
        {
            "name": "app",
            "image": "example/app",
            "securityContext": {"privileged": True, "runAsNonRoot": False},
        }
    ],
}


def contexts(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one["securityContext"] for group in ("initContainers", "containers") for one in pod.get(group, [])
    ]


@pytest.mark.parametrize("pod", [PLAIN, CAREFREE], ids=["plain", "carefree"])
def test_every_container_meets_the_restricted_standard(pod: dict[str, Any]) -> None:
    """Kubernetes, Pod Security Standards, "Restricted"."""
    for context in contexts(hardened(pod)):
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "privileged" not in context


@pytest.mark.parametrize("pod", [PLAIN, CAREFREE], ids=["plain", "carefree"])
def test_no_container_can_write_to_its_image(pod: dict[str, Any]) -> None:
    assert all(context["readOnlyRootFilesystem"] is True for context in contexts(hardened(pod)))


@pytest.mark.parametrize("pod", [PLAIN, CAREFREE], ids=["plain", "carefree"])
def test_the_pod_is_not_root_and_carries_no_token(pod: dict[str, Any]) -> None:
    done = hardened(pod)
    assert done["automountServiceAccountToken"] is False
    assert done["securityContext"]["runAsNonRoot"] is True
    assert done["securityContext"]["runAsUser"] > 0


def test_the_given_pod_is_left_as_it_was() -> None:
    before = repr(PLAIN)
    hardened(PLAIN)
    assert repr(PLAIN) == before


def test_a_pod_without_init_containers_gets_none() -> None:
    assert "initContainers" not in hardened({"containers": []})
