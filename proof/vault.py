"""Secrets: asked of the secret store by people who entered it through its own login by the realm.

Both what the store says of itself (`sys/capabilities-self`) and what it does (a real read, a real write) count.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode

import httpx

from config.access import LIMITED_SECRETS, MATRIX, Enforcer, Permission, Role
from config.applications import APPLICATIONS
from lab.openbao_setup import INIT_FILE, Bao
from lab.site import Site
from proof.cells import Record, Scope, verdict
from proof.errors import Refused
from proof.people import People, Person
from proof.servers import Servers

READ, WRITE = MATRIX.permission("read", "secrets"), MATRIX.permission("write", "secrets")
FOLDERS = (*sorted({folder for folders in LIMITED_SECRETS.values() for folder in folders}), "proof")
"""Every folder that some role reads as its own, and one that none does."""

_REDIRECT = next(one for one in APPLICATIONS if one.client == "vault").loopback[0]
_SECRET, _WRITTEN = "mlops-proof", "mlops-proof-written"


class VaultProver:
    """The secret store."""

    enforcer = Enforcer.VAULT

    def __init__(self, servers: Servers, site: Site) -> None:
        self._servers, self._site = servers, site

    @contextmanager
    def ready(self, people: People) -> Iterator[None]:
        """A secret in every folder. Afterwards no version of any is left, nor what the store remembers of a login."""
        root = self._root()
        try:
            for folder in FOLDERS:
                root.call("POST", self._path(folder, _SECRET), _content())
            yield
        finally:
            for folder in FOLDERS:
                for name in (_SECRET, _WRITTEN):
                    root.call("DELETE", self._path(folder, name, "metadata"))
            _forget(root, {person.subject for person in people.asking})

    def ask(self, person: Person, record: Record) -> None:
        if person.role is None:
            self._ask_to_enter(person, record)
            return
        store = enter(self._servers, person, person.role.value)
        try:
            self._ask_inside(store, LIMITED_SECRETS.get(person.role, ()), record)
        finally:
            leave(store)

    def gap(self, permission: Permission, role: Role | None) -> str:  # noqa: ARG002
        return ""

    def _ask_inside(self, store: Bao, own: Sequence[str], record: Record) -> None:
        for folder in FOLDERS:
            scope = Scope.MINE if folder in own else Scope.OTHERS
            there, new = self._path(folder, _SECRET), self._path(folder, _WRITTEN)
            for permission, what, deed in (
                (READ, "may read", partial(may, store, there, "read")),
                (READ, "read", partial(_done, store, "GET", there)),
                (WRITE, "may create in", partial(may, store, new, "create")),
                (WRITE, "may update in", partial(may, store, new, "update")),
                (WRITE, "may delete in", partial(may, store, new, "delete")),
                (WRITE, "write", partial(_done, store, "POST", new)),
            ):
                record.ask(permission, scope, f"{what} {folder}", deed)

    def _ask_to_enter(self, person: Person, record: Record) -> None:
        """Without a role there is nothing to enter as."""
        for role in Role:
            for permission in (READ, WRITE):
                record.ask(permission, Scope.OTHERS, f"enter as {role}", partial(self._enters, person, role))

    def _enters(self, person: Person, role: Role) -> bool:
        try:
            leave(enter(self._servers, person, role.value))
        except Refused:
            return False
        return True

    def _path(self, folder: str, name: str, part: str = "data") -> str:
        return f"{self._servers.mount}/{part}/{folder}/{name}"

    def _root(self) -> Bao:
        """The store's owner: nobody else may remove all versions of a secret."""
        kept = json.loads(self._site.folder.secret(INIT_FILE).read_text(encoding="utf-8"))
        return Bao(self._servers.store, self._servers.authority, str(kept["root_token"]))


def enter(servers: Servers, person: Person, role: str) -> Bao:
    """Log a person in to the store in one of its roles, by its own authorization code flow.

    Raises Refused when the store has no such role or does not give it to this person.
    """
    anybody, nonce = Bao(servers.store, servers.authority), secrets.token_urlsafe(24)
    begun = anybody.request(
        "POST", "auth/oidc/oidc/auth_url", {"role": role, "redirect_uri": _REDIRECT, "client_nonce": nonce}
    )
    address = begun.json()["data"]["auth_url"] if begun.is_success else ""
    if not address:
        raise Refused(f"the secret store offers no login as {role}: {_errors(begun)}")
    given = person.session.visit(address, _REDIRECT)
    question = urlencode({"code": given["code"], "state": given["state"], "client_nonce": nonce})
    ended = anybody.request("GET", f"auth/oidc/oidc/callback?{question}")
    if ended.is_error:
        raise Refused(f"the secret store lets {person.name} not in as {role}: {_errors(ended)}")
    return Bao(servers.store, servers.authority, ended.json()["auth"]["client_token"])


def leave(store: Bao) -> None:
    """Log out: the token is worth nothing afterwards."""
    store.request("POST", "auth/token/revoke-self")


def may(store: Bao, path: str, capability: str) -> bool:
    """What the store says that its caller may do with a path. Raises Refused when it refuses the token."""
    answer = store.request("POST", "sys/capabilities-self", {"paths": [path]})
    if not verdict(answer):
        raise Refused("the secret store refuses the token")
    return capability in answer.json()["data"][path]


def _forget(root: Bao, subjects: Collection[str]) -> None:
    """Remove the store's own record of people, which it makes at their first login."""
    known = root.request("GET", "identity/entity-alias/id?list=true")
    found = known.json()["data"]["key_info"].values() if known.is_success else ()
    for entity in {one["canonical_id"] for one in found if one["name"] in subjects}:
        root.call("DELETE", f"identity/entity/id/{entity}")


def _done(store: Bao, method: str, path: str) -> bool:
    return verdict(store.request(method, path, _content() if method == "POST" else None))


def _content() -> Mapping[str, Mapping[str, str]]:
    return {"data": {"value": secrets.token_hex(8)}}


def _errors(answer: httpx.Response) -> str:
    found = answer.json().get("errors") if answer.content else None
    return "; ".join(map(str, found or ["no reason given"]))
