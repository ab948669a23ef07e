"""Where a service outside of the clusters answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from config.types import Fqdn, HttpsUrl, Port, Settings, refusal


def _no_trailing_slash(value: str) -> str:
    if value.endswith("/"):
        raise refusal("leave out the '/' at the end")
    return value


BaseUrl = Annotated[HttpsUrl, AfterValidator(_no_trailing_slash)]
"""An https address that paths are appended to."""


class Endpoint(Settings):
    """A TCP service with TLS, by a name that its certificate can carry."""

    host: Fqdn
    """Fully qualified host name."""
    port: Port
    """TCP port."""
