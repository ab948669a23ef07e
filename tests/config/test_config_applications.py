from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from pydantic import TypeAdapter

from config.applications import APPLICATIONS, Application
from config.identity import RedirectUri

NAMES = {"api", "mlflow", "kfp", "argocd", "signoz", "labeling", "vault", "kubernetes", "objectstore"}


def by_name(client: str) -> Application:
    return next(one for one in APPLICATIONS if one.client == client)


def test_every_application_is_a_client_of_its_own() -> None:
    assert len(APPLICATIONS) == len(NAMES)
    assert {one.client for one in APPLICATIONS} == NAMES


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda one: one.client)
def test_every_address_of_an_application_is_one_that_settings_would_accept(application: Application) -> None:
    addresses = application.redirect_uris("mlops.example.com", {})
    assert addresses
    for address in addresses:
        assert TypeAdapter(RedirectUri).validate_python(address) == address


def test_who_has_a_secret_listens_at_no_address_of_the_users_machine_but_vaults_command_line() -> None:
    native = {one.client for one in APPLICATIONS if one.confidential and one.loopback}
    assert native == {"vault"}


def test_an_application_is_called_back_at_its_own_host() -> None:
    (address,) = by_name("argocd").redirect_uris("mlops.example.com", {})
    assert urlsplit(address).hostname == "argocd.mlops.example.com"


def test_further_addresses_come_once_and_to_their_own_application_alone() -> None:
    own = by_name("mlflow").redirect_uris("mlops.example.com", {})
    more = {"mlflow": (own[0], "https://other.example.com/callback"), "kfp": ("https://kfp.example.com/",)}
    assert by_name("mlflow").redirect_uris("mlops.example.com", more) == (
        *own,
        "https://other.example.com/callback",
    )
