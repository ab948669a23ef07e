"""Which tokens pass. Every refusal is asked of the whole gate, so that nothing of it reaches MLflow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tracking_gate.tokens import LEEWAY

from config.access import Role
from tests.services.gate_double import Double
from tests.services.realm import Realm, public, rsa_key, unsigned

OTHER_KEY = rsa_key()


@pytest.fixture(scope="module")
def double() -> Double:
    return Double()


def with_public_key_as_secret(realm: Realm) -> str:
    """Signed by HMAC with what everybody knows; the header is honest about that."""
    pem = realm.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    header = jwt.utils.base64url_encode(b'{"alg":"HS256","typ":"JWT","kid":"first"}')
    payload = jwt.encode(realm.claims("someone", Role.ADMIN), realm.key, "RS256").split(".")[1].encode()
    signed = header + b"." + payload
    return (signed + b"." + jwt.utils.base64url_encode(algorithm.sign(signed, pem))).decode()


def tampered(realm: Realm) -> str:
    head, _, signature = realm.token("someone", Role.VIEWER).split(".")
    payload = realm.token("someone", Role.ADMIN).split(".")[1]
    return f"{head}.{payload}.{signature}"


def claiming(**claims: Any) -> Callable[[Realm], str]:
    return lambda realm: realm.token("someone", Role.ADMIN, **claims)


def at(**seconds: int) -> Callable[[Realm], str]:
    """Claims of a moment, counted from the one in which the token is made."""

    def made(realm: Realm) -> str:
        now = int(time.time())
        return realm.token("someone", Role.ADMIN, **{name: now + value for name, value in seconds.items()})

    return made


BAD: dict[str, Callable[[Realm], str]] = {
    "expired": at(exp=-LEEWAY - 5),
    "no expiry": claiming(exp=None),
    "not valid yet": at(nbf=LEEWAY + 60),
    "issued in the future": at(iat=LEEWAY + 60),
    "another audience": claiming(aud=["kubernetes"]),
    "no audience": claiming(aud=None),
    "an audience that begins alike": claiming(aud=["mlflow2"]),
    "an audience in another case": claiming(aud="MLflow"),
    "another issuer": claiming(iss="https://issuer.test/realms/other"),
    "an issuer with a slash more": claiming(iss="https://issuer.test/realms/test/"),
    "no issuer": claiming(iss=None),
    "no subject": claiming(sub=None),
    "an empty subject": claiming(sub=""),
    "a subject that is a number": claiming(sub=7),
    "a subject that means something in a filter": claiming(sub="x' OR name LIKE '%"),
    "an ID token": claiming(typ="ID"),
    "a refresh token": claiming(typ="Refresh"),
    "no type": claiming(typ=None),
    "roles as text": claiming(roles="admin"),
    "roles as numbers": claiming(roles=[1]),
    "roles as an object": claiming(roles={"admin": True}),
    "unsigned": lambda realm: unsigned(realm.claims("someone", Role.ADMIN), realm.kid),
    "signed with the public key as a secret": with_public_key_as_secret,
    "signed by another key under the realm's name of it": lambda realm: realm.signed(
        realm.claims("someone", Role.ADMIN), OTHER_KEY
    ),
    "signed by a key that is not the realm's": lambda realm: realm.signed(
        realm.claims("someone", Role.ADMIN), OTHER_KEY, "unknown"
    ),
    "signed with another algorithm than the key's": lambda realm: realm.signed(
        realm.claims("someone", Role.ADMIN), ec.generate_private_key(ec.SECP256R1())
    ),
    "with a longer hash than agreed": lambda realm: jwt.encode(
        realm.claims("someone", Role.ADMIN), realm.key, "RS512", {"kid": realm.kid}
    ),
    "without the name of its key": lambda realm: jwt.encode(
        realm.claims("someone", Role.ADMIN), realm.key, "RS256"
    ),
    "with a header that must be understood": lambda realm: jwt.encode(
        realm.claims("someone", Role.ADMIN), realm.key, "RS256", {"kid": realm.kid, "crit": ["exp"]}
    ),
    "with another's claims": tampered,
    "cut off": lambda realm: realm.token("someone", Role.ADMIN)[:-4],
    "no token at all": lambda _realm: "not.a.token",
}


def refusal(answer: httpx.Response) -> str:
    assert answer.status_code == 401, answer.text
    assert answer.json()["error_code"] == "UNAUTHENTICATED"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="mlflow", error="invalid_token"')
    return str(answer.json()["message"])


def test_a_good_token_passes(double: Double) -> None:
    assert double.ask("GET", "/version").status_code == 200


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_refused_and_asks_nothing_of_mlflow(double: Double, kind: str) -> None:
    double.asked.clear()
    token = BAD[kind](double.realm)
    message = refusal(double.ask("GET", "/version", token=token))
    assert double.asked == []
    assert token not in message


@pytest.mark.parametrize(
    "made",
    [at(exp=-2), at(nbf=2), claiming(aud="mlflow"), claiming(aud=["kubernetes", "mlflow"])],
    ids=["just expired", "just not valid yet", "its audience alone", "one audience of several"],
)
def test_a_token_is_good_within_the_leeway_and_for_several_audiences(
    double: Double, made: Callable[[Realm], str]
) -> None:
    assert double.ask("GET", "/version", token=made(double.realm)).status_code == 200


@pytest.mark.parametrize("roles", [["Admin"], ["ADMIN"], [" admin"], ["admin\u200b"], ["platform-admin"], []])
def test_a_role_in_another_spelling_grants_nothing(double: Double, roles: list[str]) -> None:
    answer = double.ask("GET", "/version", token=double.realm.token("someone", *roles))
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")


def test_a_token_without_roles_is_known_and_may_do_nothing(double: Double) -> None:
    answer = double.ask("GET", "/version", token=double.realm.token("someone", roles=None))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic c29tZW9uZTp3b3Jk", "{token}", "Token {token}"]
)
def test_only_a_bearer_token_counts(double: Double, header: str) -> None:
    sent = header.format(token=double.realm.token("someone", Role.ADMIN))
    refusal(double.ask("GET", "/version", token=None, headers={"Authorization": sent}))


def test_without_a_token_or_with_two_nobody_is_known(double: Double) -> None:
    refusal(double.ask("GET", "/version", token=None))
    token = double.realm.token("someone", Role.ADMIN)
    two = httpx.Headers([("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")])
    assert len(two.get_list("authorization")) == 2

    answer = double.ask("GET", "/version", token=None, headers=two)
    refusal(answer)


def test_an_elliptic_key_of_the_realm_is_as_good() -> None:
    double = Double()
    key = ec.generate_private_key(ec.SECP256R1())
    double.realm.keys.append(public(key, "second"))
    token = double.realm.signed(double.realm.claims("someone", Role.ADMIN), key, "second")
    assert double.ask("GET", "/version", token=token).status_code == 200
