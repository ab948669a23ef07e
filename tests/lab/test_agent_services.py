from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.agent.services import Ground, LocalPod, Services, backends, selected
from lab.certs import Subject, authority, leaf
from lab.ports import is_free


def pod(address: str, *, ready: bool = True, namespace: str = "ns", **labels: str) -> LocalPod:
    return LocalPod(
        namespace=namespace, labels=labels or {"app": "a"}, address=address, ports={"http": 8080}, ready=ready
    )


def service(target: int | str = "http", **spec: Any) -> dict[str, Any]:
    ports = [{"name": "web", "port": 80, "targetPort": target}]
    meta = {"name": "s", "namespace": "ns"}
    return {"metadata": meta, "spec": {"selector": {"app": "a"}, "ports": ports} | spec}


def test_connections_go_to_ready_pods_of_the_selector_only() -> None:
    pods = [
        pod("1", app="a", extra="x"),
        pod("2", ready=False, app="a"),
        pod("3", app="b"),
        pod("4", app="a", namespace="other"),
    ]
    first = service()["spec"]["ports"][0]
    assert backends(service(), first, pods) == [("1", 8080)]
    assert backends(service(publishNotReadyAddresses=True), first, pods) == [("1", 8080), ("2", 8080)]
    assert backends(service(9000), service(9000)["spec"]["ports"][0], pods) == [("1", 9000)]
    assert backends(service("nope"), service("nope")["spec"]["ports"][0], pods) == []
    assert selected(service(selector={}), pods) == []


class Place:
    """Two echoing servers, forwarders in front of them, and what they remembered."""

    def __init__(self, folder: Path) -> None:
        self.pods: list[LocalPod] = []
        self.table: Mapping[str, Any] = {}
        self._authority = authority(folder, "ca", "test")
        self.ca = self._authority.path
        self._pair = leaf(self._authority, folder, "front", Subject(name="front", hosts=("127.0.0.1",)))
        self._free = (port for port in range(20100, 32000) if is_free(port))
        self.services = Services(
            Ground(
                address=lambda _namespace, _name: "127.0.0.1",
                port=lambda _port: next(self._free),
                tls_port=lambda _key: next(self._free),
                tls=self._tls,
                pods=lambda: self.pods,
                remember=self._remember,
            )
        )

    def _tls(self, _address: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pair.certificate, self._pair.key)
        return context

    def _remember(self, table: Mapping[str, Any]) -> None:
        self.table = table

    async def serve(self, text: str) -> tuple[asyncio.Server, LocalPod]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()
            )
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        return server, LocalPod(
            namespace="ns", labels={"app": "a"}, address="127.0.0.1", ports={"http": port}, ready=True
        )

    async def get(self, kind: str) -> str:
        address = self.table["ns/s"]["web"][kind]
        url = address if kind == "tls" else f"http://{address}"
        context = ssl.create_default_context(cafile=str(self.ca))
        async with httpx.AsyncClient(trust_env=False, verify=context) as client:
            return (await client.get(url)).text


def test_a_service_takes_turns_among_its_pods_in_clear_and_through_verified_tls(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(tmp_path)
        servers, place.pods = zip(*[await place.serve("one"), await place.serve("two")], strict=True)  # type: ignore[assignment]
        await place.services.reconcile({"ns/s": service()})
        assert {await place.get("plain"), await place.get("plain")} == {"one", "two"}
        assert {await place.get("tls"), await place.get("tls")} == {"one", "two"}
        await place.services.close()
        for server in servers:
            server.close()

    asyncio.run(scenario())


def test_a_pod_that_is_gone_is_passed_over_and_without_pods_nobody_answers(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(tmp_path)
        server, here = await place.serve("one")
        lost = LocalPod(
            namespace="ns", labels={"app": "a"}, address="127.0.0.1", ports={"http": 1}, ready=True
        )
        place.pods = [lost, here]
        await place.services.reconcile({"ns/s": service()})
        assert [await place.get("plain") for _ in range(4)] == ["one"] * 4
        server.close()
        place.pods = [lost]
        with pytest.raises(httpx.HTTPError):
            await place.get("plain")
        address = place.table["ns/s"]["web"]["plain"]
        await place.services.reconcile({})
        assert place.table == {}
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection(*address.split(":"))

    asyncio.run(scenario())
