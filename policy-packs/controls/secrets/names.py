"""Names of credentials. Sources: kubescape C-0012, Trivy KSV-0109, Polaris sensitiveContainerEnvVar."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", re.ASCII)
_NOUN: Final = re.compile(
    r".*(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|bearer|jwt|(?:api|access|secret|private|auth)key)",
    re.ASCII,
)
_SHORT_NOUNS: Final = frozenset({"pass", "pw", "pword", "passwrd", "pswrd"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYS_OF: Final = _words(
    "access account api app application auth azure batch cli client cookie deploy encryption hmac jwt master private "
    "secret service session shared signing ssh storage"
)
"""Before `key`, which is a credential after some words alone."""

_OTHER_SECRETS: Final = _words("existing pull tls")
"""Before `secret`: the name of a Secret object is no secret."""

_OTHER_TOKENS: Final = _words("bos cls continue eos mask max min new next num pad page sep special stop unk")
"""Before `token`: a piece of text that a model reads, or a mark of a page."""

_QUALIFIERS: Final = _words(
    "admin b64 base content current db default dev env new old plain primary prod production root secondary stage "
    "staging string test text user value var"
)
"""After the noun: which one it is, or how it is written."""

_ABOUT: Final = _words(
    "path file dir directory folder name names id ref reference mount location url uri endpoint host address server "
    "service client provider store manager ttl expiry expires expiration timeout interval lifetime duration validity "
    "age length min max count size limit limits policy rotation refresh version type kind mode format algorithm alg "
    "method encoder encryption hash regex issuer audience audiences scope scopes claim claims header field key keys "
    "authentication auth validation review reviewer enabled disabled required prefix engine backend source namespace "
    "namespaces class controller operator label yaml yml json txt conf cfg config ini properties toml xml sh py sql "
    "md pem crt env html js template tpl settings script"
)
"""Last in a name that speaks about a credential, as `TOKEN_URL` does, or in one of a file."""


def is_named_credential(name: str) -> bool:
    """Whether a name ends in a word for a credential: `DB_PASSWORD_OLD` does, `TOKEN_PATH` does not."""
    words = _split(name)
    while words and (words[-1].isdigit() or words[-1] in _QUALIFIERS):
        words.pop()
    if not words:
        return False
    before, last = (words[-2] if len(words) > 1 else ""), words[-1]
    if last == "key":
        return before in _KEYS_OF or any(word.startswith("azure") for word in words)
    return words[-3:] == ["access", "key", "id"] or last in _SHORT_NOUNS or _is_noun(before, last)


def mentions_credential(name: str) -> bool:
    """Whether such a word stands before one that does not turn it into something else: `PASSWORD_BILLING`."""
    words = _split(name)
    pairs = zip(["", *words], words[:-1], strict=False)
    return bool(words) and words[-1] not in _ABOUT and any(_is_noun(before, word) for before, word in pairs)


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _is_noun(before: str, word: str) -> bool:
    if (word == "secret" and before in _OTHER_SECRETS) or (word == "token" and before in _OTHER_TOKENS):
        return False
    return _NOUN.fullmatch(word) is not None
