"""Proof key for code exchange (RFC 7636): who redeems a code is who asked for it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

METHOD = "S256"


@dataclass(frozen=True)
class ProofKey:
    """A verifier, which nobody sees before the code is redeemed, and its challenge."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def challenge(self) -> str:
        """The SHA-256 of the verifier in base64url without padding."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
