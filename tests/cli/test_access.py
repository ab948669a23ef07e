from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import proof.prove
from cli.access import app
from cli.errors import CommandFailed, CommandRefused
from config.access import MATRIX, Enforcer, Grant, Role
from proof.cells import Answer, Asked, Scope
from proof.errors import Impossible, ProofError
from proof.report import Report

ROOT = Path(__file__).resolve().parents[2]
MLOPS = str(Path(sys.executable).with_name("mlops"))


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def mlops(*words: str, lab: Path) -> subprocess.CompletedProcess[str]:
    """The command with a lab folder that is not there."""
    environment = {**os.environ, "MLOPS_LAB_DIR": str(lab)}
    return subprocess.run(
        [MLOPS, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_matrix_shows_every_row_with_its_grants_and_its_enforcer() -> None:
    lines = [line.split() for line in printed("matrix").splitlines()]
    assert ["secrets", "read", "yes", "limited", "limited", "limited", "no", "no", "vault"] in lines
    assert len([line for line in lines if line[-1:] and line[0] != "permissions"]) == len(MATRIX.grants) + 1


def test_the_matrix_as_json_has_every_cell() -> None:
    cells = json.loads(printed("matrix", "--json"))
    assert len(cells) == 138
    assert {
        "resource": "dev environment",
        "action": "create, delete",
        "role": "ml-engineer",
        "grant": "own",
        "enforcer": "kubernetes",
    } in cells


def test_a_piped_matrix_has_no_colour() -> None:
    assert "\x1b" not in printed("matrix")


def test_who_can_names_the_roles_with_a_grant_and_no_others() -> None:
    told = [line.split() for line in printed("who-can", "create", "dev environment").splitlines()]
    assert ["ml-engineer", "own", "kubernetes"] in told
    assert not {"labeler", "viewer", "data-engineer"} & {word for line in told for word in line}


def test_who_can_takes_names_as_a_shell_likes_them() -> None:
    cells = json.loads(printed("who-can", "roll-back", "Deployment", "--json"))
    assert [cell["role"] for cell in cells] == ["admin", "mlops-engineer"]


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("creat", "dev environment"), "did you mean 'create'?"),
        (("read", "secret"), "did you mean 'secrets'?"),
        (("deploy", "pipeline"), "Known: create, run, read"),
    ],
)
def test_what_the_matrix_does_not_have_is_refused_with_the_nearest(words: tuple[str, str], near: str) -> None:
    done = CliRunner().invoke(app, ["who-can", *words])
    assert isinstance(done.exception, CommandRefused)
    assert near in str(done.exception)


def test_an_unknown_action_ends_the_command_with_2_and_prints_nothing_on_stdout(tmp_path: Path) -> None:
    done = mlops("access", "who-can", "destroy", "secrets", lab=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Known: read, write" in done.stderr


def test_the_matrix_needs_no_lab_and_no_stack(tmp_path: Path) -> None:
    done = mlops("access", "matrix", lab=tmp_path / "no-lab")
    assert done.returncode == 0, done.stderr
    assert all(role.value in done.stdout for role in Role)
    assert not (tmp_path / "no-lab").exists()


def test_a_proof_without_a_lab_says_how_to_start_one(tmp_path: Path) -> None:
    done = mlops("access", "prove", lab=tmp_path / "no-lab")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "mlops lab up" in done.stderr
    assert not (tmp_path / "no-lab").exists()


def test_a_proof_of_a_stack_that_is_not_on_the_lab_is_refused(tmp_path: Path) -> None:
    done = mlops("access", "prove", "--stack", "prod", lab=tmp_path)
    assert done.returncode == 2
    assert "stacks on the lab alone" in done.stderr


def test_a_proof_in_a_cluster_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    done = mlops("access", "prove", "--cluster", "eats", lab=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'east'?" in done.stderr


def report(*, allowed: bool) -> Report:
    """A viewer who may not read secrets and who was, or was not, let."""
    row = MATRIX.permission("read", "secrets")
    asked = Asked(permission=row, scope=Scope.OTHERS, question="read [x]", allowed=allowed)
    cell = Answer(
        permission=row, role=Role.VIEWER, expected=Grant.NO, enforcer=Enforcer.VAULT, asked=(asked,)
    )
    nobody = Answer(permission=row, role=None, expected=Grant.NO, enforcer=Enforcer.VAULT, gap="later")
    rest = [
        Answer(permission=row, role=role, expected=Grant.NO, enforcer=Enforcer.VAULT, gap="later")
        for role in Role
        if role is not Role.VIEWER
    ]
    return Report(answers=(cell, *rest, nobody), seconds=1.0)


@pytest.mark.parametrize(("allowed", "code"), [(False, 0), (True, 1)])
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_proof_ends_with_1_when_a_server_says_otherwise_than_the_matrix(
    monkeypatch: pytest.MonkeyPatch, allowed: bool, code: int, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(proof.prove, "prove", lambda *_: report(allowed=allowed))
    done = CliRunner().invoke(app, ["prove", *words])
    assert done.exit_code == code
    assert "\x1b" not in done.output
    if words:
        assert len(json.loads(done.stdout)["failed"]) == code
    else:
        assert f"{1 - code} answered as the matrix says, {code} otherwise, 5 uncovered" in done.stdout
        assert ("read [x]" in done.stderr) is allowed


@pytest.mark.parametrize(
    ("error", "ends"),
    [(Impossible("nobody to ask"), CommandRefused), (ProofError("no login"), CommandFailed)],
)
def test_a_proof_that_cannot_be_made_is_told_as_a_refusal_or_a_failure(
    monkeypatch: pytest.MonkeyPatch, error: Exception, ends: type[Exception]
) -> None:
    def broken(*_: object) -> Report:
        raise error

    monkeypatch.setattr(proof.prove, "prove", broken)
    done = CliRunner().invoke(app, ["prove"])
    assert isinstance(done.exception, ends)
    assert str(done.exception) == str(error)


@pytest.mark.parametrize("command", ["matrix", "who-can", "prove"])
def test_every_command_explains_itself(command: str) -> None:
    assert "--json" in printed(command, "--help")
