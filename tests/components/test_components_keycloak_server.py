"""Keycloak's own servers: HTTPS alone, their database verified, restricted pods, no secret in the program."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from components.identity.keycloak_server import (
    APP,
    KeycloakServer,
    KeycloakServerArgs,
    credentials,
    pod_template,
    server_names,
)
from components.labels import Owner, labels, selector
from components.manifest import NamespaceRef
from config import catalog
from config.identity import KeycloakServer as Settings
from config.schema import Endpoint
from tests.recorder import Recorder, run

HOME = NamespaceRef(name="mlops-identity", ready="mlops-identity")
CLIENT = NamespaceRef(name="mlops-gateway", ready="mlops-gateway")
URL = "https://id.example.com:8443"
OWNER = Owner(team="platform", cost_center="core", environment="test")


def args(clients: tuple[NamespaceRef, ...] = (CLIENT,), instances: int = 2) -> KeycloakServerArgs:
    settings = Settings(
        instances=instances,
        database=Endpoint(host="db.example.com", port=5433),
        secret_path="identity",
    )
    return KeycloakServerArgs(namespace=HOME, clients=clients, url=URL, settings=settings, owner=OWNER)


@cache
def recorded(clients: tuple[NamespaceRef, ...] = (CLIENT,)) -> Recorder:
    def program() -> None:
        KeycloakServer("east-keycloak", args(clients))

    return run(program)


def spec(clients: tuple[NamespaceRef, ...] = (CLIENT,)) -> dict[str, Any]:
    found = recorded(clients).find("Keycloak", APP, provider="", namespace=HOME.name).inputs["spec"]
    return dict(found)


def options() -> dict[str, str]:
    return {one["name"]: one["value"] for one in spec()["additionalOptions"]}


def test_it_answers_over_https_alone_with_the_certificate_of_its_own_names() -> None:
    assert spec()["http"] == {"httpEnabled": False, "tlsSecret": "keycloak-tls"}
    certificate = recorded().find("Certificate", "keycloak-tls", provider="", namespace=HOME.name)
    assert certificate.inputs["spec"]["secretName"] == "keycloak-tls"
    assert "id.example.com" in certificate.inputs["spec"]["dnsNames"]


def test_the_certificate_names_the_public_host_and_the_operators_service() -> None:
    assert server_names(args()) == (
        "id.example.com",
        "keycloak-service.mlops-identity.svc",
        "keycloak-service.mlops-identity.svc.cluster.local",
    )


def test_one_hostname_is_believed_and_no_header_of_a_proxy() -> None:
    """Otherwise a caller chooses the issuer of tokens and where a mail's link leads."""
    hostname = spec()["hostname"]
    assert (hostname["hostname"], hostname["strict"], hostname["backchannelDynamic"]) == (URL, True, False)
    assert "proxy" not in spec()
    assert not [name for name in options() if name.startswith("proxy")]


def test_the_database_is_postgresql_and_has_to_prove_who_it_is() -> None:
    database = spec()["db"]
    assert (database["vendor"], database["host"], database["port"]) == ("postgres", "db.example.com", 5433)
    assert options()["db-tls-mode"] == "verify-server"
    (store,) = spec()["truststores"].values()
    assert store["secret"]["name"] == "keycloak-authority"


def test_credentials_come_from_the_secret_store_key_by_key() -> None:
    wanted = credentials(args().settings, HOME, {})
    refs = {
        (one["spec"]["target"]["name"], entry["secretKey"], entry["remoteRef"]["key"])
        for one in wanted.values()
        for entry in one["spec"]["data"]
    }
    assert refs == {
        ("keycloak-database", "username", "identity/database"),
        ("keycloak-database", "password", "identity/database"),
        ("keycloak-authority", "ca.crt", "identity/database"),
        ("keycloak-program", "client-id", "identity/program"),
        ("keycloak-program", "client-secret", "identity/program"),
    }


