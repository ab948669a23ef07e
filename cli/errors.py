"""How a command ends: 0 done, 1 failed or found violations, 2 called or configured wrongly."""

from __future__ import annotations

FAILED = 1
REFUSED = 2


class CommandFailed(Exception):
    """Something that was tried did not work; the message says what, where and what to do."""


class CommandRefused(Exception):
    """The call cannot be carried out as it stands; nothing was touched."""
