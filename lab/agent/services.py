"""kube-proxy's part: every port of a Service with real pods, on the Service's own loopback address.

For people there is a second way in: the same port behind TLS of the lab's authority, on 127.0.0.1. Both are
remembered, so that an address keeps working over restarts.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.agent.forward import Forwarder
from lab.agent.probes import port_number

Object = Mapping[str, Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LocalPod:
    """A real pod as a Service sees it."""

    namespace: str
    labels: Mapping[str, str]
    address: str
    ports: Mapping[str, int]
    ready: bool


def backends(service: Object, port: Object, pods: Iterable[LocalPod]) -> list[tuple[str, int]]:
    """Where connections to this port of the Service go. Pure."""
    unready_too = (service.get("spec") or {}).get("publishNotReadyAddresses")
    target = port.get("targetPort") or port["port"]
    found = []
    for pod in selected(service, pods):
        number = port_number(target, pod.ports)
        if number is not None and (pod.ready or unready_too):
            found.append((pod.address, number))
    return found


def selected(service: Object, pods: Iterable[LocalPod]) -> list[LocalPod]:
    """The real pods that the Service's selector means. Pure."""
    selector = (service.get("spec") or {}).get("selector") or {}
    namespace = service["metadata"]["namespace"]
    if not selector:
        return []
    return [pod for pod in pods if pod.namespace == namespace and selector.items() <= pod.labels.items()]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the forwarders stand on."""

    address: Callable[[str, str], str]
    """(namespace, service) -> its loopback address."""
    port: Callable[[int], int]
    """Service port -> the port to open."""
    tls_port: Callable[[str], int]
    """A name -> the port of its TLS front, the same one as before where it is free."""
    tls: Callable[[str], ssl.SSLContext]
    """The service's address -> the context of its TLS front, with a certificate for that address."""
    pods: Callable[[], Iterable[LocalPod]]
    remember: Callable[[Mapping[str, Any]], None]


class Services:
    """One cluster's forwarders."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._open: dict[str, tuple[Forwarder, Forwarder]] = {}
        self._specs: dict[str, Object] = {}
        self._lock = asyncio.Lock()

    async def reconcile(self, services: Mapping[str, Object]) -> None:
        """Open and close forwarders so that they fit the Services and the real pods."""
        async with self._lock:
            pods = list(self._ground.pods())
            wanted: dict[str, tuple[Object, Object]] = {}
            for key, service in services.items():
                if selected(service, pods):
                    for port in service["spec"].get("ports") or []:
                        if port.get("protocol", "TCP") == "TCP":
                            wanted[f"{key}:{port['port']}"] = (service, port)
            for name in [name for name in self._open if name not in wanted]:
                for forwarder in self._open.pop(name):
                    await forwarder.close()
            self._specs = {key: dict(services[key]) for key in services}
            for name, (_service, port) in wanted.items():
                if name not in self._open:
                    await self._start(name, port)
            self._ground.remember(self._table(wanted))

    async def close(self) -> None:
        """Close all of them."""
        for pair in self._open.values():
            for forwarder in pair:
                await forwarder.close()
        self._open.clear()

    async def _start(self, name: str, port: Object) -> None:
        key = name.rsplit(":", 1)[0]
        namespace, service = key.split("/")
        number = int(port["port"])

        def current() -> list[tuple[str, int]]:
            found = self._specs.get(key)
            ports = ((found or {}).get("spec") or {}).get("ports") or []
            spec = next((one for one in ports if one["port"] == number), None)
            return backends(found, spec, self._ground.pods()) if found and spec else []

        address = self._ground.address(namespace, service)
        plain = Forwarder(address, self._ground.port(number), current)
        tls = Forwarder(address, self._ground.tls_port(name), current, self._ground.tls(address))
        try:
            await plain.open()
            await tls.open()
        except OSError as error:
            await plain.close()
            _log.warning("service %s: %s; tried again shortly", name, error)
            return
        self._open[name] = (plain, tls)

    def _table(self, wanted: Mapping[str, tuple[Object, Object]]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for name, (service, port) in wanted.items():
            if name in self._open:
                plain, tls = self._open[name]
                meta = service["metadata"]
                entry = table.setdefault(f"{meta['namespace']}/{meta['name']}", {})
                entry[port.get("name") or str(port["port"])] = {
                    "plain": f"{plain.address}:{plain.port}",
                    "tls": f"https://{tls.address}:{tls.port}",
                }
        return table
