from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rich.table import Table

from benchmarks import policy, synthetic


def test_the_manifests_are_of_many_kinds_and_each_has_a_name_of_its_own() -> None:
    made = list(policy.mixed(policy.examples(), 1000))
    assert len({one["metadata"]["name"] for one in made}) == len(made) == 1000
    assert len({one["kind"] for one in made}) > 20
    assert (
        "metadata" not in policy.examples()[0] or policy.examples()[0]["metadata"]["name"] != "object-00000"
    )


def test_they_are_written_in_files_of_the_stated_size(tmp_path: Path) -> None:
    folder = policy.write(list(policy.mixed(policy.examples(), 250)), tmp_path / "out")
    counts = [len(list(yaml.safe_load_all(file.read_text()))) for file in sorted(folder.iterdir())]
    assert counts == [100, 100, 50]


def test_both_are_timed_on_the_same_files_and_their_rates_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkov = tmp_path / "bin" / "checkov"
    checkov.parent.mkdir()
    checkov.write_text('#!/bin/sh\ntest "$(ls "$2")" = 00000.yaml\n')
    checkov.chmod(0o755)
    monkeypatch.setattr(policy, "OBJECTS", 20)
    monkeypatch.setattr(synthetic, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", f"{checkov.parent}:/usr/bin:/bin")
    table = Table("what", "figure", "target")
    policy.judged(tmp_path / "scratch", 1, table)
    names = list(table.columns[0].cells)
    assert names == [
        "mlops policy, 20 manifests",
        "  kubeconform",
        "  Checkov",
        "  ratio of the rates",
        "  ratio of CPU time",
    ]
    assert "objects a second" in str(next(iter(table.columns[1].cells)))


def test_without_checkov_nothing_is_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(policy, "OBJECTS", 20)
    monkeypatch.setattr(synthetic, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    table = Table("what", "figure", "target")
    policy.judged(tmp_path / "scratch", 1, table)
    assert list(table.columns[1].cells)[1:] == ["not on PATH", "not there: `ci/review.sh install`"]


def test_kubeconform_gets_the_same_files_and_schemas_of_the_kinds_that_kubernetes_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "kubeconform"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\nls "$6" >> {tmp_path}/words\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setattr(policy, "OBJECTS", 20)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    table = Table("what", "figure", "target")
    policy.judged(tmp_path / "scratch", 1, table)
    assert "objects a second" in str(list(table.columns[1].cells)[1])
    words = (tmp_path / "words").read_text().split()
    assert words[2] == f"{tmp_path}/scratch/schemas/{{{{.ResourceKind}}}}.json"
    assert words[-1] == "00000.yaml"
    known = {file.name for file in (tmp_path / "scratch" / "schemas").iterdir()}
    assert {"pod.json", "deployment.json"} <= known
    assert "authorizationpolicy.json" not in known
