"""What the projects' own repositories and registries give for the names in the catalogue."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial

import httpx
import tenacity
import yaml

from config import catalog
from config.catalog import Chart, Definitions, Image

ATTEMPTS = 3
TIMEOUT = 30.0
"""Seconds for one answer to begin or go on."""

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
"""Of an image with several platforms the index is wanted (OCI image spec 1.1)."""
_DOCKER_HUB = "registry-1.docker.io"
"""Where the API of `docker.io` is (distribution, reference normalization)."""
_PASSES = frozenset({429, 500, 502, 503, 504})


class NotThere(Exception):
    """The repository answers, and has nothing of that name and version."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One line of the catalogue: what it is, where it is from, and the digest that it must have.

    `ask` gives the digest (`sha256:` and 64 hex digits) of what is there now. It raises NotThere or httpx.HTTPError.
    """

    kind: str
    name: str
    version: str
    origin: str
    digest: str | None
    ask: Callable[[httpx.Client], str]


def pins() -> list[Pin]:
    """Everything in the catalogue, in its own order."""
    return [pin for one in vars(catalog).values() for pin in _pins(one)]


def client() -> httpx.Client:
    """Certificates are verified with the system's authorities, or those in `SSL_CERT_FILE`."""
    return httpx.Client(auth=_Anonymous(), follow_redirects=True, timeout=TIMEOUT)


def _pins(one: object) -> Iterator[Pin]:
    match one:
        case Chart():
            yield Pin(
                kind="chart",
                name=one.name,
                version=one.version,
                origin=one.repository,
                digest=one.digest,
                ask=partial(_chart, one),
            )
        case Image():
            yield Pin(
                kind="image",
                name=one.repository.rpartition("/")[2],
                version=one.tag,
                origin=one.repository,
                digest=one.digest,
                ask=partial(_manifest, one.repository, one.tag),
            )
        case Definitions():
            yield Pin(
                kind="definitions",
                name=one.name,
                version=one.version,
                origin=one.address,
                digest=one.digest,
                ask=partial(_file, one.address),
            )
        case dict():
            for each in one.values():
                yield from _pins(each)


def _chart(chart: Chart, http: httpx.Client) -> str:
    if chart.repository.startswith("oci://"):
        return _manifest(f"{chart.repository.removeprefix('oci://')}/{chart.name}", chart.version, http)
    base = httpx.URL(f"{chart.repository}/")
    index = yaml.load(_get(http, str(base.join("index.yaml"))), yaml.CSafeLoader)
    for entry in index["entries"].get(chart.name, ()):
        if entry["version"] == chart.version:
            return _file(str(base.join(entry["urls"][0])), http)
    raise NotThere(f"{base.join('index.yaml')} has no {chart.name} {chart.version}")


def _manifest(repository: str, tag: str, http: httpx.Client) -> str:
    host, _, name = repository.partition("/")
    host = _DOCKER_HUB if host == "docker.io" else host
    return _digest(_get(http, f"https://{host}/v2/{name}/manifests/{tag}", accept=_MANIFESTS))


def _file(address: str, http: httpx.Client) -> str:
    return _digest(_get(http, address))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _get(http: httpx.Client, address: str, accept: str = "*/*") -> bytes:
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_passes),
        wait=tenacity.wait_exponential(max=8),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        reraise=True,
    )
    return retrying(_get_once, http, address, accept)


def _get_once(http: httpx.Client, address: str, accept: str) -> bytes:
    answer = http.get(address, headers={"Accept": accept})
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise NotThere(f"{address} is not there")
    return answer.raise_for_status().content


def _passes(error: BaseException) -> bool:
    """Whether it may be otherwise a moment later."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _PASSES
    return isinstance(error, httpx.TransportError)


class _Anonymous(httpx.Auth):
    """A registry's token for nobody, where it asks for one (distribution spec, "Token authentication")."""

    requires_response_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        answer = yield request
        scheme, _, challenge = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if answer.status_code != httpx.codes.UNAUTHORIZED or scheme.lower() != "bearer":
            return
        asked = urllib.request.parse_keqv_list(urllib.request.parse_http_list(challenge))
        realm = asked.pop("realm", "")
        if not realm.startswith("https://"):
            return
        given = yield httpx.Request("GET", realm, params=asked)
        if given.is_success:
            token = given.json()
            request.headers["Authorization"] = f"Bearer {token.get('token') or token.get('access_token')}"
            yield request
