"""Server certificates: for named hosts, renewed long before their end, with a key that is never used twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.manifest import Manifest, NamespaceRef
from components.network.certificate import ISSUER, certificate
from tests.stacks.stack_schemas import crd_schema, custom_mistakes

CRDS = Path(__file__).resolve().parents[3] / "shared" / "upstream" / "crds"
TEAM = NamespaceRef(name="team", ready="team")
HOSTS = ("db.example.com", "db.team.svc")


def made(**more: Any) -> Manifest:
    return certificate("db-tls", HOSTS, TEAM, {"team": "a"}, **more)


def hours(duration: str) -> int:
    assert duration.endswith("h")
    return int(duration.removesuffix("h"))


def test_it_names_the_given_hosts_and_no_other() -> None:
    assert made()["spec"]["dnsNames"] == list(HOSTS)
    assert "ipAddresses" not in made()["spec"]
    assert "commonName" not in made()["spec"]


def test_it_names_addresses_where_a_server_is_called_by_one() -> None:
    assert made(addresses=("127.0.0.1",))["spec"]["ipAddresses"] == ["127.0.0.1"]


def test_the_secret_has_the_name_by_which_pods_mount_it_and_lies_beside_them() -> None:
    assert made()["spec"]["secretName"] == made()["metadata"]["name"] == "db-tls"
    assert made()["metadata"]["namespace"] == "team"


def test_a_new_certificate_has_a_new_key() -> None:
    assert made()["spec"]["privateKey"]["rotationPolicy"] == "Always"


def test_it_is_short_lived_and_a_failed_renewal_has_weeks_to_be_seen() -> None:
    spec = made()["spec"]
    assert hours(spec["duration"]) <= 90 * 24
    assert 14 * 24 <= hours(spec["renewBefore"]) < hours(spec["duration"])


def test_it_proves_who_a_server_is_and_nothing_else() -> None:
    """With `client auth` a server's key would be a login elsewhere, with `cert sign` an authority."""
    assert set(made()["spec"]["usages"]) == {"digital signature", "server auth"}
    assert "isCA" not in made()["spec"]


def test_the_platforms_own_issuer_signs_it() -> None:
    assert made()["spec"]["issuerRef"] == {
        "group": "cert-manager.io",
        "kind": "ClusterIssuer",
        "name": ISSUER,
    }


@pytest.mark.skipif(not CRDS.is_dir(), reason="the upstream CRDs are not beside this checkout")
@pytest.mark.parametrize("addresses", [(), ("127.0.0.1",)])
def test_it_is_what_its_crd_allows(addresses: tuple[str, ...]) -> None:
    manifest = made(addresses=addresses)
    schema = crd_schema(CRDS, manifest["apiVersion"], manifest["kind"])
    assert custom_mistakes(manifest, schema) == []
    assert custom_mistakes({**manifest, "spec": {**manifest["spec"], "dnsName": "x"}}, schema)
