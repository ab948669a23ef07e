"""One Keycloak server as the provider talks to it: logging in, asking, and what went wrong on the way.

Requests go through python-keycloak's connection, which logs in and renews an expired token. Its KeycloakAdmin
keeps the realm that it talks about as a state of the connection, which threads would share: paths name it here.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import tenacity

from engine.errors import ClusterUnreachable, ObjectRefused, ProviderError
from engine.providers.keycloak_access import Access

if TYPE_CHECKING:
    from keycloak import KeycloakOpenIDConnection
    from requests import Response


_AT_ONCE: Final = 8
"""Requests under way: each holds a connection of Keycloak's database, of which a small server has about 20."""

_TRIES: Final = 5

_REALM_ITSELF: Final = re.compile(r"admin/realms/[^/]+(/events/config)?")


def below(where: str, *steps: str) -> str:
    """A path below another one; every step is quoted."""
    return "/".join((where, *(quote(step, safe="") for step in steps)))


def path(*steps: str) -> str:
    """A path below the server's `admin/realms`."""
    return below("admin/realms", *steps)


def there(document: Any, what: str) -> Any:
    """The document. Raises ProviderError if there is none."""
    if document is None:
        raise ProviderError(f"there is no {what}")
    return document


def _patiently(ask: Callable[[], Response]) -> Response:
    """The answer, and while it is a fault of the server's own, a later one: what meets a change of the same
    object, or a pool of database connections that is spent, is refused so. Not for what makes something anew."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda answer: answer.status_code >= 500),
        stop=tenacity.stop_after_attempt(_TRIES),
        wait=tenacity.wait_exponential_jitter(multiplier=0.2, max=3),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )(ask)


class Server:
    """The admin API of one server. Safe to use from several threads; nothing is sent before it is needed.

    Every method raises ClusterUnreachable if the server cannot be reached or refuses the login, which then
    holds for all later calls, and ObjectRefused for anything else that the server refuses.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._connection: KeycloakOpenIDConnection | None = None
        self._authority: Any = None
        self._down: ClusterUnreachable | None = None
        self._lock = threading.Lock()
        self._realms = threading.Lock()
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def get(self, where: str, **query: str) -> Any:
        """The document, None if there is no such object."""
        answer = self._send("get", where, None, query)
        return None if answer.status_code == 404 else self._accepted(answer).json()

    def post(self, where: str, body: Any = None) -> str:
        """The last step of the location of what was made, "" if the server names none."""
        answer = self._accepted(self._send("post", where, body))
        return str(answer.headers.get("Location", "")).rpartition("/")[2]

    def put(self, where: str, body: Any = None) -> None:
        """Changes of a realm itself go one after another: Keycloak writes its whole row, so that of two at once
        the later would undo the earlier."""
        with self._realms if _REALM_ITSELF.fullmatch(where) else contextlib.nullcontext():
            self._accepted(self._send("put", where, body))

    def delete(self, where: str, body: Any = None) -> None:
        """Gone already is as good."""
        answer = self._send("delete", where, body)
        if answer.status_code != 404:
            self._accepted(answer)

    def renew(self) -> None:
        """Log in again, for a token that has the rights which came with a new realm."""
        connection = self._ready()
        with self._lock:
            self._tried(connection.get_token)

    def close(self) -> None:
        """Give back connections and the file of the CA."""
        with self._lock:
            self._connection = None
            if self._authority is not None:
                self._authority.close()
                self._authority = None

    def _send(self, method: str, where: str, body: Any, query: dict[str, str] | None = None) -> Response:
        call = getattr(self._ready(), f"raw_{method}")
        content = {} if method == "get" else {"data": "" if body is None else json.dumps(body)}

        def ask() -> Response:
            with self._places:
                answer: Response = self._tried(lambda: call(where, **content, **(query or {})))
                return answer

        return ask() if method == "post" else _patiently(ask)

    def _accepted(self, answer: Response) -> Response:
        if answer.status_code < 400:
            return answer
        request = answer.request
        text = f"{request.method} {request.url}: refused with status {answer.status_code}: {_said(answer)}"
        if answer.status_code in (401, 403):
            text += (
                f". Does the service account of client {self._access.client_id} (realm {self._access.realm}) have "
                "the right? create-realm of realm master gives it for every realm that it makes itself"
            )
        raise ObjectRefused(text, status=answer.status_code)

    def _ready(self) -> KeycloakOpenIDConnection:
        with self._lock:
            if self._down is not None:
                raise self._down
            if self._connection is None:
                missing = self._access.missing()
                if missing:
                    raise self._broken(f"cannot be used: {', '.join(missing)} is missing", lasting=True)
                connection = self._connect()
                self._tried(connection.get_token)
                self._connection = connection
            return self._connection

    def _connect(self) -> KeycloakOpenIDConnection:
        from keycloak import KeycloakOpenIDConnection  # noqa: PLC0415 - a preview does without

        access = self._access
        connection = KeycloakOpenIDConnection(
            server_url=f"{access.url}/",
            realm_name=access.realm,
            client_id=access.client_id,
            client_secret_key=access.client_secret,
            max_retries=0,  # a POST that is sent again would meet what the first one made
            pool_maxsize=32,
        )
        # requests takes a pair, connecting and reading; the library's annotation knows only one number.
        connection.timeout = (access.connect_timeout, access.read_timeout)  # type: ignore[assignment]
        if access.authority:
            # Set late: a path handed to the constructor goes to httpx as well, which deprecates that.
            for each in (connection.keycloak_openid.connection, connection):
                each.verify = self._authority_file()
        return connection

    def _authority_file(self) -> str:
        if self._authority is None:
            self._authority = tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="utf-8")  # noqa: SIM115
            self._authority.write(self._access.authority)
            self._authority.flush()
        return str(self._authority.name)

    def _tried(self, call: Callable[[], Any]) -> Any:
        from keycloak.exceptions import KeycloakConnectionError, KeycloakError  # noqa: PLC0415

        try:
            return call()
        except KeycloakConnectionError as error:
            what, lasting = self._unreached(error.__cause__)
            raise self._broken(f"cannot be reached: {what}", lasting=lasting) from None
        except KeycloakError as error:
            raise self._broken(
                f"refuses the login of client {self._access.client_id} (realm {self._access.realm}) with status "
                f"{error.response_code}. Are KEYCLOAK_CLIENT_ID, KEYCLOAK_CLIENT_SECRET and the url right?",
                lasting=error.response_code in (400, 401, 404),
            ) from None

    def _unreached(self, cause: BaseException | None) -> tuple[str, bool]:
        """What kept a request from its answer, and whether the next one need not be tried."""
        from requests.exceptions import SSLError  # noqa: PLC0415
        from urllib3.exceptions import NewConnectionError  # noqa: PLC0415
        from urllib3.exceptions import TimeoutError as TooLate  # noqa: PLC0415

        access = self._access
        inner = cause.args[0] if cause is not None and cause.args else cause
        reason = getattr(inner, "reason", inner)
        if isinstance(cause, SSLError):
            return f"TLS failed ({reason}); is its CA the provider's rootCaCertificate?", True
        if isinstance(reason, NewConnectionError):
            return "connection refused, or no route to it", True
        if isinstance(reason, TooLate):
            limits = f"{access.connect_timeout:g} s to connect or {access.read_timeout:g} s to answer"
            return f"it took more than {limits}", True
        return f"the connection broke ({reason})", False

    def _broken(self, text: str, *, lasting: bool) -> ClusterUnreachable:
        found = ClusterUnreachable(f"{self._access} {text}")
        if lasting:
            self._down = found
        return found


def _said(answer: Response) -> str:
    try:
        document = answer.json()
    except ValueError:
        return answer.text[:300] or "no reason given"
    if not isinstance(document, dict):
        return str(document)[:300]
    first = (document.get("errors") or [{}])[0]
    said = {**first, **document}
    found = (
        said.get("errorMessage") or said.get("error_description") or said.get("error") or "no reason given"
    )
    return f"{found} ({said['field']})" if said.get("field") else str(found)
