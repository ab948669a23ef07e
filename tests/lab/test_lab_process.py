from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lab.folder import LabFolder
from lab.process import ProcessSpec, base_environment


def test_the_digest_changes_with_all_that_needs_a_new_start_and_with_nothing_else(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    config = tmp_path / "config"
    config.write_text("one")
    spec = ProcessSpec(name="it", argv=("a",), cwd=tmp_path, log=tmp_path / "log", reads=(config,))
    digest = spec.digest(folder)
    assert replace(spec, priority=1, log=tmp_path / "other").digest(folder) == digest
    changed = (
        replace(spec, argv=("b",)),
        replace(spec, env={"A": "b"}),
        replace(spec, user="nobody"),
        replace(spec, cwd=Path("/")),
    )
    assert len({it.digest(folder) for it in changed} | {digest}) == len(changed) + 1
    config.write_text("two")
    assert spec.digest(folder) != digest


def test_a_server_does_not_see_the_users_home_or_credentials(tmp_path: Path, monkeypatch: object) -> None:
    environment = base_environment(LabFolder(tmp_path))
    assert set(environment) == {"PATH", "HOME", "TMPDIR", "LANG", "TZ"}
    assert environment["HOME"].startswith(str(tmp_path))
