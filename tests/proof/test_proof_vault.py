from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from lab.folder import LabFolder, write_private
from lab.openbao_setup import INIT_FILE
from lab.site import Site
from proof import vault
from proof.people import People
from proof.servers import Servers
from proof.vault import FOLDERS, VaultProver
from tests.proof.keycloak_pages import Pages
from tests.proof.provers import everybody


class Store:
    """The secret store as its owner sees it: secrets with all of their versions, and people who have entered."""

    def __init__(self) -> None:
        self.secrets = {"mlflow/database"}
        self.entities = {"e-1": "subject-of-admin", "e-2": "somebody"}
        self.tokens: set[str] = set()

    def request(self, _method: str, path: str, *_body: Any) -> httpx.Response:
        assert path == "identity/entity-alias/id?list=true"
        if not self.entities:
            return httpx.Response(404, json={"errors": []})
        known = {f"a-{one}": {"canonical_id": one, "name": name} for one, name in self.entities.items()}
        return httpx.Response(200, json={"data": {"key_info": known}})

    def call(self, method: str, path: str, *_body: Any) -> dict[str, Any]:
        part, _, name = path.removeprefix("secret/").partition("/")
        match method, part:
            case "POST", "data":
                self.secrets.add(name)
            case "DELETE", "metadata":
                self.secrets.discard(name)
            case "DELETE", "identity":
                del self.entities[name.removeprefix("entity/id/")]
            case _:
                raise AssertionError(f"{method} {path}")
        return {}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()

    def bao(_url: str, _authority: Path, token: str) -> Store:
        made.tokens.add(token)
        return made

    monkeypatch.setattr(vault, "Bao", bao)
    return made


@pytest.fixture
def prover(tmp_path: Path) -> VaultProver:
    folder = LabFolder(tmp_path / "lab")
    folder.create()
    write_private(folder.secret(INIT_FILE), json.dumps({"root_token": "the owner's"}))
    servers = cast(Servers, SimpleNamespace(store="https://store.test", mount="secret", authority=folder.ca))
    return VaultProver(servers, cast(Site, SimpleNamespace(folder=folder)))


@pytest.fixture
def people(pages: Pages) -> People:
    return everybody(pages)


def test_there_is_a_secret_in_every_folder_and_no_version_of_it_afterwards(
    store: Store, prover: VaultProver, people: People
) -> None:
    with prover.ready(people):
        assert {name.partition("/")[0] for name in store.secrets} == set(FOLDERS)
        store.secrets.add("mlflow/mlops-proof-written")
    assert store.secrets == {"mlflow/database"}
    assert store.tokens == {"the owner's"}


def test_the_store_forgets_the_people_of_the_proof_and_nobody_else(
    store: Store, prover: VaultProver, people: People
) -> None:
    with prover.ready(people):
        pass
    assert store.entities == {"e-2": "somebody"}


def test_a_store_that_nobody_has_entered_is_no_trouble(
    store: Store, prover: VaultProver, people: People
) -> None:
    store.entities.clear()
    with prover.ready(people):
        pass
    assert store.secrets == {"mlflow/database"}


def test_everything_is_taken_away_when_asking_breaks(
    store: Store, prover: VaultProver, people: People
) -> None:
    with pytest.raises(KeyboardInterrupt), prover.ready(people):
        raise KeyboardInterrupt
    assert store.secrets == {"mlflow/database"}
    assert store.entities == {"e-2": "somebody"}
