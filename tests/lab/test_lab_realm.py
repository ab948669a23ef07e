"""Servers of a running lab and a realm that comes after them: what they believe, and what they do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.exceptions
import httpx
import pytest

from config.data_access import BUCKET
from lab import keycloak, minio
from lab.access import after_up
from lab.controlplane import api_name
from lab.lab import Lab
from lab.minio_admin import S3, S3Account, encrypt
from lab.readiness import NotReady, poll
from lab.site import trust
from lab.supervisor import Supervisor
from lab.topology import Topology
from tests.lab.lab_realm import Realm, client

pytestmark = pytest.mark.lab

KUBERNETES, OBJECT_STORE, STRANGER = "kubernetes", minio.CLIENT, "stranger"
PICKED_UP_SECONDS = 60.0


@pytest.fixture(scope="module")
def realm(lab: Lab) -> Iterator[Realm]:
    made = Realm(lab)
    made.create(client(KUBERNETES), client(OBJECT_STORE), client(STRANGER, audiences=(KUBERNETES,)))
    try:
        after_up(lab.folder)
        yield made
    finally:
        made.delete()
        after_up(lab.folder)
        made.close()


@pytest.fixture(scope="module")
def other_realm(lab: Lab) -> Iterator[Realm]:
    made = Realm(lab, "other")
    made.create(client(KUBERNETES), client(OBJECT_STORE))
    try:
        yield made
    finally:
        made.delete()
        made.close()


def whoami(lab: Lab, cluster: str, token: str) -> httpx.Response:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    with httpx.Client(verify=trust(lab.folder.ca), trust_env=False, timeout=20) as session:
        return session.post(
            f"{lab.site().url(api_name(cluster))}/apis/authentication.k8s.io/v1/selfsubjectreviews",
            headers={"Authorization": f"Bearer {token}"},
            json=review,
        )


def known(lab: Lab, cluster: str, token: str) -> dict[str, Any]:
    """Who the API server takes the token's holder for, once it has found the realm."""
    answers: list[httpx.Response] = []

    def asked() -> None:
        answers.append(whoami(lab, cluster, token))
        if not answers[-1].is_success:
            raise NotReady(answers[-1].text)

    poll(f"{cluster}: token accepted", asked, PICKED_UP_SECONDS)
    return dict(answers[-1].json()["status"]["userInfo"])


@pytest.mark.parametrize("cluster", ["east", "west"])
def test_an_api_server_finds_a_realm_that_came_after_it(lab: Lab, realm: Realm, cluster: str) -> None:
    token = realm.token(KUBERNETES, "viewer", "Admin")
    user = known(lab, cluster, token)
    assert user["username"] == f"mlops:{claims(token)['sub']}"
    assert set(user["groups"]) == {"mlops:viewer", "mlops:Admin", "system:authenticated"}


def test_a_user_without_a_role_is_in_no_group_of_the_platform(lab: Lab, realm: Realm) -> None:
    assert known(lab, "east", realm.token(KUBERNETES))["groups"] == ["system:authenticated"]


def test_an_api_server_refuses_tokens_that_are_not_for_it(lab: Lab, realm: Realm, other_realm: Realm) -> None:
    genuine = realm.token(KUBERNETES, "admin")
    known(lab, "east", genuine)
    header, payload, signature = genuine.split(".")
    for refused in (
        realm.token(OBJECT_STORE, "admin"),
        realm.token(STRANGER, "admin"),
        other_realm.token(KUBERNETES, "admin"),
        f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        f"{header}.{encoded({**claims(genuine), 'roles': ['admin', 'viewer']})}.{signature}",
    ):
        assert whoami(lab, "east", refused).status_code == httpx.codes.UNAUTHORIZED


