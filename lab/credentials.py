"""Passwords and keys that the lab makes for itself: one file each in secrets/, mode 0600, made once."""

from __future__ import annotations

import secrets

from lab.folder import LabFolder, write_private

REDACTED = "[secret]"
_SHORTEST = 16


def password(folder: LabFolder, name: str) -> str:
    """The stored password of that name, made on first use (256 bits, URL-safe)."""
    path = folder.secret(name)
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")


def key(folder: LabFolder, name: str, size: int = 32) -> bytes:
    """The stored random key of `size` bytes, made on first use."""
    path = folder.secret(name)
    if not path.exists():
        write_private(path, secrets.token_bytes(size))
    return path.read_bytes()


def redact(text: str, folder: LabFolder) -> str:
    """The text without any stored secret that happens to stand in it."""
    if not folder.secrets.is_dir():
        return text
    for path in folder.secrets.iterdir():
        for value in _values(path.read_bytes()):
            text = text.replace(value, REDACTED)
    return text


def _values(content: bytes) -> list[str]:
    words = content.decode("utf-8", errors="ignore").replace('"', " ").replace("=", " ").split()
    return [word.strip(",") for word in words if len(word) >= _SHORTEST]
