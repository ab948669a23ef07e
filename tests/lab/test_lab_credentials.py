from __future__ import annotations

from pathlib import Path

from lab.credentials import REDACTED, key, password, redact
from lab.folder import LabFolder, write_private


def test_a_credential_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    first = password(folder, "db")
    assert password(folder, "db") == first
    assert password(folder, "other") != first
    assert key(folder, "seal") == key(folder, "seal")
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.secrets.iterdir())


def test_no_stored_secret_survives_in_a_shown_text(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    secret = password(folder, "db")
    write_private(folder.secret("init.json"), '{"root_token": "s.abcdefghijklmnopqrstuvwx"}')
    key(folder, "raw")
    text = f"user=x password={secret} token s.abcdefghijklmnopqrstuvwx"
    assert redact(text, folder) == f"user=x password={REDACTED} token {REDACTED}"
