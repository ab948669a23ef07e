"""The client with which the program makes its realm and keeps it: a service account of the realm `master`.

It may make realms and nothing else. Whoever makes a realm is given the rights over that realm by Keycloak, so
it never reaches the realm `master` nor one that somebody else made.
"""

from __future__ import annotations

from typing import Any

import httpx

from lab.errors import BootstrapFailed

CLIENT = "mlops-platform"
CLIENT_SECRET = "keycloak-mlops-platform"  # noqa: S105 (the name of a file)
ROLE = "create-realm"
_MASTER = "/admin/realms/master"


def settle(admin: httpx.Client, secret: str) -> None:
    """Have the client with this secret and its one role; what is as it should be is left alone.

    `admin` carries an administrator's token. Raises BootstrapFailed for what Keycloak refuses.
    """
    wanted = representation(secret)
    found = _call(admin, "GET", "/clients", params={"clientId": CLIENT})
    if not found:
        _call(admin, "POST", "/clients", json=wanted)
        found = _call(admin, "GET", "/clients", params={"clientId": CLIENT})
    path = f"/clients/{found[0]['id']}"
    if any(found[0].get(name) != value for name, value in wanted.items()):
        _call(admin, "PUT", path, json={**found[0], **wanted})
    account = _call(admin, "GET", f"{path}/service-account-user")
    roles = f"/users/{account['id']}/role-mappings/realm"
    held = _call(admin, "GET", roles)
    if ROLE not in {role["name"] for role in held}:
        _call(admin, "POST", roles, json=[_call(admin, "GET", f"/roles/{ROLE}")])
    if others := [role for role in held if role["name"] != ROLE]:
        _call(admin, "DELETE", roles, json=others)


def representation(secret: str) -> dict[str, Any]:
    """No login by a browser or a password: only the client itself, by its secret. Its tokens carry every role
    that it has, as the roles over a realm exist only once the realm does."""
    return {
        "clientId": CLIENT,
        "secret": secret,
        "publicClient": False,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": True,
    }


def _call(admin: httpx.Client, method: str, path: str, **options: Any) -> Any:
    try:
        answer = admin.request(method, f"{_MASTER}{path}", **options)
    except httpx.HTTPError as error:
        raise BootstrapFailed(f"Keycloak: {method} {path}: no answer ({type(error).__name__})") from error
    if answer.is_error:
        raise BootstrapFailed(
            f"Keycloak: {method} {path} was answered {answer.status_code} ({answer.text[:200]}): "
            "see the log of keycloak"
        )
    return answer.json() if answer.content else None
