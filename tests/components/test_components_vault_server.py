"""The store's server: its certificate, its traffic, and its chart after both."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlsplit

import pulumi
import pytest

from components.labels import Owner, selector
from components.manifest import Manifest, NamespaceRef
from components.network.fqdn_egress import Destination
from components.secrets.secret_store import server_url
from components.secrets.vault_server import VaultServer, VaultServerArgs, key_servers, server_names, traffic
from components.secrets.vault_values import CLUSTER_PORT, PORT, members, product
from config.schema import ChartSettings, SecretBackend, SecretServer, SecretStoreSettings
from tests.recorder import Declaration, Recorder, run

BACKENDS: tuple[SecretBackend, ...] = get_args(SecretBackend)
OPERATOR = NamespaceRef(name="external-secrets", ready="external-secrets")
DATABASE = Destination(hosts=("db.example.com",), port=5432)
CHART = "kubernetes:helm.sh/v4:Chart"

every_backend = pytest.mark.parametrize("backend", BACKENDS)


def arguments(backend: SecretBackend = "openbao", **changes: Any) -> VaultServerArgs:
    seal = {"region": "eu-central-1", "keyId": "alias/x", "role": "arn:aws:iam::123456789012:role/vault"}
    server = SecretServer.model_validate({"storageClass": "encrypted", "seal": seal})
    fields: dict[str, Any] = {
        "namespace": NamespaceRef(name=backend, ready=backend),
        "store": SecretStoreSettings(
            backend=backend, address="https://vault.example.com:8200", server=server
        ),
        "server": server,
        "charts": ChartSettings(source="upstream"),
        "clients": (OPERATOR,),
        "reaches": (DATABASE,),
        "owner": Owner(team="platform", cost_center="core", environment="test"),
    }
    return VaultServerArgs(**(fields | changes))


def recorded(args: VaultServerArgs) -> Recorder:
    def program() -> dict[str, Any]:
        return {"namespace": VaultServer("east-store", args, pulumi.ResourceOptions()).namespace}

    found = run(program)
    assert found.misnamed() == []
    return found


def charts(found: Recorder) -> list[Declaration]:
    return [one for one in found.declarations if one.type == CHART]


def ports(rule: Manifest) -> set[int]:
    return {one["port"] for one in rule["ports"]}


@every_backend
def test_the_chart_of_the_chosen_product_is_installed(backend: SecretBackend) -> None:
    (chart,) = charts(recorded(arguments(backend)))
    pinned = product(backend).chart
    assert (chart.inputs["name"], chart.inputs["version"]) == (pinned.name, pinned.version)
    assert chart.inputs["namespace"] == backend


def test_nobody_waits_for_members_that_somebody_has_to_initialise_first() -> None:
    (chart,) = charts(recorded(arguments()))
    assert chart.inputs["skipAwait"] is True


def test_the_chart_comes_after_the_certificate_and_the_policies() -> None:
    """Members would else start without their certificate, or be reachable by everybody."""
    found = recorded(arguments())
    (chart,) = charts(found)
    needed = {one.name for one in found.declarations if one.parent == "east-store"} - {chart.name}
    assert len(needed) == 6
    assert chart.dependencies >= needed


def test_without_charts_there_is_the_rest() -> None:
    found = recorded(arguments(charts=ChartSettings(source="none")))
    assert charts(found) == []
    assert found.find("Certificate", "openbao-tls", provider="", namespace="openbao")


@every_backend
def test_the_certificate_names_every_host_by_which_the_store_is_called(backend: SecretBackend) -> None:
    names = server_names(arguments(backend))
    asked = arguments(backend).store
    assert urlsplit(asked.address).hostname in names
    assert urlsplit(server_url(asked)).hostname in names
    assert set(members(backend, arguments(backend).server)) < set(names)
    assert not [name for name in names if "*" in name or not name]


@every_backend
def test_the_pods_mount_that_certificate(backend: SecretBackend) -> None:
    found = recorded(arguments(backend))
    (chart,) = charts(found)
    (tls,) = [one for one in chart.inputs["values"]["server"]["volumes"] if one["name"] == "tls"]
    certificate = found.find("Certificate", f"{backend}-tls", provider="", namespace=backend)
    assert certificate.inputs["spec"]["secretName"] == tls["secret"]["secretName"]
    assert certificate.inputs["spec"]["ipAddresses"] == ["127.0.0.1"], "its own command line calls it so"


def test_only_the_clients_may_connect_and_only_to_the_one_port() -> None:
    policy = traffic(arguments())["ingress"]["spec"]
    (rule,) = policy["ingress"]
    assert [list(one["namespaceSelector"]["matchLabels"].values()) for one in rule["from"]] == [
        [OPERATOR.name]
    ]
    assert ports(rule) == {PORT}


def test_without_clients_nobody_may_connect() -> None:
    assert "ingress" not in traffic(arguments(clients=()))["ingress"]["spec"]


def test_each_client_is_let_out_to_the_store() -> None:
    policy = traffic(arguments())["egress-external-secrets"]
    assert policy["metadata"]["namespace"] == "external-secrets"
    assert ports(policy["spec"]["egress"][0]) == {PORT}


def test_members_reach_each_other_alone_on_the_port_of_the_cluster() -> None:
    policy = traffic(arguments())["peers"]["spec"]
    for rule, ends in ((policy["ingress"][0], "from"), (policy["egress"][0], "to")):
        assert rule[ends] == [{"podSelector": {"matchLabels": selector("openbao")}}]
        assert ports(rule) == {PORT, CLUSTER_PORT}


def test_outside_it_reaches_its_key_and_what_it_was_given_by_name() -> None:
    rules = traffic(arguments())["outside"]["spec"]["egress"]
    reached = {
        (one["matchName"], rule["toPorts"][0]["ports"][0]["port"])
        for rule in rules
        for one in rule.get("toFQDNs", [])
    }
    assert reached == {
        ("kms.eu-central-1.amazonaws.com", "443"),
        ("sts.eu-central-1.amazonaws.com", "443"),
        ("db.example.com", "5432"),
    }


def test_the_key_is_asked_for_in_its_own_region() -> None:
    assert all("eu-central-1" in host for one in key_servers(arguments().server) for host in one.hosts)


@every_backend
def test_every_policy_is_for_the_pods_of_the_chart(backend: SecretBackend) -> None:
    """The charts label their pods with their own name."""
    assert selector(backend) == {"app.kubernetes.io/name": product(backend).chart.name}
    for part in ("ingress", "peers"):
        assert traffic(arguments(backend))[part]["spec"]["podSelector"]["matchLabels"] == selector(backend)
    for part in ("api-server", "outside"):
        assert traffic(arguments(backend))[part]["spec"]["endpointSelector"]["matchLabels"] == selector(
            backend
        )
