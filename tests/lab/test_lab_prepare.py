from __future__ import annotations

import os
from pathlib import Path

import pytest

from config import catalog
from lab.binaries import BINARIES
from lab.cache import Cache
from lab.errors import Failure
from lab.prepare import prepare
from tests.lab.told import Told


def test_everything_is_ready_and_a_second_time_in_silence() -> None:
    """Fills the user's own cache if it is not filled yet (minutes), as `make up` does."""
    ready = prepare(Cache(), Told())
    for name in BINARIES:
        assert os.access(ready.tools[name], os.X_OK)
    assert (ready.tools["java"] / "bin" / "java").exists()
    assert (ready.tools["keycloak"] / "lib" / "quarkus-run.jar").exists()
    assert (ready.environments[catalog.MLFLOW_IMAGE.reference].folder / "bin" / "mlflow").exists()
    assert (ready.environments[catalog.TRACKING_GATE_IMAGE.reference].folder / "bin" / "uvicorn").exists()
    assert ready.crds
    told = Told()
    assert prepare(Cache(), told) == ready
    assert [line for line in told.lines if line.startswith("+")] == []


def test_every_failure_is_reported_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("MLOPS_CACHE_DIR", str(file))
    with pytest.raises(Failure) as caught:
        prepare(Cache(), Told())
    assert str(caught.value).count(f"cache folder {file}: cannot be written") == 2
