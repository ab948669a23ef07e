"""A small client of an API server: what the lab itself needs to set a cluster up and to look at it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import tenacity

from lab.errors import ApiFailed

FIELD_MANAGER = "mlops-lab"
_SECONDS, _PATIENT_SECONDS = 10.0, 60.0
"""Until a request is given up. On a busy machine the first custom kinds take long to be accepted."""

_TRANSIENT = (0, httpx.codes.TOO_MANY_REQUESTS, *range(500, 600))
_ASKED_TO_WAIT_SECONDS = 30.0
"""For which a client comes back that is asked to (429), as client-go's does ten times. An API server asks it of whoever
comes first for a custom kind, after its start or a change of the kind, until the kind's watch cache is ready
(k8s.io/apiserver/pkg/storage/cacher: "storage is (re)initializing")."""
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

Manifest = Mapping[str, Any]


class KubeApi:
    """One API server. Paths are those of the API (`/api/v1/nodes`).

    Every request may be repeated without harm, and is for `patience` seconds while the server does not
    answer or has a trouble of its own (a status of 429 or 5xx); for 30 s at least while it asks to wait (429).
    """

    def __init__(self, client: httpx.Client, cluster: str, patience: float) -> None:
        self._client = client
        self._cluster = cluster
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_transient),
            wait=tenacity.wait_exponential(multiplier=0.1, max=1.0),
            stop=partial(_given_up, patience),
            reraise=True,
        )

    def list(self, path: str, *, metadata_only: bool = False, **query: str) -> list[dict[str, Any]]:
        """The items of a collection; of each only its metadata where that is enough."""
        headers = {"Accept": _METADATA_ONLY} if metadata_only else {}
        answer = self._request("GET", path, params=query, headers=headers)
        return list(answer.get("items") or [])

    def get(self, path: str) -> dict[str, Any] | None:
        """The object, or None if there is none."""
        try:
            return self._request("GET", path)
        except ApiFailed as failure:
            if failure.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def apply(self, path: str, manifest: Manifest) -> dict[str, Any]:
        """Server-side apply; a field that somebody else manages is taken over."""
        return self._request(
            "PATCH",
            path,
            params={"fieldManager": FIELD_MANAGER, "force": "true"},
            headers={"Content-Type": "application/apply-patch+yaml"},
            content=json.dumps(manifest),
        )

    def delete(self, path: str) -> None:
        """Delete; an object that is gone already is as good."""
        try:
            self._request("DELETE", path)
        except ApiFailed as failure:
            if failure.status != httpx.codes.NOT_FOUND:
                raise

    def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        return self._retrying(self._request_once, method, path, **options)

    def _request_once(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        what = f"cluster {self._cluster}: {method} {path}"
        try:
            answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise ApiFailed(what, 0, f"no answer: {error or type(error).__name__}") from error
        if answer.is_error:
            raise ApiFailed(what, answer.status_code, _message(answer))
        return dict(answer.json())


@contextmanager
def kube_api(cluster: str, server: str, context: ssl.SSLContext, patience: float = 0.0) -> Iterator[KubeApi]:
    """Open a client; proxies of the environment are not for loopback addresses."""
    seconds = _PATIENT_SECONDS if patience else _SECONDS
    with httpx.Client(base_url=server, verify=context, timeout=seconds, trust_env=False) as client:
        yield KubeApi(client, cluster, patience)


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, ApiFailed) and error.status in _TRANSIENT


def _given_up(patience: float, state: tenacity.RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    asked = isinstance(error, ApiFailed) and error.status == httpx.codes.TOO_MANY_REQUESTS
    return (state.seconds_since_start or 0.0) >= max(patience, _ASKED_TO_WAIT_SECONDS if asked else 0.0)


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