def test_the_programs_client_reaches_its_own_realm_and_no_other(lab: Lab, realm: Realm) -> None:
    with keycloak.session(lab.site()) as session:
        token = keycloak.admin_token(lab.site()).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        session.post("/admin/realms", json={"realm": "theirs"}).raise_for_status()
        try:
            for path in ("/theirs/users", "/theirs/clients", "/master/users", "/master/clients"):
                assert realm.session.get(f"/admin/realms{path}").status_code == httpx.codes.FORBIDDEN, path
            assert realm.session.get(f"/admin/realms/{realm.name}/users").is_success
        finally:
            session.delete("/admin/realms/theirs").raise_for_status()


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What the object store answered to a token."""

    status: int
    account: S3Account
    expires: str


def assume(lab: Lab, token: str, **more: str) -> Assumed:
    form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "WebIdentityToken": token, **more}
    with httpx.Client(verify=trust(lab.folder.ca), trust_env=False, timeout=20) as session:
        answer = session.post(lab.site().url(minio.NAME), data=form)

    def said(name: str) -> str:
        found = re.search(f"<{name}>(.*?)</{name}>", answer.text)
        return found.group(1) if found else ""

    account = S3Account(
        access_key=said("AccessKeyId"),
        secret_key=said("SecretAccessKey"),
        session_token=said("SessionToken"),
    )
    return Assumed(status=answer.status_code, account=account, expires=said("Expiration"))


def allowed(lab: Lab, who: Assumed) -> dict[str, bool]:
    """What the credentials can really do."""
    session = boto3.session.Session(
        aws_access_key_id=who.account.access_key,
        aws_secret_access_key=who.account.secret_key,
        aws_session_token=who.account.session_token,
        region_name="us-east-1",
    )
    store = session.client("s3", endpoint_url=lab.site().url(minio.NAME), verify=str(lab.folder.ca))
    calls = {
        "upload": lambda: store.put_object(Bucket=BUCKET, Key="raw/mark", Body=b"x"),
        "version": lambda: store.put_object(Bucket=BUCKET, Key="versions/mark", Body=b"x"),
        "read": lambda: store.list_objects_v2(Bucket=BUCKET),
        "elsewhere": lambda: store.put_object(Bucket=BUCKET, Key="mark", Body=b"x"),
        "mlflow": lambda: store.list_objects_v2(Bucket=minio.BUCKET),
    }
    try:
        return {name: _done(call) for name, call in calls.items()}
    finally:
        store.close()


def _done(call: Any) -> bool:
    try:
        call()
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


@pytest.mark.parametrize(("role", "writes"), [("data-engineer", True), ("viewer", False)])
def test_a_role_of_the_realm_is_a_policy_of_the_object_store(
    lab: Lab, realm: Realm, role: str, writes: bool
) -> None:
    who = assume(lab, realm.token(OBJECT_STORE, role))
    assert allowed(lab, who) == {
        "upload": writes,
        "version": writes,
        "read": True,
        "elsewhere": False,
        "mlflow": False,
    }


@pytest.mark.parametrize("roles", [(), ("Admin",)], ids=["no role", "a role in another case"])
def test_who_has_no_role_of_the_matrix_gets_no_credentials(
    lab: Lab, realm: Realm, roles: tuple[str, ...]
) -> None:
    assert assume(lab, realm.token(OBJECT_STORE, *roles)).status == httpx.codes.BAD_REQUEST


def test_the_object_store_refuses_tokens_that_are_not_for_it(
    lab: Lab, realm: Realm, other_realm: Realm
) -> None:
    genuine = realm.token(OBJECT_STORE, "viewer")
    assert assume(lab, genuine).status == httpx.codes.OK
    wished = {**claims(genuine), "roles": ["admin"]}
    header, _, signature = genuine.split(".")
    for refused in (
        realm.token(KUBERNETES, "admin"),
        other_realm.token(OBJECT_STORE, "admin"),
        f"{encoded({'alg': 'none', 'kid': OBJECT_STORE})}.{encoded(wished)}.",
        f"{header}.{encoded(wished)}.{signature}",
        symmetric(wished, key=""),
        symmetric(wished, key=OBJECT_STORE),
    ):
        assert assume(lab, refused).status == httpx.codes.BAD_REQUEST


def test_credentials_of_the_object_store_end_with_the_token(lab: Lab, realm: Realm) -> None:
    token = realm.token(OBJECT_STORE, "viewer")
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(claims(token)["exp"]))
    assert assume(lab, token).expires == ends
    assert assume(lab, token, DurationSeconds="900").status == httpx.codes.FORBIDDEN


def test_nobody_makes_an_account_that_outlives_the_credentials(lab: Lab, realm: Realm) -> None:
    """By default MinIO lets every user make service accounts for itself."""
    who = assume(lab, realm.token(OBJECT_STORE, "data-engineer"))
    store = S3(url=lab.site().url(minio.NAME), account=who.account, context=trust(lab.folder.ca))
    wish = json.dumps({"accessKey": "outlives-them", "secretKey": "outlives-them-all"}).encode()
    body = encrypt(who.account.secret_key, wish)
    answer = store.request("PUT", "/minio/admin/v3/add-service-account", body=body)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_a_second_look_at_the_realm_starts_nothing_again(lab: Lab, realm: Realm, topology: Topology) -> None:
    before = Supervisor(lab.folder).states()[minio.NAME].pid
    after_up(lab.folder)
    assert lab.up(topology).changed == ()
    assert Supervisor(lab.folder).states()[minio.NAME].pid == before


def test_without_its_realm_the_object_store_believes_no_token_and_serves_its_own_accounts(
    lab: Lab, realm: Realm
) -> None:
    token = realm.token(OBJECT_STORE, "admin")
    realm.delete()
    try:
        after_up(lab.folder)
        assert assume(lab, token).status != httpx.codes.OK
        user = minio.s3(lab.site(), minio.USER)
        assert user.request("GET", f"/{minio.BUCKET}", {"list-type": "2"}).is_success
    finally:
        realm.create(client(KUBERNETES), client(OBJECT_STORE), client(STRANGER, audiences=(KUBERNETES,)))
        after_up(lab.folder)


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def symmetric(content: dict[str, Any], key: str) -> str:
    """Signed with HS256 under the key that MinIO derives from the client's name."""
    signed = f"{encoded({'alg': 'HS256', 'kid': OBJECT_STORE})}.{encoded(content)}"
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
