"""What a type of resource needs of a Vault server: reads, writes and deletions that know what is absent."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ObjectRefused
from engine.providers.vault_client import Vault
from engine.values import Properties


@dataclass(frozen=True, kw_only=True)
class Api:
    """A server as resources of a namespace (below the provider's own) see it.

    Paths are those of the API without `/v1/`, unquoted. A request may take `seconds`.
    """

    vault: Vault
    namespace: str = ""
    seconds: float = 60.0

    def get(self, path: str) -> Properties | None:
        """What is there, or None: absent objects and mounts are told in several ways."""
        try:
            return self.vault.call("GET", path, None, self.namespace, self.seconds)
        except ObjectRefused as error:
            if (
                error.status == 404
                or "No secret engine mount" in str(error)
                or "No auth engine" in str(error)
            ):
                return None
            if error.status == 500 and "unable to find PKI" in str(error):
                return None
            raise

    def list(self, path: str) -> Properties:
        """The answer to LIST; empty if there is nothing."""
        try:
            return self.vault.call("LIST", path, None, self.namespace, self.seconds)
        except ObjectRefused as error:
            if error.status == 404:
                return {}
            raise

    def write(self, path: str, body: Properties) -> Properties:
        """Write, and the data of the answer (empty if it has none)."""
        return self.vault.call("POST", path, body, self.namespace, self.seconds)

    def delete(self, path: str) -> None:
        """Delete; what is gone already, with its mount or without, is as good."""
        try:
            self.vault.call("DELETE", path, None, self.namespace, self.seconds)
        except ObjectRefused as error:
            if error.status != 404:
                raise
