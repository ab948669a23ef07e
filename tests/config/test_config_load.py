from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.errors import SettingsError
from config.load import parse, read
from config.source import Source

Data = dict[str, Any]
Project = Callable[[Data], Path]
ROOT = Path(__file__).parents[2]

PROGRAM = """
import json, sys
import pulumi
from pulumi.runtime import mocks

class Nothing(mocks.Mocks):
    def new_resource(self, args):
        return args.name, {}
    def call(self, args):
        return {}

mocks.set_mocks(Nothing(), project="mlops-platform", stack="dev", preview=True)
pulumi.runtime.set_all_config(json.loads(sys.argv[1]))
from config.load import load
from config.errors import SettingsError
try:
    print(load().model_dump_json(by_alias=True))
except SettingsError as error:
    print(error)
"""


def run_program(folder: Path, settings: Data | None) -> str:
    """What a Pulumi program prints that loads its settings as the engine hands them over: as JSON."""
    config = {} if settings is None else {"mlops-platform:settings": json.dumps(settings)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(config)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_stacks_of_the_project_are_valid(stack: str) -> None:
    assert len(read(ROOT, stack).clusters) == 2


def test_the_dev_stack_shows_every_way_to_share_a_gpu_that_the_lab_simulates() -> None:
    pools = [pool for cluster in read(ROOT, "dev").clusters for pool in cluster.gpu_pools]
    ways = {getattr(pool.sharing, "mig_strategy", pool.sharing.strategy) for pool in pools}
    assert ways == {"whole", "mixed", "single", "time-slicing"}


def test_reading_and_loading_give_the_same_settings(data: Data, project: Project) -> None:
    folder = project(data)
    assert json.loads(run_program(folder, data)) == json.loads(
        read(folder, "dev").model_dump_json(by_alias=True)
    )


def test_a_mistake_is_told_alike_by_the_command_line_and_by_the_program(data: Data, project: Project) -> None:
    data["tracking"]["replicas"] = 0
    data["clusters"][1]["name"] = "east"
    folder = project(data)
    with pytest.raises(SettingsError) as error:
        read(folder, "dev")
    assert run_program(folder, data) == str(error.value)
    assert len(error.value.problems) == 2


def test_every_mistake_has_the_line_where_it_stands(data: Data, project: Project) -> None:
    data["tracking"]["replicas"] = 0
    data["clusters"][1]["name"] = "east"
    folder = project(data)
    with pytest.raises(SettingsError) as error:
        read(folder, "dev")
    rows = (folder / "Pulumi.dev.yaml").read_text().splitlines()
    found = [rows[(problem.line or 0) - 1].strip(" -") for problem in error.value.problems]
    assert found == ["name: east", "replicas: 0"]


def test_no_line_is_named_when_the_engine_has_other_settings_than_the_file(
    data: Data, project: Project
) -> None:
    folder = project(data)
    data["tracking"]["replicas"] = 0
    assert run_program(folder, data) == (
        "Pulumi.dev.yaml: settings.tracking.replicas: given 0; use at least 1"
    )


def test_a_program_without_settings_is_told_which_key_is_missing(tmp_path: Path) -> None:
    told = run_program(tmp_path, None)
    assert told.startswith('Pulumi.dev.yaml: config["mlops-platform:settings"]: not given; add it')


def test_a_misspelt_settings_key_is_found(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  aws:region: x\n  mlops-platform:setings: {}\n")
    with pytest.raises(SettingsError) as error:
        read(tmp_path, "dev")
    assert str(error.value) == (
        "Pulumi.dev.yaml:3: config[\"mlops-platform:settings\"]: not given; rename 'mlops-platform:setings'"
    )


@pytest.mark.parametrize("content", ["a: 1\n", "config:\n", "config: 3\n", "config: [1]\n"])
def test_a_file_without_config_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(content)
    with pytest.raises(SettingsError, match="not given; add it"):
        read(tmp_path, "dev")


def test_what_the_pulumi_command_writes_into_the_file_does_no_harm(data: Data, project: Project) -> None:
    folder = project(data)
    file = folder / "Pulumi.dev.yaml"
    written = yaml.safe_load(file.read_text())
    written |= {"encryptionsalt": "v1:x", "secretsprovider": "passphrase"}
    written["config"]["pulumi:tags"] = {"a": "b"}
    file.write_text(yaml.safe_dump(written))
    assert len(read(folder, "dev").tenants) == 2


@pytest.mark.parametrize(
    ("environment", "kubeconfig"),
    [
        ({}, ".lab/kubeconfig"),
        ({"MLOPS_LAB_DIR": ""}, ".lab/kubeconfig"),
        ({"MLOPS_LAB_DIR": "other/lab/"}, "other/lab/kubeconfig"),
        ({"MLOPS_LAB_DIR": "/"}, "/kubeconfig"),
    ],
)
def test_lab_clusters_are_where_the_environment_says(
    data: Data, environment: dict[str, str], kubeconfig: str
) -> None:
    settings = parse(data, Source(file="f", lines={}), environment)
    assert {cluster.kubeconfig for cluster in settings.clusters} == {kubeconfig}


def test_other_clusters_do_not_move_with_the_lab(data: Data) -> None:
    data["clusters"][1] |= {"kind": "existing", "context": "west"}
    settings = parse(data, Source(file="f", lines={}), {"MLOPS_LAB_DIR": "other"})
    assert [cluster.kubeconfig for cluster in settings.clusters] == ["other/kubeconfig", None]


def test_settings_can_be_read_without_loading_the_pulumi_sdk() -> None:
    script = "import sys; from pathlib import Path; from config.load import read; read(Path('.'), 'dev'); "
    script += "sys.exit('pulumi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_only_the_loader_knows_pulumi_and_the_environment() -> None:
    for file in (ROOT / "config").glob("*.py"):
        imported = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
        assert not imported & {"pulumi", "os"} or file.name == "load.py", file.name


def test_the_project_denies_default_providers_in_every_stack() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert project["config"]["pulumi:disable-default-providers"] == ["*"]
    for file in ROOT.glob("Pulumi.*.yaml"):
        own = yaml.safe_load(file.read_text())["config"]
        assert own.get("pulumi:disable-default-providers", ["*"]) == ["*"]
