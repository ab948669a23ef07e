"""The servers of the platform as doors that a token opens or does not, and the people who try them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx

from config.load import read
from config.outside import read_outside
from config.schema import PlatformSettings
from lab.access import environment
from proof import kubernetes, tracking, users
from proof.cells import verdict
from proof.data import CLIENT as OBJECT_STORE
from proof.data import ObjectStore
from proof.directory import Directory, ServiceAccount
from proof.errors import Refused
from proof.login import Token
from proof.people import People, Person, people
from proof.prove import alone, directory_of
from proof.servers import Servers, servers
from tests.platform.command import ROOT, Platform


@dataclass(frozen=True, kw_only=True)
class Door:
    """`client` is the client whose tokens open it; `opens` says whether this token does."""

    name: str
    client: str
    redirect_uri: str
    opens: Callable[[str], bool]

    def token(self, person: Person, *, new: bool = False) -> Token:
        """The person's token for this door."""
        return person.token(self.client, self.redirect_uri, new=new)


@dataclass(frozen=True, kw_only=True)
class Estate:
    """The deployed platform with people of a proof in its realm."""

    settings: PlatformSettings
    found: Servers
    directory: Directory
    people: People
    doors: tuple[Door, ...]
    credentials: Mapping[str, str] = field(repr=False)

    def account(self) -> ServiceAccount:
        """The account that makes realms, with a token of its own."""
        given = self.credentials
        return ServiceAccount(self._master, given["KEYCLOAK_CLIENT_ID"], given["KEYCLOAK_CLIENT_SECRET"])

    def account_token(self) -> str:
        """A token of that account, of Keycloak's own realm."""
        given = self.credentials
        with httpx.Client(verify=self.found.trust, trust_env=False, timeout=30) as client:
            answer = client.post(
                self._master,
                data={"grant_type": "client_credentials"},
                auth=(given["KEYCLOAK_CLIENT_ID"], given["KEYCLOAK_CLIENT_SECRET"]),
            )
        return str(answer.raise_for_status().json()["access_token"])

    @property
    def _master(self) -> str:
        return f"{self.found.keycloak}/realms/master/protocol/openid-connect/token"


@contextmanager
def estate_of(platform: Platform) -> Iterator[Estate]:
    """Everybody is gone at the end."""
    settings = read(ROOT, "dev").with_outside(read_outside(platform.folder.root))
    found = servers(settings, platform.folder)
    with alone(platform.folder), ExitStack() as opened:
        directory = opened.enter_context(directory_of(found, platform.folder))
        yield Estate(
            settings=settings,
            found=found,
            directory=directory,
            people=opened.enter_context(people(directory, found.realm, found.trust)),
            doors=tuple(_doors(found, opened)),
            credentials=environment(platform.folder),
        )


def _doors(found: Servers, opened: ExitStack) -> Iterator[Door]:
    native = "http://127.0.0.1:18000/callback"
    for cluster, url in found.clusters.items():
        api = opened.enter_context(kubernetes.connect(url, found))
        yield Door(
            name=f"API server of {cluster}",
            client=kubernetes.CLIENT,
            redirect_uri=native,
            opens=partial(_kubernetes, api),
        )
        gate = opened.enter_context(tracking.connect(found.gates[cluster], found))
        yield Door(
            name=f"tracking gate of {cluster}",
            client=tracking.CLIENT,
            redirect_uri=native,
            opens=partial(_gate, gate),
        )
    store = ObjectStore(found)
    yield Door(
        name="object store", client=OBJECT_STORE, redirect_uri=native, opens=partial(_object_store, store)
    )
    admin = opened.enter_context(
        httpx.Client(
            base_url=f"{found.keycloak}/admin/realms/{found.realm_name}",
            verify=found.trust,
            trust_env=False,
            timeout=30,
        )
    )
    yield Door(
        name="Keycloak's admin API",
        client=users.CONSOLE,
        redirect_uri=users.console(found),
        opens=partial(_admin, admin),
    )


def _header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _kubernetes(api: httpx.Client, token: str) -> bool:
    """Whether the holder may do anything in a tenant's namespace, and not only whether the server knows them."""
    question = {"namespace": "mlops-serving", "group": "argoproj.io", "resource": "rollouts", "verb": "list"}
    try:
        return kubernetes.may(api, _header(token), question)
    except Refused:
        return False


def _gate(api: httpx.Client, token: str) -> bool:
    return verdict(tracking.Tracking(api, _header(token)).get("registered-models/search"))


def _object_store(store: ObjectStore, token: str) -> bool:
    try:
        store.enter(token).close()
    except Refused:
        return False
    return True


def _admin(api: httpx.Client, token: str) -> bool:
    return verdict(api.get("/users", params={"max": "1"}, headers=_header(token)))
