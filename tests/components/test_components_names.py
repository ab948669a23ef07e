from __future__ import annotations

from components.mesh.names import TAG, gateway_account, meshed, principal


def test_an_identity_is_spelt_as_istio_does_without_its_scheme() -> None:
    assert principal("mesh.example.com", "a", "b") == "mesh.example.com/ns/a/sa/b"


def test_a_gateway_runs_as_the_account_that_istio_names_after_it_and_its_class() -> None:
    assert gateway_account("ingress") == "ingress-istio"


def test_a_namespace_joins_by_one_label_that_no_upgrade_changes() -> None:
    assert meshed() == {"istio.io/rev": TAG}
    assert not any(character.isdigit() for character in TAG)
