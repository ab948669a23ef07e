"""The lab's Keycloak as its administrator sees it, and stacks of realms on it."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from lab import keycloak
from lab.site import Site, trust
from tests.engine.engine_stack import PASSPHRASE, Stack

_ROOT = Path(__file__).parents[2]
CLIENT = "kcprov"
PREFIX = "kcprov-"
HEADER = """
import pulumi_keycloak as kc
from pulumi_keycloak import authentication as flows, openid

def here(provider):
    return Opts(provider=provider)
"""


class Administrator:
    """The master realm's administrator. Paths are below `admin/realms`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.url = site.url(keycloak.NAME)
        self.authority = site.folder.ca.read_text(encoding="ascii")
        self._session = httpx.Client(verify=trust(site.folder.ca), timeout=60.0, trust_env=False)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Whatever its status. Logs in again when the token is too old, or older than a realm."""
        answer = self._ask(method, path, body)
        if answer.status_code in (401, 403):
            token = keycloak.admin_token(self.site).raise_for_status().json()["access_token"]
            self._session.headers["Authorization"] = f"Bearer {token}"
            answer = self._ask(method, path, body)
        return answer

    def close(self) -> None:
        self._session.close()

    def _ask(self, method: str, path: str, body: Any) -> httpx.Response:
        return self._session.request(method, f"{self.url}/admin/realms/{path}", json=body)

    def get(self, path: str) -> Any:
        """The document; None if there is none."""
        answer = self.ask("GET", path)
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def one(self, path: str, **wanted: Any) -> dict[str, Any]:
        """The only document of a list that has all these values."""
        (found,) = [each for each in self.get(path) if all(each.get(k) == v for k, v in wanted.items())]
        return dict(found)

    @contextmanager
    def account(self) -> Iterator[str]:
        """The secret of a service account that may make realms, and has rights in no other."""
        secret = secrets.token_urlsafe(24)
        self._forget()
        client = {"clientId": CLIENT, "secret": secret, "serviceAccountsEnabled": True, "publicClient": False}
        flags = dict.fromkeys(("standardFlowEnabled", "directAccessGrantsEnabled"), False)
        self.ask("POST", "master/clients", {**client, **flags}).raise_for_status()
        id_ = self.one(f"master/clients?clientId={CLIENT}")["id"]
        user = self.get(f"master/clients/{id_}/service-account-user")["id"]
        right = self.get("master/roles/create-realm")
        self.ask("POST", f"master/users/{user}/role-mappings/realm", [right]).raise_for_status()
        try:
            yield secret
        finally:
            self._forget()

    def _forget(self) -> None:
        for client in self.get(f"master/clients?clientId={CLIENT}"):
            self.ask("DELETE", f"master/clients/{client['id']}")


class Realms(Stack):
    """A stack with a realm of its own. Its programs may use `kc`, `openid`, `flows`, `keycloak()`, `here()`, REALM."""

    administrator: Administrator
    realm: str

    def program(self, text: str) -> Realms:
        provider = f"""
def keycloak(**kw):
    return kc.Provider("keycloak", url={self.administrator.url!r},
                       root_ca_certificate={self.administrator.authority!r}, **kw)

REALM = {self.realm!r}
"""
        super().program(HEADER + provider + textwrap.dedent(text))
        return self

    def get(self, path: str = "") -> Any:
        """A document of the realm; None if there is none."""
        return self.administrator.get(f"{self.realm}/{path}".rstrip("/"))


_KILLED = """
import os, signal, sys
from pathlib import Path
from engine.deployment import up
from engine.project import Project
from engine.state import State

root, passphrase, name = sys.argv[1:]
put = State.put

def killed(self, row, **kwargs):
    if row.name == name:
        os.kill(os.getpid(), signal.SIGKILL)
    put(self, row, **kwargs)

State.put = killed
with State(Path(root) / "state" / "dev.db", passphrase) as state:
    up(Project.load(Path(root)), "dev", state=state)
"""


def killed_before_noting(stack: Stack, name: str) -> None:
    """Run `up` in a process that is killed when that resource is made and not yet in the state."""
    argv = [sys.executable, "-c", _KILLED, str(stack.root), PASSPHRASE, name]
    done = subprocess.run(argv, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
