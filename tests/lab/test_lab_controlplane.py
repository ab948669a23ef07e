"""The clusters of a running lab: who is let in, what is refused, what is written down."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from lab.agent.rights import USER as AGENT_USER
from lab.bootstrap import admin_api
from lab.certs import Subject, authority, leaf
from lab.controlplane import api_name, client_authority
from lab.controlplane import client as client_pair
from lab.errors import ApiFailed
from lab.etcd import etcd_trust
from lab.kube import kube_api
from lab.kwok import USER as KWOK_USER
from lab.lab import Lab
from lab.readiness import NotReady, poll
from lab.site import trust
from lab.topology import Topology
from tests.lab.lab_namespaces import made_namespace

pytestmark = pytest.mark.lab

CLUSTERS = ("east", "west")
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}


def server(lab: Lab, cluster: str) -> str:
    return lab.site().url(api_name(cluster))


def get(lab: Lab, cluster: str, path: str, context: ssl.SSLContext) -> httpx.Response:
    with httpx.Client(verify=context, trust_env=False) as session:
        return session.get(f"{server(lab, cluster)}{path}")


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_api_server_is_believed_under_the_labs_authority_only(
    lab: Lab, cluster: str, tmp_path: Path
) -> None:
    assert get(lab, cluster, "/readyz", trust(lab.folder.ca)).text == "ok"
    wrong = authority(tmp_path, "ca", "mlops lab authority")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        get(lab, cluster, "/readyz", trust(wrong.path))


@pytest.mark.parametrize("path", ["/api/v1/namespaces", "/api/v1/secrets", "/version", "/metrics"])
def test_an_anonymous_request_gets_nothing_but_the_health_endpoints(lab: Lab, path: str) -> None:
    answer = get(lab, "east", path, trust(lab.folder.ca))
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_a_client_certificate_of_one_cluster_opens_no_other(lab: Lab) -> None:
    east = client_pair(lab.folder, "east", "admin", "lab-admin", ("lab:admins",))
    context = trust(lab.folder.ca, east)
    assert get(lab, "east", "/api/v1/namespaces", context).is_success
    assert get(lab, "west", "/api/v1/namespaces", context).status_code == httpx.codes.UNAUTHORIZED


def test_an_api_clients_certificate_does_not_open_the_etcd(lab: Lab) -> None:
    site = lab.site()
    store = etcd_trust(lab.folder.cluster("east"), "east")
    address = f"{site.url('east-etcd')}/version"
    with httpx.Client(verify=trust(store.authority.path, store.client), trust_env=False) as session:
        assert session.get(address).is_success
    admin = client_pair(lab.folder, "east", "admin", "lab-admin", ("lab:admins",))
    with (
        httpx.Client(verify=trust(store.authority.path, admin), trust_env=False) as session,
        pytest.raises(httpx.TransportError),
    ):
        session.get(address)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_pod_security_refuses_a_privileged_pod_in_a_restricted_namespace(lab: Lab, cluster: str) -> None:
    made_namespace(lab, cluster, "restricted", **{"pod-security.kubernetes.io/enforce": "restricted"})
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bad"},
        "spec": {"containers": [{"name": "c", "image": "x", "securityContext": {"privileged": True}}]},
    }
    with admin_api(lab.site(), cluster) as api, pytest.raises(ApiFailed, match="violates PodSecurity") as no:
        api.apply("/api/v1/namespaces/restricted/pods/bad", pod)
    assert no.value.status == httpx.codes.FORBIDDEN


@pytest.mark.parametrize(
    ("user", "stem", "allowed", "refused"),
    [
        (KWOK_USER, "kwok", "/api/v1/nodes", "/api/v1/secrets"),
        (AGENT_USER, "agent", "/api/v1/pods", "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
    ],
)
def test_the_labs_own_components_may_do_their_work_and_nothing_else(
    lab: Lab, user: str, stem: str, allowed: str, refused: str
) -> None:
    context = trust(lab.folder.ca, client_pair(lab.folder, "east", stem, user))
    assert get(lab, "east", allowed, context).is_success
    assert get(lab, "east", refused, context).status_code == httpx.codes.FORBIDDEN


def test_nobody_keeps_a_certificate_of_system_masters(lab: Lab) -> None:
    kept = [
        x509.load_pem_x509_certificate(path.read_bytes()).subject.rfc4514_string()
        for path in lab.folder.root.rglob("*.crt")
    ]
    assert any("O=lab:admins" in subject for subject in kept)
    assert not any("system:masters" in subject for subject in kept)


def test_the_administrators_binding_comes_back_when_it_was_taken_away(lab: Lab, topology: Topology) -> None:
    path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/lab:admins"
    with admin_api(lab.site(), "east") as api:
        api.delete(path)
    poll("administrator locked out", lambda: _locked_out(lab), 60)
    lab.up(topology)
    with admin_api(lab.site(), "east") as api:
        assert api.get(path) is not None


def _locked_out(lab: Lab) -> None:
    try:
        with admin_api(lab.site(), "east") as api:
            api.list("/api/v1/nodes")
    except ApiFailed:
        return
    raise NotReady("still let in")


def test_secrets_are_encrypted_in_etcd_and_readable_through_the_api(lab: Lab, tmp_path: Path) -> None:
    made_namespace(lab, "east", "encrypted")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"k": "in-the-clear"},
    }
    path = "/api/v1/namespaces/encrypted/secrets/s"
    with admin_api(lab.site(), "east") as api:
        api.apply(path, secret)
        found = api.get(path)
    assert found is not None
    assert found["data"]["k"] == "aW4tdGhlLWNsZWFy"
    stored = raw(lab, "/registry/secrets/encrypted/s")
    assert b"k8s:enc:secretbox:v1:lab:" in stored
    assert b"in-the-clear" not in stored
    assert b"encrypted" in raw(lab, "/registry/namespaces/encrypted"), "other kinds are stored in clear"


def raw(lab: Lab, key: str) -> bytes:
    store = etcd_trust(lab.folder.cluster("east"), "east")
    with httpx.Client(verify=trust(store.authority.path, store.client), trust_env=False) as session:
        encoded = base64.b64encode(key.encode()).decode()
        answer = session.post(f"{lab.site().url('east-etcd')}/v3/kv/range", json={"key": encoded})
    return base64.b64decode(answer.json()["kvs"][0]["value"])


def test_the_audit_log_tells_who_did_what_and_no_secret(lab: Lab) -> None:
    made_namespace(lab, "west", "audited")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"k": "never-logged"},
    }
    with admin_api(lab.site(), "west") as api:
        api.apply("/api/v1/namespaces/audited/secrets/s", secret)
    log = lab.folder.cluster("west").audit_log
    assert log.stat().st_mode & 0o077 == 0

    def written() -> None:
        lines = [json.loads(line) for line in log.read_text().splitlines() if "audited" in line]
        seen = {(entry["user"]["username"], entry["verb"], entry["objectRef"]["resource"]) for entry in lines}
        if not {("lab-admin", "patch", "namespaces"), ("lab-admin", "patch", "secrets")} <= seen:
            raise NotReady(f"seen so far: {seen}")

    poll("audit lines", written, 60)
    assert "never-logged" not in log.read_text()


def test_a_certificate_signed_by_another_authority_is_nobody(lab: Lab, tmp_path: Path) -> None:
    genuine = client_authority(lab.folder, "east")
    forged = authority(tmp_path, "ca", genuine.certificate.subject.rfc4514_string().removeprefix("CN="))
    pair = leaf(forged, tmp_path, "me", Subject(name="lab-admin", groups=("lab:admins",), client=True))
    with (
        kube_api("east", server(lab, "east"), trust(lab.folder.ca, pair)) as api,
        pytest.raises(ApiFailed) as refused,
    ):
        api.list("/api/v1/namespaces")
    assert refused.value.status in (0, httpx.codes.UNAUTHORIZED)
