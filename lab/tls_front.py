"""TLS in front of a server that was built without it: `python -m lab.tls_front CONFIG`.

The PostgreSQL and Valkey of the wheels cannot do TLS. So they listen on a private unix socket only, and this
program holds their port: nothing but TLS 1.2 or later gets through. For PostgreSQL it takes part in the
protocol's own start (its SSLRequest message), so that every client's
`sslmode=verify-full` works as against a server with TLS, and a client without TLS is told what is missing.

CONFIG is JSON: {"protocol": "postgres" | "plain", "port", "socket", "certificate", "key"}.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_GSS_REQUEST = struct.pack("!ii", 8, 80877104)
_CHUNK = 64 * 1024
_SECONDS_TO_START = 15.0
_REFUSED = (
    b"SFATAL\0VFATAL\0C28000\0M"
    b"This server takes TLS connections only: use sslmode=verify-full with the lab's CA\0\0"
)

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


class _Rejected(Exception):
    """The client did not start TLS."""


async def relay(reader: Reader, writer: Writer, socket: str) -> None:
    """Pass bytes both ways until one side ends."""
    up_reader, up_writer = await asyncio.open_unix_connection(socket)
    try:
        ends = {
            asyncio.create_task(_pump(reader, up_writer)),
            asyncio.create_task(_pump(up_reader, writer)),
        }
        _done, pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    finally:
        await _close(up_writer)


async def start_tls(reader: Reader, writer: Writer, context: ssl.SSLContext) -> None:
    """PostgreSQL's way into TLS. Bytes that came before the handshake are refused: they were not protected
    (CVE-2021-23214)."""
    first = await reader.readexactly(8)
    while first == _GSS_REQUEST:
        writer.write(b"N")
        await writer.drain()
        first = await reader.readexactly(8)
    if first != _SSL_REQUEST:
        writer.write(b"E" + struct.pack("!i", len(_REFUSED) + 4) + _REFUSED)
        await writer.drain()
        raise _Rejected("a client asked for a connection without TLS")
    if reader._buffer:  # type: ignore[attr-defined] # (no public way to see early bytes)
        raise _Rejected("a client sent bytes before the TLS handshake")
    writer.write(b"S")
    await writer.drain()
    await writer.start_tls(context)


def handler(config: dict[str, Any], context: ssl.SSLContext) -> Callable[[Reader, Writer], Awaitable[None]]:
    """What serves one connection. A failure ends that connection with one line, and nothing else."""

    async def serve(reader: Reader, writer: Writer) -> None:
        try:
            if config["protocol"] == "postgres":
                await asyncio.wait_for(start_tls(reader, writer, context), _SECONDS_TO_START)
            await relay(reader, writer, config["socket"])
        except (OSError, EOFError, _Rejected, TimeoutError) as error:
            print(f"connection ended: {error or type(error).__name__}", file=sys.stderr, flush=True)
        finally:
            await _close(writer)

    return serve


async def serve_forever(config: dict[str, Any]) -> None:
    """Listen on 127.0.0.1 for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(config["certificate"], config["key"])
    postgres = config["protocol"] == "postgres"
    server = await asyncio.start_server(
        handler(config, context),
        host="127.0.0.1",
        port=config["port"],
        ssl=None if postgres else context,
        reuse_address=True,
    )
    async with server:
        await server.serve_forever()


async def _pump(reader: Reader, writer: Writer) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


async def _close(writer: Writer) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), 1.0)


def main() -> None:
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_forever(config))


if __name__ == "__main__":
    main()
