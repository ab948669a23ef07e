"""One Vault or OpenBao server: its address, a short-lived token, requests. Blocking, usable from threads."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

import requests
import urllib3
from hvac.adapters import RawAdapter
from requests.adapters import HTTPAdapter

from engine.errors import ClusterUnreachable, Interrupted, ObjectRefused, ProviderError
from engine.providers.vault_options import Options
from engine.values import Properties

_UPGRADE_SECONDS: Final = 30.0
_UPGRADING: Final = "Upgrading from non-versioned to versioned data"
_NO_ROUTE: Final = "no handler for route"
_FRAME: Final = re.compile(r"\s*\d+ errors? occurred:\s*|\s*\n\s*\*\s*|\s*\*\s+")
_DOWN: Final = (502, 503, 504)
# Only what the server has not begun is repeated: a connection that never came to be, or its own "not now".
_RETRIES: Final = urllib3.Retry(
    total=4, connect=2, read=False, other=0, redirect=0, status=2, status_forcelist=(412, 429, *_DOWN),
    allowed_methods=None, backoff_factor=0.3, raise_on_status=False,
)  # fmt: skip


class Vault:
    """A lazily opened server. A first call that finds nobody there answers all later ones.

    It works with a child of the token that it is given, which may do the same, ends with the run and lives
    for 20 minutes (`maxLeaseTtlSeconds`) at most, so that nothing leased under it stays. A token that may
    not have children (the policy lacks `auth/token/create`, or it is a batch token) is used itself.
    """

    def __init__(self, options: Options, connect_timeout: float) -> None:
        self._options = options
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._adapter: Any = None
        self._given = ""
        self._token_namespace = ""
        self._renew_at = float("inf")
        self._down: ClusterUnreachable | None = None

    def call(
        self, method: str, path: str, body: Properties | None, namespace: str, seconds: float
    ) -> Properties:
        """Send one request. Raises ObjectRefused with the server's own words, ClusterUnreachable, Interrupted."""
        if self._stopping.is_set():
            raise Interrupted("interrupted")
        if any(step in ("", ".", "..") for step in path.split("/")):
            raise ObjectRefused(f"{path}: not a path of its own; it may have no empty, '.' or '..' part")
        with self._lock:
            self._open()
        below = "/".join(filter(None, (self._options.namespace or self._token_namespace, namespace)))
        until = time.monotonic() + _UPGRADE_SECONDS
        while True:
            try:
                return self._send(method, path, body, below, seconds)
            except ObjectRefused as error:
                if _UPGRADING not in str(error) or time.monotonic() > until:
                    raise
                self.wait(0.2)

    def wait(self, seconds: float) -> None:
        """Pause between two looks at the server; Interrupted as soon as the run is stopped."""
        if self._stopping.wait(seconds):
            raise Interrupted("interrupted")

    def stop(self) -> None:
        """Every call and every wait from now on raises Interrupted."""
        self._stopping.set()

    def close(self) -> None:
        """End the child token and the connections."""
        with self._lock:
            if self._adapter is None:
                return
            if self._adapter.token != self._given:
                with contextlib.suppress(ProviderError):
                    self._send(
                        "POST", "auth/token/revoke-self", {}, self._token_namespace, self._connect_timeout
                    )
            self._adapter.close()
            self._adapter = None

    def _open(self) -> None:
        if self._down is not None:
            raise ClusterUnreachable(str(self._down))
        if self._adapter is None:
            self._connect()
        elif time.monotonic() > self._renew_at:
            self._become_child()

    def _connect(self) -> None:
        options = self._options
        options.require()
        session = requests.Session()
        session.verify = options.verify  # the adapter prefers a session's own over its argument
        self._given = options.token
        self._adapter = RawAdapter(
            base_uri=options.address, token=options.token, session=session, allow_redirects=False
        )
        try:
            found = self._send(
                "GET", "auth/token/lookup-self", None, options.namespace, self._connect_timeout
            )
            self._token_namespace = str(found.get("namespace_path") or "").strip("/")
            session.mount("https://", HTTPAdapter(pool_maxsize=32, max_retries=_RETRIES))
            session.mount("http://", HTTPAdapter(pool_maxsize=32, max_retries=_RETRIES))
            if options.child:
                self._become_child()
        except ProviderError as error:
            self._adapter = None
            if isinstance(error, ClusterUnreachable):
                self._down = error
            raise

    def _become_child(self) -> None:
        """Change to a fresh child token, well before the last one ends."""
        ttl = self._options.seconds
        wish = {
            "display_name": self._options.token_name,
            "ttl": f"{ttl}s",
            "explicit_max_ttl": f"{ttl}s",
            "renewable": False,
        }
        self._adapter.token = self._given
        try:
            made = self._send("POST", "auth/token/create", wish, self._token_namespace, self._connect_timeout)
        except ObjectRefused as error:
            if error.status not in (400, 403):
                raise
            self._renew_at = float("inf")
            return
        self._adapter.token = made["client_token"]
        self._renew_at = time.monotonic() + ttl * 0.8

    def _send(
        self, method: str, path: str, body: Properties | None, namespace: str, seconds: float
    ) -> Properties:
        headers = {"X-Vault-Namespace": namespace} if namespace else {}
        try:
            response = self._adapter.request(
                method,
                f"/v1/{quote(path)}",
                headers=headers,
                raise_exception=False,
                json=body,
                timeout=(self._connect_timeout, seconds),
            )
        except (requests.RequestException, OSError) as error:
            raise ClusterUnreachable(self._unreachable(error, seconds)) from None
        return self._result(method, path, response)

    def _result(self, method: str, path: str, response: requests.Response) -> Properties:
        try:
            document = response.json() if response.content else {}
        except ValueError:
            document = {}
        document = document if isinstance(document, dict) else {}
        if response.ok and response.status_code < 300:
            data = document.get("auth") or document.get("data") or {}
            return data if isinstance(data, dict) else {}
        status = response.status_code
        words = _words(document.get("errors") or (response.text[:200],)) or f"HTTP status {status}"
        if status in _DOWN:
            raise ClusterUnreachable(f"{self._options} is not able to work: {words}. Is it unsealed?")
        if status == 403:
            words = (
                f"{self._options.address} refuses {method} {path} ({words}). Is the token (VAULT_TOKEN) still "
                "valid, and does a policy of it allow that path?"
            )
        elif _NO_ROUTE in words:
            words = f"nothing is mounted for {path} ({words})"
        elif response.is_redirect:
            words = f"{self._options.address} sends on to another server; give the active one's own address"
        raise ObjectRefused(words, status=status)

    def _unreachable(self, error: Exception, seconds: float) -> str:
        if isinstance(error, requests.exceptions.SSLError):
            return (
                f"{self._options}: its certificate is not trusted ({_root(error)}). Give the authority's "
                "certificate as caCertFile or in VAULT_CACERT"
            )
        if isinstance(error, requests.exceptions.ReadTimeout):
            what = f"no answer within {seconds:g} s"
        elif isinstance(error, requests.exceptions.ConnectTimeout):
            what = f"no answer within {self._connect_timeout:g} s"
        else:
            what = _root(error)
        return f"{self._options} cannot be reached: {what}. Is it running, and is the address right?"


def _words(errors: Iterable[object]) -> str:
    """The server's words on one line, without the frame that some of its plugins put around them."""
    parts = (" ".join(_FRAME.sub(" ", str(error)).split()) for error in errors)
    return "; ".join(filter(None, parts))


def _root(error: BaseException) -> str:
    """The innermost reason, without the address that all outer ones repeat."""
    while True:
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        if not isinstance(inner, BaseException):
            text = str(error)
            return "connection refused, or no route to it" if "Connection refused" in text else text
        error = inner
