"""The proof's exception tree. No message holds a password, a token or a secret.

ProofError
├── Impossible     nothing can be asked as things stand (no lab, no stack, another proof is running)
├── LoginFailed    the realm did not give a person a token
├── Refused        a server let somebody in and gave nothing, or did not let them in at all
├── Stopped        the proof was interrupted before this was asked
└── Unexpected     a server answered neither yes nor no
"""

from __future__ import annotations


class ProofError(Exception):
    """Base of everything the proof raises on purpose."""


class Impossible(ProofError):
    """Nothing can be asked as things stand; nothing was touched."""


class LoginFailed(ProofError):
    """The realm did not give a person a token; the message names the page or step."""


class Refused(ProofError):
    """A server does not accept who asks: the token, the login or the role."""


class Stopped(ProofError):
    """The proof was interrupted before this was asked."""


class Unexpected(ProofError):
    """A server answered neither yes nor no."""
