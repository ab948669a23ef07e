from __future__ import annotations

import pytest

from lab.openbao_policies import POLICIES, PROGRAM, PROVIDER, READER, WRITER


def test_the_agent_reads_what_the_platform_needs_and_no_wildcard_at_the_root() -> None:
    assert {tuple(verbs) for verbs in POLICIES[READER].values()} == {("read",)}
    wanted = {"secret/data/mlflow/*", "secret/data/oidc/mesh-*", "database/creds/mlflow"}
    assert set(POLICIES[READER]) == wanted


def test_the_lab_writes_below_one_folder_only() -> None:
    assert set(POLICIES[WRITER]) == {"secret/data/mlflow/*"}


def test_the_program_cannot_give_itself_more_by_writing_its_own_policy() -> None:
    """An exact path goes before one with a wildcard."""
    assert PROGRAM[f"sys/policies/acl/{PROVIDER}"] == ["deny"]


def test_sudo_is_only_where_openbao_asks_for_it() -> None:
    assert {path for path, verbs in PROGRAM.items() if "sudo" in verbs} == {
        "sys/auth/oidc",
        "sys/auth/oidc/tune",
        "sys/auth/kubernetes-*",
        "sys/audit",
        "pki-mesh/root",
        "pki-mesh-*",
    }, "a root of a later generation has a mount of its own, and a policy cannot end behind a star"


@pytest.mark.parametrize("path", PROGRAM)
def test_no_path_of_the_program_covers_everything_below_sys_or_auth(path: str) -> None:
    assert path not in {
        "*",
        "sys/*",
        "auth/*",
        "sys/auth/*",
        "sys/mounts/*",
        "sys/policies/acl/*",
        "secret/*",
    }
    assert not path.startswith("+")
