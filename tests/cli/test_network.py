from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.errors import CommandRefused
from cli.network import app
from stacks import edges, reach

ROOT = Path(__file__).resolve().parents[2]


def matrix(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> Result:
    """The command on stack dev, with a lab folder that is not there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MLOPS_LAB_DIR", str(folder / "none"))
    return CliRunner().invoke(app, ["matrix", *words], catch_exceptions=False)


def test_the_matrix_lists_every_connection_of_a_cluster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = matrix(monkeypatch, tmp_path, "--json", "--cluster", "east")
    assert done.exit_code == 0, done.output
    (east,) = json.loads(done.stdout)
    assert (east["cluster"], east["extra"], east["missing"], east["open"]) == ("east", [], [], [])
    way = {"client": "mlops-dev/*", "server": "mlops-platform/mlflow", "port": "5000", "mesh": "identity"}
    assert way in east["inside"]
    assert {"client": "world", "server": "istio-gateways/ingress", "port": "443", "mesh": ""} in east[
        "outside"
    ]


def test_an_edge_that_nobody_declared_fails_the_command_and_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declared = edges.edges
    monkeypatch.setattr(
        reach,
        "edges",
        lambda *given: frozenset(edge for edge in declared(*given) if edge.app != "mlflow-gate"),
    )
    done = matrix(monkeypatch, tmp_path)
    assert done.exit_code == 1
    assert "extra: istio-gateways -> mlops-platform/mlflow-gate:8080" in done.output
    assert "1 extra, 0 missing" in done.output


def test_a_cluster_that_the_stack_does_not_have_is_refused_with_those_it_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(CommandRefused, match="--cluster nope: stack 'dev' has east, west"):
        matrix(monkeypatch, tmp_path, "--cluster", "nope")
