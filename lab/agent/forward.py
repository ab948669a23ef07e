"""A TCP port that passes every connection on to one of several others. Loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import Callable, Sequence

from lab.agent.tasks import cancelled

Backends = Callable[[], Sequence[tuple[str, int]]]
"""Where a new connection may go now: (address, port) of ready pods."""
_CHUNK = 64 * 1024
_CONNECT_SECONDS = 5.0


class Forwarder:
    """Takes its turn among the backends for each connection; without any, a connection is closed at once."""

    def __init__(
        self, address: str, port: int, backends: Backends, tls: ssl.SSLContext | None = None
    ) -> None:
        self.address, self.port = address, port
        self._backends, self._tls = backends, tls
        self._turn = itertools.count()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(
            self._accept, self.address, self.port, ssl=self._tls, reuse_address=True
        )

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        await cancelled(*self._connections)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            try:
                upstream = await self._connect()
                if upstream is not None:
                    up_reader, up_writer = upstream
                    try:
                        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
                    finally:
                        up_writer.close()
            finally:
                writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        choices = list(self._backends())
        turn = next(self._turn)
        for offset in range(len(choices)):
            address, port = choices[(turn + offset) % len(choices)]
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(address, port)
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except OSError:
        writer.close()