def test_the_program_declares_no_secret_and_the_server_names_those_that_are_filled() -> None:
    kinds = {one.inputs["kind"]: one for one in recorded().kubernetes}
    assert "Secret" not in kinds
    filled = {
        one.inputs["metadata"]["name"]
        for one in recorded().kubernetes
        if one.inputs["kind"] == "ExternalSecret"
    }
    database = spec()["db"]
    named = {
        database["usernameSecret"]["name"],
        database["passwordSecret"]["name"],
        spec()["truststores"]["database"]["secret"]["name"],
        spec()["bootstrapAdmin"]["service"]["secret"],
    }
    assert named == filled


def test_no_administrator_with_a_password_is_made_at_the_first_start() -> None:
    assert set(spec()["bootstrapAdmin"]) == {"service"}


def test_the_server_comes_after_its_secrets_and_its_certificate() -> None:
    server = recorded().find("Keycloak", APP, provider="", namespace=HOME.name)
    before = {f"east-keycloak-{part}" for part in ("database", "authority", "program", "tls")}
    assert before <= server.dependencies


def test_its_pods_meet_the_restricted_standard() -> None:
    pod = pod_template("keycloak", {})["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["name"] == APP
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["runAsNonRoot"] is True
    assert "privileged" not in security
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes"} & set(pod)


def test_its_pods_have_an_identity_of_their_own_and_hold_no_token_of_it() -> None:
    account = recorded().find("ServiceAccount", APP, provider="", namespace=HOME.name)
    assert account.inputs["automountServiceAccountToken"] is False
    assert spec()["unsupported"]["podTemplate"]["spec"]["serviceAccountName"] == APP
    assert spec()["automountServiceAccountToken"] is False
    assert spec()["unsupported"]["podTemplate"]["spec"]["enableServiceLinks"] is False


def test_its_pods_are_bounded_and_their_image_is_the_catalogues() -> None:
    resources = spec()["resources"]
    assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    assert spec()["image"] == catalog.KEYCLOAK_IMAGE.reference


@pytest.mark.parametrize(("clients", "names"), [((CLIENT,), {HOME.name, CLIENT.name}), ((), {HOME.name})])
def test_the_named_namespaces_may_connect_and_nobody_else(
    clients: tuple[NamespaceRef, ...], names: set[str]
) -> None:
    """An empty list of peers would open the port to everybody."""
    policy = spec(clients)["networkPolicy"]
    assert policy["enabled"] is True
    told = {one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for one in policy["https"]}
    assert told == names
    management = [one["namespaceSelector"]["matchLabels"] for one in policy["management"]]
    assert management == [{"kubernetes.io/metadata.name": HOME.name}]
    assert "http" not in policy
    assert spec(clients)["ingress"] == {"enabled": False}


def test_the_database_is_all_that_it_reaches_outside() -> None:
    policy = recorded().find("CiliumNetworkPolicy", "keycloak-to-outside", provider="", namespace=HOME.name)
    reached = [
        (rule["toFQDNs"], rule["toPorts"][0]["ports"][0]["port"])
        for rule in policy.inputs["spec"]["egress"]
        if "toFQDNs" in rule
    ]
    assert reached == [([{"matchName": "db.example.com"}], "5433")]


def test_its_pods_carry_the_labels_that_policies_and_budgets_select_them_by() -> None:
    pods = spec()["unsupported"]["podTemplate"]["metadata"]["labels"]
    assert pods == labels(APP, "identity", OWNER)
    for kind, key in (("NetworkPolicy", "podSelector"), ("PodDisruptionBudget", "selector")):
        own = [one for one in recorded().kubernetes if one.identity[2] == HOME.name]
        (found,) = [one for one in own if one.inputs["kind"] == kind]
        assert found.inputs["spec"][key]["matchLabels"] == selector(APP)


def test_a_drain_moves_one_server_at_a_time() -> None:
    budget = recorded().find("PodDisruptionBudget", APP, provider="", namespace=HOME.name)
    assert budget.inputs["spec"]["maxUnavailable"] == 1


def test_its_events_can_be_read_by_machines_and_its_health_can_be_asked() -> None:
    assert options()["log-console-output"] == "json"
    assert options()["health-enabled"] == options()["metrics-enabled"] == "true"


def test_every_child_is_named_for_its_component() -> None:
    assert recorded().misnamed() == []
