"""Encryption of secrets at rest: scrypt makes a key of the passphrase, AES-256-GCM seals each value."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from engine.errors import PassphraseError

_COST: Final = 2**15  # 32 MB and about 0.1 s for each guess
_PROBE: Final = "the passphrase is right"


class Cipher:
    """Seals and opens texts under one passphrase. Each text is bound to a context (its resource's URN)."""

    def __init__(self, passphrase: str, salt: bytes) -> None:
        self._key = AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode()))

    def seal(self, text: str, context: str) -> str:
        """The sealed text, as base64."""
        nonce = os.urandom(12)
        return base64.b64encode(nonce + self._key.encrypt(nonce, text.encode(), context.encode())).decode()

    def open(self, sealed: str, context: str) -> str:
        """The text again. Raises PassphraseError if passphrase or context are others than they were."""
        data = base64.b64decode(sealed)
        try:
            return self._key.decrypt(data[:12], data[12:], context.encode()).decode()
        except InvalidTag:
            raise PassphraseError(
                "a secret in the state cannot be opened: wrong passphrase, or the file was changed"
            ) from None

    def probe(self) -> str:
        """What `verify` of the same passphrase accepts."""
        return self.seal(_PROBE, "probe")

    def verify(self, probe: str) -> bool:
        """Was `probe` made with this passphrase?"""
        try:
            return self.open(probe, "probe") == _PROBE
        except PassphraseError:
            return False


def new_salt() -> bytes:
    """Salt for a new state."""
    return os.urandom(16)


def passphrase_from(environment: Mapping[str, str], default: Path | None = None) -> str:
    """The passphrase as Pulumi looks for it, then from the file `default`.

    PULUMI_CONFIG_PASSPHRASE holds it, PULUMI_CONFIG_PASSPHRASE_FILE names a file that does. Raises
    PassphraseError if there is none.
    """
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return environment["PULUMI_CONFIG_PASSPHRASE"]
    named = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    path = Path(named) if named else default
    if path is None:
        raise PassphraseError(
            "the state needs a passphrase: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file"
        )
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PassphraseError(f"passphrase file {path}: {error.strerror}") from None
