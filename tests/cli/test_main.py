from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import MODULES

ROOT = Path(__file__).resolve().parents[2]
MLOPS = str(Path(sys.executable).with_name("mlops"))


def mlops(*words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command with no `pulumi` in sight and a lab folder that is not there."""
    environment = {
        **os.environ,
        "PATH": "/usr/bin:/bin",
        "MLOPS_LAB_DIR": str(cwd / "no-lab"),
        **variables,
    }
    return subprocess.run(
        [MLOPS, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "__main__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "policy-packs").symlink_to(ROOT / "policy-packs")
    return tmp_path


def test_bad_settings_end_with_2_and_name_file_line_key_value_and_remedy(checkout: Path) -> None:
    file = checkout / "Pulumi.dev.yaml"
    file.write_text(
        file.read_text().replace("kind: lab", "kind: labb", 1).replace("nodes: 2", "nodes: two", 1)
    )
    done = mlops("preview", cwd=checkout)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Pulumi.dev.yaml:7: settings.clusters[0].kind: given 'labb'" in done.stderr
    assert "'lab'" in done.stderr


def test_several_mistakes_are_reported_together(checkout: Path) -> None:
    file = checkout / "Pulumi.dev.yaml"
    file.write_text(
        file.read_text().replace("nodes: 2", "nodes: two", 1).replace("team: platform", "team: a team")
    )
    printed = mlops("up", cwd=checkout).stderr
    assert "settings.clusters[0].gpuPools[0].nodes" in printed
    assert "settings.tenants[0].team" in printed


def test_a_stack_that_is_not_there_is_refused_with_those_that_are(checkout: Path) -> None:
    done = mlops("preview", "--stack", "nope", cwd=checkout)
    assert done.returncode == 2
    assert "dev" in done.stderr
    assert "prod" in done.stderr


def test_help_names_every_command(tmp_path: Path) -> None:
    printed = mlops("--help", cwd=tmp_path).stdout
    assert [name for name in MODULES if f"│ {name} " not in printed] == []


def test_outside_of_a_checkout_nothing_is_done(tmp_path: Path) -> None:
    done = mlops("preview", cwd=tmp_path)
    assert done.returncode == 2
    assert "no Pulumi.yaml here or above" in done.stderr


def test_up_on_a_lab_that_is_not_up_says_how_to_start_it(checkout: Path) -> None:
    done = mlops("up", cwd=checkout)
    assert done.returncode == 2
    assert "mlops lab up" in done.stderr
    assert not (checkout / "no-lab").exists()


def test_the_real_engine_is_refused_where_it_is_not(checkout: Path) -> None:
    done = mlops("preview", "--engine", "pulumi", cwd=checkout)
    assert done.returncode == 2
    assert "--engine embedded" in done.stderr


def test_a_state_without_a_passphrase_is_refused(checkout: Path) -> None:
    done = mlops("up", "--stack", "prod", cwd=checkout, PULUMI_CONFIG_PASSPHRASE="")
    assert done.returncode == 2
    assert "PULUMI_CONFIG_PASSPHRASE" in done.stderr


def test_prod_is_planned_without_a_cluster_or_a_credential(checkout: Path) -> None:
    done = mlops("preview", "--stack", "prod", "--json", cwd=checkout, HOME=str(checkout))
    assert done.returncode == 0, done.stderr
    resources = json.loads(done.stdout)
    keys = {"urn", "type", "name", "parent", "provider", "cluster", "inputs", "dependencies"}
    assert all(keys <= resource.keys() for resource in resources)
    assert len({resource["cluster"] for resource in resources if resource["cluster"]}) == 2


def test_a_piped_plan_has_no_colour(checkout: Path) -> None:
    assert "\x1b" not in mlops("preview", cwd=checkout).stdout


def test_the_graph_is_written_and_another_format_is_refused(checkout: Path) -> None:
    assert mlops("preview", "--graph", "plan.mmd", cwd=checkout).returncode == 0
    assert (checkout / "plan.mmd").read_text().startswith("flowchart")
    refused = mlops("preview", "--graph", "plan.png", cwd=checkout)
    assert refused.returncode == 2
    assert not (checkout / "plan.png").exists()


def test_a_mandatory_violation_ends_a_preview_with_1(checkout: Path) -> None:
    (checkout / "__main__.py").write_text(
        """
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import Pod

east = Provider("east", kubeconfig="none", context="east", cluster_identifier="east")
spec = {"hostNetwork": True, "containers": [{"name": "a", "image": "a"}]}
Pod("bad", metadata={"name": "bad", "namespace": "n"}, spec=spec, opts=pulumi.ResourceOptions(provider=east))
"""
    )
    done = mlops("preview", cwd=checkout)
    assert done.returncode == 1
    assert "WL-02" in done.stderr


def test_render_writes_every_object(checkout: Path) -> None:
    assert mlops("render", "--out", "out", cwd=checkout).returncode == 0
    assert (checkout / "out/east/mlops-platform/deployment-mlflow.yaml").is_file()
    assert (checkout / "out/west/_cluster/namespace-mlops-dev.yaml").is_file()


@pytest.mark.parametrize(
    "words", [["preview", "--graph", "none/plan.mmd"], ["render", "--out", "Pulumi.yaml/out"]]
)
def test_a_place_that_cannot_be_written_is_refused_in_one_line(checkout: Path, words: list[str]) -> None:
    done = mlops(*words, cwd=checkout)
    assert done.returncode == 2, done.stderr
    assert f"error: {words[1]} {words[2]}" in done.stderr
    assert "Traceback" not in done.stderr
