from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.errors import CommandFailed, CommandRefused
from cli.gpu import app
from tests.cli.test_cluster_api import reached_by

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The command in this checkout, with a lab folder that is not there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MLOPS_LAB_DIR", str(tmp_path / "none"))

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), catch_exceptions=False)

    return run


def test_the_plan_lists_every_slice_of_every_pool(gpu: Any) -> None:
    found = json.loads(gpu("plan", "--json").stdout)
    row = next(one for one in found["slices"] if (one["cluster"], one["slice"]) == ("east", "1g.10gb"))
    assert (row["pool"], row["resource"]) == ("dev-a100", "nvidia.com/mig-1g.10gb")
    assert (row["perNode"], row["nodes"], row["pods"]) == (16, 2, 32)
    assert row["pricePerHour"] is None
    assert found["queues"] == []


def test_the_plan_of_production_has_queues_and_what_pools_grow_to(gpu: Any) -> None:
    found = json.loads(gpu("plan", "--stack", "prod", "--json").stdout)
    whole = next(one for one in found["slices"] if (one["cluster"], one["slice"]) == ("prod-us", "whole"))
    assert (whole["nodes"], whole["mostNodes"], whole["mostPods"]) == (0, 8, 64)
    queue = next(one for one in found["queues"] if one["team"] == "ml-serving")
    assert (queue["flavor"], queue["nominal"], queue["borrowing"], queue["lending"]) == ("dev-a100", 16, 8, 8)


def test_the_plan_is_a_table_for_people(gpu: Any) -> None:
    printed = gpu("plan").output
    assert "training-h100" in printed
    assert "no queues" in printed


def test_a_pod_that_fits_is_told_its_node(gpu: Any) -> None:
    done = gpu("fit", "--profile", "1g.10gb", "--count", "3", "--json")
    assert done.exit_code == 0
    expected = {"node": "east-dev-a100-1", "cluster": "east", "pool": "dev-a100", "able": 2, "reason": None}
    assert json.loads(done.stdout) == expected
    assert "east-dev-a100-1 of cluster east" in gpu("fit", "--profile", "1g.10gb").output


def test_a_pod_that_does_not_fit_is_told_why_and_the_command_fails(gpu: Any) -> None:
    done = gpu("fit", "--profile", "1g.10gb", "--count", "17")
    assert done.exit_code == 1
    assert "nowhere: a node has at most 16 of '1g.10gb'" in done.output
    alone = gpu("fit", "--profile", "1g.10gb", "--cluster", "west", "--json")
    assert json.loads(alone.stdout)["node"] is None


def test_a_cluster_that_the_stack_does_not_have_is_refused_with_those_it_has(gpu: Any) -> None:
    with pytest.raises(CommandRefused, match="--cluster nope: stack 'dev' has east, west"):
        gpu("fit", "--profile", "1g.10gb", "--cluster", "nope")


def test_a_cluster_that_cannot_be_asked_what_is_free_is_one_clear_error(gpu: Any, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    reached_by(tmp_path / "none", "https://127.0.0.1:1")
    for name, says in (("east", "its API server does not answer"), ("west", "no usable kubeconfig")):
        with pytest.raises(CommandFailed, match=f"cluster {name}: {says}"):
            gpu("fit", "--profile", "1g.10gb", "--cluster", name, "--live")
