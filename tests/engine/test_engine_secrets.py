"""Sealing, and where the passphrase comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import PassphraseError
from engine.secrets import Cipher, new_salt, passphrase_from

SALT = bytes(16)


def test_a_sealed_text_opens_with_its_passphrase_salt_and_context_only() -> None:
    cipher = Cipher("right", SALT)
    sealed = cipher.seal("sesame", "urn")
    assert cipher.open(sealed, "urn") == "sesame"
    assert sealed != cipher.seal("sesame", "urn"), "the same text never looks the same"
    for other, context in (
        (Cipher("wrong", SALT), "urn"),
        (Cipher("right", new_salt()), "urn"),
        (cipher, "other"),
    ):
        with pytest.raises(PassphraseError):
            other.open(sealed, context)


def test_a_probe_tells_the_right_passphrase() -> None:
    probe = Cipher("right", SALT).probe()
    assert Cipher("right", SALT).verify(probe)
    assert not Cipher("wrong", SALT).verify(probe)


def test_the_passphrase_is_looked_for_where_pulumi_looks(tmp_path: Path) -> None:
    named, default = tmp_path / "named", tmp_path / "default"
    named.write_text("from file\n")
    default.write_text("by default\n")
    both = {"PULUMI_CONFIG_PASSPHRASE": "given", "PULUMI_CONFIG_PASSPHRASE_FILE": str(named)}
    assert passphrase_from(both, default) == "given"
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE": ""}, default) == ""
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": str(named)}, default) == "from file"
    assert passphrase_from({}, default) == "by default"
    with pytest.raises(PassphraseError, match="set PULUMI_CONFIG_PASSPHRASE"):
        passphrase_from({})
    with pytest.raises(PassphraseError, match="absent: No such file"):
        passphrase_from({}, tmp_path / "absent")
