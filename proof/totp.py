"""One-time passwords by time (RFC 6238), as an authenticator on a phone makes them."""

from __future__ import annotations

import time
from collections.abc import Callable

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

PERIOD = 30
"""Seconds for which one password holds."""


class Authenticator:
    """One key. No password is given twice: a server refuses the second use, so a second one within a period is the
    next period's, which servers accept a little early. `clock` is in seconds since 1970."""

    def __init__(self, key: bytes, digits: int = 6, clock: Callable[[], float] = time.time) -> None:
        self._totp = TOTP(key, digits, SHA1(), PERIOD)  # noqa: S303 - what the RFC and authenticators use
        self._clock = clock
        self._last = -1

    def password(self) -> str:
        """The next password."""
        self._last = max(int(self._clock()) // PERIOD, self._last + 1)
        return self._totp.generate(self._last * PERIOD).decode("ascii")
