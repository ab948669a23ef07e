"""One cluster's API server: connection, discovery, requests and watches. Blocking, usable from threads."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from engine.errors import ClusterUnreachable, Interrupted, ObjectRefused
from engine.providers.kubernetes_access import Access
from engine.values import Properties

_READ_SECONDS = 60.0
# Every request here may be repeated: reads, server-side applies, and deletions bound to a uid. A server that asks to
# wait (429, 503) is asked ten times more, as by client-go.
_RETRIES = urllib3.Retry(
    total=12, connect=5, read=1, other=0, redirect=0, status=10, status_forcelist=(429, 503),
    allowed_methods=None, backoff_factor=0.3, backoff_max=2.0, raise_on_status=False,
)  # fmt: skip
_IMMUTABLE = ("field is immutable", "is immutable", "may not change once set", "updates to statefulset spec")


class Cluster:
    """A lazily opened connection. The first call probes the server once; its failure answers all later ones."""

    def __init__(self, name: str, kubeconfig: str, context: str, root: Path, connect_timeout: float) -> None:
        self.name = name
        self._access = Access(cluster=name, kubeconfig=kubeconfig, context=context, root=root)
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._pool: Any = None
        self._configuration: Any = None
        self._down: ClusterUnreachable | None = None
        self._stopped = False
        self._watches: set[Any] = set()
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    def default_namespace(self) -> str:
        """The namespace of the context, `default` if it states none or cannot be read. Touches no network."""
        return self._access.namespace()

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Properties:
        """Send one request. Raises ObjectRefused with the server's own message, or ClusterUnreachable."""
        self._open()
        return self._send(method, path, query, body, content_type=content_type)

    def get(self, path: str) -> Properties | None:
        """An object, or None if there is none."""
        try:
            return self.request("GET", path)
        except ObjectRefused as error:
            if error.status == 404:
                return None
            raise

    def watch(self, path: str, query: Mapping[str, str], seconds: float) -> Iterator[Properties]:
        """Events of a watch, for at most `seconds`; ends silently when the server ends it."""
        self._open()
        url = self._url(path, {**query, "watch": "1", "timeoutSeconds": str(max(1, int(seconds)))})
        timeout = urllib3.Timeout(connect=self._connect_timeout, read=seconds + 5)
        try:
            response = self._pool.request(
                "GET", url, headers=self._headers(), timeout=timeout, preload_content=False, retries=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error, seconds) from None
        if response.status >= 400:
            self._result(response.status, response.data)
        self._watches.add(response)
        try:
            rest = b""
            for chunk in response.stream(16384, decode_content=True):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield json.loads(line)
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            return
        finally:
            self._watches.discard(response)
            response.close()

    def path_of(self, api_version: str, kind: str, namespace: str, name: str = "") -> str:
        """The URL path of an object, or of its collection without a name. Asks discovery."""
        plural, namespaced = self._kind(api_version, kind)
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        if namespaced:
            base += f"/namespaces/{quote(namespace or 'default')}"
        return f"{base}/{plural}/{quote(name)}" if name else f"{base}/{plural}"

    def knows(self, api_version: str, kind: str) -> bool:
        """Does the server serve this kind now? Asks again if it did not before."""
        try:
            self._kind(api_version, kind)
        except ObjectRefused:
            return False
        return True

    def stop(self) -> None:
        """End all watches of other threads; every call from now on raises Interrupted."""
        self._stopped = True
        for response in list(self._watches):
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                response.shutdown()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._pool is not None:
                self._pool.clear()

    def _kind(self, api_version: str, kind: str) -> tuple[str, bool]:
        known = self._kinds.get(api_version, {}).get(kind)
        if known is not None:
            return known
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        listed = self.get(base) or {}
        kinds = {
            entry["kind"]: (entry["name"], bool(entry["namespaced"]))
            for entry in listed.get("resources", ())
            if "/" not in entry["name"]
        }
        self._kinds[api_version] = kinds
        if kind not in kinds:
            raise ObjectRefused(
                f"the API server serves no kind {kind} in {api_version}; is its CustomResourceDefinition installed?",
                status=404,
            )
        return kinds[kind]

    def _open(self) -> None:
        if self._stopped:
            raise Interrupted("interrupted")
        with self._lock:
            if self._down is not None:
                raise ClusterUnreachable(str(self._down))
            if self._pool is not None:
                return
            try:
                self._connect()
                self._send("GET", "/version", read=self._connect_timeout, retries=urllib3.Retry(0))
            except ClusterUnreachable as error:
                self._down = error
                raise
            except ObjectRefused:
                return  # it answers; what it thinks of us shows at the first real request

    def _connect(self) -> None:
        configuration, pool = self._access.connect()
        self._configuration = configuration
        self._pool = pool

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json", "user-agent": "mlops-engine"}
        token = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token:
            headers["authorization"] = token
        return headers

    def _url(self, path: str, query: Mapping[str, str] | None) -> str:
        return f"{self._configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        content_type: str = "application/json",
        read: float = _READ_SECONDS,
        retries: urllib3.Retry = _RETRIES,
    ) -> Properties:
        headers = self._headers()
        data: bytes | None = None
        if body is not None:
            headers["content-type"] = content_type
            data = json.dumps(body).encode()
        try:
            response = self._pool.request(
                method,
                self._url(path, query),
                headers=headers,
                body=data,
                timeout=urllib3.Timeout(connect=self._connect_timeout, read=read),
                retries=retries,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error, read) from None
        return self._result(response.status, response.data)

    def _result(self, status: int, data: bytes) -> Properties:
        try:
            document = json.loads(data) if data else {}
        except ValueError:
            document = {"message": data[:300].decode("utf-8", "replace")}
        if status < 400:
            return document if isinstance(document, dict) else {}
        message = str(document.get("message") or f"HTTP status {status}")
        immutable = status == 422 and any(text in message for text in _IMMUTABLE)
        raise ObjectRefused(message, status=status, immutable=immutable)

    def _unreachable(self, error: Exception, read: float) -> ClusterUnreachable:
        reason: BaseException = getattr(error, "reason", None) or error
        if isinstance(reason, urllib3.exceptions.NewConnectionError):
            what = "connection refused, or no route to it"
        elif isinstance(reason, (urllib3.exceptions.TimeoutError, TimeoutError)):
            late = isinstance(reason, urllib3.exceptions.ReadTimeoutError)
            what = f"no answer within {read if late else self._connect_timeout:g} s"
        else:
            what = str(reason) or type(reason).__name__
        host = self._configuration.host if self._configuration is not None else "?"
        self._down = ClusterUnreachable(
            f"cluster {self.name} ({host}) cannot be reached: {what}. Is it running, and is {self._access} right?"
        )
        return self._down


class Deadline:
    """A time limit that several steps share."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._end - time.monotonic())
