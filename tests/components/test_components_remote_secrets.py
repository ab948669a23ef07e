from __future__ import annotations

from base64 import b64decode
from typing import Any

import yaml

from components.labels import Owner
from components.manifest import NamespaceRef
from components.mesh.remote_client import TOKEN_SECONDS
from components.mesh.remote_secrets import (
    REFRESH,
    Peer,
    RemoteSecrets,
    RemoteSecretsArgs,
    client_secret,
    kubeconfig,
    remote_secret,
    token_generator,
)
from config.schema import SecretStoreSettings
from lab.agent.secret_sync import seconds
from tests.recorder import Recorder, run

OWNER = Owner(team="t", cost_center="c", environment="dev")
SYSTEM = NamespaceRef(name="istio-system", ready="istio-system")
ESO = NamespaceRef(name="external-secrets", ready="external-secrets")
STORE = SecretStoreSettings.model_validate({"backend": "openbao", "address": "https://bao.example.com"})
WEST = Peer(name="west", url="https://west.example.com:6443", authority="PEM")
ISSUER = "https://id.example.com/realms/r"


def recorded(*peers: str) -> Recorder:
    def program() -> None:
        args = RemoteSecretsArgs(
            namespace=SYSTEM,
            operator=ESO,
            cluster="east",
            peers=[Peer(name=peer, url=f"https://{peer}:6443", authority=None) for peer in peers],
            store=STORE,
            role="mesh-remote",
            issuer=ISSUER,
            authority="PEM",
            owner=OWNER,
        )
        RemoteSecrets("east-remote", args)

    found = run(program)
    assert found.misnamed() == []
    return found


def target(manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["target"]
    return found


def test_istio_knows_it_by_its_label_and_the_cluster_by_its_key() -> None:
    made = target(remote_secret(WEST, "east", "mesh-remote", SYSTEM, {}))
    assert made["template"]["metadata"]["labels"]["istio/multiCluster"] == "true"
    assert made["template"]["metadata"]["annotations"] == {"networking.istio.io/cluster": "west"}
    assert made["template"]["data"].keys() == {"west"}
    assert made["creationPolicy"] == "Owner", "it goes with its ExternalSecret"


def test_the_kubeconfig_leads_to_the_peer_with_a_token_alone() -> None:
    text = kubeconfig(WEST, "east")
    filled = yaml.safe_load(text.replace("{{ .access_token }}", "a.b.c"))
    (cluster,) = filled["clusters"]
    assert cluster["cluster"]["server"] == WEST.url
    assert b64decode(cluster["cluster"]["certificate-authority-data"]) == b"PEM"
    assert filled["users"] == [{"name": "mesh-east", "user": {"token": "a.b.c"}}]
    assert filled["contexts"][0]["context"] == {"cluster": "west", "user": "mesh-east"}
    assert filled["current-context"] == filled["contexts"][0]["name"] == cluster["name"]


def test_a_public_authority_needs_no_certificate() -> None:
    public = Peer(name="west", url="https://west.example.com", authority=None)
    assert "certificate-authority-data" not in kubeconfig(public, "east")


def test_three_refreshes_may_fail_before_a_token_ends() -> None:
    assert seconds(REFRESH) * 4 <= TOKEN_SECONDS


def test_the_token_is_asked_of_the_realm_over_verified_tls_and_its_secret_stands_in_no_address() -> None:
    spec = token_generator(ISSUER, "PEM", "client", SYSTEM)["spec"]
    assert spec["url"] == f"{ISSUER}/protocol/openid-connect/token"
    assert (spec["method"], b64decode(spec["caBundle"])) == ("POST", b"PEM")
    assert "client_secret={{ .client.client_secret }}" in spec["body"]
    assert "{{" not in spec["url"]


def test_the_client_may_be_put_into_a_request() -> None:
    made = target(client_secret("east", "mesh-remote", SYSTEM, {}))
    assert made["template"]["metadata"]["labels"] == {"external-secrets.io/type": "webhook"}
    assert made["template"]["data"] == {
        "client_id": "{{ .client_id }}",
        "client_secret": "{{ .client_secret }}",
    }


def test_there_is_a_secret_for_each_peer_and_none_is_declared_with_data() -> None:
    found = recorded("west", "south")
    names = {one.identity[3] for one in found.kubernetes if one.inputs["kind"] == "ExternalSecret"}
    assert names == {"mesh-remote-client", "istio-remote-secret-west", "istio-remote-secret-south"}
    assert "Secret" not in {one.inputs["kind"] for one in found.kubernetes}


def test_taking_a_peer_away_takes_its_secret_alone() -> None:
    with_both = {one.identity for one in recorded("west", "south").kubernetes}
    with_one = {one.identity for one in recorded("south").kubernetes}
    assert {name for *_, name in with_both - with_one} == {"istio-remote-secret-west"}
    assert with_one <= with_both


def test_the_store_is_entered_in_the_clusters_own_role_and_namespace() -> None:
    store = recorded("west").find("SecretStore", "mesh-remote", provider="", namespace="istio-system")
    login = store.inputs["spec"]["provider"]["vault"]["auth"]["kubernetes"]
    assert login["mountPath"] == "kubernetes-east"
    assert login["serviceAccountRef"] == {"name": "mesh-remote"}
