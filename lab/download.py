"""Downloads: from a Maven repository by coordinates, and how often anything that downloads is tried."""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests
import tenacity
from maven_artifact import Artifact, Downloader, RequestException
from tenacity.wait import wait_base

from lab.errors import Failure
from lab.progress import Step

MAVEN_VARIABLE = "MVNW_REPOURL"
"""Base address of a Maven repository; the variable that Apache Maven's wrapper documents, together with
MVNW_USERNAME and MVNW_PASSWORD."""

_CHUNK = 1 << 20
_TIMEOUT = (30, 60)
_FINAL = frozenset({400, 401, 403, 404, 407, 410})

T = TypeVar("T")


class DownloadError(Failure):
    """Something could not be fetched; the message names it, the last fault and the remedy."""


class TransientError(Exception):
    """A fault that may be gone at the next attempt."""


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """How often something is tried, and how long is waited in between."""

    limit: int = 4
    wait: wait_base = field(default_factory=lambda: tenacity.wait_exponential_jitter(initial=1, max=20))

    def run(self, action: Callable[[], T], *, what: str, remedy: str, step: Step) -> T:
        """The first result of `action` that is no `TransientError`.

        Each retry is said in `step`. Raises `DownloadError` after the last one.
        """

        def say(state: tenacity.RetryCallState) -> None:
            pause = state.next_action.sleep if state.next_action else 0
            step.update(
                f"{what}: {_reason(state.outcome)}; attempt {state.attempt_number + 1} in {pause:.0f} s"
            )

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.limit),
            wait=self.wait,
            retry=tenacity.retry_if_exception_type(TransientError),
            before_sleep=say,
        )
        try:
            return retrying(action)
        except tenacity.RetryError as error:
            raise DownloadError(
                f"{what}: could not be fetched in {self.limit} attempts "
                f"({_reason(error.last_attempt)}). {remedy}{_details(error.last_attempt)}"
            ) from error.last_attempt.exception()


def maven(coordinates: str, sha256: str, target: Path, step: Step, attempts: Attempts | None = None) -> None:
    """Fetch `group:artifact:type:version` into `target` and check its content.

    Comes from `$MVNW_REPOURL`, else from maven-artifact's own default; the usual proxy and certificate
    variables count. Raises `DownloadError`; `target` then does not exist.
    """
    artifact = Artifact.parse(coordinates)
    source = Downloader(
        **({"base": base} if (base := os.environ.get(MAVEN_VARIABLE)) else {}),
        username=os.environ.get("MVNW_USERNAME"),
        password=os.environ.get("MVNW_PASSWORD"),
    )
    remedy = (
        "Check the network and the proxy variables, or name a Maven repository that has it in "
        f"{MAVEN_VARIABLE}; what was complete is kept, so just run the command again."
    )

    def fetch() -> None:
        try:
            seen = _stream(source, artifact, target, coordinates, step)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        if seen != sha256:
            target.unlink()
            raise TransientError(f"its sha256 is {seen}, not {sha256}")

    try:
        (attempts or Attempts()).run(fetch, what=coordinates, remedy=remedy, step=step)
    except _FinalError as error:
        raise DownloadError(f"{coordinates}: the repository refused it ({error}). {remedy}") from error


class _FinalError(Exception):
    """The repository's answer will be the same at the next attempt."""


def _stream(source: Downloader, artifact: Artifact, target: Path, what: str, step: Step) -> str:
    """Write the artifact to `target`; its sha256."""
    digest = hashlib.sha256()
    try:
        with (
            source.requestor.request(
                source.resolver.uri_for_artifact(artifact),
                None,
                stream=True,
                timeout=_TIMEOUT,
                verify=_authorities(),
            ) as response,
            target.open("wb") as file,
        ):
            total = int(response.headers.get("Content-Length") or 0)
            done = said = 0
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if (tenths := 10 * done // total if total else 0) > said:
                    said = tenths
                    step.update(f"{what}: {10 * tenths} % of {total / 1e6:.0f} MB")
    except requests.HTTPError as error:
        status = 0
        if error.response is not None:
            status = error.response.status_code
            error.response.close()
        raise (_FinalError if status in _FINAL else TransientError)(f"HTTP status {status}") from None
    except (requests.RequestException, RequestException) as error:
        raise TransientError(_plain(error)) from None
    return digest.hexdigest()


def _authorities() -> str | bool:
    """Whom to trust: the system's authorities (SSL_CERT_FILE names others), as pip and Go do; without any,
    those that come with requests. REQUESTS_CA_BUNDLE goes before both."""
    if os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE"):
        return True
    return ssl.get_default_verify_paths().cafile or True


def _plain(error: Exception) -> str:
    """What happened, without the address (which may hold a credential)."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not trusted"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refused"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__


def _reason(attempt: tenacity.Future | None) -> str:
    """The first line of what went wrong."""
    return str(attempt.exception()).partition("\n")[0] if attempt else ""


def _details(attempt: tenacity.Future) -> str:
    """The other lines, if there are any."""
    _, newline, rest = str(attempt.exception()).partition("\n")
    return newline + rest
