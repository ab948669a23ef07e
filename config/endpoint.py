"""A TCP service outside of the clusters."""

from __future__ import annotations

from config.types import Fqdn, Port, Settings


class Endpoint(Settings):
    """A TCP service with TLS, by a name that its certificate can carry."""

    host: Fqdn
    """Fully qualified host name."""
    port: Port
    """TCP port."""
