"""Loopback addresses of pods and services, the same ones after every restart.

The lab owns the block 127.<N>.0.0/16. Pods of its c-th cluster (from 1) live in 127.<N>.<c>.0/24, services
in 127.<N>.<200+c>.0/24. Linux answers on all of 127.0.0.0/8 without set-up; macOS only on 127.0.0.1, so
there real pods cannot be run (`python -m lab.agent` says so and leaves them alone).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.agent.errors import AddressesExhaustedError
from lab.folder import write_private

_SERVICE_OFFSET = 200
_HOSTS = range(1, 255)
_PRIVILEGED_SHIFT = 20_000


def write_json(path: Path, value: Any) -> None:
    """Replace `path` atomically; a reader sees the old content or the new, never a part."""
    write_private(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; empty when there is none or it is not readable as one (it is then rewritten)."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def unprivileged_port(port: int, floor: int) -> int:
    """The port a forwarder opens for service port `port` when this user may open ports from `floor` on."""
    return port if port >= floor else port + _PRIVILEGED_SHIFT


def port_floor() -> int:
    """The lowest port this user may open: 0 for root, else the kernel's bound (1024 if it does not say)."""
    if os.geteuid() == 0:
        return 0
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 1024


def allocate(taken: Mapping[str, str], prefix: str, what: str) -> str:
    """The lowest address below `prefix` ("127.8.1") that nobody in `taken` has."""
    used = set(taken.values())
    for host in _HOSTS:
        if (address := f"{prefix}.{host}") not in used:
            return address
    raise AddressesExhaustedError(
        f"{what}: all {len(_HOSTS)} addresses of {prefix}.0/24 are in use; "
        "run fewer real workloads in this cluster"
    )


class Addresses:
    """One cluster's addresses, kept in a file. Not for use from several threads."""

    def __init__(self, file: Path, block: int, cluster: int) -> None:
        """`block` is the lab's N, `cluster` the cluster's number from 1."""
        self._file = file
        self._pod_prefix = f"127.{block}.{cluster}"
        self._service_prefix = f"127.{block}.{_SERVICE_OFFSET + cluster}"
        kept = read_json(file)
        self._pods: dict[str, str] = self._valid(kept.get("pods"), self._pod_prefix)
        self._services: dict[str, str] = self._valid(kept.get("services"), self._service_prefix)

    @staticmethod
    def _valid(kept: object, prefix: str) -> dict[str, str]:
        entries = kept.items() if isinstance(kept, dict) else ()
        return {str(key): str(value) for key, value in entries if str(value).startswith(f"{prefix}.")}

    def pod(self, uid: str) -> str:
        """The address of the pod with this uid."""
        if uid not in self._pods:
            self._pods[uid] = allocate(self._pods, self._pod_prefix, f"pod {uid}")
            self._save()
        return self._pods[uid]

    def release(self, uid: str) -> None:
        """The pod is gone; its address may be given to another."""
        if self._pods.pop(uid, None) is not None:
            self._save()

    def keep_only(self, uids: set[str]) -> None:
        """Release the addresses of all pods but these (pods that went while nobody watched)."""
        gone = set(self._pods) - uids
        for uid in gone:
            del self._pods[uid]
        if gone:
            self._save()

    def service(self, namespace: str, name: str) -> str:
        """The address of a service; it has one before it exists, as a name in the cluster's DNS may be used
        early."""
        key = f"{namespace}/{name}"
        if key not in self._services:
            self._services[key] = allocate(self._services, self._service_prefix, f"service {key}")
            self._save()
        return self._services[key]

    def _save(self) -> None:
        write_json(self._file, {"pods": self._pods, "services": self._services})
